"""Step 7: what follows inside the transaction, until it is quiet (`server/wiring.py` is the table of it).

Cases are opened; decisions and corrections take operations back by rebuilding the task from its log; operations that
waited for something just created are decided; a closed shift clears its courier's list.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from server.auth import queries as auth_queries
from server.core.bus import current_bus
from server.core.records import Record
from server.ops import cases, oplog
from server.ops.batch import Batch, Envelope, Fault, Item, Notice, split, task_of, tasks_of_waybill
from server.ops.decide import decide, know_couriers
from server.ops.events import EntitiesCreated, OperationDecided
from server.ops.load import load
from server.ops.oplog import Past
from sync.canonical import derive
from sync.conflict import effect
from sync.merge import fold

CORRECTABLE = ("task.", "parcel.scanned", "payment.collected", "customer.request_set")


def work(batch: Batch, items: list[Item]) -> None:
    """Decides items in order, each with what it sets off, so that the next one meets the records as they then stand.

    A correction has taken its effect back before the operation after it is judged, in one batch as in two.
    """
    know_couriers(batch, items)
    bus, made = current_bus(), set[str]()
    for item in items:
        decide(batch, item)
        if item.live:
            made |= {entity for entity in item.decided.changes if entity not in batch.board.loaded}
            bus.react([OperationDecided(item)], batch)
    if made:
        bus.react([EntitiesCreated(tuple(sorted(made)))], batch)


def open_cases(event: OperationDecided, batch: Batch) -> None:
    """A disagreement between plan and reality becomes a case (P22)."""
    cases.open_drafted(batch, event.item)


def close_shift(event: OperationDecided, batch: Batch) -> None:
    """A closed shift takes the finished tasks off the courier's list."""
    op = event.item.operation
    if op["type"] == "shift.closed" and event.item.decided.status == "applied":
        batch.closed_shifts.add(op["author"])


def wake(event: EntitiesCreated, batch: Batch) -> None:
    """Operations that waited for an entity that is there now are decided (P18: `deferred`)."""
    awake = {item.operation["op_id"] for item in batch.items if item.woken}
    woken = [item for item in oplog.waiting_for(event.entities) if item.operation["op_id"] not in awake]
    if woken:
        batch.items.extend(woken)
        load(batch)
        work(batch, woken)


def correct(event: OperationDecided, batch: Batch) -> None:
    """A correction takes the operation it names back by rebuilding what it was about (P3)."""
    item, op = event.item, event.item.operation
    if op["type"] != "operation.corrected":
        return
    named = op["payload"]["corrects"]
    target = _known(batch, [named]).get(named)
    if target is None or target.op["entity"] != op["entity"]:
        item.fault = Fault("unknown_operation", "There is no such operation on this.")
    elif batch.writer_of(item).role == "courier" and target.op["author"] != op["author"]:
        item.fault = Fault("forbidden", "A courier corrects only what he recorded himself.")
    elif not target.op["type"].startswith(CORRECTABLE):
        item.fault = Fault("not_correctable", "What this operation did cannot be taken back by a correction.")
    elif target.voided_by is not None:
        item.decision = replace(item.decided, status="merged")
    else:
        _take_back(batch, [target], op["op_id"])
        _rebuild(batch, {op["entity"]})


def carry_out(event: OperationDecided, batch: Batch) -> None:
    """What a decision does to the task: the losing fact is taken back, or the losing plan stands after all."""
    decided = event.item.operation
    if decided["type"] != "conflict.decided" or event.item.decided.status != "applied":
        return
    case = batch.board.records[decided["entity"]]
    undone = effect(case, decided["payload"]["outcome"])
    sides = _known(batch, [op_id for op_id in (case["op_id"], case["theirs_op"]) if op_id])
    _take_back(batch, [sides[op_id] for op_id in undone.void if op_id in sides], decided["op_id"])
    batch.forced |= {op_id: str(decided["op_id"]) for op_id in undone.force}
    _rebuild(batch, {one.op["entity"] for op_id, one in sides.items() if op_id in undone.void | undone.force})
    _tell(batch, case, decided, {one.op["author"] for one in sides.values()})


def _known(batch: Batch, op_ids: list[str]) -> dict[str, Past]:
    """Accepted operations by id, from the log and from this batch, with what has become of them meanwhile."""
    found = oplog.by_ids(op_ids)
    for item in batch.items:
        if item.live and item.decision is not None and item.operation["op_id"] in op_ids:
            found.setdefault(item.operation["op_id"], Past(item.operation, None, None))
    return {
        op_id: replace(one, voided_by=batch.voided.get(op_id, one.voided_by)) for op_id, one in found.items()
    }


def _take_back(batch: Batch, targets: list[Past], by: str) -> None:
    """Operations stop counting, and money they moved moves back: once, however often that is decided (P21)."""
    for one in targets:
        if one.voided_by is None:
            batch.voided[one.op["op_id"]] = by
            batch.taken_back.append(one.op)


def _rebuild(batch: Batch, entities: set[str]) -> None:
    """Folds the log of each entity once more; the operations themselves stay in it."""
    for entity in sorted(entities):
        record = batch.board.records.get(entity)
        if record is None:
            continue
        orders = _orders_of(batch, entity, record)
        past = oplog.history(entity, orders)
        known = {one.op["op_id"] for one in past}
        ops = [one.op for one in past]
        ops += [
            item.operation
            for item in batch.items
            if item.live and item.decision is not None and item.operation["op_id"] not in known
            if _made_of(entity, item.operation, orders)
        ]
        void = {one.op["op_id"] for one in past if one.voided_by} | set(batch.voided)
        force = {one.op["op_id"] for one in past if one.forced_by} | set(batch.forced)
        rebuilt = fold(entity, ops, void, force, station=batch.writer.station_id).get(entity)
        if rebuilt is not None and rebuilt != record:
            batch.board.put(entity, rebuilt)


def _orders_of(batch: Batch, entity: str, record: Record) -> set[str]:
    """Tasks whose orders speak of a parcel or a customer."""
    kind, identity = split(entity)
    if kind == "parcel":
        return set(tasks_of_waybill(record["waybill"]))
    if kind == "customer":
        return {task_id for task_id, task in batch.board.of_kind("task") if task["customer"] == identity}
    return set()


def _made_of(entity: str, op: Envelope, orders: set[str]) -> bool:
    kind, identity = split(entity)
    if kind in ("task", "obligation"):
        return task_of(op) == identity
    return op["entity"] == entity or (op["type"] == "order.imported" and task_of(op) in orders)


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
        op = item.operation
        status = "quarantined" if item.fault else item.decided.status
        if status == "deferred":
            continue
        notice_id = derive("notice", op["op_id"], "settled")
        body = notice_body(
            batch,
            notice_id,
            "settled",
            op_id=op["op_id"],
            task=task_of(op),
            status=status,
            conflict=item.conflict,
        )
        batch.notices.append(Notice(op["author"], notice_id, body))
