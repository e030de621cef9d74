"""Vectors of physical facts: every pair of outcomes of two couriers, in both orders of arrival, and what else may stand
against a fact."""

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import (
    CHEN,
    CUSTOMER,
    HOUR,
    LI,
    NINE,
    TASK,
    WANG,
    obligation,
    op,
    outcome,
    parcel,
    stamped,
    task,
    uid,
)

KEY = f"task:{TASK}"
DELIVERY = ("delivered", "returned", "held", "attempt_failed")
PICKUP = ("picked_up", "attempt_failed")

# Li was the holder and worked offline; the task went to Wang. One line for each outcome that arrives FIRST, one
# column for the one that arrives second: the status that stands, with "!" where the second opens a contradiction. An
# outcome of lower or equal rank never replaces one that is recorded; a failed attempt or a hold may be followed by
# the holder where the table leads on.
WANG_FIRST = {
    "delivered": "delivered! delivered! delivered! delivered!",
    "returned": "delivered! returned! returned! returned!",
    "held": "delivered! returned! held! held!",
    "attempt_failed": "delivered! returned! held! attempt_failed!",
}
LI_FIRST = {
    "delivered": "delivered! delivered! delivered! delivered!",
    "returned": "delivered! returned! returned! returned!",
    "held": "delivered! returned held! held!",
    "attempt_failed": "delivered returned held attempt_failed",
}
PICKUP_WANG_FIRST = {"picked_up": "picked_up! picked_up!", "attempt_failed": "picked_up! attempt_failed!"}
PICKUP_LI_FIRST = {"picked_up": "picked_up! picked_up!", "attempt_failed": "picked_up attempt_failed"}
RANK = {"attempt_failed": 30, "held": 40, "returned": 60, "delivered": 80, "picked_up": 80}


def pairs() -> Book:
    book = Book("facts-two-couriers", "Every ordered pair of outcomes from two couriers")
    _family(book, "delivery", DELIVERY, WANG, WANG_FIRST)
    _family(book, "delivery", DELIVERY, LI, LI_FIRST)
    _family(book, "pickup", PICKUP, WANG, PICKUP_WANG_FIRST)
    _family(book, "pickup", PICKUP, LI, PICKUP_LI_FIRST)
    return book


def _family(book: Book, kind: str, outcomes: tuple[str, ...], first: str, table: dict[str, str]) -> None:
    given_on = op("task.reassigned", CHEN, 5)
    start = task(kind=kind, courier=WANG, touched={"courier": stamped(given_on)})
    second = LI if first == WANG else WANG
    names = {LI: "Li (former holder)", WANG: "Wang (holder)"}
    for one in outcomes:
        # Device clocks say the opposite of the order of arrival, and must not matter (P1).
        earlier = op(f"task.{one}", first, 11, at=NINE + 2 * HOUR)
        late = first == LI
        after = book.decide(
            f"{kind}: {names[first]} {one} arrives first",
            "P1 P19",
            {KEY: start},
            earlier,
            {
                "status": "conflict" if late else "applied",
                "kinds": ["reassigned"] if late else [],
                "after.status": one,
                "after.outcome": outcome(earlier),
                "after.attempts": int(one == "attempt_failed"),
                "after.courier": WANG,
            },
        )
        board = {KEY: after["changes"][KEY]}
        for two, cell in zip(outcomes, table[one].split(), strict=True):
            later = op(f"task.{two}", second, 12, at=NINE + HOUR)
            stands, disputed = cell.rstrip("!"), cell.endswith("!")
            mine = not disputed or RANK[two] > RANK[one]
            claim: Plain = {
                "status": "conflict" if disputed else "applied",
                "kinds": ["contradiction"] if disputed else [],
                "after.status": stands,
                "after.outcome": outcome(later if mine else earlier),
                "after.attempts": [one, two].count("attempt_failed"),
            }
            if disputed:
                claim |= {
                    "cases.0.theirs_op": earlier["op_id"],
                    "cases.0.mine_author": second,
                    "cases.0.theirs_author": first,
                    "cases.0.suggested": "mine" if mine else "theirs",
                    "cases.0.mine.status": two,
                    "cases.0.theirs.status": one,
                    "cases.0.fields": ["status"],
                    "cases.0.rule": "P19",
                }
            name = f"{kind}: {names[first]} {one}, then {names[second]} {two}"
            book.decide(name, "P1 P19 P22", board, later, claim)


