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
from server.ops import cases, oplog, quarantine, takeback
from server.ops.batch import Batch, Envelope, Fault, Item, Notice, task_of
from server.ops.decide import decide, know_couriers
from server.ops.events import EntitiesCreated, OperationDecided
from server.ops.load import load
from server.ops.project import listed_tasks
from sync.canonical import derive
from sync.conflict import effect

CORRECTABLE = ("task.", "parcel.scanned", "payment.collected", "customer.")


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
    if event.item.live:
        cases.open_drafted(batch, event.item)


def close_shift(event: OperationDecided, batch: Batch) -> None:
    """A closed shift takes the finished tasks off the courier's list, and asks what his other handhelds still hold and
    which hand-overs only one side has told of."""
    op = event.item.operation
    if op["type"] == "shift.closed" and event.item.decided.status == "applied":
        batch.closed_shifts.add(op["author"])
        cases.open_left_behind(batch, batch.writer_of(event.item))
        cases.open_half_handovers(batch, batch.writer_of(event.item))


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
    target = takeback.known(batch, [named]).get(named)
    if target is None or target.op["entity"] != op["entity"]:
        item.fault = Fault("unknown_operation", "There is no such operation on this.")
        return
    item.fault = _not_his(batch.writer_of(item).role, target.op, op)
    if item.fault is not None:
        return
    if target.voided_by is not None:
        item.decision = replace(item.decided, status="merged", cases=[])
    else:
        takeback.rebuild(batch, takeback.take_back(batch, [target.op], op["op_id"]))


def renew(event: OperationDecided, batch: Batch) -> None:
    """An order that makes a cancelled task anew takes back what was said of it before, and what was owed for it.

    A wish that came with the order given by mistake, and not with this one, is no wish of the customer's any more.
    """
    op, decided = event.item.operation, event.item.decided
    if (
        op["type"] != "order.imported"
        or decided.status != "applied"
        or op["entity"] not in batch.board.loaded
    ):
        return
    before = [one for one in takeback.standing(batch, op["entity"]) if one["op_id"] != op["op_id"]]
    takeback.take_back(batch, before, op["op_id"])
    kept = {request["id"] for request in op["payload"]["requests"]}
    misled = {
        f"customer:{one['payload']['customer']['id']}"
        for one in before
        if one["type"] == "order.imported" and {wish["id"] for wish in one["payload"]["requests"]} - kept
    }
    takeback.rebuild(batch, misled)


def _not_his(role: str, target: Envelope, op: Envelope) -> Fault | None:
    """Why somebody may not take this operation back; None when he may."""
    if role == "courier" and target["author"] != op["author"]:
        return Fault("forbidden", "A courier corrects only what he recorded himself.")
    if role == "customer" and target["type"] != "task.delivered":
        return Fault("forbidden", "A customer can only say that a delivery did not reach him.")
    if not target["type"].startswith(CORRECTABLE):
        return Fault("not_correctable", "What this operation did cannot be taken back by a correction.")
    return None


def carry_out(event: OperationDecided, batch: Batch) -> None:
    """What a decision does to the task: the losing fact is taken back, or the losing plan stands after all."""
    decided = event.item.operation
    if decided["type"] != "conflict.decided" or event.item.decided.status != "applied":
        return
    case = batch.board.records[decided["entity"]]
    outcome = effect(case, decided["payload"]["outcome"])
    sides = takeback.known(batch, [op_id for op_id in (case["op_id"], case["theirs_op"]) if op_id])
    standing = {op_id: one for op_id, one in sides.items() if one.voided_by is None}
    losing = [standing[op_id].op for op_id in sorted(outcome.void) if op_id in standing]
    moved = takeback.take_back(batch, losing, decided["op_id"])
    for op_id in outcome.force & set(sides):
        batch.forced[op_id] = decided["op_id"]
        moved.add(sides[op_id].op["entity"])
    takeback.rebuild(batch, moved)
    _tell(batch, case, decided, "decided", {one.op["author"] for one in sides.values()})


def release(event: OperationDecided, batch: Batch) -> None:
    """What a revoked handheld had handed in counts after all: it is decided now, as its author's (P34)."""
    decided = event.item.operation
    case = _case_of_release(event, batch, decided["payload"].get("outcome"))
    if decided["type"] != "conflict.decided" or case is None:
        return
    item = quarantine.to_release(case)
    if item is None:
        _count_again(batch, case)
        return
    batch.items.append(item)
    closes = item.live and item.operation["type"] == "shift.closed"
    load(batch, listed_tasks(item.operation["author"]) if closes else ())
    work(batch, [item])


def withhold(event: OperationDecided, batch: Batch) -> None:
    """A release that is undone takes back what it let through; a second one gives it back."""
    undone = event.item.operation
    if undone["type"] != "conflict.undone":
        return
    made = takeback.known(batch, [undone["payload"]["decision"]]).get(undone["payload"]["decision"])
    case = _case_of_release(event, batch, made.op["payload"]["outcome"] if made else None)
    if case is not None:
        released = takeback.known(batch, [case["op_id"]]).values()
        ops = [one.op for one in released if one.voided_by is None]
        takeback.rebuild(batch, takeback.take_back(batch, ops, undone["op_id"]))


def _case_of_release(event: OperationDecided, batch: Batch, outcome: str | None) -> Record | None:
    """The case, when something in it has just been let through, or held back again."""
    case = batch.board.records.get(event.item.operation["entity"])
    counts = outcome == quarantine.RELEASE and event.item.live and event.item.decided.status == "applied"
    return case if counts and case is not None and case["kind"] == "quarantined" else None


def _count_again(batch: Batch, case: Record) -> None:
    for one in takeback.known(batch, [case["op_id"]]).values():
        if one.voided_by is not None:
            takeback.rebuild(batch, takeback.give_back(batch, one.voided_by))


def undo(event: OperationDecided, batch: Batch) -> None:
    """A decision that is undone gives back everything it took, and the case is open again."""
    item, op = event.item, event.item.operation
    if op["type"] != "conflict.undone" or item.decided.status != "applied":
        return
    case = batch.board.records[op["entity"]]
    decision = takeback.known(batch, [op["payload"]["decision"]]).get(op["payload"]["decision"])
    if decision is None:
        item.fault = Fault("unknown_operation", "There is no such decision on this.")
        return
    takeback.rebuild(batch, takeback.give_back(batch, decision.op["op_id"]))
    sides = takeback.known(batch, [op_id for op_id in (case["op_id"], case["theirs_op"]) if op_id])
    _tell(batch, case, op, "undone", {one.op["author"] for one in sides.values()})


def _tell(batch: Batch, case: Record, op: Envelope, kind: str, authors: set[str]) -> None:
    """A decision, or its undoing, reaches the present holder and whoever wrote either version (P22)."""
    task = batch.board.records.get(f"task:{case['task']}") if case["task"] else None
    readers = authors | ({task["courier"]} if task is not None and task["courier"] else set())
    if case["mine_author"]:
        readers.add(case["mine_author"])
    if case["kind"] == "handover" and task is not None and "handover" in task:
        readers |= {task["handover"]["giver"], task["handover"]["taker"]}
    people = auth_queries.users_by_id([*readers, op["author"]])
    decider = people.get(op["author"])
    payload = op["payload"]
    for reader in sorted(readers & set(people)):
        notice_id = derive("notice", op["op_id"], reader)
        body = notice_body(
            batch,
            notice_id,
            kind,
            conflict=case["id"],
            task=case["task"],
            op_id=case["op_id"],
            outcome=payload.get("outcome"),
            reason=payload.get("reason"),
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
