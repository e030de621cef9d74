"""Vectors of what the courier sees, and of effects without a decision."""

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import (
    CHEN,
    CUSTOMER,
    LI,
    PARCEL,
    TASK,
    WANG,
    contact,
    obligation,
    op,
    outcome,
    request,
    result,
    row,
    task,
    uid,
)

KEY = f"task:{TASK}"
SCOPE = f"courier:{LI}"


def overlays() -> Book:
    book = Book("overlay", "Server rows with one's own operations over them")
    done = op("task.delivered", LI, 1)

    def see(
        name: str,
        rules: str,
        rows: Plain,
        entries: list[Plain],
        claim: Plain,
        results: list[Plain] | None = None,
        ver: int = 5,
    ) -> None:
        known = {answer["op_id"]: answer for answer in results or []}
        given = {"rows": rows, "entries": entries, "results": known, "cursors": {SCOPE: ver}}
        book.case(name, rules, "overlay", given, {f"rows.{path}": value for path, value in claim.items()})

    here = f"{KEY}.body.task.status"
    waits = f"{KEY}.pending"
    see(
        "nothing of one's own",
        "P9",
        {KEY: row()},
        [],
        {here: "assigned", waits: [], f"{KEY}.unlisted": False},
    )
    see("saved, not sent", "P9", {KEY: row()}, [done], {here: "delivered", waits: [done["op_id"]]})
    answered = {here: "delivered", waits: [done["op_id"]]}
    dropped: Plain = {here: "assigned", waits: []}
    see("answered, not pulled yet", "P9 P27", {KEY: row()}, [done], answered, [result(done, ver=6)])
    see("pulled as far as the answer", "P9 P27", {KEY: row()}, [done], dropped, [result(done, ver=5)])
    see("pulled further", "P27", {KEY: row()}, [done], dropped, [result(done, ver=4)])
    see("in conflict, not pulled yet", "P27", {KEY: row()}, [done], answered, [result(done, "conflict", 6)])
    see(
        "in conflict: the server's row speaks",
        "P27",
        {KEY: row()},
        [done],
        dropped,
        [result(done, "conflict", 5)],
    )
    see(
        "in quarantine it shows nothing",
        "P18 P27",
        {KEY: row()},
        [done],
        dropped,
        [result(done, "quarantined", 9)],
    )
    see("deferred it stays", "P18 P27", {KEY: row()}, [done], answered, [result(done, "deferred", 1)])
    see("no version in the answer", "P27", {KEY: row()}, [done], answered, [result(done, "applied", None)])
    elsewhere = result(done, ver=1) | {"applied_at": {"scope": f"courier:{WANG}", "ver": 1}}
    see("a scope that was never pulled", "P27", {KEY: row()}, [done], answered, [elsewhere])

    arrived, failed = op("task.arrived", LI, 1), op("task.attempt_failed", LI, 2)
    see(
        "several in order",
        "P9",
        {KEY: row()},
        [arrived, failed],
        {
            here: "attempt_failed",
            f"{KEY}.body.task.outcome": outcome(failed),
            waits: [arrived["op_id"], failed["op_id"]],
        },
    )
    see(
        "the first is covered, the second is not",
        "P9 P27",
        {KEY: row(task=task(status="arrived"))},
        [arrived, failed],
        {here: "attempt_failed", waits: [failed["op_id"]]},
        [result(arrived, ver=5), result(failed, ver=6)],
    )
    beyond = row(task=task(status="delivered", outcome=outcome(op("task.delivered", WANG, 9))))
    see("a lower outcome never lowers the server's", "P9 P19", {KEY: beyond}, [failed], {here: "delivered"})
    _records(see)
    _removed(see, done)
    fix = op("operation.corrected", LI, 2, payload={"corrects": done["op_id"]})
    taken_back: Plain = {here: "assigned", waits: [done["op_id"], fix["op_id"]]}
    see("taken back before it was sent", "P3 P9", {KEY: row()}, [done, fix], taken_back)
    _absorbed(book, done)
    return book


def _records(see: object) -> None:
    assert callable(see)
    paid = op("payment.collected", LI, 1)
    due = row(obligation=obligation())
    settled = {f"{KEY}.body.obligation.status": "settled", f"{KEY}.pending": [paid["op_id"]]}
    see("money taken", "P9 P21", {KEY: due}, [paid], settled)
    see("money taken where none is due", "P9", {KEY: row()}, [paid], {f"{KEY}.body.obligation": None})
    scan = op("parcel.scanned", LI, 1)
    pickup = f"task:{uid(3, 2)}"
    both = {KEY: row(), pickup: row(task=task(id=uid(3, 2), kind="pickup"))}
    twice = {f"{KEY}.body.parcel.scans": 1, f"{pickup}.body.parcel.scans": 1}
    assert scan["entity"] == f"parcel:{PARCEL}"
    see("a scan shows in every task of the parcel", "P9", both, [scan], twice)
    stranger = op("parcel.scanned", LI, 1, entity=f"parcel:{uid(4, 9)}")
    see(
        "a scan of a strange parcel shows nowhere",
        "P9",
        {KEY: row()},
        [stranger],
        {f"{KEY}.pending": [], "#": 1},
    )
    ask = op("customer.request_set", LI, 1)
    assert ask["entity"] == f"customer:{CUSTOMER}"
    asked = request(kind="no_ring", text="宝宝睡觉，勿按门铃", source="courier", state="proposed")
    see("a request is set", "P9 P24", {KEY: row()}, [ask], {f"{KEY}.body.customer.requests": [asked]})
    here = op("customer.request_set", LI, 1, payload={"request": uid(8, 2), "scope": "parcel", "task": TASK})
    other = f"task:{uid(3, 3)}"
    see(
        "a request for one parcel shows in no other task of the customer",
        "P9 P24",
        {KEY: row(), other: row(task=task(id=uid(3, 3)))},
        [here],
        {f"{KEY}.body.customer.requests.#": 2, f"{other}.body.customer.requests.#": 1},
    )
    off = op("customer.request_set", LI, 1, payload={"active": False})
    see(
        "a request switched off is gone", "P9 P24", {KEY: row()}, [off], {f"{KEY}.body.customer.requests": []}
    )
    shift = op("shift.started", LI, 1)
    see("a shift is in no row", "P9", {KEY: row()}, [shift], {f"{KEY}.pending": []})


