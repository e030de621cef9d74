"""Vectors of parcels that change hands on the road."""

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import CHEN, LI, TASK, WANG, op, outcome, row, stamped, task, uid

KEY = f"task:{TASK}"
ZHAO = uid(1, 5)  # a third courier


def handovers() -> Book:
    book = Book(
        "handovers", "A parcel goes from one courier to another on the road: both, one, or two who disagree"
    )
    given = op("task.handed_over", LI, 7)
    taken = op("task.taken_over", WANG, 8)
    done = op("task.delivered", WANG, 9)
    for name, first, second in (("the giver", given, taken), ("the taker", taken, given)):
        _in_order(book, name, first, second, done)
    _after(book, given, taken)
    _disagree(book, given, taken)
    _statuses(book, given, taken)
    _overlaid(book, given, taken)
    return book


def _whole(given: Plain | None, taken: Plain | None) -> Plain:
    stamps = {"given": stamped(given) if given else None, "taken": stamped(taken) if taken else None}
    return {"giver": LI, "taker": WANG, **stamps}


def _in_order(book: Book, name: str, first: Plain, second: Plain, done: Plain) -> None:
    """Both tell the same, in either order, and the taker's delivery comes in between or afterwards."""
    here = {"courier": WANG, "sequence": None, "status": "out_for_delivery"}
    moved: Plain = {"status": "applied", "kinds": [], **{f"after.{k}": v for k, v in here.items()}}
    sole = _whole(first, None) if first["type"] == "task.handed_over" else _whole(None, first)
    both = _whole(first, second) if first["type"] == "task.handed_over" else _whole(second, first)
    start = {KEY: task(status="out_for_delivery")}
    one = book.decide(f"{name} tells first", "P19 P28", start, first, moved | {"after.handover": sole})
    board = {KEY: one["changes"][KEY]}
    two = book.decide(
        f"{name} tells first, then the other", "P19 P28", board, second, moved | {"after.handover": both}
    )
    fine = {"status": "applied", "kinds": [], "after.status": "delivered", "after.outcome": outcome(done)}
    book.decide(f"{name} told first: the taker delivers", "P19", {KEY: two["changes"][KEY]}, done, fine)
    early = book.decide(f"only {name} has told: the taker delivers", "P19", board, done, fine)
    late: Plain = {"status": "applied", "kinds": [], "after.status": "delivered", "after.handover": both}
    book.decide(
        f"{name} told first, the taker delivered, then the other tells",
        "P19",
        {KEY: early["changes"][KEY]},
        second,
        late,
    )


def _after(book: Book, given: Plain, taken: Plain) -> None:
    """Delivered before anybody has told of a hand-over."""
    by_taker = {KEY: task(status="delivered", outcome=outcome(op("task.delivered", WANG, 4)))}
    for one in (given, taken):
        quiet: Plain = {"status": "applied", "kinds": [], "after.status": "delivered", "after.courier": LI}
        book.decide(f"the taker had delivered, then {one['type']}", "P19", by_taker, one, quiet)
    by_giver = {KEY: task(status="delivered", outcome=outcome(op("task.delivered", LI, 4)))}
    for one in (given, taken):
        denied: Plain = {
            "status": "conflict",
            "kinds": ["handover"],
            "after.courier": LI,
            "cases.0.mine.courier": WANG,
            "cases.0.theirs.courier": LI,
            "cases.0.theirs.status": "delivered",
        }
        book.decide(f"the giver had delivered, then {one['type']}", "P19 P22", by_giver, one, denied)
    itself = op("task.handed_over", LI, 7, payload={"to": LI})
    book.decide("handed over to oneself", "P19", {KEY: task()}, itself, {"status": "merged", "changes": {}})
    back = op("task.handed_over", WANG, 9, payload={"to": LI})
    over = {KEY: task(courier=WANG, handover=_whole(given, taken))}
    again: Plain = {
        "kinds": [],
        "after.courier": LI,
        "after.handover.giver": WANG,
        "after.handover.taken": None,
    }
    book.decide("handed back", "P19", over, back, again)


