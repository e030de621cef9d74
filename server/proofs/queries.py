"""Reads of proofs."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, select

from server.core.db import db
from server.proofs.models import Proof


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
    """All evidence the given operations name."""
    return _views(select(Proof).where(Proof.op_id.in_(list(op_ids))).order_by(Proof.id))


def station_names(sha256: str, station_id: str) -> bool:
    """Whether a station's own operations name this content."""
    query = select(Proof.id).where(Proof.sha256 == sha256, Proof.station_id == station_id).limit(1)
    return db.session.execute(query).first() is not None


def _views(query: Select[Proof]) -> list[ProofView]:
    return [
        ProofView(row.task_id, row.op_id, row.kind, row.sha256, row.at) for row in db.session.scalars(query)
    ]