def circumstances() -> Book:
    book = Book("facts-circumstances", "Facts against cancellations, other holders, money due and late news")
    cancel = op("task.cancelled", CHEN, 5)
    cancelled = {**stamped(cancel), "reason": cancel["payload"]["reason"]}
    gone = task(status="cancelled", cancelled=cancelled)
    _cancelled(book, cancel, gone)
    _holders(book)
    _due(book)

    arrived = op("task.arrived", LI, 9)
    merged = {"status": "merged", "changes": {}, "kinds": []}
    book.decide("arrived at a cancelled task", "P19", {KEY: gone}, arrived, merged)
    book.decide("arrived after it was reassigned", "P19", {KEY: task(courier=WANG)}, arrived, merged)
    failed = outcome(op("task.attempt_failed", LI, 4))
    back = task(status="attempt_failed", outcome=failed, attempts=1)
    book.decide("arrived again after a failed attempt does not lower it", "P19", {KEY: back}, arrived, merged)
    book.decide("arrived twice", "P19", {KEY: task(status="arrived")}, arrived, merged)
    note = op("task.noted", WANG, 9)
    noted = {"status": "applied", "after.status": "cancelled", "after.notes.0.text": note["payload"]["text"]}
    book.decide("a note is always kept", "P19", {KEY: gone}, note, noted)
    for op_type in ("task.delivered", "task.arrived", "task.noted", "task.cancelled", "task.assigned"):
        waits = {"status": "deferred", "code": "awaiting_entity", "changes": {}, "kinds": []}
        book.decide(f"{op_type} on a task nobody knows waits", "P18", {}, op(op_type, LI, 9), waits)
    for kind, op_type in (
        ("pickup", "task.delivered"),
        ("pickup", "task.held"),
        ("delivery", "task.picked_up"),
    ):
        senseless = {"status": "quarantined", "code": "wrong_kind", "changes": {}, "kinds": []}
        board = {KEY: task(kind=kind)}
        book.decide(f"{op_type} on a {kind} makes no sense", "P18", board, op(op_type, LI, 9), senseless)
    _scans(book)
    return book


def _cancelled(book: Book, cancel: Plain, gone: Plain) -> None:
    for what in DELIVERY:
        done = op(f"task.{what}", LI, 9)
        book.decide(
            f"cancelled, then {what} offline by the holder",
            "P19 P22",
            {KEY: gone},
            done,
            {
                "status": "conflict",
                "kinds": ["cancelled"],
                "after.status": what,
                "after.outcome": outcome(done),
                "after.cancelled": gone["cancelled"],
                "cases.0.theirs_op": cancel["op_id"],
                "cases.0.theirs_author": CHEN,
                "cases.0.theirs.reason": "客户取消",
                "cases.0.suggested": "mine",
                "cases.0.rule": "P19",
            },
        )
    tried = op("task.attempt_failed", LI, 4)
    book.decide(
        "failed, cancelled, then delivered by the same courier is a matter of the cancellation",
        "P19",
        {KEY: gone | {"outcome": outcome(tried), "attempts": 1}},
        op("task.delivered", LI, 9),
        {"status": "conflict", "kinds": ["cancelled"], "after.status": "delivered", "after.attempts": 1},
    )
    over = gone | {"status": "attempt_failed", "outcome": outcome(tried), "attempts": 1}
    book.decide(
        "failed over a cancellation, then delivered by the same courier",
        "P19",
        {KEY: over},
        op("task.delivered", LI, 9),
        {"status": "conflict", "kinds": ["cancelled"], "after.status": "delivered"},
    )
    done = op("task.delivered", LI, 9)
    raised = gone | {"status": "delivered", "outcome": outcome(done)}
    book.decide(
        "delivered over a cancellation, then failed",
        "P19",
        {KEY: raised},
        op("task.attempt_failed", LI, 10),
        {
            "status": "conflict",
            "kinds": ["contradiction"],
            "after.status": "delivered",
            "after.attempts": 1,
            "cases.0.suggested": "theirs",
        },
    )


