"""Step 8: everything that was decided is written once, scope counters last (P17, P25)."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from server.core.bus import current_bus
from server.core.ids import uuid7
from server.core.records import RecordChange
from server.ops import chain, oplog, project, quarantine, scopes
from server.ops.announce import announcements
from server.ops.batch import Batch, Fault, Item, Result, Writer, split, task_of
from server.ops.cases import plain_text
from server.ops.events import PlanChanged
from server.ops.messages import message_rows
from server.ops.owners import OWNERS
from server.ops.scopes import Move
from server.payments import service as payments
from server.proofs import service as proofs
from server.tasks import service as tasks


def write(batch: Batch) -> None:
    """Writes records, evidence, ledger, projections, scopes and log, and fixes every item's answer."""
    accepted = [item for item in batch.items if item.live and item.decided.status != "deferred"]
    envelopes = [item.operation for item in accepted]
    proofs.record([(task, project.station_of(batch, op), op) for op in envelopes if (task := task_of(op))])
    # What was merged away was there before: its money is booked, its task is on the board.
    fresh = [item.operation for item in accepted if item.decided.status != "merged"]
    _records(
        batch,
        {split(op["entity"])[1]: op["payload"]["import"] for op in fresh if op["payload"].get("import")},
    )
    payments.book(fresh, batch.taken_back, batch.given_back)
    versions = _scopes(batch)
    # Before the log: it gives every item its answer, and what is answered is not live any more.
    events = announcements(batch)
    _log(batch, versions)
    chain.keep_repeats(batch.writer, batch.items)
    oplog.mark(batch.voided, batch.forced)
    if any(_changes_plan(op) for op in envelopes):
        events.append(PlanChanged(batch.writer.station_id))
    current_bus().enqueue(events)


def _changes_plan(op: dict[str, Any]) -> bool:
    """Whether the set of parcels a station expects is another one now; orders of a file are expected all at once,
    when the last of them is in (`imports.reveal`)."""
    return op["type"] == "task.cancelled" or (
        op["type"] == "order.imported" and not op["payload"].get("import")
    )


def _records(batch: Batch, import_of: Mapping[str, str]) -> None:
    """Writes every changed record, tasks with the import they came with (task id -> import id)."""
    changes: dict[str, list[RecordChange]] = defaultdict(list)
    board = batch.board
    for entity in sorted(board.moved):
        kind, identity = split(entity)
        loaded = board.loaded.get(entity)
        changes[kind].append(
            RecordChange(
                identity,
                loaded.rev if loaded else None,
                board.revs[entity],
                board.records[entity],
                beside={"import_id": import_of.get(identity)} if kind == "task" else {},
            )
        )
    for kind, store in OWNERS.items():
        store.write(changes[kind])
    tasks.write_lines(changes["task"], board.records)
    again = [one.id for one in changes["task"] if one.before is not None and one.id in import_of]
    tasks.mark_import({task_id: import_of[task_id] for task_id in again})
    known = [change for change in changes["customer"] if change.before is not None]
    tasks.follow_customers({change.id: change.record for change in known})


def _scopes(batch: Batch) -> dict[str, int]:
    tasks = project.affected_tasks(batch)
    bodies = project.task_rows(batch, tasks)
    bodies |= {f"notice:{notice.id}": notice.body for notice in batch.notices}
    moves = project.task_moves(batch, tasks)
    moves += [Move(scopes.notices_scope(one.user_id), f"notice:{one.id}", True) for one in batch.notices]
    told, to = message_rows(batch)
    return scopes.move(moves + to, scopes.project(bodies | told))


def _log(batch: Batch, versions: dict[str, int]) -> None:
    operations: list[dict[str, Any]] = []
    parked: list[tuple[dict[str, Any], Any]] = []
    for item in batch.items:
        if not item.open:
            continue
        applied_at = _applied_at(batch.writer_of(item), versions)
        if item.fault is not None:
            item.answer = _answer(item, "quarantined", item.fault.code, item.fault.detail, applied_at)
        else:
            item.answer = _answer(item, item.decided.status, item.decided.code, None, applied_at)
        if item.parked_id is not None:
            quarantine.settle(item, item.answer, at=batch.now, by=batch.writer.user_id)
            operations += [_operation(batch, item, item.answer)] if item.fault is None else []
        elif item.woken:
            oplog.settle(item.operation["op_id"], _outcome(item, item.answer))
        elif item.fault is not None:
            parked.append((_parked(batch, item, item.fault, item.answer), item.raw))
        else:
            operations.append(_operation(batch, item, item.answer))
    oplog.append(operations)
    oplog.park([row for row, _ in parked])
    proofs.record_parked(parked)


def _applied_at(writer: Writer, versions: dict[str, int]) -> dict[str, Any] | None:
    """The version of the author's own scope after this transaction, also when nothing there changed (P27)."""
    if writer.device_id is None:
        return None
    scope = scopes.courier_scope(writer.user_id)
    if scope not in versions:
        versions[scope] = scopes.version(scope)
    return {"scope": scope, "ver": versions[scope]}


def _answer(
    item: Item, status: str, code: str | None, detail: str | None, applied_at: dict[str, Any] | None
) -> Result:
    return {
        "op_id": oplog.id_of(item),
        "status": status,
        "code": code,
        "detail": detail,
        "applied_at": applied_at,
        "conflict": item.conflict,
    }


def _outcome(item: Item, answer: Result) -> dict[str, Any]:
    return {
        "status": answer["status"],
        "rev": item.rev,
        "awaits": item.operation["entity"] if answer["status"] == "deferred" else None,
        "result": answer,
    }


def _operation(batch: Batch, item: Item, answer: Result) -> dict[str, Any]:
    op, writer = item.operation, batch.writer_of(item)
    from_handheld = item.seq is not None
    return {
        "op_id": op["op_id"],
        "station_id": project.station_of(batch, op),
        "type": op["type"],
        "entity": op["entity"],
        "task_id": task_of(op),
        "author": op["author"],
        "device_id": writer.device_id if from_handheld else None,
        "incarnation": writer.incarnation if from_handheld else None,
        "seq": item.seq,
        "at": item.raw["at"],
        "received_at": batch.now,
        "skew_ms": op["at"] - item.raw["at"] if from_handheld else None,
        "envelope": item.raw,
        "body_hash": item.body_hash,
        "voided_by": None,
        "forced_by": None,
        "breaks_chain": item.breaks_chain or None,
        **_outcome(item, answer),
    }


def _parked(batch: Batch, item: Item, fault: Fault, answer: Result) -> dict[str, Any]:
    has_place = item.seq is not None and item.keeps_seq
    return {
        "id": uuid7(),
        "op_id": answer["op_id"],
        "station_id": batch.writer.station_id,
        "author": batch.writer_of(item).user_id,
        "device_id": batch.writer.device_id,
        "incarnation": batch.writer.incarnation,
        "seq": item.seq if has_place else None,
        "body_hash": item.body_hash,
        "raw": plain_text(item.raw),
        "code": fault.code,
        "detail": fault.detail,
        "received_at": batch.now,
        "skew_ms": item.skew_ms,
        "result": answer,
    }
