"""What an operation does to one record when nothing stands against it.

The server uses these effects once it has decided, the handheld lays them over what the server last told it
(P9). Records and operations are plain objects and are never changed: an effect returns a new record, or the
same one if it has none.
"""

from collections.abc import Callable
from typing import Any, Final

from sync.canonical import derive
from sync.customers import consented, profiled, requested
from sync.evidence import called, evidence, without_attempt
from sync.handover import handed
from sync.messages import heard, sent
from sync.tables import OUTCOMES, PROGRESS, RANKS, STATES
from sync.values import Op, Record, id_of, new_values, stamp

ASSIGNING: Final = ("task.assigned", "task.reassigned", "task.reattempt_planned")
# From these a new assignment begins a new attempt even when the courier stays the same.
_RESTARTS: Final = ("created", "attempt_failed", "held")
_ENDS_ATTEMPT: Final = ("task.attempt_failed",)
# Whatever customer service was to decide, the parcel is no problem any more.
_SOLVES: Final = ("task.delivered", "task.picked_up", "task.returned")


def apply(record: Record | None, op: Op) -> Record | None:
    """The record after `op`, by the effect alone: no holder, no base and no conflict is looked at.

    None for a record that is not known; some operations then make a stub, the others leave None. A fact raises a
    task's status and never lowers it (P19).
    """
    effect = _EFFECTS.get(op["type"])
    return record if effect is None else effect(record, op)


def next_status(record: Record, op_type: str) -> str | None:
    """Where the state table leads from here, or None when it has no such way (P20)."""
    return STATES[record["kind"]].get(record["status"], {}).get(op_type)


# --- tasks -----------------------------------------------------------------------------------------------------------


def planned(record: Record, op: Op, values: dict[str, Any]) -> Record:
    """The task after a change of plan that sets `values`.

    A new courier, or a new plan after a failed attempt, begins a new attempt: the outcome so far and a cancellation
    stay in the log, and a problem is solved by it. Without a courier the task is back among the created ones. Sequence
    belongs to a courier's route, so a plan for another attempt clears it.
    """
    if op["type"] == "task.reattempt_planned":
        values = {**values, "sequence": None}
    after = _set(record, op, values)
    if op["type"] not in ASSIGNING or next_status(record, op["type"]) is None:
        return after
    if (
        after["courier"] == record["courier"]
        and record["status"] not in _RESTARTS
        and "problem" not in record
    ):
        return after
    status = "assigned" if after["courier"] is not None else "created"
    return _solved(without_attempt({**after, "status": status, "outcome": None, "cancelled": None}))


def _solved(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in ("problem", "handover")}


def _set(record: Record, op: Op, values: dict[str, Any]) -> Record:
    changed = {field: value for field, value in values.items() if record[field] != value}
    if not changed:
        return record
    touched = {**record["touched"], **{field: stamp(op) for field in changed}}
    return {**record, **changed, "touched": touched}


def _plan(record: Record | None, op: Op) -> Record:
    return planned(record or task_stub(op), op, new_values(op))


def _cancelled(record: Record | None, op: Op) -> Record:
    record = record or task_stub(op)
    status = next_status(record, op["type"]) or record["status"]
    return {**record, "status": status, "cancelled": {**stamp(op), "reason": op["payload"]["reason"]}}


def fact(record: Record | None, op: Op, *, late: bool = False) -> Record:
    """The task after something that physically happened.

    The status follows the table, or the rank of the outcome where the table has no way; a `late` outcome (one
    that contradicts what is recorded) counts by rank alone, and only if it outranks (P19). A failed attempt is
    counted always; the calls and the stay of an attempt that failed go into its outcome.
    """
    record = record or task_stub(op)
    op_type = op["type"]
    if op_type in PROGRESS:
        return _progress(record, op)
    rule = OUTCOMES[op_type]
    if record["kind"] not in rule["for"]:
        return record
    after = record
    if op_type == "task.attempt_failed":
        after = {**after, "attempts": after["attempts"] + 1}
    follows = not late and next_status(record, op_type) is not None
    if follows or RANKS[rule["status"]] > RANKS[record["status"]]:
        after = {**after, "status": rule["status"], "outcome": _outcome(record, op)}
        if op_type in _ENDS_ATTEMPT:
            after = without_attempt(after)
        if op_type in _SOLVES:
            after.pop("problem", None)
    return after