def _holders(book: Book) -> None:
    done = op("task.delivered", LI, 9)
    book.decide(
        "delivered though never assigned",
        "P19",
        {KEY: task(status="created", courier=None)},
        done,
        {
            "status": "conflict",
            "kinds": ["reassigned"],
            "after.status": "delivered",
            "cases.0.theirs": {"courier": None},
            "cases.0.theirs_op": None,
        },
    )
    desk = op("task.delivered", CHEN, 9)
    book.decide(
        "the desk signs off in the holder's name",
        "P2 P19",
        {KEY: task(status="arrived")},
        desk,
        {"status": "applied", "kinds": [], "after.status": "delivered", "after.outcome": outcome(desk)},
    )
    by_desk = {KEY: task(status="delivered", outcome=outcome(op("task.delivered", CHEN, 4)))}
    twice = {"status": "conflict", "kinds": ["contradiction"], "changes": {}, "cases.0.suggested": "theirs"}
    book.decide(
        "the desk signed off in the holder's name, then his own sign-off comes",
        "P2 P19",
        by_desk,
        done,
        twice,
    )
    by_holder = {KEY: task(status="delivered", outcome=outcome(op("task.delivered", LI, 4)))}
    book.decide("the holder signed off, then the desk does in his name", "P2 P19", by_holder, desk, twice)
    spare = {KEY: task(status="delivered", outcome=outcome(op("task.delivered", LI, 4, device=uid(9, 9))))}
    book.decide(
        "a spare handheld took over and delivered, then the dead one comes back and says so too",
        "P19 P32",
        spare,
        done,
        twice,
    )
    failed = outcome(op("task.attempt_failed", LI, 4, device=uid(9, 9)))
    book.decide(
        "a spare handheld took over and failed, then the dead one comes back with the delivery",
        "P19 P32",
        {KEY: task(status="attempt_failed", outcome=failed, attempts=1)},
        done,
        {"status": "applied", "kinds": [], "after.status": "delivered", "after.attempts": 1},
    )
    again = op("task.attempt_failed", LI, 9)
    first = outcome(op("task.attempt_failed", LI, 4))
    book.decide(
        "a second failed attempt by the same courier",
        "P19 P20",
        {KEY: task(status="attempt_failed", outcome=first, attempts=1)},
        again,
        {"status": "applied", "after.attempts": 2, "after.outcome": outcome(again)},
    )
    book.decide(
        "delivered twice by the same courier",
        "P19",
        {KEY: task(status="delivered", outcome=outcome(op("task.delivered", LI, 4)))},
        done,
        {"status": "conflict", "kinds": ["contradiction"], "changes": {}, "cases.0.suggested": "theirs"},
    )


def _due(book: Book) -> None:
    money = f"obligation:{TASK}"
    done = op("task.delivered", LI, 9)
    book.decide(
        "delivered while money is due",
        "P21 P22",
        {KEY: task(), money: obligation()},
        done,
        {
            "status": "conflict",
            "kinds": ["unsettled"],
            "after.status": "delivered",
            "cases.0.theirs": {"amount_minor": 12_800, "currency": "CNY"},
            "cases.0.task": TASK,
        },
    )
    book.decide(
        "delivered after the money was taken",
        "P21",
        {KEY: task(), money: obligation(status="settled")},
        done,
        {"status": "applied", "kinds": [], "after.status": "delivered"},
    )
    book.decide(
        "delivered by a former holder while money is due: two cases",
        "P19 P21",
        {KEY: task(courier=WANG), money: obligation()},
        done,
        {"status": "conflict", "kinds": ["reassigned", "unsettled"], "after.status": "delivered"},
    )
    book.decide(
        "a delivery that does not stand asks for no money",
        "P19 P21",
        {KEY: task(status="delivered", outcome=outcome(op("task.delivered", WANG, 4))), money: obligation()},
        done,
        {"status": "conflict", "kinds": ["contradiction"]},
    )
    book.decide(
        "a failed attempt asks for no money",
        "P21",
        {KEY: task(), money: obligation()},
        op("task.attempt_failed", LI, 9),
        {"status": "applied", "kinds": [], "after.status": "attempt_failed"},
    )


def _scans(book: Book) -> None:
    scan = op("parcel.scanned", LI, 9)
    key = scan["entity"]
    seen = {**stamped(scan), "verdict": "mine"}
    book.decide(
        "a scan of a known parcel",
        "P19",
        {key: parcel(scans=2)},
        scan,
        {"status": "applied", "after.scans": 3, "after.last_scan": seen},
    )
    book.decide(
        "a scan of a parcel nobody knows makes it known",
        "P4 P19",
        {},
        scan,
        {"status": "applied", "after.scans": 1, "after.waybill": "SF100200", "after.pieces": 1},
    )
    request = op("customer.request_set", LI, 9)
    assert request["entity"] == f"customer:{CUSTOMER}"
    waits = {"status": "deferred", "code": "awaiting_entity"}
    book.decide("a request of a customer nobody knows waits", "P18", {}, request, waits)
