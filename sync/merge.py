"""The decision: what becomes of one operation, given the records as they stand (P18 to P21).

`decide` looks at the board and says what changes and what has to go before a person; it changes nothing itself.
`fold` runs the same decisions over an entity's log again when an operation of it no longer counts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sync.apply import (
    ASSIGNING,
    apply,
    fact,
    follows_cancellation,
    next_status,
    ordered_obligation,
    ordered_parcel,
    ordered_task,
    planned,
)
from sync.canonical import derive
from sync.conflict import (
    CaseDraft,
    disputed_case,
    fact_case,
    field_case,
    handover_case,
    late_request_case,
    payment_case,
    plan_case,
    problem_case,
)
from sync.customers import ordered_customer, profile_set, request_of, request_set, says_more
from sync.door import dispute, door_cases, speaks_for_holder
from sync.handover import HANDOVERS, handed
from sync.tables import FIELDS, OUTCOMES, PROGRESS
from sync.values import Merge, Op, Record, id_of, new_values, three_way

Board = Mapping[str, Record]

AWAITING: Final = "awaiting_entity"
_MAKES: Final = ("parcel.scanned", "message.sent")
# A task in one of these needs nobody at the door any more.
_FINISHED: Final = ("delivered", "picked_up", "returned", "cancelled")


@dataclass(frozen=True, slots=True)
class Decision:
    """How an operation ends (applied, merged, conflict, deferred, quarantined), what changes, what is disputed."""

    status: str
    code: str | None = None
    changes: dict[str, Record] = field(default_factory=dict)
    cases: list[CaseDraft] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Context:
    """What a decision may know beside the board.

    `gone` holds values of operations that were left out of a fold: a writer who saw one of them saw what stood then, so
    his base is no dispute. `forced` says that a person decided for this operation.
    """

    rev: int | None = None
    station: str = ""
    pin: str | None = None
    forced: bool = False
    gone: Mapping[str, list[Any]] = field(default_factory=dict)


def decide(
    board: Board, op: Op, *, rev: int | None = None, station: str | None = None, pin: str | None = None
) -> Decision:
    """Decide one valid operation.

    `board` holds the records it may touch by entity: for an operation on a task also the task's obligation if there is
    one, its parcel and its customer, for an order its parcel and customer, for a request the task it names. `rev` is
    the present revision of the operation's entity, `station` the author's: what an order makes belongs to it. `pin` is
    the code the task is handed over for, where there is one.
    """
    return _decide(board, op, _Context(rev=rev, station=station or "", pin=pin))


def fold(
    entity: str,
    ops: Iterable[Op],
    void: Collection[str] = (),
    force: Collection[str] = (),
    *,
    station: str | None = None,
) -> dict[str, Record]:
    """Rebuild the records that carry `entity`'s id from its accepted operations in the server's order.

    For a task that is the task and its obligation. Operations in `void` are left out, those in `force` win their
    contested fields (a person decided so). Cases are not opened again.
    """
    board: dict[str, Record] = {}
    gone: dict[str, list[Any]] = {}
    for op in ops:
        if op["op_id"] in void:
            _remember(gone, op, new_values(op) if op["type"] in FIELDS else {})
            continue
        forced = op["op_id"] in force
        if forced:
            _remember(gone, op, _standing_values(board.get(op["entity"]), op))
        context = _Context(station=station or "", forced=forced, gone=gone)
        board.update(_decide(board, op, context).changes)
    wanted = id_of(entity)
    return {name: record for name, record in board.items() if id_of(name) == wanted}


def _decide(board: Board, op: Op, context: _Context) -> Decision:
    op_type = op["type"]
    special = _SPECIAL.get(op_type)
    if special is not None:
        return special(board, op, context)
    record = board.get(op["entity"])
    if record is None:
        return _plainly(op, None) if op_type in _MAKES else Decision("deferred", AWAITING)
    if op_type in OUTCOMES:
        return _outcome(board, op, record, context)
    if op_type in PROGRESS:
        return _progress(op, record)
    if op_type in FIELDS:
        return _plan(op, record, context)
    if op_type in HANDOVERS:
        return _handover(op, record)
    return _problem(op, record) if op_type == "task.problem_reported" else _plainly(op, record)


def _plainly(op: Op, record: Record | None) -> Decision:
    """The effect as it is; one that changes nothing was there already."""
    after = apply(record, op)
    if after is None or after is record:
        return Decision("merged")
    return Decision("applied", changes={op["entity"]: after})


def _changed(op: Op, before: Record, after: Record) -> dict[str, Record]:
    return {} if after is before else {op["entity"]: after}


# --- facts -----------------------------------------------------------------------------------------------------------


def _progress(op: Op, record: Record) -> Decision:
    """Setting out and arriving are told by whoever did so; they move the holder's open task and nothing else."""
    stands = record["cancelled"] is None and next_status(record, op["type"]) is not None
    if stands and speaks_for_holder(record, op):
        return _plainly(op, record)
    return Decision("merged")


