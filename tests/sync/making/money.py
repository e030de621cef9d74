"""Vectors of payments, shifts, decisions and folds."""

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import (
    CASE,
    CHEN,
    CUSTOMER,
    HOUR,
    LI,
    NINE,
    REQUEST,
    SHIFT,
    STATION,
    TASK,
    WANG,
    ZHOU,
    customer,
    obligation,
    op,
    order,
    outcome,
    stamped,
    uid,
)

KEY = f"task:{TASK}"
MONEY = f"obligation:{TASK}"


def payments() -> Book:
    book = Book("payments", "Money at the door")
    paid = op("payment.collected", LI, 9)
    collected = {**stamped(paid), "amount_minor": 12_800, "method": "cash"}
    book.decide(
        "the amount due is paid",
        "P21",
        {MONEY: obligation()},
        paid,
        {"status": "applied", "kinds": [], "after.status": "settled", "after.collected": collected},
    )
    book.decide(
        "a former holder takes the money",
        "P21",
        {MONEY: obligation()},
        op("payment.collected", WANG, 9),
        {"status": "applied", "kinds": [], "after.status": "settled"},
    )
    first = op("payment.collected", WANG, 5, payload={"method": "qr"})
    settled = obligation(
        status="settled", collected={**stamped(first), "amount_minor": 12_800, "method": "qr"}
    )
    book.decide(
        "it is paid a second time",
        "P21 P22",
        {MONEY: settled},
        paid,
        {
            "status": "conflict",
            "kinds": ["second_payment"],
            "changes": {},
            "cases.0.theirs_op": first["op_id"],
            "cases.0.theirs_author": WANG,
            "cases.0.theirs.method": "qr",
            "cases.0.mine.method": "cash",
            "cases.0.task": TASK,
            "cases.0.rule": "P21",
        },
    )
    for name, payload, fields in (
        ("too little is paid", {"amount_minor": 12_000}, ["amount_minor"]),
        ("too much is paid", {"amount_minor": 13_000}, ["amount_minor"]),
        ("another currency is paid", {"currency": "HKD"}, ["currency"]),
    ):
        book.decide(
            name,
            "P21 P22",
            {MONEY: obligation()},
            op("payment.collected", LI, 9, payload=payload),
            {
                "status": "conflict",
                "kinds": ["amount_differs"],
                "after.status": "settled",
                "cases.0.fields": fields,
                "cases.0.theirs": {"amount_minor": 12_800, "currency": "CNY"},
                "cases.0.mine.amount_minor": payload.get("amount_minor", 12_800),
            },
        )
    book.decide(
        "paid where nothing is known to be due", "P18 P21", {}, paid, {"status": "deferred", "changes": {}}
    )
    _shifts(book)
    return book


def _shifts(book: Book) -> None:
    key = f"shift:{SHIFT}"
    start = op("shift.started", LI, 9)
    record = {
        "id": SHIFT,
        "station": STATION,
        "courier": LI,
        "status": "open",
        "started_at": start["at"],
        "closed_at": None,
        "counts": None,
    }
    book.decide("a shift is started", "P2", {}, start, {"status": "applied", f"changes.{key}": record})
    book.decide("a shift is started twice", "P2", {key: record}, start, {"status": "merged", "changes": {}})
    close = op("shift.closed", LI, 10)
    book.decide(
        "a shift is closed",
        "P2 P32",
        {key: record},
        close,
        {
            "status": "applied",
            "after.status": "closed",
            "after.closed_at": close["at"],
            "after.counts": close["payload"],
        },
    )
    closed = record | {"status": "closed", "closed_at": NINE}
    book.decide("a shift is closed twice", "P2", {key: closed}, close, {"status": "merged", "changes": {}})
    book.decide(
        "a shift nobody started waits", "P18", {}, close, {"status": "deferred", "code": "awaiting_entity"}
    )
    other = op("shift.closed", WANG, 10)
    stranger = {"status": "quarantined", "code": "forbidden", "changes": {}}
    book.decide("another courier's shift is closed", "P18", {key: record}, other, stranger)


