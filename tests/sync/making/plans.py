"""Vectors of plans: three-way merges, assignments, windows, requests and orders."""

from typing import Any

from sync.canonical import derive
from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import (
    CHEN,
    CUSTOMER,
    HOUR,
    LI,
    NINE,
    REQUEST,
    STATION,
    TASK,
    WANG,
    ZHOU,
    customer,
    obligation,
    op,
    order,
    parcel,
    request,
    stamped,
    task,
    uid,
)

KEY = f"task:{TASK}"


def merges() -> Book:
    book = Book("merge", "Three-way merges, field by field")

    def merge(
        name: str, base: Plain, theirs: Plain, mine: Plain, values: Plain, contested: list[str]
    ) -> None:
        given = {"base": base, "theirs": theirs, "mine": mine}
        book.case(name, "P20", "merge", given, {"values": values, "contested": contested})

    merge("only I changed it", {"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}, [])
    merge("only they changed it", {"a": 1}, {"a": 3}, {"a": 1}, {"a": 3}, [])
    merge("both changed it alike", {"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}, [])
    merge("both changed it apart", {"a": 1}, {"a": 3}, {"a": 2}, {"a": 3}, ["a"])
    merge("nobody changed it", {"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}, [])
    merge("I did not look", {}, {"a": 3}, {"a": 2}, {"a": 2}, [])
    merge("I saw null, they set it", {"a": None}, {"a": 3}, {"a": 2}, {"a": 3}, ["a"])
    merge("I saw null and it is null", {"a": None}, {"a": None}, {"a": 2}, {"a": 2}, [])
    merge("I clear what they changed", {"a": 1}, {"a": 3}, {"a": None}, {"a": 3}, ["a"])
    merge("we both clear it", {"a": 1}, {"a": None}, {"a": None}, {"a": None}, [])
    merge(
        "different fields merge",
        {"a": 1, "b": 1},
        {"a": 2, "b": 1},
        {"a": 1, "b": 5},
        {"a": 2, "b": 5},
        [],
    )
    merge(
        "one field of three is contested",
        {"a": 1, "b": 1, "c": 1},
        {"a": 2, "b": 1, "c": 7},
        {"a": 3, "b": 4, "c": 7},
        {"a": 2, "b": 4, "c": 7},
        ["a"],
    )
    return book


def plans() -> Book:
    book = Book("plans", "Changes of plan")
    _assignments(book)
    _windows(book)
    return book


def _assignments(book: Book) -> None:
    free = task(status="created", courier=None, sequence=None)
    to_wang = op("task.assigned", CHEN, 9, base={"courier": None})
    touch = stamped(to_wang)
    book.decide(
        "assigned",
        "P20 P28",
        {KEY: free},
        to_wang,
        {
            "status": "applied",
            "after.courier": WANG,
            "after.sequence": 7,
            "after.status": "assigned",
            "after.touched": {"courier": touch, "sequence": touch},
        },
        rev=1,
    )
    seen = to_wang | {"base_rev": 1}
    moved = free | {"window_end": NINE + 3 * HOUR}
    claim: Plain = {"status": "merged", "after.courier": WANG, "after.window_end": NINE + 3 * HOUR}
    book.decide("assigned by someone who saw an older revision", "P20", {KEY: moved}, seen, claim, rev=2)
    claim = {"status": "applied", "after.courier": WANG}
    book.decide("assigned by someone who saw this revision", "P20", {KEY: moved}, seen, claim, rev=1)
    by_zhou = op("task.assigned", ZHOU, 5)
    held_by_li = task(touched={"courier": stamped(by_zhou)})
    book.decide(
        "assigned at two desks to two couriers",
        "P20 P22",
        {KEY: held_by_li},
        to_wang,
        {
            "status": "conflict",
            "kinds": ["field"],
            "changes": {},
            "cases.0.fields": ["courier"],
            "cases.0.mine.courier": WANG,
            "cases.0.theirs.courier": LI,
            "cases.0.base": {"courier": None},
            "cases.0.theirs_op": by_zhou["op_id"],
            "cases.0.theirs_author": ZHOU,
            "cases.0.mine_author": CHEN,
            "cases.0.suggested": "theirs",
        },
    )
    on_the_road = task(courier=WANG, sequence=7, status="out_for_delivery")
    merged: Plain = {"status": "merged", "changes": {}, "kinds": []}
    book.decide("assigned at two desks to the same courier", "P20", {KEY: on_the_road}, to_wang, merged)
    away = op("task.reassigned", CHEN, 9, base={"courier": LI})
    claim = {"status": "applied", "after.courier": WANG, "after.status": "assigned"}
    book.decide("reassigned while he is on the road", "P20 P28", {KEY: task(status="arrived")}, away, claim)
    failed = task(status="attempt_failed", attempts=1)
    _reattempts(book, failed)


def _reattempts(book: Book, failed: Plain) -> None:
    window = {"window_start": NINE + 24 * HOUR, "window_end": NINE + 26 * HOUR}
    same = op("task.reattempt_planned", CHEN, 9, base={"courier": LI}, payload={"courier": LI} | window)
    book.decide(
        "another attempt by the same courier",
        "P20",
        {KEY: failed},
        same,
        {
            "status": "applied",
            "after.status": "assigned",
            "after.courier": LI,
            "after.outcome": None,
            "after.attempts": 1,
            "after.window_start": NINE + 24 * HOUR,
            "after.sequence": None,
        },
    )
    nobody = op("task.reattempt_planned", CHEN, 9, base={"courier": LI}, payload={"courier": None} | window)
    claim: Plain = {"status": "applied", "after.status": "created", "after.courier": None}
    book.decide("another attempt by whoever is found", "P20", {KEY: failed}, nobody, claim)
    book.decide(
        "two plans for another attempt",
        "P20",
        {KEY: failed | {"courier": WANG, "status": "assigned"}},
        nobody,
        {"status": "conflict", "kinds": ["field"], "changes": {}, "cases.0.fields": ["courier"]},
    )
    over = op("task.cancelled", CHEN, 4)
    raised = failed | {"cancelled": {**stamped(over), "reason": "客户取消"}}
    claim = {"status": "applied", "after.cancelled": None, "after.status": "assigned"}
    book.decide("another attempt lifts a cancellation", "P20", {KEY: raised}, same, claim)


def _windows(book: Book) -> None:
    def change(name: str, base: Plain, record: Plain, payload: Plain, claim: Plain) -> None:
        book.decide(
            name, "P20", {KEY: record}, op("task.window_changed", CHEN, 9, base=base, payload=payload), claim
        )

    seen = {"window_start": NINE, "window_end": NINE + 2 * HOUR}
    zhou = op("task.window_changed", ZHOU, 5)
    theirs = stamped(zhou)
    later_end = task(window_end=NINE + 3 * HOUR, touched={"window_end": theirs})
    book_start = {"window_start": NINE + HOUR, "window_end": NINE + 2 * HOUR}
    change(
        "I move the start, they moved the end",
        seen,
        later_end,
        book_start,
        {
            "status": "applied",
            "kinds": [],
            "after.window_start": NINE + HOUR,
            "after.window_end": NINE + 3 * HOUR,
            "after.touched.window_end": theirs,
        },
    )
    change(
        "we both moved the end",
        seen,
        later_end,
        {"window_start": NINE + HOUR, "window_end": NINE + 4 * HOUR},
        {
            "status": "conflict",
            "kinds": ["field"],
            "after.window_start": NINE + HOUR,
            "after.window_end": NINE + 3 * HOUR,
            "cases.0.fields": ["window_end"],
            "cases.0.mine.window_end": NINE + 4 * HOUR,
            "cases.0.theirs.window_end": NINE + 3 * HOUR,
            "cases.0.base": {"window_end": NINE + 2 * HOUR},
            "cases.0.theirs_op": zhou["op_id"],
        },
    )
    earlier_end = task(window_end=NINE + HOUR, touched={"window_end": theirs})
    change(
        "together the window would end before it starts",
        seen,
        earlier_end,
        {"window_start": NINE + 90 * 60_000, "window_end": NINE + 2 * HOUR},
        {
            "status": "conflict",
            "kinds": ["field"],
            "changes": {},
            "cases.0.fields": ["window_start", "window_end"],
        },
    )
    change(
        "we both moved it alike",
        seen,
        later_end,
        {"window_start": NINE, "window_end": NINE + 3 * HOUR},
        _same(),
    )
    change("nothing moved", seen, task(), seen, _same())
    change(
        "the window is taken away",
        seen,
        task(),
        {"window_start": None, "window_end": None},
        {"status": "applied", "after.window_start": None, "after.window_end": None},
    )


def _same() -> Plain:
    return {"status": "merged", "changes": {}, "kinds": []}


def orders() -> Book:
    book = Book("orders", "Orders as imported")

    def take(name: str, board: Plain, given: Plain, claim: Plain, rules: str = "P2 P4") -> None:
        book.decide(name, rules, board, given, claim, station=STATION)

    parcel_key = f"parcel:{_parcel_of(order())}"
    take(
        "a new order with money to collect",
        {},
        order(),
        {
            "status": "applied",
            "after.status": "created",
            "after.station": STATION,
            "after.courier": None,
            "after.sequence": 3,
            "changes.#": 4,
            f"changes.obligation:{TASK}": obligation(),
            f"changes.customer:{CUSTOMER}": customer(),
            f"changes.{parcel_key}.pieces": 1,
        },
    )
    take("a new order with nothing to collect", {}, order(cod_minor=0), {"status": "applied", "changes.#": 3})
    known = task(parcel=_parcel_of(order()))
    take("the same order again", {KEY: known}, order(reference="R-1"), _same(), "P2 P16")
    taken = {"status": "quarantined", "code": "waybill_taken", "changes": {}}
    take("another order of the same waybill", {KEY: known}, order(reference="R-2"), taken, "P18")
    scanned = parcel(id=_parcel_of(order()), pieces=1, weight_g=None, goods=None, scans=2)
    take(
        "an order for a parcel that was scanned before",
        {parcel_key: scanned},
        order(pieces=3),
        {
            f"changes.{parcel_key}.scans": 2,
            f"changes.{parcel_key}.pieces": 3,
            f"changes.{parcel_key}.goods": "书",
        },
    )
    _returning_customer(take)
    _after_a_cancellation(take, book)
    return book


def _after_a_cancellation(take: Any, book: Book) -> None:
    """An import that was taken back and is given once more: its orders name the cancellation they follow."""
    off = op("task.cancelled", CHEN, 2, payload={"reason": "导入错了"})
    gone = task(
        status="cancelled", cancelled=stamped(off) | {"reason": "导入错了"}, parcel=_parcel_of(order())
    )
    due = {f"obligation:{TASK}": obligation()}
    anew = {
        "status": "applied",
        "after.status": "created",
        "after.cancelled": None,
        "after.courier": None,
        "after.touched": {},
        f"changes.obligation:{TASK}": obligation(),
    }
    again = order(3, after=off["op_id"], cod_minor=12_800)
    take("an order after its cancellation", {KEY: gone} | due, again, anew, "P2 P16")
    corrected = order(3, after=off["op_id"], reference="R-2")
    take(
        "it may be put right on the way",
        {KEY: gone} | due,
        corrected,
        anew | {"after.reference": "R-2"},
        "P2",
    )
    nothing = order(3, after=off["op_id"], cod_minor=0)
    settled = obligation(amount_minor=0, status="settled")
    take(
        "it may ask for no money",
        {KEY: gone} | due,
        nothing,
        {f"changes.obligation:{TASK}": settled},
        "P2 P21",
    )
    take("the file of yesterday after a cancellation", {KEY: gone} | due, order(3), _same(), "P2 P16")
    other = order(3, after=uid(9, 9))
    take("an order after another cancellation", {KEY: gone} | due, other, _same(), "P2 P16")
    tried = gone | {"attempts": 1}
    take("an order after a cancellation of what was tried", {KEY: tried} | due, again, _same(), "P2 P16")
    running = task(parcel=_parcel_of(order()))
    take("an order after a cancellation that was lifted", {KEY: running} | due, again, _same(), "P2 P16")
    ops = [order(), off, again]
    void = [order()["op_id"], off["op_id"]]
    made = {f"records.{KEY}.status": "created", f"records.{KEY}.cancelled": None, "records.#": 2}
    book.case(
        "only the order that was given last counts",
        "P2 P16",
        "fold",
        {"entity": KEY, "ops": ops, "void": void, "force": [], "station": STATION},
        made,
    )


def _returning_customer(take: Any) -> None:
    key = f"customer:{CUSTOMER}"
    by = op("customer.request_set", LI, 5)
    off = request(active=False)
    known = customer(phone="0571-1", requests=[off], touched={REQUEST: stamped(by)})
    other = {"id": uid(8, 2), "kind": "fragile", "text": "玻璃"}
    again = order(requests=[{"id": REQUEST, "kind": "call_first", "text": "先打电话"}, other])
    take(
        "an order of a known customer",
        {key: known},
        again,
        {
            f"changes.{key}.phone": "13800001111",
            f"changes.{key}.requests": [off, request(**other)],
            f"changes.{key}.touched": known["touched"],
        },
    )


def _parcel_of(given: Plain) -> str:
    return derive("parcel", given["payload"]["waybill"])
