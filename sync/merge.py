"""The decision: what becomes of one operation, given the records as they stand (P18 to P21).

`decide` looks at the board and says what changes and what has to go before a person; it changes nothing itself.
`fold` runs the same decisions over an entity's log again when an operation of it no longer counts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sync.apply import (
    ASSIGNING,
    Op,
    Record,
    apply,
    fact,
    id_of,
    new_values,
    next_status,
    ordered_customer,
    ordered_obligation,
    ordered_parcel,
    ordered_task,
    planned,
    request_set,
)
from sync.canonical import derive
from sync.conflict import CaseDraft, fact_case, field_case, payment_case, plan_case, unsettled_case
from sync.tables import FIELDS, OUTCOMES, PROGRESS, STATES

Board = Mapping[str, Record]

AWAITING: Final = "awaiting_entity"


@dataclass(frozen=True, slots=True)
class Decision:
    """How an operation ends (applied, merged, conflict, deferred, quarantined), what changes, what is disputed."""

    status: str
    code: str | None = None
    changes: dict[str, Record] = field(default_factory=dict)
    cases: list[CaseDraft] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Merge:
    """Fields after a three-way merge; the contested ones keep theirs."""

    values: dict[str, Any]
    contested: list[str]


@dataclass(frozen=True, slots=True)
class _Context:
    """What a decision may know beside the board.

    `gone` holds values of operations that were left out of a fold: a writer who saw one of them saw what stood then, so
    his base is no dispute. `forced` says that a person decided for this operation.
    """

    rev: int | None = None
    station: str = ""
    forced: bool = False
    gone: Mapping[str, list[Any]] = field(default_factory=dict)


def decide(board: Board, op: Op, *, rev: int | None = None, station: str | None = None) -> Decision:
    """Decide one valid operation.

    `board` holds the records it may touch by entity; for an operation on a task also the task's obligation if there is
    one, for an order also its parcel and customer. `rev` is the present revision of the operation's entity, `station`
    the author's: what an order makes belongs to it.
    """
    return _decide(board, op, _Context(rev=rev, station=station or ""))


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


def three_way(
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    mine: Mapping[str, Any],
    gone: Mapping[str, list[Any]] | None = None,
) -> Merge:
    """Merge `mine` into `theirs`, field by field, on what the writer saw (P20).

    A field that only one side changed takes that side's value, a field both changed alike is no dispute, a field both
    changed apart is contested. A field missing from `base` was not looked at, so mine stands.
    """
    values: dict[str, Any] = {}
    contested: list[str] = []
    for name, value in mine.items():
        stands = theirs[name]
        values[name] = value
        if value == stands or name not in base or base[name] == stands:
            continue
        if gone and base[name] in gone.get(name, ()):
            continue
        values[name] = stands
        if value != base[name]:
            contested.append(name)
    return Merge(values, contested)


def _decide(board: Board, op: Op, context: _Context) -> Decision:
    op_type = op["type"]
    special = _SPECIAL.get(op_type)
    if special is not None:
        return special(board, op, context)
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    if op_type in OUTCOMES:
        return _outcome(board, op, record)
    if op_type in PROGRESS:
        return _progress(op, record)
    if op_type in FIELDS:
        return _plan(op, record, context)
    return _plainly(op, record)


def _plainly(op: Op, record: Record | None) -> Decision:
    """The effect as it is; one that changes nothing was there already."""
    after = apply(record, op)
    if after is None or after is record:
        return Decision("merged")
    return Decision("applied", changes={op["entity"]: after})


def _changed(op: Op, before: Record, after: Record) -> dict[str, Record]:
    return {} if after is before else {op["entity"]: after}


# --- facts -----------------------------------------------------------------------------------------------------------


def _speaks_for_holder(record: Record, op: Op) -> bool:
    """The holder himself, or the desk in his name: an operation without a device comes from a web session."""
    return op["device"] is None or op["author"] == record["courier"]


def _progress(op: Op, record: Record) -> Decision:
    """Setting out and arriving are told by whoever did so; they move the holder's open task and nothing else."""
    stands = record["cancelled"] is None and next_status(record, op["type"]) is not None
    if stands and _speaks_for_holder(record, op):
        return _plainly(op, record)
    return Decision("merged")


