"""Reads of proofs."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, select

from server.core.db import db
from server.core.sql import among
from server.proofs.models import ParkedProof, Proof


@dataclass(frozen=True)
class ProofView:
    """Evidence an operation names; whether its bytes have arrived is the blob store's to say."""

    task_id: str
    op_id: str
    kind: str
    sha256: str
    at: int


def of_task(task_id: str) -> list[ProofView]:
    """All evidence for one task, oldest first."""
    return _views(select(Proof).where(Proof.task_id == task_id).order_by(Proof.id))


def of_operations(op_ids: Iterable[str]) -> list[ProofView]:
    """All evidence the given operations name, those in quarantine too (these have no task)."""
    wanted = list(op_ids)
    found = _views(select(Proof).where(Proof.op_id.in_(wanted)).order_by(Proof.id))
    here = {(one.op_id, one.sha256) for one in found}
    query = select(ParkedProof).where(ParkedProof.op_id.in_(wanted)).order_by(ParkedProof.id)
    for row in db.session.scalars(query):
        if row.op_id is not None and (row.op_id, row.sha256) not in here:
            here.add((row.op_id, row.sha256))
            found.append(ProofView("", row.op_id, row.kind, row.sha256, row.at))
    return found


def station_names(sha256: str, station_id: str) -> bool:
    """Whether a station's own operations name this content, or something in its quarantine does."""
    return any(
        db.session.execute(
            select(table.id).where(table.sha256 == sha256, table.station_id == station_id).limit(1)
        ).first()
        for table in (Proof, ParkedProof)
    )


def named_by(op_ids: Iterable[str]) -> set[str]:
    """Evidence that accepted operations name."""
    return set(db.session.scalars(select(Proof.sha256).where(among(Proof.op_id, op_ids))))


def naming(sha256: str) -> list[str]:
    """Accepted operations that name this content."""
    return list(db.session.scalars(select(Proof.op_id).where(Proof.sha256 == sha256)))


def parked_by(device_id: str) -> set[str]:
    """Evidence that a handheld's operations in quarantine name."""
    return set(db.session.scalars(select(ParkedProof.sha256).where(ParkedProof.device_id == device_id)))


def _views(query: Select[Proof]) -> list[ProofView]:
    return [
        ProofView(row.task_id, row.op_id, row.kind, row.sha256, row.at) for row in db.session.scalars(query)
    ]
