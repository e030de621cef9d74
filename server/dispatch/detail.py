"""One task and one case as the desk shows them: history, evidence and clocks, personal data masked."""

from collections.abc import Sequence
from typing import Any

from server.auth import queries as auth_queries
from server.auth.scoping import Scope
from server.conflicts import queries as conflict_queries
from server.core.blobs import ContentStore
from server.core.records import Record
from server.crm import queries as crm_queries
from server.dispatch import board
from server.ops import queries as op_queries
from server.ops.queries import LoggedOperation
from server.proofs import queries as proof_queries
from server.proofs.queries import ProofView
from server.tasks import queries as task_queries
from server.tasks.queries import TaskView

# Payload fields that may name a person or a door; a timeline shows that they are there, not what they say.
PERSONAL = ("customer", "address", "recipient_name")


def task(scope: Scope, task_id: str, blobs: ContentStore) -> dict[str, Any] | None:
    """A task with its requests, notes, timeline and evidence; None when the scope holds no such task."""
    view = task_queries.one(task_id, scope.station)
    if view is None:
        return None
    operations = op_queries.timeline(task_id)
    names = _names([one.author for one in operations] + [note["author"] for note in view.record["notes"]])
    devices = auth_queries.devices_by_id({one.device_id for one in operations if one.device_id})
    return {
        **board.rows([view])[0],
        "requests": _requests(view),
        "notes": [
            {**note, "author": {"id": note["author"], "name": names.get(note["author"], "")}}
            for note in view.record["notes"]
        ],
        "timeline": [
            _entry(one, names, {device.id: device.label for device in devices.values()}) for one in operations
        ],
        "proofs": evidence(proof_queries.of_task(task_id), blobs),
    }


def cases(scope: Scope, status: str, blobs: ContentStore) -> list[dict[str, Any]]:
    """The station's cases in one state, those due first on top."""
    return _cases(scope, conflict_queries.of_station(scope.station, status), blobs)


def case(scope: Scope, conflict_id: str, blobs: ContentStore) -> dict[str, Any] | None:
    """One case; None when the scope holds no such case."""
    record = conflict_queries.one(conflict_id, scope.station)
    return None if record is None else _cases(scope, [record], blobs)[0]


def evidence(proofs: Sequence[ProofView], blobs: ContentStore) -> list[dict[str, Any]]:
    """Each piece of evidence and whether its bytes have arrived (P18: a missing blob never holds a proof back)."""
    return [
        {"sha": one.sha256, "kind": one.kind, "state": "stored" if blobs.has(one.sha256) else "pending"}
        for one in proofs
    ]


def _cases(scope: Scope, records: Sequence[Record], blobs: ContentStore) -> list[dict[str, Any]]:
    ids = [record["op_id"] for record in records if record["op_id"]]
    operations = op_queries.by_ids(ids)
    parked = op_queries.quarantined_devices(ids)
    proofs: dict[str, list[ProofView]] = {}
    for one in proof_queries.of_operations(ids):
        proofs.setdefault(one.op_id, []).append(one)
    found = [
        task_queries.one(task_id, scope.station) for task_id in {r["task"] for r in records if r["task"]}
    ]
    rows = {row["id"]: row for row in board.rows([view for view in found if view is not None])}
    people = [record[name] for record in records for name in ("mine_author", "theirs_author")]
    decided_by = [record["decision"]["author"] for record in records if record["decision"]]
    names = _names([person for person in people + decided_by if person])
    return [
        {
            **record,
            "mine": _masked(record["mine"]),
            "theirs": _masked(record["theirs"]),
            "mine_author_name": names.get(record["mine_author"]),
            "theirs_author_name": names.get(record["theirs_author"]),
            "decided_by_name": names.get(record["decision"]["author"]) if record["decision"] else None,
            "waybill": rows[record["task"]]["waybill"] if record["task"] in rows else None,
            "summary": rows.get(record["task"]),
            "evidence": evidence(proofs.get(record["op_id"], []), blobs),
            "clocks": _clocks(operations.get(record["op_id"]), parked.get(record["op_id"])),
        }
        for record in records
    ]


def _clocks(operation: LoggedOperation | None, parked: tuple[str | None, int] | None) -> dict[str, Any]:
    if operation is not None:
        return {"at": operation.at, "received_at": operation.received_at, "skew_ms": operation.skew_ms}
    return {"at": None, "received_at": parked[1] if parked else None, "skew_ms": None}


def _entry(one: LoggedOperation, names: dict[str, str], labels: dict[str, str | None]) -> dict[str, Any]:
    return {
        "op_id": one.op_id,
        "type": one.type,
        "author": {"id": one.author, "name": names.get(one.author, "")},
        "device": (labels.get(one.device_id) or one.device_id[-6:]) if one.device_id else None,
        "at": one.at,
        "received_at": one.received_at,
        "skew_ms": one.skew_ms,
        "status": one.status,
        "payload": _masked(one.payload),
        "conflict": one.conflict,
        "voided": one.voided_by is not None,
    }


def _masked(payload: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in payload.items() if name not in PERSONAL}
    if payload.get("raw"):
        shown["raw"] = f"{len(payload['raw'])} bytes"
    return shown


def _requests(view: TaskView) -> list[dict[str, Any]]:
    customer = crm_queries.by_ids([view.record["customer"]]).get(view.record["customer"])
    return [request for request in customer["requests"] if request["active"]] if customer else []


def _names(ids: Sequence[str]) -> dict[str, str]:
    return {user.id: user.name for user in auth_queries.users_by_id(set(ids)).values()}