def _disagree(book: Book, given: Plain, taken: Plain) -> None:
    dispute: Plain = {"status": "conflict", "kinds": ["handover"], "cases.0.suggested": "mine"}
    held = {KEY: task(status="out_for_delivery", courier=WANG, handover=_whole(given, None))}
    own = op("task.delivered", LI, 9)
    denied: Plain = dispute | {
        "after.status": "delivered",
        "cases.0.mine.courier": LI,
        "cases.0.theirs.courier": WANG,
    }
    book.decide("the giver delivers himself after handing over", "P19 P22", held, own, denied)
    claimed = op("task.taken_over", ZHAO, 9)
    other: Plain = dispute | {
        "after.courier": ZHAO,
        "cases.0.theirs.courier": WANG,
        "cases.0.mine.courier": ZHAO,
    }
    book.decide("the giver named another taker than took it", "P19 P22", held, claimed, other)
    both = {KEY: task(courier=WANG, handover=_whole(None, taken))}
    book.decide("two say that they took it", "P19 P22", both, claimed, dispute | {"changes": {}})
    named = op("task.handed_over", LI, 9, payload={"to": ZHAO})
    book.decide(
        "taken by another than the giver then names", "P19 P22", both, named, dispute | {"changes": {}}
    )
    plan = stamped(op("task.reassigned", CHEN, 3))
    elsewhere = {KEY: task(courier=ZHAO, touched={"courier": plan})}
    word: Plain = dispute | {"after.courier": ZHAO, "after.handover": _whole(given, None)}
    book.decide("handed over by somebody it was taken from by plan", "P19 P22", elsewhere, given, word)
    hand: Plain = dispute | {"after.courier": WANG, "cases.0.theirs": {"courier": ZHAO, "at": plan["at"]}}
    book.decide(
        "taken over though planned for another: who has it holds it", "P19 P22", elsewhere, taken, hand
    )
    mine = {KEY: task(courier=WANG, touched={"courier": plan})}
    same: Plain = {"status": "applied", "kinds": [], "after.courier": WANG}
    book.decide("handed over to whom it was planned for", "P19", mine, given, same)
    book.decide(
        "a hand-over of a task nobody knows waits", "P18", {}, given, {"status": "deferred", "changes": {}}
    )


def _statuses(book: Book, given: Plain, taken: Plain) -> None:
    for kind, status, after in (
        ("delivery", "assigned", "assigned"),
        ("delivery", "arrived", "out_for_delivery"),
        ("delivery", "attempt_failed", "out_for_delivery"),
        ("delivery", "held", "held"),
        ("pickup", "assigned", "assigned"),
        ("pickup", "arrived", "assigned"),
    ):
        record = task(kind=kind, status=status)
        if status in ("attempt_failed", "held"):
            record["outcome"] = outcome(op(f"task.{status}", LI, 4))
        left = record["outcome"] if status == after else None
        claim: Plain = {"kinds": [], "after.status": after, "after.courier": WANG, "after.outcome": left}
        for one in (given, taken):
            name = f"{kind} {status}, then {one['type'].removeprefix('task.')}"
            book.decide(name, "P19 P20", {KEY: record}, one, claim)
    planned = op("task.reassigned", CHEN, 9, base={"courier": LI}, payload={"courier": ZHAO})
    record = task(courier=WANG, handover=_whole(given, None), touched={"courier": stamped(given)})
    contested: Plain = {"status": "conflict", "kinds": ["field"], "after.courier": WANG}
    book.decide(
        "planned for another by a desk that did not see the hand-over",
        "P20 P22",
        {KEY: record},
        planned,
        contested,
    )


def _overlaid(book: Book, given: Plain, taken: Plain) -> None:
    mine = {"rows": {KEY: row()}, "entries": [given], "results": {}, "cursors": {}}
    here = f"rows.{KEY}.body.task"
    gone: Plain = {f"{here}.courier": WANG, f"{here}.handover.taken": None}
    book.case("the giver sees at once that it is gone", "P9 P28", "overlay", mine, gone)
    theirs = {"rows": {}, "entries": [taken], "results": {}, "cursors": {}}
    new: Plain = {f"{here}.courier": WANG, f"{here}.kind": "delivery", f"rows.{KEY}.unlisted": True}
    book.case("the taker has it on his list at once", "P9 P28", "overlay", theirs, new)