def case_record(kind: str, mine: Plain, theirs: Plain | None, **changes: object) -> Plain:
    """An open case of `kind` between two operations."""
    return {
        "id": CASE,
        "kind": kind,
        "status": "open",
        "entity": mine["entity"],
        "task": TASK,
        "station": STATION,
        "op_id": mine["op_id"],
        "theirs_op": theirs["op_id"] if theirs else None,
        "mine": {"type": mine["type"], "at": mine["at"]},
        "theirs": {},
        "base": {},
        "fields": ["status"],
        "mine_author": mine["author"],
        "theirs_author": theirs["author"] if theirs else None,
        "suggested": "mine",
        "rule": "P19",
        "outcomes": ["mine", "theirs", "noted"],
        "owner": CHEN,
        "due_at": NINE + 4 * HOUR,
        "opened_at": NINE,
        "decision": None,
    } | changes


def decisions() -> Book:
    book = Book("decisions", "Cases and what deciding them does")
    mine, theirs = op("task.delivered", LI, 11), op("task.attempt_failed", WANG, 10)
    key = f"conflict:{CASE}"
    case = case_record("contradiction", mine, theirs)
    word = op("conflict.decided", CHEN, 20)
    said = {**stamped(word), "outcome": "mine", "reason": "签收照片清楚"}
    claim: Plain = {"status": "applied", "after.status": "decided", "after.decision": said}
    book.decide("a case is decided", "P22", {key: case}, word, claim)
    done = case | {"status": "decided", "decision": said}
    again = op("conflict.decided", ZHOU, 21, payload={"outcome": "theirs"})
    book.decide("a case is decided twice", "P22", {key: done}, again, {"status": "merged", "changes": {}})
    book.decide("a case nobody knows is decided", "P18 P22", {}, word, {"status": "deferred"})
    short = case_record("quarantined", mine, None, outcomes=["noted"])
    not_offered = {"status": "quarantined", "code": "outcome_not_offered", "changes": {}}
    book.decide("an outcome that was not offered", "P18 P22", {key: short}, word, not_offered)
    fix = op("operation.corrected", CHEN, 20)
    book.decide("a correction is accepted", "P3", {KEY: {}}, fix, {"status": "applied", "changes": {}})
    book.decide("a correction of nothing waits", "P3 P18", {}, fix, {"status": "deferred"})

    me, them = mine["op_id"], theirs["op_id"]
    effects = {
        "contradiction": ([them], [me]),
        "cancelled": ([], [me]),
        "reassigned": ([], [me]),
        "state": ([them], [me]),
        "unsettled": ([], [me]),
        "amount_differs": ([], [me]),
        "second_payment": ([them], [me]),
        "quarantined": ([], []),
        "device_lost": ([], []),
        "field": ([], []),
        "request_late": ([], []),
        "disputed": ([], [me]),
    }
    for kind, (by_mine, by_theirs) in effects.items():
        opened = case_record(kind, mine, theirs)
        for outcome_, void in (("mine", by_mine), ("theirs", by_theirs), ("noted", [])):
            force = [me] if (kind, outcome_) == ("field", "mine") else []
            given = {"case": opened, "outcome": outcome_}
            claim = {"void": void, "force": force}
            book.case(f"{kind} decided: {outcome_}", "P3 P22", "effect", given, claim)
    alone = case_record("state", mine, None)
    given = {"case": alone, "outcome": "mine"}
    book.case("nothing of theirs to leave out", "P22", "effect", given, {"void": [], "force": []})
    return book


