"""Step 5: everything a batch touches, locked in one order (P25) and laid on the board."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from server.conflicts import queries as conflict_queries
from server.core.records import RecordStore
from server.ops import cases
from server.ops.batch import Batch, Envelope, split
from server.ops.owners import OWNERS
from server.tasks import queries as task_queries
from server.tasks.queries import Kin
from sync.canonical import derive, normal_waybill
from sync.customers import ordered_customer


def load(batch: Batch, extra: Iterable[str] = ()) -> None:
    """Locks and loads the entities of the batch's live items, of what hangs together with them, and `extra`.

    Customers come first, all in one go and in ascending id (FOR UPDATE when any of them may change, FOR SHARE
    otherwise, so that a special request can never race an assignment and miss the door), then all else by kind and id.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for entity in [*_named(batch), *extra]:
        kind, identity = split(entity)
        wanted[kind].add(identity)
    for entity in conflict_queries.entities_of(wanted["conflict"]):
        kind, identity = split(entity)
        wanted[kind].add(identity)
    wanted["task"] |= wanted["obligation"]
    changing = set(wanted["customer"])
    orders = [item.operation for item in batch.live if item.operation["type"] == "order.imported"]
    near = task_queries.kin(wanted["task"], wanted["parcel"], set())
    wanted["customer"] |= {_customer_of(order) for order in orders} | {task.customer_id for task in near}
    _lay(batch, "customer", OWNERS["customer"], wanted["customer"], share=not (changing or orders))
    near += task_queries.kin(set(), set(), changing | _told_anew(batch, orders, near))
    wanted["task"] |= {task.id for task in near}
    wanted["parcel"] |= {task.parcel_id for task in near}
    wanted["obligation"] |= wanted["task"]
    for kind, store in OWNERS.items():
        if kind != "customer":
            _lay(batch, kind, store, wanted[kind], share=False)


def _named(batch: Batch) -> Iterable[str]:
    for item in batch.items:
        if item.fault is not None and item.open and (spoken_of := cases.task_spoken_of(item)):
            yield f"task:{spoken_of}"
    for item in batch.live:
        op = item.op
        if op is None:
            continue
        yield op["entity"]
        if op["type"] == "order.imported":
            yield f"parcel:{parcel_of_order(op)}"
        if op["type"] == "message.sent" and op["payload"]["task"]:
            yield f"task:{op['payload']['task']}"


def _told_anew(batch: Batch, orders: Sequence[Envelope], near: Sequence[Kin]) -> set[str]:
    """Customers whose other tasks have to follow an order: it says something new of him, or comes to a task that is
    there. Most orders of a known customer do neither, and a key account has thousands of tasks."""
    customer_of = {f"task:{task.id}": task.customer_id for task in near}
    found: set[str] = set()
    for order in orders:
        customer = _customer_of(order)
        known = batch.board.records.get(f"customer:{customer}")
        if order["entity"] in customer_of:
            found |= {customer, customer_of[order["entity"]]}
        elif known is not None and ordered_customer(known, order, known["station"]) != known:
            found.add(customer)
    return found


def _customer_of(order: Envelope) -> str:
    return str(order["payload"]["customer"]["id"])


def _lay(batch: Batch, kind: str, store: RecordStore, ids: set[str], share: bool) -> None:
    missing = {identity for identity in ids if f"{kind}:{identity}" not in batch.board.loaded}
    for identity, versioned in store.load(missing, share=share).items():
        batch.board.lay(f"{kind}:{identity}", versioned)


def parcel_of_order(op: Envelope) -> str:
    """The id of the parcel an order names by its waybill number."""
    return derive("parcel", normal_waybill(op["payload"]["waybill"]))
