"""What of a batch the world is to be told, as events: written to the outbox in the transaction of the fact.

Customers hear of what became of their parcel, couriers of what somebody else did to their list. Who is told how is
decided above (`server.notifications`).
"""

from collections import defaultdict
from collections.abc import Iterator

from server.core.records import Record
from server.ops.batch import Batch, Item, split, task_of
from server.ops.events import ConsentAsked, ListChanged, MessageSent, OutcomeWithdrawn, StatusChanged
from sync.tables import OUTCOMES

SET_OUT = "task.out_for_delivery"
ASKED = "task.consent_asked"


def announcements(batch: Batch) -> list[object]:
    """The events of a decided batch; call it once everything has been decided."""
    return [
        *_statuses(batch),
        *_withdrawn(batch),
        *_restored(batch),
        *_questions(batch),
        *_messages(batch),
        *_lists(batch),
    ]


def _messages(batch: Batch) -> Iterator[object]:
    for item in batch.items:
        if item.live and item.operation["type"] == "message.sent" and item.decided.status == "applied":
            op = item.operation
            message = item.decided.changes[op["entity"]]
            couriers = tuple(reader["courier"] for reader in message["readers"])
            yield MessageSent(op["op_id"], message["id"], message["station"], couriers)


def _questions(batch: Batch) -> Iterator[object]:
    """What the holder of a task asks its customer; nobody else does."""
    for item in batch.items:
        if not item.live or item.decision is None or item.operation["type"] != ASKED:
            continue
        op, record = item.operation, item.decided.changes.get(item.operation["entity"])
        if record is not None and record["courier"] == op["author"] and _ahead(record):
            kind = op["payload"]["kind"]
            yield ConsentAsked(op["op_id"], record["id"], record["station"], record["customer"], kind)


def _statuses(batch: Batch) -> Iterator[object]:
    for item in batch.items:
        if item.live and item.decision is not None and item.operation["op_id"] not in batch.voided:
            record = _made_to_stand(item)
            if record is not None:
                yield _status(record, item.operation)


def _made_to_stand(item: Item) -> Record | None:
    """The task as this operation left it, when it is this operation that its status now rests on."""
    op = item.operation
    record = item.decided.changes.get(f"task:{task_of(op)}")
    if record is None:
        return None
    if op["type"] in OUTCOMES:
        outcome = record["outcome"]
        return record if outcome is not None and outcome["op_id"] == op["op_id"] else None
    return record if op["type"] == SET_OUT and record["status"] == "out_for_delivery" else None


def _status(record: Record, op: Record) -> StatusChanged:
    return StatusChanged(
        op_id=op["op_id"],
        op_type=op["type"],
        task_id=record["id"],
        station_id=record["station"],
        customer_id=record["customer"],
        status=record["status"],
        at=op["at"],
    )


def _withdrawn(batch: Batch) -> Iterator[object]:
    """Only what stood when this batch began has been announced."""
    for op_id, by in batch.voided.items():
        record = _stood(batch, op_id)
        if by is not None and record is not None:
            yield OutcomeWithdrawn(op_id, by, record["id"], record["station"], record["customer"])


def _stood(batch: Batch, op_id: str) -> Record | None:
    for task_id, _ in batch.board.of_kind("task"):
        loaded = batch.board.loaded.get(f"task:{task_id}")
        outcome = loaded.record["outcome"] if loaded else None
        if loaded is not None and outcome is not None and outcome["op_id"] == op_id:
            return loaded.record
    return None


def _restored(batch: Batch) -> Iterator[object]:
    """An outcome that was withdrawn and stands again is told again."""
    for op in batch.given_back:
        record = batch.board.records.get(f"task:{task_of(op)}")
        if record is not None and record["outcome"] and record["outcome"]["op_id"] == op["op_id"]:
            yield _status(record, op)


def _lists(batch: Batch) -> Iterator[object]:
    changed: dict[tuple[str, str], list[str]] = defaultdict(list)
    moved = batch.board.moved
    asked = {entity for entity in moved if _requests_moved(batch, entity)}
    agreed = {entity for entity in moved if _requests_moved(batch, entity, "consents")}
    spoken_for = _spoken_for(batch)
    for task_id, task in batch.board.of_kind("task"):
        if f"task:{task_id}" in moved:
            for courier, change in _moves(batch, task_id):
                changed[courier, change].append(task_id)
            if task_id in spoken_for and task["courier"]:
                changed[task["courier"], "changed"].append(task_id)
        customer = f"customer:{task['customer']}"
        answered = customer in agreed and "asked" in task
        if (customer in asked or answered) and task["courier"] and _ahead(task):
            changed[task["courier"], "changed"].append(task_id)
    op_id = next((item.operation["op_id"] for item in batch.items if item.live), None)
    for (courier, change), task_ids in sorted(changed.items()):
        if courier != batch.writer.user_id and op_id is not None:
            tasks = tuple(sorted(set(task_ids)))
            yield ListChanged(courier, batch.writer.station_id, change, tasks, op_id)


def _spoken_for(batch: Batch) -> set[str]:
    """Tasks of which a desk has reported in the holder's name what came of them: he hears of it (P2)."""
    return {
        task
        for item in batch.items
        if item.live and item.operation["device"] is None and item.operation["type"] in OUTCOMES
        if (task := task_of(item.operation)) is not None
    }


def _moves(batch: Batch, task_id: str) -> Iterator[tuple[str, str]]:
    """(courier, change) for one task that has moved."""
    after = batch.board.records[f"task:{task_id}"]
    loaded = batch.board.loaded.get(f"task:{task_id}")
    holder = loaded.record["courier"] if loaded else None
    if after["courier"] != holder:
        if holder:
            yield holder, "removed"
        if after["courier"]:
            yield after["courier"], "new"
    elif holder and loaded is not None and _plan(after) != _plan(loaded.record):
        yield holder, "changed"


def _plan(task: Record) -> tuple[object, ...]:
    return task["window_start"], task["window_end"], task["cancelled"] is None


def _requests_moved(batch: Batch, entity: str, what: str = "requests") -> bool:
    loaded = batch.board.loaded.get(entity) if split(entity)[0] == "customer" else None
    return loaded is not None and loaded.record[what] != batch.board.records[entity][what]


def _ahead(task: Record) -> bool:
    return task["status"] in ("assigned", "out_for_delivery", "arrived", "attempt_failed", "held")
