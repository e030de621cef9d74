"""What an attempt at a door can show for itself: the calls, the stay, photos and a note, and what its reason demands.

The handheld says before the courier leaves what a complaint would ask for; the record says it for ever. Nothing is
refused for a lack of it (P19).
"""

from typing import Any, Final

from sync.tables import REASONS
from sync.values import Op, Record, stamp

# The newest calls of an attempt; all of them are in the log.
CALLS_KEPT: Final = 20
# Where a courier can still tell that he has arrived: after a failed attempt the status has no way back.
_BEFORE: Final = ("assigned", "out_for_delivery", "arrived")


def called(record: Record, op: Op) -> Record:
    """The task after a call or a message to its customer."""
    said = {name: op["payload"][name] for name in ("channel", "result")}
    return {**record, "calls": [*record.get("calls", []), {**stamp(op), **said}][-CALLS_KEPT:]}


def evidence(record: Record, op: Op) -> Record | None:
    """What the report `op` on a task as it stands can show; None for a reason that demands nothing.

    Calls are the author's own since the last attempt, whatever came of them; the stay is from arrival to report.
    """
    payload = op["payload"]
    return shown(
        record,
        op["author"],
        payload["reason"],
        photos=len(payload["photos"]),
        note=payload["note"],
        at=op["at"],
    )


def shown(
    record: Record, author: str, reason: str, *, photos: int, note: str | None, at: int
) -> Record | None:
    """The same for a report that is not recorded yet: what the courier would have to show if he left at `at` (ms)."""
    rule = REASONS.get(reason)
    if rule is None or not rule["evidence"]:
        return None
    arrived = record.get("arrived_at")
    have: dict[str, Any] = {
        "calls": sum(1 for call in record.get("calls", []) if call["author"] == author),
        "dwell_s": None if arrived is None else max(0, (at - arrived) // 1000),
        "photos": photos,
        "note": bool(note and note.strip()),
    }
    asked = rule["evidence"]
    missing = [
        name
        for name, need in asked.items()
        if (have[name] or 0) < need and (name != "dwell_s" or record["status"] in _BEFORE)
    ]
    return {**have, "missing": missing}


def without_attempt(record: Record) -> Record:
    """The task without what belongs to one attempt: another begins."""
    return {name: value for name, value in record.items() if name not in ("calls", "arrived_at")}
