"""What the courier sees: the server's rows with his own operations laid over them, computed and never stored (P9)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sync.apply import apply, task_stub
from sync.requests import belongs
from sync.values import Op

Row = dict[str, Any]
Result = dict[str, Any]

# Where in a task's row the record of an entity lives.
_SLOTS: Final = ("task", "parcel", "customer", "obligation")


def overlay(
    rows: Mapping[str, Row],
    entries: Iterable[Op],
    results: Mapping[str, Result],
    cursors: Mapping[str, int],
) -> dict[str, Row]:
    """The rows as the courier sees them.

    `rows` are the server's by `task:<id>`: {rev, present, reason, body}; `entries` the operations of outbox and journal
    by seq; `results` the server's answers by op_id; `cursors` how far each scope has been pulled. Each row gains
    `pending`, the op_ids laid over it in order, and `unlisted` for a stub of a task the server has not listed. A row
    that was removed keeps its pending operations and shows nothing (P28).
    """
    view: dict[str, Row] = {name: {**row, "pending": [], "unlisted": False} for name, row in rows.items()}
    waiting = [op for op in entries if is_open(op, results, cursors)]
    taken_back = {op["payload"]["corrects"] for op in waiting if op["type"] == "operation.corrected"}
    homes: dict[str, list[str]] | None = None
    for op in waiting:
        kind, _, identity = op["entity"].partition(":")
        if kind in ("parcel", "customer"):
            homes = homes if homes is not None else _homes(rows)
            names = homes.get(op["entity"], [])
        else:
            names = [f"task:{identity}"] if kind in _SLOTS else []
        for name in names:
            if name not in view and op["type"].startswith("task."):
                view[name] = _stub(op)
            if name in view:
                view[name] = _laid_over(view[name], kind, op, counts=op["op_id"] not in taken_back)
    return view


def is_open(op: Op, results: Mapping[str, Result], cursors: Mapping[str, int]) -> bool:
    """Whether an operation still has to be laid over the server's rows.

    It drops out once the pulled version covers what the server made of it (P27), and at once when it is in quarantine,
    since the server will never show it. A deferred one stays: nothing has become of it yet.
    """
    result = results.get(op["op_id"])
    if result is None or result["status"] == "deferred":
        return True
    if result["status"] == "quarantined":
        return False
    at = result["applied_at"]
    return at is None or cursors.get(at["scope"], 0) < at["ver"]


def absorb(known: Mapping[str, Result], results: Iterable[Result]) -> dict[str, Result]:
    """Answers by op_id after new ones came in; a deferred operation that has since been settled is not unsettled."""
    after = dict(known)
    for result in results:
        op_id = result["op_id"]
        if op_id is not None and not (result["status"] == "deferred" and op_id in after):
            after[op_id] = result
    return after


def item_state(result: Result | None) -> str:
    """What the outbox says of an operation: saved here, confirmed by the server, or in need of a person."""
    if result is None:
        return "saved"
    return "needs_you" if result["status"] in ("conflict", "quarantined") else "confirmed"


def _homes(rows: Mapping[str, Row]) -> dict[str, list[str]]:
    """The rows that hold each parcel and each customer."""
    homes: dict[str, list[str]] = {}
    for name, row in rows.items():
        body = row["body"] or {}
        for kind in ("parcel", "customer"):
            if body.get(kind) is not None:
                homes.setdefault(f"{kind}:{body[kind]['id']}", []).append(name)
    return homes


def _stub(op: Op) -> Row:
    body = {"task": task_stub(op), "parcel": None, "customer": None, "obligation": None, "conflict": None}
    return {"rev": 0, "present": True, "reason": None, "body": body, "pending": [], "unlisted": True}


def _laid_over(row: Row, slot: str, op: Op, *, counts: bool) -> Row:
    row = {**row, "pending": [*row["pending"], op["op_id"]]}
    body = row["body"]
    if not counts or body is None or body[slot] is None:
        return row
    after = apply(body[slot], op)
    if slot == "customer" and after is not None:
        after = _at_the_door(after, body["task"])
    return {**row, "body": {**body, slot: after}}


def _at_the_door(customer: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
    """Of a customer's requests a row has those that are on and belong to its task, as the server lists them (P24)."""
    requests = customer["requests"]
    shown = [request for request in requests if request["active"] and belongs(request, task)]
    return customer if len(shown) == len(requests) else {**customer, "requests": shown}