def _progress(record: Record, op: Op) -> Record:
    status = next_status(record, op["type"])
    if status is None:
        return record
    arrival = {"arrived_at": op["at"]} if op["type"] == "task.arrived" else {}
    return {**record, "status": status, **arrival}


def _outcome(record: Record, op: Op) -> dict[str, Any]:
    payload = op["payload"]
    said: dict[str, Any] = {
        "op_id": op["op_id"],
        "type": op["type"],
        "author": op["author"],
        "at": op["at"],
        "reason": payload.get("reason"),
        "recipient": payload.get("recipient"),
    }
    shown = evidence(record, op) if said["reason"] is not None else None
    if shown is not None:
        said["evidence"] = shown
    if payload.get("pieces") is not None and op["type"] == "task.delivered":
        said["pieces"] = payload["pieces"]
    if payload.get("rest") is not None:
        said["rest"] = payload["rest"]["reason"]
    return said


def _problem(record: Record | None, op: Op) -> Record:
    record, payload = record or task_stub(op), op["payload"]
    problem = {**stamp(op), "reason": payload["reason"], "note": payload["note"]}
    shown = evidence(record, op)
    return {**record, "problem": problem if shown is None else {**problem, "evidence": shown}}


def _asked(record: Record | None, op: Op) -> Record:
    """One question of each kind: the newest."""
    record, kind = record or task_stub(op), op["payload"]["kind"]
    before = [one for one in record.get("asked", []) if one["kind"] != kind]
    return {**record, "asked": [*before, {**stamp(op), "kind": kind}]}


def _noted(record: Record | None, op: Op) -> Record:
    record = record or task_stub(op)
    return {**record, "notes": [*record["notes"], {**stamp(op), "text": op["payload"]["text"]}]}


def _handed(record: Record | None, op: Op) -> Record:
    return handed(record or task_stub(op), op)[0]


def task_stub(op: Op) -> Record:
    """A task known only by what its courier did to it: he holds it, for all a handheld can tell."""
    shown = op["payload"].get("kind") if op["type"] == "task.taken_over" else None
    return {
        "id": id_of(op["entity"]),
        "station": "",
        "kind": shown or ("pickup" if op["type"] == "task.picked_up" else "delivery"),
        "parcel": "",
        "customer": "",
        "merchant": "",
        "reference": "",
        "address": dict.fromkeys(("community", "building", "unit", "room", "lng_e7", "lat_e7"))
        | {"text": ""},
        "status": "assigned",
        "courier": op["author"],
        "sequence": None,
        "window_start": None,
        "window_end": None,
        "outcome": None,
        "cancelled": None,
        "attempts": 0,
        "notes": [],
        "touched": {},
    }


# --- orders ----------------------------------------------------------------------------------------------------------


def ordered_task(op: Op, station: str) -> Record:
    """The task an order makes; assigning it is a matter of its own, whatever the file says."""
    order = op["payload"]
    secured = {"pin_required": True} if order.get("pin_required") else {}
    return {
        "id": id_of(op["entity"]),
        "station": station,
        "kind": order["kind"],
        "parcel": derive("parcel", order["waybill"]),
        "customer": order["customer"]["id"],
        "merchant": order["merchant"],
        "reference": order["reference"],
        "address": order["address"],
        "status": "created",
        "courier": None,
        "sequence": order["sequence"],
        "window_start": order["window_start"],
        "window_end": order["window_end"],
        "outcome": None,
        "cancelled": None,
        "attempts": 0,
        "notes": [],
        "touched": {},
        **secured,
    }


def follows_cancellation(task: Record, op: Op) -> bool:
    """Whether an order makes a task anew: it names the very cancellation that stands, and nobody was at the door.

    An order that names none never does, so that yesterday's file cannot bring back what was cancelled since.
    """
    cancelled = task["cancelled"]
    untouched = task["status"] == "cancelled" and task["outcome"] is None and task["attempts"] == 0
    return untouched and cancelled is not None and cancelled["op_id"] == op["payload"]["after"]