def _removed(see: object, done: Plain) -> None:
    assert callable(see)
    gone = {"rev": 4, "present": False, "reason": "reassigned", "body": None}
    note = op("task.noted", LI, 2)
    see(
        "removed with two items still to send",
        "P11 P28",
        {KEY: gone},
        [done, note],
        {
            f"{KEY}.present": False,
            f"{KEY}.reason": "reassigned",
            f"{KEY}.body": None,
            f"{KEY}.pending": [done["op_id"], note["op_id"]],
        },
    )
    late = op("task.picked_up", LI, 1, entity=f"task:{uid(3, 7)}")
    stub = f"task:{uid(3, 7)}"
    see(
        "a pickup the server has not listed",
        "P4 P9",
        {},
        [late],
        {
            f"{stub}.unlisted": True,
            f"{stub}.rev": 0,
            f"{stub}.body.task.kind": "pickup",
            f"{stub}.body.task.status": "picked_up",
            f"{stub}.body.task.courier": LI,
            f"{stub}.body.parcel": None,
        },
    )
    lost = op("payment.collected", LI, 1, entity=f"obligation:{uid(3, 7)}")
    see("money for a task nobody listed makes no stub", "P9", {}, [lost], {"#": 0})


def _absorbed(book: Book, done: Plain) -> None:
    op_id = done["op_id"]
    waits, applied = result(done, "deferred", None), result(done, "applied", 8)

    def absorb(name: str, known: Plain, results: list[Plain], claim: Plain) -> None:
        book.case(name, "P18", "absorb", {"known": known, "results": results}, {"known": claim})

    absorb("a first answer", {}, [applied], {op_id: applied})
    absorb("a deferred operation is settled", {op_id: waits}, [applied], {op_id: applied})
    absorb("a settled operation is not deferred again", {op_id: applied}, [waits], {op_id: applied})
    absorb("an answer without an id", {}, [applied | {"op_id": None}], {})
    states: list[tuple[Plain | None, str]] = [
        (None, "saved"),
        (applied, "confirmed"),
        (result(done, "merged"), "confirmed"),
        (waits, "confirmed"),
        (result(done, "conflict"), "needs_you"),
        (result(done, "quarantined"), "needs_you"),
    ]
    for answer, state in states:
        name = f"an operation that is {answer['status'] if answer else 'unanswered'} reads {state}"
        book.case(name, "P11 P18", "item_state", {"result": answer}, {"state": state})


def effects() -> Book:
    book = Book("apply", "Effects without a decision")

    def effect(name: str, rules: str, record: Plain | None, given: Plain, claim: Plain) -> None:
        spelled = {f"record.{path}".rstrip("."): value for path, value in claim.items()}
        book.case(name, rules, "apply", {"record": record, "op": given}, spelled)

    done = op("task.delivered", LI, 9)
    effect(
        "a fact raises the status", "P9 P19", task(), done, {"status": "delivered", "outcome": outcome(done)}
    )
    gone = task(status="cancelled", cancelled={**_by(CHEN), "reason": "x"})
    effect(
        "a fact overrides a cancellation",
        "P19",
        gone,
        done,
        {"status": "delivered", "cancelled": gone["cancelled"]},
    )
    failed = op("task.attempt_failed", LI, 9)
    signed = task(status="delivered", outcome=outcome(done))
    effect(
        "a lower fact counts the attempt and lowers nothing",
        "P19",
        signed,
        failed,
        {"status": "delivered", "attempts": 1, "outcome": outcome(done)},
    )
    effect("a sign-off of a pickup does nothing", "P19", task(kind="pickup"), done, {"": task(kind="pickup")})
    effect("set out", "P20", task(), op("task.out_for_delivery", LI, 9), {"status": "out_for_delivery"})
    effect(
        "set out after arriving",
        "P20",
        task(status="arrived"),
        op("task.out_for_delivery"),
        {"status": "arrived"},
    )
    effect("a fact on an unknown task makes a stub", "P4", None, done, {"status": "delivered", "station": ""})
    moved = op("task.window_changed", CHEN, 9)
    effect("a plan sets its fields", "P9", task(), moved, {"window_start": moved["payload"]["window_start"]})
    effect("a request of an unknown customer", "P9", None, op("customer.request_set"), {"": None})
    effect("a payment of nothing", "P9", None, op("payment.collected"), {"": None})
    effect("a payment", "P9 P21", obligation(), op("payment.collected"), {"status": "settled"})
    strange = op("task.arrived", type="task.teleported")
    effect("an operation of an unknown type", "P6", task(), strange, {"": task()})
    ask = op("customer.request_set", LI, 9, payload={"request": uid(8, 2)})
    effect("a customer in a row gets no stamps", "P9 P24", contact(), ask, {"requests.#": 2, "touched": None})
    return book


def _by(author: str) -> Plain:
    return {"op_id": uid(20, 4), "author": author, "at": 1_780_275_840_000}