def _outcome(board: Board, op: Op, record: Record, context: _Context) -> Decision:
    if record["kind"] not in OUTCOMES[op["type"]]["for"]:
        return Decision("quarantined", "wrong_kind")
    kind = dispute(record, op)
    after = fact(record, op, late=kind is not None)
    cases = [] if kind is None else [fact_case(kind, record, op)]
    if after["outcome"] is not None and after["outcome"]["op_id"] == op["op_id"]:
        cases += door_cases(
            record,
            op,
            parcel=board.get(f"parcel:{record['parcel']}"),
            customer=board.get(f"customer:{record['customer']}"),
            obligation=board.get(f"obligation:{record['id']}"),
            pin=context.pin,
        )
    return Decision("conflict" if cases else "applied", changes=_changed(op, record, after), cases=cases)


def _problem(op: Op, record: Record) -> Decision:
    """Kept always, and always put before customer service: nobody else says what becomes of the parcel."""
    changes = _plainly(op, record).changes
    return Decision("conflict", changes=changes, cases=[problem_case(record, op)])


def _handover(op: Op, record: Record) -> Decision:
    after, disputed = handed(record, op)
    changes = _changed(op, record, after)
    if disputed:
        return Decision("conflict", changes=changes, cases=[handover_case(record, op)])
    return Decision("applied" if changes else "merged", changes=changes)


# --- plans -----------------------------------------------------------------------------------------------------------


def _cancel(board: Board, op: Op, _context: _Context) -> Decision:
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    if record["status"] == "cancelled":
        return Decision("merged")
    if next_status(record, op["type"]) is None:
        return Decision("conflict", cases=[plan_case(record, op)])
    return _plainly(op, record)


def _plan(op: Op, record: Record, context: _Context) -> Decision:
    if next_status(record, op["type"]) is None:
        return Decision("conflict", cases=[plan_case(record, op)])
    mine = new_values(op)
    merge = Merge(mine, []) if context.forced else _merged_plan(op, record, mine, context)
    if merge.contested:
        by = record["touched"].get(merge.contested[0])
        case = field_case(op, mine, record, by, merge.contested)
        after = record if "courier" in merge.contested else planned(record, op, merge.values)
        return Decision("conflict", changes=_changed(op, record, after), cases=[case])
    after = planned(record, op, merge.values)
    return Decision(_how(op, record, after, context), changes=_changed(op, record, after))


def _merged_plan(op: Op, record: Record, mine: dict[str, Any], context: _Context) -> Merge:
    """The merge of a plan's fields; a window that would end before it starts is a dispute over the whole window."""
    merge = three_way(op["base"], record, mine, context.gone)
    start, end = merge.values.get("window_start"), merge.values.get("window_end")
    if merge.contested or start is None or end is None or start <= end:
        return merge
    window = ("window_start", "window_end")
    kept = {name: record[name] if name in window else value for name, value in merge.values.items()}
    return Merge(kept, [name for name in window if mine[name] != record[name]])


def _how(op: Op, before: Record, after: Record, context: _Context) -> str:
    """Merged when the writer did not see the present revision, or nothing was left to change."""
    late = context.rev is not None and op["base_rev"] is not None and op["base_rev"] < context.rev
    return "merged" if late or after is before else "applied"


def _request(board: Board, op: Op, context: _Context) -> Decision:
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    stands, mine = request_of(record, op), new_values(op)
    merge = Merge(mine, []) if stands is None else _merged_request(op, stands, mine, context)
    after = record
    if stands is None or context.forced or _changes_request(stands, op, merge):
        after = request_set(record, op, merge.values)
    cases = []
    if stands is not None and merge.contested:
        by = record["touched"].get(stands["id"])
        cases.append(field_case(op, mine, stands, by, merge.contested))
    late = _late_for(board, op) if after is not record else None
    if late is not None:
        cases.append(late_request_case(late, op))
    status = "conflict" if cases else _how(op, record, after, context)
    return Decision(status, changes=_changed(op, record, after), cases=cases)


def _merged_request(op: Op, stands: Record, mine: dict[str, Any], context: _Context) -> Merge:
    """The merge of a request; what has been accepted stays accepted, and a proposal to change it is a dispute."""
    proposes = stands["state"] == "accepted" and mine["state"] == "proposed"
    if context.forced:
        return Merge({**mine, "state": stands["state"]} if proposes else mine, [])
    if proposes:
        kept = {name: stands[name] for name in mine}
        return Merge(kept, [name for name in mine if name != "state" and mine[name] != stands[name]])
    gone = {name: context.gone.get(f"{stands['id']}.{name}", []) for name in mine}
    return three_way(op["base"], stands, mine, gone)


def _changes_request(stands: Record, op: Op, merge: Merge) -> bool:
    if merge.contested or op["payload"]["state"] != merge.values["state"]:
        return any(stands[name] != value for name, value in merge.values.items())
    return says_more(stands, op, merge.values)


