"""The conflict inbox: cases with both versions, evidence, clocks, owner and deadline, personal data masked (P22)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.auth import queries as auth_queries
from server.auth.policy import UserView
from server.auth.scoping import Scope
from server.conflicts import policy
from server.conflicts import queries as conflict_queries
from server.conflicts.queries import CaseFilter
from server.core import masking
from server.core.blobs import ContentStore
from server.core.clock import day_bounds, now_ms
from server.core.records import Record
from server.crm import queries as crm_queries
from server.dispatch import board, detail
from server.dispatch.inbox_place import seen_from_door
from server.dispatch.inbox_raw import said_at, structure
from server.ops import queries as op_queries
from server.ops.queries import LoggedOperation, ParkedOperation
from server.proofs import queries as proof_queries
from server.proofs.queries import ProofView
from server.tasks import queries as task_queries
from server.tasks.queries import TaskView

ME = "me"


@dataclass(frozen=True)
class _Knowledge:
    """What a page of cases needs to be told, read at once."""

    operations: dict[str, LoggedOperation]
    parked: dict[str, ParkedOperation]
    proofs: dict[str, list[ProofView]]
    tasks: dict[str, TaskView]
    rows: dict[str, dict[str, Any]]
    customers: dict[str, Record]
    people: dict[str, str]
    devices: dict[str, str]
    heads: dict[tuple[str, str], int]
    blobs: ContentStore
    now: int


def listing(scope: Scope, query: dict[str, Any], blobs: ContentStore) -> dict[str, Any]:
    """A page of the station's cases with the numbers beside the filters.

    Args:
        scope: who looks.
        query: {status, kind, owner, courier, due, q, ids, limit, offset} as `inbox_schemas.CaseQuery` loads it.
        blobs: where evidence is kept.
    """
    now = now_ms()
    day_end = day_bounds(now, _zone(scope))[1]
    chosen = _chosen(scope, query, now, day_end)
    records, total = conflict_queries.listing(scope.station, chosen, query["limit"], query["offset"])
    counts = conflict_queries.counts(scope.station, query["status"], scope.user, now, day_end)
    return {
        "conflicts": _cases(scope, records, blobs, now),
        "total": total,
        "counts": {
            "by_kind": counts.kinds,
            "overdue": counts.overdue,
            "today": counts.today,
            "mine": counts.mine,
            "unowned": counts.unowned,
        },
        "colleagues": [_colleague(one) for one in auth_queries.desk_of(scope.station)],
        "server_time": now,
    }


def marks(scope: Scope, query: dict[str, Any]) -> dict[str, Any]:
    """The same cases by id alone, with what may be decided about each: for selecting more than a page holds."""
    now = now_ms()
    chosen = _chosen(scope, query, now, day_bounds(now, _zone(scope))[1])
    records, total = conflict_queries.listing(scope.station, chosen, query["limit"], query["offset"])
    names = ("id", "kind", "status", "outcomes", "suggested", "owner")
    return {"cases": [{name: record[name] for name in names} for record in records], "total": total}


def one(scope: Scope, conflict_id: str, blobs: ContentStore) -> dict[str, Any] | None:
    """One case with both sides' evidence, clocks and places; None when the scope holds no such case."""
    record = conflict_queries.one(conflict_id, scope.station)
    if record is None:
        return None
    known = _know(scope, [record], blobs, now_ms())
    text = _raw_text(record, known)
    return {
        **_case(record, known),
        "sides": {
            "mine": _side(record, "op_id", "mine_author", known),
            "theirs": _side(record, "theirs_op", "theirs_author", known),
        },
        "raw": structure(text) if text is not None else None,
    }


def _chosen(scope: Scope, query: dict[str, Any], now: int, day_end: int) -> CaseFilter:
    text = (query["q"] or "").strip()
    people = auth_queries.users_of(scope.station) if text else []
    return CaseFilter(
        status=None if query["ids"] else query["status"],
        kinds=tuple(query["kind"]),
        owner=scope.user if query["owner"] == ME else query["owner"],
        author=query["courier"],
        due_before={"overdue": now, "today": day_end}.get(query["due"] or ""),
        ids=tuple(query["ids"]),
        text_tasks=task_queries.matching(scope.station, text) if text else None,
        text_people=tuple(one.id for one in people if text.casefold() in one.name.casefold()),
    )


def _zone(scope: Scope) -> str:
    station = auth_queries.station(scope.station)
    return station.timezone if station else "Asia/Shanghai"


def _colleague(user: UserView) -> dict[str, Any]:
    return {"id": user.id, "name": user.name, "role": user.role}


def _cases(scope: Scope, records: Sequence[Record], blobs: ContentStore, now: int) -> list[dict[str, Any]]:
    known = _know(scope, records, blobs, now)
    return [_case(record, known) for record in records]


