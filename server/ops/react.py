"""Step 7: what follows inside the transaction, until it is quiet (`server/wiring.py` is the table of it).

Cases are opened; decisions and corrections take operations back by rebuilding the task from its log; operations that
waited for something just created are decided; a closed shift clears its courier's list.
"""

from collections.abc import Iterable
from typing import Any

from server.auth import queries as auth_queries
from server.core.bus import current_bus
from server.core.records import Record
from server.ops import cases, oplog
from server.ops.batch import Batch, Envelope, Fault, Item, Notice, task_of
from server.ops.decide import decide
from server.ops.events import OperationDecided
from server.ops.load import load
from sync.canonical import derive
from sync.conflict import effect
from sync.merge import fold


def react(batch: Batch) -> None:
    """Runs the reactors of `server/wiring.py` on each decided item, until no reaction makes new work."""
    current_bus().react([OperationDecided(item) for item in batch.live], batch)


def open_cases(event: OperationDecided, batch: Batch) -> None:
    """A disagreement between plan and reality becomes a case (P22)."""
    cases.open_drafted(batch, event.item)


def close_shift(event: OperationDecided, batch: Batch) -> None:
    """A closed shift takes the finished tasks off the courier's list."""
    op = event.item.operation
    if op["type"] == "shift.closed" and event.item.decided.status == "applied":
        batch.closed_shifts.add(op["author"])


def wake(event: OperationDecided, batch: Batch) -> list[OperationDecided]:
    """Operations that waited for an entity this one made are decided now (P18: `deferred`)."""
    created = [entity for entity in event.item.decided.changes if entity not in batch.board.loaded]
    awake = {item.operation["op_id"] for item in batch.items if item.woken}
    waiting = oplog.waiting_for(created) if created else []
    made = [
        Item(raw=op, body_hash=body_hash, op=op, woken=True)
        for op, body_hash in waiting
        if op["op_id"] not in awake
    ]
    batch.items.extend(made)
    load(batch)
    decide(batch, made)
    return [OperationDecided(item) for item in made if item.live]


def correct(event: OperationDecided, batch: Batch) -> None:
    """A correction takes the operation it names back by rebuilding what it was about (P3)."""
    item, op = event.item, event.item.operation
    if op["type"] != "operation.corrected":
        return
    named = op["payload"]["corrects"]
    target = oplog.by_ids([named]).get(named) or _in_batch(batch, named)
    if target is None or target["entity"] != op["entity"]:
        item.fault = Fault("unknown_operation", "There is no such operation on this.")
    elif batch.writer.role == "courier" and target["author"] != op["author"]:
        item.fault = Fault("forbidden", "A courier corrects only what he recorded himself.")
    else:
        batch.voided[named] = op["op_id"]
        _rebuild(batch, [target])


def _in_batch(batch: Batch, op_id: str) -> Envelope | None:
    return next((i.op for i in batch.items if i.op and i.decision and i.op["op_id"] == op_id), None)


def carry_out(event: OperationDecided, batch: Batch) -> None:
    """What a decision does to the task: the losing fact is taken back, or the losing plan stands after all."""
    decided = event.item.operation
    if decided["type"] != "conflict.decided" or event.item.decided.status != "applied":
        return
    case = batch.board.records[decided["entity"]]
    undone = effect(case, decided["payload"]["outcome"])
    batch.voided |= {op_id: str(decided["op_id"]) for op_id in undone.void}
    batch.forced |= {op_id: str(decided["op_id"]) for op_id in undone.force}
    ops = oplog.by_ids([op_id for op_id in (case["op_id"], case["theirs_op"]) if op_id])
    _rebuild(batch, [op for op in ops.values() if op["op_id"] in {*undone.void, *undone.force}])
    _tell(batch, case, decided, {op["author"] for op in ops.values()})


def _rebuild(batch: Batch, targets: list[Envelope]) -> None:
    """Folds the log of what these operations are about once more; the operations themselves stay in it."""
    batch.taken_back += [op for op in targets if op["op_id"] in batch.voided]
    for entity in dict.fromkeys(op["entity"] for op in targets):
        task_id = task_of(next(op for op in targets if op["entity"] == entity))
        if task_id is None:
            continue
        past = oplog.history(task_id)
        known = {one.op["op_id"] for one in past}
        ops = [one.op for one in past]
        ops += [
            i.op for i in batch.items if i.op and i.decision and not i.fault and _new(i.op, task_id, known)
        ]
        void = {one.op["op_id"] for one in past if one.voided_by} | set(batch.voided)
        force = {one.op["op_id"] for one in past if one.forced_by} | set(batch.forced)
        rebuilt = fold(entity, ops, void, force, station=batch.writer.station_id).get(entity)
        if rebuilt is not None and rebuilt != batch.board.records.get(entity):
            batch.board.put(entity, rebuilt)


def _new(op: Envelope, task_id: str, known: set[str]) -> bool:
    return task_of(op) == task_id and op["op_id"] not in known


def _tell(batch: Batch, case: Record, decided: Envelope, authors: set[str]) -> None:
    """The decision reaches the present holder and whoever wrote either version (P22)."""
    task = batch.board.records.get(f"task:{case['task']}") if case["task"] else None
    readers = set(authors)
    if task is not None and task["courier"]:
        readers.add(task["courier"])
    if case["mine_author"]:
        readers.add(case["mine_author"])
    decider = auth_queries.user(decided["author"])
    for reader in sorted(readers):
        notice_id = derive("notice", decided["op_id"], reader)
        body = notice_body(
            batch,
            notice_id,
            "decided",
            conflict=case["id"],
            task=case["task"],
            op_id=case["op_id"],
            outcome=decided["payload"]["outcome"],
            reason=decided["payload"]["reason"],
            case_kind=case["kind"],
            by_name=decider.name if decider else None,
        )
        batch.notices.append(Notice(reader, notice_id, body))


def notice_body(batch: Batch, notice_id: str, kind: str, **fields: Any) -> dict[str, Any]:
    """A notice as a handheld pulls it; absent fields are null."""
    task = batch.board.records.get(f"task:{fields.get('task')}")
    parcel = batch.board.records.get(f"parcel:{task['parcel']}") if task else None
    empty: dict[str, Any] = dict.fromkeys(
        ("conflict", "task", "op_id", "outcome", "reason", "case_kind", "status", "by_name")
    )
    waybill = parcel["waybill"] if parcel else None
    return {**empty, "id": notice_id, "kind": kind, "waybill": waybill, "at": batch.now, **fields}


def settled_notices(batch: Batch, items: Iterable[Item]) -> None:
    """Tells a courier what became of his operation that had to wait."""
    for item in items:
        op = item.op
        if op is None or item.decision is None:
            continue
        notice_id = derive("notice", op["op_id"], "settled")
        body = notice_body(
            batch,
            notice_id,
            "settled",
            op_id=op["op_id"],
            task=task_of(op),
            status=item.decision.status,
            conflict=item.conflict,
        )
        batch.notices.append(Notice(op["author"], notice_id, body))
