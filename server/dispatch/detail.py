"""One task as the desk shows it: history, evidence and clocks, personal data masked."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from server.auth import queries as auth_queries
from server.auth.scoping import Scope
from server.core import masking
from server.core.blobs import ContentStore
from server.core.records import Record
from server.crm import queries as crm_queries
from server.dispatch import board
from server.dispatch.customer_words import mask_email, mask_text_address
from server.ops import queries as op_queries
from server.ops.queries import LoggedOperation
from server.proofs import queries as proof_queries
from server.proofs.queries import ProofView
from server.tasks import lines
from server.tasks import queries as task_queries
from server.tasks.queries import TaskView

# Payload fields that may name a person or a door; a timeline shows that they are there, not what they say.
PERSONAL = ("customer", "recipient_name")
MASKS: dict[str, Callable[[str], str | None]] = {
    "name": masking.mask_name,
    "phone": masking.mask_phone,
    "email": mask_email,
    "address": mask_text_address,
}


def task(scope: Scope, task_id: str, blobs: ContentStore) -> dict[str, Any] | None:
    """A task with its requests, notes, timeline and evidence; None when the scope holds no such task."""
    view = task_queries.one(task_id, scope.station)
    if view is None:
        return None
    operations = op_queries.timeline(task_id)
    people = names([one.author for one in operations] + [note["author"] for note in view.record["notes"]])
    people |= _customer(view)
    devices = labels(one.device_id for one in operations)
    return {
        **board.rows([view])[0],
        "customer": view.record["customer"],
        "requests": _requests(view),
        "notes": [
            {**note, "author": {"id": note["author"], "name": people.get(note["author"], "")}}
            for note in view.record["notes"]
        ],
        "timeline": [_entry(one, people, devices, _weak(view.record)) for one in operations],
        "proofs": evidence(proof_queries.of_task(task_id), blobs),
    }


def evidence(proofs: Sequence[ProofView], blobs: ContentStore) -> list[dict[str, Any]]:
    """Each piece of evidence and whether its bytes have arrived (P18: a missing blob never holds a proof back)."""
    return [
        {"sha": one.sha256, "kind": one.kind, "state": "stored" if blobs.has(one.sha256) else "pending"}
        for one in proofs
    ]


def masked(values: dict[str, Any]) -> dict[str, Any]:
    """Field values of a payload or of a version, personal ones masked by their names.

    What is a whole person or a door is left out; of several contacts only their number is told.
    """
    shown: dict[str, Any] = {}
    for name, value in values.items():
        if name in PERSONAL or (name == "address" and isinstance(value, dict)):
            continue
        mask = MASKS.get(name)
        if name == "contacts" and isinstance(value, list):
            shown[name] = len(value)
        elif name == "raw" and value:
            shown[name] = f"{len(value)} bytes"
        else:
            shown[name] = mask(value) if mask is not None and isinstance(value, str) else value
    return shown


def names(ids: Iterable[str]) -> dict[str, str]:
    """Names of the people of the house by id."""
    return {user.id: user.name for user in auth_queries.users_by_id(set(ids)).values()}


def labels(ids: Iterable[str | None]) -> dict[str, str]:
    """What a handheld is called at the desk: its label, else the end of its id."""
    devices = auth_queries.devices_by_id({one for one in ids if one})
    return {device.id: device.label or device.id[-6:] for device in devices.values()}


def _customer(view: TaskView) -> dict[str, str]:
    """The customer's masked name by his id: he may have written himself."""
    found = crm_queries.by_ids([view.record["customer"]])
    return {identity: masking.mask_name(record["name"]) for identity, record in found.items()}


def _weak(task: Record) -> dict[str, list[str]]:
    """Operation -> what its report could not show of what its reason demands."""
    reports = [one for one in (task["outcome"], task.get("problem")) if one is not None and "evidence" in one]
    return {one["op_id"]: one["evidence"]["missing"] for one in reports}


def _plainly(payload: dict[str, Any], missing: Sequence[str]) -> dict[str, Any]:
    """A payload a line each: by which consent, what of the rest, signed together with others; never the code."""
    said = {name: value for name, value in payload.items() if name != "pin"}
    consent, rest = said.get("consent"), said.get("rest")
    if isinstance(consent, dict):
        said |= {"consent": consent["source"], "consent_note": consent["note"]}
    if isinstance(rest, dict):
        said |= {"reason": rest["reason"], "note": rest["note"]}
        del said["rest"]
    if said.get("together") is not None:
        said["together"] = True
    return said | {f"missing_{name}": True for name in missing}


def _entry(
    one: LoggedOperation, people: dict[str, str], devices: dict[str, str], weak: dict[str, list[str]]
) -> dict[str, Any]:
    return {
        "op_id": one.op_id,
        "type": one.type,
        "author": {"id": one.author, "name": people.get(one.author, "")},
        "device": devices.get(one.device_id, one.device_id[-6:]) if one.device_id else None,
        "at": one.at,
        "received_at": one.received_at,
        "skew_ms": one.skew_ms,
        "status": one.status,
        "payload": masked(_plainly(one.payload, weak.get(one.op_id, ()))),
        "conflict": one.conflict,
        "voided": one.voided_by is not None,
    }


def _requests(view: TaskView) -> list[dict[str, Any]]:
    customers = crm_queries.by_ids([view.record["customer"]])
    return lines.wishes(view.record, customers.get(view.record["customer"], {}))
