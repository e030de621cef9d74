"""Step 6: each operation in order against the board. The rules are `sync.merge.decide`; here is who may act on what."""

from collections.abc import Iterable

from server.auth import queries as auth_queries
from server.conflicts.policy import undo_until
from server.core import pins
from server.core.records import Record
from server.ops import oplog, quarantine
from server.ops.batch import Batch, Envelope, Fault, Item, Writer, split
from sync.merge import decide as decide_by_rules

_OTHER_STATION = Fault("forbidden", "This belongs to another station.")
_UNKNOWN_COURIER = Fault("unknown_courier", "There is no such courier at this station.")


def decide(batch: Batch, item: Item) -> None:
    """Decides one item and lays what it changes on the board."""
    item.fault = item.fault or _refusal(batch, item)
    if not item.live:
        return
    op = item.operation
    decision = decide_by_rules(
        batch.board.records,
        op,
        rev=batch.board.revs.get(op["entity"]),
        station=batch.writer_of(item).station_id,
        pin=_pin(batch, op),
    )
    if decision.status == "quarantined":
        item.fault = Fault(decision.code or "invalid", "The operation makes no sense for what it is about.")
        return
    if decision.status == "deferred" and batch.writer.device_id is None and not item.woken:
        item.fault = Fault("unknown_entity", "There is no such thing at this station.")
        return
    item.decision = decision
    for entity, record in decision.changes.items():
        # An order repeats what is known of its customer: what says nothing new moves nobody's row.
        if record != batch.board.records.get(entity):
            batch.board.put(entity, record)
    item.rev = batch.board.revs.get(op["entity"])


def _pin(batch: Batch, op: Envelope) -> str | None:
    """The code this delivery was to be handed over for; None when there is none."""
    record = batch.board.records.get(op["entity"]) if op["type"] == "task.delivered" else None
    return pins.of_task(record["id"]) if record is not None and record.get("pin_required") else None


def _refusal(batch: Batch, item: Item) -> Fault | None:
    op = item.op
    if op is None:
        return None
    writer, records = batch.writer_of(item), batch.board.records
    kind, identity = split(op["entity"])
    record = records.get(f"task:{identity}") if kind in ("task", "obligation") else records.get(op["entity"])
    if record is not None and record.get("station", writer.station_id) != writer.station_id:
        return _OTHER_STATION
    if op["type"] == "shift.started" and op["payload"]["station"] != writer.station_id:
        return _OTHER_STATION
    if op["type"] == "order.imported" and _customer_elsewhere(batch, op["payload"]["customer"]["id"]):
        return _OTHER_STATION
    if kind == "shift" and record is not None and record["courier"] != op["author"]:
        return Fault("forbidden", "This is another courier's shift.")
    if writer.role == "customer" and not _his_own(batch, writer, op):
        return Fault("forbidden", "A customer speaks for himself and his own parcels.")
    if op["type"] == "conflict.undone" and record is not None and _too_late(batch, record):
        return Fault("undo_expired", "This decision was made too long ago to be undone.")
    if _releases(op, record) and (refused := quarantine.refusal(writer, record or {})) is not None:
        return refused
    known_customer = kind == "customer" and record is not None
    if known_customer and writer.role == "courier" and not _serves(batch, writer.user_id, identity):
        return Fault("forbidden", "This customer is on none of the courier's tasks.")
    if any(batch.couriers.get(named) != writer.station_id for named in couriers_named(op)):
        return _UNKNOWN_COURIER
    return _misdirected(batch, writer, op, record) if kind == "message" else None


def _misdirected(batch: Batch, writer: Writer, op: Envelope, message: Record | None) -> Fault | None:
    """A message is the station's, about nothing or a task of its own; only those it is for tell of it."""
    if op["type"] != "message.sent":
        mine = message is None or any(one["courier"] == op["author"] for one in message["readers"])
        return None if mine else Fault("forbidden", "This message is for others.")
    task = batch.board.records.get(f"task:{op['payload']['task']}")
    if op["payload"]["station"] != writer.station_id:
        return _OTHER_STATION
    if op["payload"]["task"] is not None and (task is None or task["station"] != writer.station_id):
        return Fault("unknown_entity", "There is no such task at this station.")
    return None


def _releases(op: Envelope, record: Record | None) -> bool:
    """Whether this decides that something in quarantine is to count, where that is offered (P34)."""
    if op["type"] != "conflict.decided" or record is None or record["kind"] != "quarantined":
        return False
    offered: list[str] = record["outcomes"] if record["status"] == "open" else []
    return quarantine.RELEASE in offered and bool(op["payload"]["outcome"] == quarantine.RELEASE)


def _his_own(batch: Batch, writer: Writer, op: Envelope) -> bool:
    """Whether a customer's operation is about himself; a task he names is one of his."""
    kind, identity = split(op["entity"])
    named = op["payload"].get("task") if kind == "customer" else identity
    task = batch.board.records.get(f"task:{named}") if named else None
    if named is not None and (task is None or task["customer"] != writer.user_id):
        return False
    return kind == "task" or identity == writer.user_id


def _too_late(batch: Batch, case: Record) -> bool:
    """Whether the decision on a case is older than it may be to be undone, by the server's clock."""
    if case["decision"] is None:
        return False
    made = oplog.by_ids([case["decision"]["op_id"]]).get(case["decision"]["op_id"])
    if made is None or made.received_at is None:
        return False
    return batch.now > undo_until(made.received_at)


def _customer_elsewhere(batch: Batch, customer_id: str) -> bool:
    record = batch.board.records.get(f"customer:{customer_id}")
    return record is not None and record["station"] != batch.writer.station_id


def _serves(batch: Batch, courier: str, customer_id: str) -> bool:
    return any(
        task["customer"] == customer_id and task["courier"] == courier
        for _, task in batch.board.of_kind("task")
    )


def couriers_named(op: Envelope) -> list[str]:
    """The couriers an operation speaks to: whom it makes a task's holder, its author apart; whom a message is for."""
    if op["type"] == "message.sent":
        return list(op["payload"]["to"])
    if not op["type"].startswith("task."):
        return []
    named: str | None = op["payload"].get("courier") or op["payload"].get("to")
    return [named] if named else []


def know_couriers(batch: Batch, items: Iterable[Item]) -> None:
    """Looks up the people that plans name, once for all of them; only couriers who still work here can be named."""
    named = {courier for item in items if item.op for courier in couriers_named(item.op)}
    people = auth_queries.users_by_id(named - set(batch.couriers)).values()
    batch.couriers |= {user.id: user.station_id for user in people if user.role == "courier" and user.active}
