"""Cases a batch opens: one conflict record each, with both versions (P22)."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

from server.auth import queries as auth_queries
from server.conflicts import queries as conflict_queries
from server.conflicts.policy import Candidate, choose_owner, due_at
from server.core.ids import is_uuid
from server.ops import heads, quarantine
from server.ops.batch import Batch, Fault, Item, Writer, split, task_of
from server.ops.owners import OWNERS
from sync.canonical import canonical, storable
from sync.conflict import CaseDraft, half_handover_case, incident, opened
from sync.handover import half

_RAW_SHOWN = 4_000


def open_drafted(batch: Batch, item: Item) -> None:
    """Opens what the rules found between this operation and the record."""
    for draft in item.decided.cases:
        _open(batch, batch.writer_of(item), draft)
        item.conflict = item.conflict or draft.id


def open_for_faults(batch: Batch) -> None:
    """What cannot become an operation is put before a person, word for word as far as a screen can show it."""
    for item in batch.items:
        if item.open and item.fault is not None:
            _open_for_fault(batch, item, item.fault)


def _open_for_fault(batch: Batch, item: Item, fault: Fault) -> None:
    op = item.raw if isinstance(item.raw, dict) else {}
    writer = batch.writer_of(item)
    kind = op.get("type")
    mine = {
        "code": fault.code,
        "detail": fault.detail,
        "type": storable(kind[:60]) if isinstance(kind, str) else "",
        "raw": plain_text(item.raw)[:_RAW_SHOWN],
    }
    draft = incident("quarantined", _place(writer, item), "", author=writer.user_id, mine=mine)
    draft = replace(draft, outcomes=quarantine.outcomes(fault, draft.outcomes))
    item.conflict = _incident(batch, writer, draft, _task_named(batch, writer, op), _id_named(op))


def _place(writer: Writer, item: Item) -> str:
    """What makes a fault one fault: its place in a handheld's log, or its content."""
    if item.seq is not None and item.keeps_seq:
        return f"{writer.device_id}/{writer.incarnation}/{item.seq}"
    return f"{writer.device_id or writer.user_id}/{item.body_hash}"


def open_device_lost(
    batch: Batch, incarnation: str, first: int, last: int, device: str | None = None
) -> None:
    """Operations a handheld had recorded and can no longer send, or has not sent by the end of the shift (P32).

    Args:
        batch: what it is found in.
        incarnation: the local database they stand in.
        first: place of the first one.
        last: place of the last one.
        device: the handheld, when it is not the one that speaks.
    """
    device = device or batch.writer.device_id
    mine = {
        "device": device,
        "incarnation": incarnation,
        "first_seq": first,
        "last_seq": last,
        "operations": last - first + 1,
    }
    key = f"{device}/{incarnation}/{first}-{last}"
    draft = incident("device_lost", key, "", author=batch.writer.user_id, mine=mine)
    _incident(batch, batch.writer, draft, None, None)


def open_left_behind(batch: Batch, writer: Writer) -> None:
    """What a courier's other handhelds had told of and not sent when he hands in on this one: one that died in the
    middle of the shift is not forgotten because a spare went on (P32). Should it start again, what it brings counts."""
    others = auth_queries.devices_of_user(writer.user_id)
    for device in others:
        if device.id == writer.device_id or device.state == "wiped":
            continue
        for head in heads.of_device(device.id, "", batch.now)[1]:
            if head.known_seq > head.head_seq and head.lost_reported < head.known_seq:
                open_device_lost(batch, head.incarnation, head.head_seq + 1, head.known_seq, device.id)
                heads.report(head, head.known_seq)


def open_half_handovers(batch: Batch, writer: Writer) -> None:
    """Parcels that changed hands by the word of one courier alone, when either of the two closes his shift."""
    for _, task in sorted(batch.board.of_kind("task")):
        known = half(task)
        if known is None or writer.user_id not in (known["giver"], known["taker"]):
            continue
        draft = half_handover_case(task, known)
        if draft.id not in OWNERS["conflict"].load([draft.id]):
            _open(batch, writer, draft)


def _incident(batch: Batch, writer: Writer, draft: CaseDraft, task: str | None, op_id: str | None) -> str:
    """Opens a case with one side only, unless it is there already; answers its id."""
    if draft.id not in OWNERS["conflict"].load([draft.id]):
        entity = f"task:{task}" if task else f"conflict:{draft.id}"
        _open(batch, writer, replace(draft, entity=entity, task=task, op_id=op_id or draft.id))
    return draft.id


def _open(batch: Batch, writer: Writer, draft: CaseDraft) -> None:
    record = opened(
        draft,
        station=writer.station_id,
        owner=_owner(batch, writer.station_id, draft.kind),
        due_at=due_at(draft.kind, batch.now, _tier(batch, draft)),
        opened_at=batch.now,
    )
    batch.board.put(f"conflict:{draft.id}", record)


def _tier(batch: Batch, draft: CaseDraft) -> str:
    """The tier of the customer a case is about."""
    task = batch.board.records.get(f"task:{draft.task}")
    about = f"customer:{task['customer']}" if task is not None else draft.entity
    record = batch.board.records.get(about)
    return str(record["tier"]) if record is not None and split(about)[0] == "customer" else "casual"


def _owner(batch: Batch, station_id: str, kind: str) -> str | None:
    """Somebody at the station's desk, whoever has the least to do; cases of this batch count too."""
    if station_id not in batch.desks:
        batch.desks[station_id] = auth_queries.desk_of(station_id)
    owned = Counter(conflict_queries.open_by_owner(station_id)) + Counter(
        record["owner"]
        for conflict_id, record in batch.board.of_kind("conflict")
        if f"conflict:{conflict_id}" not in batch.board.loaded
    )
    people = batch.desks[station_id]
    return choose_owner(kind, [Candidate(one.id, one.role, owned[one.id]) for one in people])


def _id_named(op: dict[str, Any]) -> str | None:
    op_id = op.get("op_id")
    return op_id if isinstance(op_id, str) and is_uuid(op_id) else None


def _task_named(batch: Batch, writer: Writer, op: dict[str, Any]) -> str | None:
    """The task the thing speaks of, when the batch has it and it is the writer's station's."""
    task = _spoken_of(op)
    record = batch.board.records.get(f"task:{task}")
    return task if record is not None and record["station"] == writer.station_id else None


def task_spoken_of(item: Item) -> str | None:
    """The task that what was handed in speaks of, whatever else is wrong with it."""
    return _spoken_of(item.raw) if isinstance(item.raw, dict) else None


def _spoken_of(op: dict[str, Any]) -> str | None:
    try:
        task = task_of(op)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None
    return task if isinstance(task, str) and is_uuid(task) else None


def plain_text(raw: Any) -> str:
    """What was handed in, as text that can be kept and read; nothing is lost of what has no canonical text."""
    try:
        return canonical(raw)
    except ValueError:
        return json.dumps(raw, sort_keys=True, default=repr)
