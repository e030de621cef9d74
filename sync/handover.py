"""A parcel handed from one courier to another on the road, without a network: two facts, either of which may come
first, late, or alone. Whoever has it in hand is its holder at once (P19)."""

from typing import Any, Final

from sync.evidence import without_attempt
from sync.tables import STATES
from sync.values import Op, Record, stamp

GIVEN: Final = "task.handed_over"
HANDOVERS: Final = (GIVEN, "task.taken_over")
_OVER: Final = ("delivered", "picked_up", "returned")


def handed(record: Record, op: Op) -> tuple[Record, bool]:
    """The task after what one side tells of a hand-over, and whether that is up against something.

    A taker's word moves the task, since he says that he has it; a giver's moves it only when he was its holder. What is
    delivered or returned moves no more.
    """
    giver, taker = sides(op)
    if giver == taker:
        return record, False
    known, holder = record.get("handover"), record["courier"]
    mine = "given" if op["type"] == GIVEN else "taken"
    other = known is not None and (known["giver"], known["taker"]) != (giver, taker)
    entry: Record = {"giver": giver, "taker": taker, "given": None, "taken": None}
    if known is not None and not other:
        entry = {**known}
    entry[mine] = stamp(op)
    told = {**record, "handover": entry}
    if record["status"] in _OVER:
        done = record["outcome"]
        return told, done is None or done["author"] != taker
    if other and known is not None and known["giver"] == giver and holder == known["taker"]:
        # Two takers of one giver: who has said so himself keeps it, else whoever says so now.
        if mine == "given" or known["taken"] is not None:
            return record, True
        return _moved(told, op, taker), True
    if holder == taker:
        return told, other and known is not None and known["taker"] == taker
    if holder == giver:
        return _moved(told, op, taker), False
    return (_moved(told, op, taker) if mine == "taken" else told), True


def sides(op: Op) -> tuple[str, str]:
    """Who gave and who took, by what one of them says."""
    payload = op["payload"]
    return (op["author"], payload["to"]) if op["type"] == GIVEN else (payload["from"], op["author"])


def half(record: Record) -> dict[str, Any] | None:
    """The hand-over of a task of which only one side has told so far; None when there is none."""
    known = record.get("handover")
    if known is None or (known["given"] is None) == (known["taken"] is None):
        return None
    return dict(known)


def _moved(record: Record, op: Op, taker: str) -> Record:
    """On the taker's list: a new attempt begins, whatever the old one came to."""
    status = STATES[record["kind"]].get(record["status"], {}).get(op["type"], record["status"])
    touched = {**record["touched"], "courier": stamp(op)}
    fresh = {"courier": taker, "sequence": None, "status": status, "touched": touched}
    outcome = record["outcome"] if status == record["status"] else None
    return without_attempt({**record, **fresh, "outcome": outcome})
