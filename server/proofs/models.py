"""Proofs as rows: which evidence an operation names. The bytes are content-addressed blobs."""

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model


class Proof(Model):
    """One piece of evidence, bound to task and operation by the hash of its content at capture."""

    __tablename__ = "proofs"
    __table_args__ = (UniqueConstraint("op_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(String(36), index=True)
    station_id: Mapped[str] = mapped_column(String(36), index=True)
    op_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[int] = mapped_column(BigInteger)


class ParkedProof(Model):
    """One piece of evidence that something in quarantine names: it may be sent, and the desk may look at it (P34)."""

    __tablename__ = "parked_proofs"
    __table_args__ = (UniqueConstraint("parked_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    parked_id: Mapped[str] = mapped_column(String(36))
    station_id: Mapped[str] = mapped_column(String(36))
    device_id: Mapped[str | None] = mapped_column(String(36), index=True)
    op_id: Mapped[str | None] = mapped_column(String(36), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[int] = mapped_column(BigInteger)