def _know(scope: Scope, records: Sequence[Record], blobs: ContentStore, now: int) -> _Knowledge:
    sides = [record[name] for record in records for name in ("op_id", "theirs_op") if record[name]]
    decisions = [record["decision"]["op_id"] for record in records if record["decision"]]
    operations = op_queries.by_ids(sides + decisions)
    proofs: dict[str, list[ProofView]] = defaultdict(list)
    for proof in proof_queries.of_operations(sides):
        proofs[proof.op_id].append(proof)
    parked = {one.conflict: one for one in op_queries.parked(sides) if one.conflict}
    ids = {record["task"] for record in records if record["task"]}
    tasks = {view.id: view for view in task_queries.by_ids(sorted(ids), scope.station)}
    named = {_customer_of(record, tasks) for record in records}
    customers = crm_queries.by_ids({one for one in named if one})
    people = [record[name] for record in records for name in ("mine_author", "theirs_author", "owner")]
    people += [record["decision"]["author"] for record in records if record["decision"]]
    devices = [one.device_id for one in operations.values()] + [one.device_id for one in parked.values()]
    lost = [record["mine"].get("device") for record in records if record["kind"] == "device_lost"]
    return _Knowledge(
        operations=operations,
        parked=parked,
        proofs=proofs,
        tasks=tasks,
        rows={row["id"]: row for row in board.rows(list(tasks.values()))},
        customers={key: one for key, one in customers.items() if one["station"] == scope.station},
        people=detail.names(one for one in people if one),
        devices=detail.labels([*devices, *lost]),
        heads=op_queries.consumed(one for one in lost if one),
        blobs=blobs,
        now=now,
    )


def _customer_of(record: Record, tasks: dict[str, TaskView]) -> str | None:
    """The customer a case is about: its task's, or itself when a customer's own fields are disputed."""
    if record["task"] in tasks:
        return str(tasks[record["task"]].record["customer"])
    kind, _, identity = record["entity"].partition(":")
    return identity if kind == "customer" else None


def _case(record: Record, known: _Knowledge) -> dict[str, Any]:
    summary = known.rows.get(record["task"])
    decision = record["decision"]
    return {
        **record,
        "mine": detail.masked(record["mine"]) | _device_named(record, known),
        "theirs": detail.masked(record["theirs"]),
        "base": detail.masked(record["base"]),
        "mine_author_name": _name(record["mine_author"], known),
        "theirs_author_name": _name(record["theirs_author"], known),
        "owner_name": _name(record["owner"], known),
        "decided_by_name": _name(decision["author"], known) if decision else None,
        "undo_until": _undo_until(record, known),
        "waybill": summary["waybill"] if summary else None,
        "summary": summary,
        "customer": _customer(record, known),
        "evidence": detail.evidence(known.proofs.get(record["op_id"], []), known.blobs),
        "clocks": _clocks(record["op_id"], record, known),
    }


def _name(person: str | None, known: _Knowledge) -> str | None:
    """A person of the house by name, a customer who wrote himself by his masked one."""
    if person is None:
        return None
    customer = known.customers.get(person)
    return known.people.get(person) or (masking.mask_name(customer["name"]) if customer else None)


def _device_named(record: Record, known: _Knowledge) -> dict[str, Any]:
    """A lost handheld by its name, and how much of what it had lost has come after all."""
    device = record["mine"].get("device")
    if not isinstance(device, str) or not device:
        return {}
    arrived = op_queries.arrived_since(record["mine"], known.heads)
    return {"device": known.devices.get(device, device[-6:]), "arrived": arrived}


def _undo_until(record: Record, known: _Knowledge) -> int | None:
    decided = known.operations.get(record["decision"]["op_id"]) if record["decision"] else None
    if decided is None:
        return None
    until = policy.undo_until(decided.received_at)
    return until if until > known.now else None


def _customer(record: Record, known: _Knowledge) -> dict[str, Any] | None:
    identity = _customer_of(record, known.tasks)
    customer = known.customers.get(identity or "")
    if customer is None:
        return None
    name = masking.mask_name(customer["name"])
    return {"id": identity, "name": name, "tier": customer.get("tier", "casual")}


def _side(record: Record, op_name: str, author: str, known: _Knowledge) -> dict[str, Any] | None:
    """Who said it, with which handheld, by which clocks, where, and with what evidence; None when nobody did."""
    op_id = record[op_name]
    operation = known.operations.get(op_id)
    parked = known.parked.get(record["id"]) if op_name == "op_id" else None
    if operation is None and parked is None:
        return None
    device = operation.device_id if operation else parked.device_id if parked else None
    task = known.tasks.get(record["task"])
    position = operation.position if operation else None
    return {
        "op_id": op_id,
        "type": operation.type if operation else None,
        "author_name": _name(record[author], known),
        "device": known.devices.get(device, device[-6:]) if device else None,
        "voided": operation is not None and operation.voided_by is not None,
        "clocks": _clocks(op_id, record, known),
        "place": seen_from_door(position, task.record["address"] if task else None),
        "evidence": detail.evidence(known.proofs.get(op_id, []), known.blobs),
    }


def _clocks(op_id: str | None, record: Record, known: _Knowledge) -> dict[str, Any]:
    operation = known.operations.get(op_id or "")
    if operation is None:
        parked = known.parked.get(record["id"])
        if parked is None:
            return {"at": None, "corrected_at": None, "received_at": None, "skew_ms": None}
        said = said_at(parked.raw)
        return {"at": said, "corrected_at": None, "received_at": parked.received_at, "skew_ms": None}
    skew = operation.skew_ms
    return {
        "at": operation.at,
        "corrected_at": operation.at + skew if skew is not None else None,
        "received_at": operation.received_at,
        "skew_ms": skew,
    }


def _raw_text(record: Record, known: _Knowledge) -> str | None:
    """What was handed in, whole where the quarantine finds it by its id, else as much of it as the case kept."""
    if record["kind"] != "quarantined":
        return None
    parked = known.parked.get(record["id"])
    return parked.raw if parked else str(record["mine"].get("raw") or "")