def folds() -> Book:
    book = Book("folds", "Records rebuilt from the log")
    made = order(1)
    to_li = op("task.assigned", CHEN, 2, base={"courier": None}, payload={"courier": LI, "sequence": 1})
    failed = op("task.attempt_failed", LI, 3)
    done = op("task.delivered", LI, 4)
    log = [made, to_li, failed, done]

    def fold(name: str, entity: str, ops: list[Plain], void: list[str], claim: Plain, *force: str) -> None:
        given = {"entity": entity, "ops": ops, "void": void, "force": list(force), "station": STATION}
        spelled = {f"records.{path}": value for path, value in claim.items()}
        book.case(name, "P3 P22", "fold", given, spelled)

    fold(
        "nothing is left out",
        KEY,
        log,
        [],
        {"#": 2, f"{KEY}.status": "delivered", f"{KEY}.attempts": 1, f"{MONEY}.status": "due"},
    )
    fold(
        "the sign-off did not occur",
        KEY,
        log,
        [done["op_id"]],
        {f"{KEY}.status": "attempt_failed", f"{KEY}.attempts": 1, f"{KEY}.outcome": outcome(failed)},
    )
    fold(
        "the failed attempt did not occur",
        KEY,
        log,
        [failed["op_id"]],
        {f"{KEY}.status": "delivered", f"{KEY}.attempts": 0},
    )
    fold("neither occurred", KEY, log, [failed["op_id"], done["op_id"]], {f"{KEY}.status": "assigned"})
    fold("the order did not occur", KEY, log, [made["op_id"]], {"#": 0})
    to_wang = op("task.reassigned", CHEN, 5, base={"courier": LI}, payload={"sequence": 2})
    plans = [made, to_li, to_wang]
    fold(
        "a later plan that rested on a plan left out still stands",
        KEY,
        plans,
        [to_li["op_id"]],
        {f"{KEY}.courier": WANG, f"{KEY}.status": "assigned"},
    )
    rival = op("task.assigned", ZHOU, 6, base={"courier": None}, payload={"courier": WANG, "sequence": 9})
    fold("a plan that lost stays lost", KEY, [made, to_li, rival], [], {f"{KEY}.courier": LI})
    fold(
        "a plan that a person decided for wins",
        KEY,
        [made, to_li, rival],
        [],
        {f"{KEY}.courier": WANG, f"{KEY}.sequence": 9},
        rival["op_id"],
    )
    rests = op("task.window_changed", ZHOU, 7, base={}, payload={"window_start": None, "window_end": None})
    back = op("task.reassigned", CHEN, 8, base={"courier": LI}, payload={"courier": uid(1, 5), "sequence": 1})
    fold(
        "who saw the value that lost later is not in dispute",
        KEY,
        [made, to_li, rival, rests, back],
        [],
        {f"{KEY}.courier": uid(1, 5), f"{KEY}.window_end": None},
        rival["op_id"],
    )
    _cancellations(fold, [made, to_li])
    _money(fold, made)
    return book


def _cancellations(fold: object, start: list[Plain]) -> None:
    assert callable(fold)
    cancel = op("task.cancelled", CHEN, 5)
    done = op("task.delivered", LI, 6)
    log = [*start, cancel, done]
    fold("a fact stands over a cancellation", KEY, log, [], {f"{KEY}.status": "delivered"})
    fold("decided for the cancellation", KEY, log, [done["op_id"]], {f"{KEY}.status": "cancelled"})
    late = [*start, done, op("task.cancelled", CHEN, 7)]
    fold("a cancellation after the fact changes nothing", KEY, late, [], {f"{KEY}.cancelled": None})
    fold(
        "decided for the cancellation that came after the fact",
        KEY,
        late,
        [done["op_id"]],
        {f"{KEY}.status": "cancelled"},
    )


def _money(fold: object, made: Plain) -> None:
    assert callable(fold)
    first, second = op("payment.collected", LI, 5), op("payment.collected", WANG, 6)
    log = [made, first, second]
    fold("the first payment settles", MONEY, log, [], {f"{MONEY}.collected.author": LI})
    fold("the first payment did not occur", MONEY, log, [first["op_id"]], {f"{MONEY}.collected.author": WANG})
    nothing = [first["op_id"], second["op_id"]]
    fold("no payment occurred", MONEY, log, nothing, {f"{MONEY}.status": "due", f"{MONEY}.collected": None})
    key = f"customer:{CUSTOMER}"
    base = {"text": "先打电话", "active": True}
    desk = {"source": "csr", "state": "accepted"}
    louder = op("customer.request_set", ZHOU, 7, base=base, payload=desk | {"text": "大声敲门"})
    softer = op("customer.request_set", CHEN, 8, base=base, payload=desk | {"text": "轻声敲门"})
    asked = [made, louder, softer]
    fold("a request that lost stays lost", key, asked, [], {f"{key}.requests.0.text": "大声敲门"})
    fold(
        "a request that a person decided for wins",
        key,
        asked,
        [],
        {f"{key}.requests.0.text": "轻声敲门", "#": 1},
        softer["op_id"],
    )
    fold(
        "a request that was never set",
        key,
        asked,
        [louder["op_id"], softer["op_id"]],
        {key: customer(), f"{key}.requests.0.id": REQUEST},
    )
