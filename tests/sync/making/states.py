"""Vectors of the state table: every status against every operation on a task, by the one who may write it."""

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import CHEN, LI, NINE, TASK, WANG, op, outcome, stamped, task

KEY = f"task:{TASK}"
STATUSES = {
    "delivery": "created assigned out_for_delivery arrived attempt_failed held returned delivered cancelled",
    "pickup": "created assigned arrived attempt_failed picked_up cancelled",
}
FINISHED = ("returned", "delivered", "picked_up", "cancelled")
ASSIGNING = ("task.assigned", "task.reassigned", "task.reattempt_planned")
PLANS = (*ASSIGNING, "task.cancelled", "task.window_changed")
OUTCOMES = {
    "delivery": "task.attempt_failed task.held task.returned task.delivered",
    "pickup": "task.attempt_failed task.picked_up",
}


def states() -> Book:
    book = Book("states", "Every status against every operation")
    for kind, statuses in STATUSES.items():
        for status in statuses.split():
            record = _in_status(kind, status)
            for op_type in PLANS:
                _plan(book, record, op_type)
            for op_type in ("task.out_for_delivery", "task.arrived", "task.noted"):
                _told(book, record, op_type)
            for op_type in OUTCOMES[kind].split():
                _outcome(book, record, op_type)
    return book


def _in_status(kind: str, status: str) -> Plain:
    """A task that Li holds and that got into `status` by an operation of his or a cancellation of Chen's."""
    record = task(kind=kind, status=status, courier=None if status == "created" else LI)
    if f"task.{status}" in OUTCOMES[kind].split():
        record["outcome"] = outcome(op(f"task.{status}", LI, 4))
        record["attempts"] = int(status == "attempt_failed")
    if status == "cancelled":
        record["cancelled"] = {**stamped(op("task.cancelled", CHEN, 4)), "reason": "客户取消"}
    return record


def _name(record: Plain, op_type: str) -> str:
    return f"{record['kind']} {record['status']}, then {op_type.removeprefix('task.')}"


def _plan(book: Book, record: Plain, op_type: str) -> None:
    status = record["status"]
    base = {"courier": record["courier"]} if op_type in ASSIGNING else {}
    if op_type == "task.window_changed":
        base = {"window_start": record["window_start"], "window_end": record["window_end"]}
    change = op(op_type, CHEN, 9, base=base)
    claim: Plain
    if status == "cancelled" and op_type == "task.cancelled":
        claim = {"status": "merged", "changes": {}, "kinds": []}
    elif status in FINISHED:
        standing = record["cancelled"] if status == "cancelled" else record["outcome"]
        claim = {
            "status": "conflict",
            "kinds": ["state"],
            "changes": {},
            "cases.0.theirs.status": status,
            "cases.0.theirs_op": standing["op_id"],
            "cases.0.suggested": "theirs",
        }
    elif op_type == "task.cancelled":
        reason = {**stamped(change), "reason": "客户取消"}
        claim = {"status": "applied", "kinds": [], "after.status": "cancelled", "after.cancelled": reason}
        claim["after.outcome"] = record["outcome"]
    elif op_type == "task.window_changed":
        claim = {
            "status": "applied",
            "kinds": [],
            "after.status": status,
            "after.window_end": NINE + 6 * 3_600_000,
        }
    else:
        claim = {"status": "applied", "kinds": [], "after.status": "assigned", "after.courier": WANG}
        claim |= {"after.outcome": None, "after.attempts": record["attempts"]}
    book.decide(_name(record, op_type), "P20", {KEY: record}, change, claim)


def _told(book: Book, record: Plain, op_type: str) -> None:
    status = record["status"]
    said = op(op_type, LI, 9)
    moves = {
        "task.out_for_delivery": record["kind"] == "delivery" and status == "assigned",
        "task.arrived": status in ("assigned", "out_for_delivery"),
        "task.noted": True,
    }[op_type]
    claim: Plain = {
        "status": "applied" if moves else "merged",
        "kinds": [],
        "after.outcome": record["outcome"],
    }
    if op_type == "task.noted":
        claim |= {"after.status": status, "after.notes.#": 1}
    else:
        claim["after.status"] = op_type.removeprefix("task.") if moves else status
    book.decide(_name(record, op_type), "P19 P20", {KEY: record}, said, claim)


def _outcome(book: Book, record: Plain, op_type: str) -> None:
    status, result = record["status"], op_type.removeprefix("task.")
    done = op(op_type, LI, 9)
    if status == "created":
        kinds, stands = ["reassigned"], result
    elif status == "cancelled":
        kinds, stands = ["cancelled"], result
    elif status in ("assigned", "out_for_delivery", "arrived", "attempt_failed"):
        kinds, stands = [], result
    elif status == "held":
        kinds = [] if result == "returned" else ["contradiction"]
        stands = result if result in ("returned", "delivered") else status
    else:
        kinds = ["contradiction"]
        stands = "delivered" if (status, result) == ("returned", "delivered") else status
    claim: Plain = {
        "status": "conflict" if kinds else "applied",
        "kinds": kinds,
        "after.status": stands,
        "after.attempts": record["attempts"] + (result == "attempt_failed"),
        "after.cancelled": record["cancelled"],
    }
    if stands != status or not kinds:
        claim["after.outcome"] = outcome(done)
    book.decide(_name(record, op_type), "P19 P20", {KEY: record}, done, claim)