def _outcome(board: Board, op: Op, record: Record) -> Decision:
    if record["kind"] not in OUTCOMES[op["type"]]["for"]:
        return Decision("quarantined", "wrong_kind")
    kind = _dispute(record, op)
    after = fact(record, op, late=kind is not None)
    cases = [] if kind is None else [fact_case(kind, record, op)]
    obligation = board.get(f"obligation:{record['id']}")
    stands = after["outcome"] is not None and after["outcome"]["op_id"] == op["op_id"]
    if op["type"] == "task.delivered" and stands and obligation is not None and obligation["status"] == "due":
        cases.append(unsettled_case(obligation, op))
    return Decision("conflict" if cases else "applied", changes=_changed(op, record, after), cases=cases)


def _dispute(record: Record, op: Op) -> str | None:
    """What stands against an outcome, the gravest first; None when the holder reports what the table expects (P19)."""
    holder = _speaks_for_holder(record, op)
    cancelled = record["cancelled"] is not None
    if holder and not cancelled and next_status(record, op["type"]) is not None:
        return None
    outcome = record["outcome"]
    if outcome is not None:
        status = OUTCOMES[outcome["type"]]["status"]
        goes_on = op["type"] in STATES[record["kind"]].get(status, {})
        if outcome["author"] != op["author"] or not goes_on:
            return "contradiction"
    if cancelled:
        return "cancelled"
    return "state" if holder else "reassigned"


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
    wanted = op["payload"]["request"]
    stands = next((known for known in record["requests"] if known["id"] == wanted), None)
    mine = new_values(op)
    if stands is None or context.forced:
        return _plainly(op, record)
    gone = {name: context.gone.get(f"{wanted}.{name}", []) for name in mine}
    merge = three_way(op["base"], stands, mine, gone)
    after = record
    if any(stands[name] != value for name, value in merge.values.items()):
        after = request_set(record, op, merge.values)
    if merge.contested:
        case = field_case(op, mine, stands, record["touched"].get(wanted), merge.contested)
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
    wanted = op["payload"]["request"]
    stands = next((known for known in record["requests"] if known["id"] == wanted), None)
    return {} if stands is None else {name: stands[name] for name in FIELDS[op["type"]]}


# --- orders, money, shifts, words about operations -------------------------------------------------------------------


def _order(board: Board, op: Op, context: _Context) -> Decision:
    order = op["payload"]
    known = board.get(op["entity"])
    if known is not None:
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
    if order["cod_minor"] > 0:
        changes[f"obligation:{task['id']}"] = ordered_obligation(op)
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
    """Accepted as it is: whoever keeps the log folds the entity again without the operation it names."""
    return Decision("applied") if op["entity"] in board else Decision("deferred", AWAITING)


def _verdict(board: Board, op: Op, _context: _Context) -> Decision:
    record = board.get(op["entity"])
    if record is None:
        return Decision("deferred", AWAITING)
    if record["status"] == "open" and op["payload"]["outcome"] not in record["outcomes"]:
        return Decision("quarantined", "outcome_not_offered")
    return _plainly(op, record)


_SPECIAL: Final[dict[str, Callable[[Board, Op, _Context], Decision]]] = {
    "order.imported": _order,
    "task.cancelled": _cancel,
    "customer.request_set": _request,
    "parcel.scanned": lambda board, op, _context: _plainly(op, board.get(op["entity"])),
    "payment.collected": _payment,
    "shift.started": _shift,
    "shift.closed": _shift,
    "operation.corrected": _correction,
    "conflict.decided": _verdict,
}