def _late_for(board: Board, op: Op) -> Record | None:
    """The finished task that the customer himself still wishes something for (P19)."""
    payload, customer = op["payload"], id_of(op["entity"])
    task = board.get(f"task:{payload['task']}")
    if task is None or op["author"] != customer or task["customer"] != customer or not payload["active"]:
        return None
    return task if task["status"] in _FINISHED else None


def _profile(board: Board, op: Op, context: _Context) -> Decision:
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    mine = new_values(op)
    merge = Merge(mine, []) if context.forced else three_way(op["base"], record, mine, context.gone)
    after = profile_set(record, op, merge.values)
    if merge.contested:
        by = record["profile_touched"].get(merge.contested[0])
        case = field_case(op, mine, record, by, merge.contested)
        return Decision("conflict", changes=_changed(op, record, after), cases=[case])
    return Decision(_how(op, record, after, context), changes=_changed(op, record, after))


def _remember(gone: dict[str, list[Any]], op: Op, values: Mapping[str, Any]) -> None:
    request = op["payload"].get("request")
    for name, value in values.items():
        gone.setdefault(f"{request}.{name}" if request else name, []).append(value)


def _standing_values(record: Record | None, op: Op) -> dict[str, Any]:
    """What the record says in the fields that a forced operation is about to win."""
    if record is None or op["type"] not in FIELDS:
        return {}
    if op["type"] in ASSIGNING or op["type"] == "task.window_changed":
        return {name: record[name] for name in FIELDS[op["type"]]}
    if op["type"] == "customer.profile_set":
        return {name: record[name] for name in FIELDS[op["type"]]}
    stands = request_of(record, op)
    return {} if stands is None else {name: stands[name] for name in FIELDS[op["type"]]}


# --- orders, money, shifts, words about operations -------------------------------------------------------------------


def _order(board: Board, op: Op, context: _Context) -> Decision:
    order = op["payload"]
    known = board.get(op["entity"])
    if known is not None and not follows_cancellation(known, op):
        same = (known["merchant"], known["reference"]) == (order["merchant"], order["reference"])
        return Decision("merged") if same else Decision("quarantined", "waybill_taken")
    task = ordered_task(op, context.station)
    parcel = f"parcel:{derive('parcel', order['waybill'])}"
    customer = f"customer:{order['customer']['id']}"
    changes = {
        parcel: ordered_parcel(board.get(parcel), op),
        op["entity"]: task,
        customer: ordered_customer(board.get(customer), op, context.station),
    }
    obligation = f"obligation:{task['id']}"
    if order["cod_minor"] > 0 or obligation in board:
        changes[obligation] = ordered_obligation(op)
    return Decision("applied", changes=changes)


def _payment(board: Board, op: Op, _context: _Context) -> Decision:
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    if record["status"] == "settled":
        return Decision("conflict", cases=[payment_case("second_payment", record, op)])
    settled = _plainly(op, record)
    payload = op["payload"]
    if (payload["amount_minor"], payload["currency"]) == (record["amount_minor"], record["currency"]):
        return settled
    return Decision("conflict", changes=settled.changes, cases=[payment_case("amount_differs", record, op)])


def _shift(board: Board, op: Op, _context: _Context) -> Decision:
    record = board.get(op["entity"])
    if record is None and op["type"] == "shift.closed":
        return Decision("deferred", AWAITING)
    if record is not None and record["courier"] != op["author"]:
        return Decision("quarantined", "forbidden")
    return _plainly(op, record)


def _correction(board: Board, op: Op, _context: _Context) -> Decision:
    """Accepted as it is: whoever keeps the log folds the entity again without the operation it names.

    When it is the customer who says that it did not happen, somebody has to look into it as well.
    """
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    if op["entity"].startswith("task:") and op["author"] == record.get("customer"):
        return Decision("conflict", cases=[disputed_case(record, op)])
    return Decision("applied")


def _verdict(board: Board, op: Op, _context: _Context) -> Decision:
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    if record["status"] == "open" and op["payload"]["outcome"] not in record["outcomes"]:
        return Decision("quarantined", "outcome_not_offered")
    return _plainly(op, record)


def _ownership(board: Board, op: Op, _context: _Context) -> Decision:
    """A case taken or handed on by somebody who did not see who has it now stays with whom it is."""
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    if op["base"].get("owner", record["owner"]) != record["owner"]:
        return Decision("merged")
    return _plainly(op, record)


_SPECIAL: Final[dict[str, Callable[[Board, Op, _Context], Decision]]] = {
    "order.imported": _order,
    "task.cancelled": _cancel,
    "customer.request_set": _request,
    "customer.profile_set": _profile,
    "payment.collected": _payment,
    "shift.started": _shift,
    "shift.closed": _shift,
    "operation.corrected": _correction,
    "conflict.decided": _verdict,
    "conflict.assigned": _ownership,
}
