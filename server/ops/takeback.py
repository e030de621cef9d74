"""Operations that stop counting, and count again: for corrections, for decisions, and for decisions undone.

Nothing is deleted. A mark in the log says which operation took one back, or made one stand after all; the records are
folded once more without, or with it. Whatever took something back can be taken back itself.
"""

from collections.abc import Callable
from dataclasses import replace

from server.core.records import Record
from server.ops import oplog
from server.ops.batch import Batch, Envelope, split, task_of, tasks_of_waybill
from server.ops.oplog import Past
from sync.merge import fold


def known(batch: Batch, op_ids: list[str]) -> dict[str, Past]:
    """Accepted operations by id, from the log and from this batch, with what has become of them meanwhile."""
    return _as_of_now(batch, oplog.by_ids(op_ids), lambda op: op["op_id"] in op_ids)


def standing(batch: Batch, entity: str) -> list[Envelope]:
    """What has been accepted about a task so far and still counts, its money included."""
    past = {one.op["op_id"]: one for one in oplog.history(entity, ())}
    identity = split(entity)[1]
    found = _as_of_now(batch, past, lambda op: task_of(op) == identity)
    return [one.op for one in found.values() if one.voided_by is None]


def _marked_by(batch: Batch, by: str) -> dict[str, Past]:
    """The operations that stand or do not stand because of `by`."""
    marks = {**batch.voided, **batch.forced}
    found = _as_of_now(batch, oplog.marked_by(by), lambda op: marks.get(op["op_id"]) == by)
    return {op_id: one for op_id, one in found.items() if by in (one.voided_by, one.forced_by)}


def _as_of_now(batch: Batch, found: dict[str, Past], wanted: Callable[[Envelope], bool]) -> dict[str, Past]:
    for item in batch.items:
        if item.live and item.decision is not None and wanted(item.operation):
            found.setdefault(item.operation["op_id"], Past(item.operation, None, None))
    return {
        op_id: replace(
            one,
            voided_by=batch.voided.get(op_id, one.voided_by),
            forced_by=batch.forced.get(op_id, one.forced_by),
        )
        for op_id, one in found.items()
    }


def take_back(batch: Batch, targets: list[Envelope], by: str) -> set[str]:
    """Operations stop counting, and money they moved moves back (P21); answers the entities to be rebuilt.

    A correction that stops counting gives back what it had taken.
    """
    moved: set[str] = set()
    for op in targets:
        batch.voided[op["op_id"]] = by
        batch.taken_back.append(op)
        moved.add(op["entity"])
        if op["type"] == "operation.corrected":
            moved |= give_back(batch, op["op_id"])
    return moved


def give_back(batch: Batch, by: str) -> set[str]:
    """The reverse of all that `by` did: what it took back counts again, what it made stand does not any more."""
    moved: set[str] = set()
    for op_id, one in _marked_by(batch, by).items():
        moved.add(one.op["entity"])
        if one.forced_by == by:
            batch.forced[op_id] = None
        if one.voided_by == by:
            batch.voided[op_id] = None
            batch.given_back.append(one.op)
            if one.op["type"] == "operation.corrected":
                moved |= _correct_again(batch, one.op)
    return moved


def _correct_again(batch: Batch, correction: Envelope) -> set[str]:
    named = correction["payload"]["corrects"]
    target = known(batch, [named]).get(named)
    if target is None or target.voided_by is not None:
        return set()
    return take_back(batch, [target.op], correction["op_id"])


def rebuild(batch: Batch, entities: set[str]) -> None:
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
        void = _marks({one.op["op_id"]: one.voided_by for one in past}, batch.voided)
        force = _marks({one.op["op_id"]: one.forced_by for one in past}, batch.forced)
        rebuilt = fold(entity, ops, void, force, station=batch.writer.station_id).get(entity)
        if rebuilt is not None and rebuilt != record:
            batch.board.put(entity, rebuilt)


def _marks(before: dict[str, str | None], now: dict[str, str | None]) -> set[str]:
    return {op_id for op_id, by in (before | now).items() if by is not None}


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