def ordered_parcel(record: Record | None, op: Op) -> Record:
    """The parcel an order speaks of; one that was scanned before it was announced keeps its scans."""
    order = op["payload"]
    known = record or {"scans": 0, "last_scan": None}
    return {
        **known,
        "id": derive("parcel", order["waybill"]),
        "waybill": order["waybill"],
        "pieces": order["pieces"],
        "weight_g": order["weight_g"],
        "goods": order["goods"],
    }


def ordered_obligation(op: Op) -> Record:
    """What is to be collected for an order; nothing is due when it is nothing."""
    amount = op["payload"]["cod_minor"]
    return {
        "id": id_of(op["entity"]),
        "task": id_of(op["entity"]),
        "amount_minor": amount,
        "currency": op["payload"]["currency"],
        "status": "due" if amount > 0 else "settled",
        "collected": None,
    }


# --- parcels, money, shifts, cases ------------------------------------------------------------------------


def _scanned(record: Record | None, op: Op) -> Record:
    payload = op["payload"]
    known = record or {
        "id": id_of(op["entity"]),
        "waybill": payload["waybill"],
        "pieces": 1,
        "weight_g": None,
        "goods": None,
        "scans": 0,
    }
    return {**known, "scans": known["scans"] + 1, "last_scan": {**stamp(op), "verdict": payload["verdict"]}}


def _collected(record: Record | None, op: Op) -> Record | None:
    if record is None or record["status"] == "settled":
        return record
    payload = op["payload"]
    collected = {**stamp(op), "amount_minor": payload["amount_minor"], "method": payload["method"]}
    return {**record, "status": "settled", "collected": collected}


def _started(record: Record | None, op: Op) -> Record:
    return record or {
        "id": id_of(op["entity"]),
        "station": op["payload"]["station"],
        "courier": op["author"],
        "status": "open",
        "started_at": op["at"],
        "closed_at": None,
        "counts": None,
    }


def _closed(record: Record | None, op: Op) -> Record | None:
    if record is None or record["status"] == "closed":
        return record
    return {**record, "status": "closed", "closed_at": op["at"], "counts": dict(op["payload"])}


def _decided(record: Record | None, op: Op) -> Record | None:
    if record is None or record["status"] == "decided":
        return record
    return {**record, "status": "decided", "decision": {**stamp(op), **op["payload"]}}


def _undone(record: Record | None, op: Op) -> Record | None:
    """Open again, if it is the present decision that is taken back."""
    decision = record["decision"] if record is not None else None
    if record is None or decision is None or decision["op_id"] != op["payload"]["decision"]:
        return record
    return {**record, "status": "open", "decision": None}


def _owned(record: Record | None, op: Op) -> Record | None:
    """Who looks after a case; nobody has to any more once it is decided."""
    owner = op["payload"]["owner"]
    if record is None or record["status"] == "decided" or record["owner"] == owner:
        return record
    return {**record, "owner": owner}


_EFFECTS: Final[dict[str, Callable[[Record | None, Op], Record | None]]] = {
    "order.imported": lambda record, op: record or ordered_task(op, ""),
    "task.assigned": _plan,
    "task.reassigned": _plan,
    "task.reattempt_planned": _plan,
    "task.window_changed": _plan,
    "task.cancelled": _cancelled,
    "task.out_for_delivery": fact,
    "task.arrived": fact,
    "task.delivered": fact,
    "task.picked_up": fact,
    "task.attempt_failed": fact,
    "task.held": fact,
    "task.returned": fact,
    "task.noted": _noted,
    "task.called": lambda record, op: called(record or task_stub(op), op),
    "task.consent_asked": _asked,
    "task.problem_reported": _problem,
    "task.handed_over": _handed,
    "task.taken_over": _handed,
    "parcel.scanned": _scanned,
    "customer.request_set": requested,
    "customer.profile_set": profiled,
    "customer.consent_set": consented,
    "payment.collected": _collected,
    "shift.started": _started,
    "shift.closed": _closed,
    "conflict.decided": _decided,
    "conflict.assigned": _owned,
    "conflict.undone": _undone,
    "message.sent": sent,
    "message.received": heard,
    "message.read": heard,
}
