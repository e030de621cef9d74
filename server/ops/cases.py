"""Cases a batch opens: one conflict record each, with both versions (P22)."""

from dataclasses import replace
from typing import Any

from server.conflicts.policy import due_at
from server.core.ids import is_uuid
from server.ops.batch import Batch, Fault, Item, task_of
from server.ops.owners import OWNERS
from sync.canonical import canonical
from sync.conflict import CaseDraft, incident, opened

_RAW_SHOWN = 4_000


def open_drafted(batch: Batch, item: Item) -> None:
    """Opens what the rules found between this operation and the record."""
    for draft in item.decided.cases:
        _open(batch, draft)
        item.conflict = item.conflict or draft.id


def open_for_fault(batch: Batch, item: Item, fault: Fault, place: str) -> None:
    """What cannot become an operation is put before a person, word for word as far as a screen can show it.

    `place` is where it came from; the same thing from the same place is one case.
    """
    op = item.raw if isinstance(item.raw, dict) else {}
    task = _task_named(op)
    known = task is not None and f"task:{task}" in batch.board.records
    mine = {"code": fault.code, "detail": fault.detail, "type": str(op.get("type", ""))[:60]}
    mine["raw"] = plain_text(item.raw)[:_RAW_SHOWN]
    item.conflict = _incident(batch, "quarantined", place, mine, task if known else None, _id_named(op))


def open_device_lost(batch: Batch, incarnation: str, first: int, last: int) -> None:
    """Operations a handheld had recorded and can no longer send (P32)."""
    mine = {
        "device": batch.writer.device_id,
        "incarnation": incarnation,
        "first_seq": first,
        "last_seq": last,
        "operations": last - first + 1,
    }
    _incident(
        batch, "device_lost", f"{batch.writer.device_id}/{incarnation}/{first}-{last}", mine, None, None
    )


def _incident(
    batch: Batch, kind: str, key: str, mine: dict[str, Any], task: str | None, op_id: str | None
) -> str:
    """Opens a case with one side only, unless it is there already; answers its id."""
    draft = incident(kind, key, "", author=batch.writer.user_id, mine=mine)
    if draft.id not in OWNERS["conflict"].load([draft.id]):
        entity = f"task:{task}" if task else f"conflict:{draft.id}"
        _open(batch, replace(draft, entity=entity, task=task, op_id=op_id or draft.id))
    return draft.id


def _open(batch: Batch, draft: CaseDraft) -> None:
    record = opened(
        draft,
        station=batch.writer.station_id,
        owner=None,
        due_at=due_at(draft.kind, batch.now),
        opened_at=batch.now,
    )
    batch.board.put(f"conflict:{draft.id}", record)


def _id_named(op: dict[str, Any]) -> str | None:
    op_id = op.get("op_id")
    return op_id if isinstance(op_id, str) and is_uuid(op_id) else None


def _task_named(op: dict[str, Any]) -> str | None:
    try:
        return task_of(op)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def plain_text(raw: Any) -> str:
    """What was handed in, as text that can be kept and read."""
    try:
        return canonical(raw)
    except (ValueError, TypeError):
        return repr(raw)
