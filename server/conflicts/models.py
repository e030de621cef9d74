"""Conflict cases as rows: an operation that reality and the plan disagree on."""

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Conflict(RecordMixin, Model):
    """A case with an owner and a deadline; both versions are in the record. `decided_at` is null while it is open."""

    __tablename__ = "conflicts"
    __table_args__ = (
        Index("ix_conflicts_station_due", "station_id", "status", "due_at", "id"),
        Index("ix_conflicts_station_decided", "station_id", "status", "decided_at", "id"),
    )

    station_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(24))
    status: Mapped[str] = mapped_column(String(16))
    task_id: Mapped[str | None] = mapped_column(String(36), index=True)
    op_id: Mapped[str | None] = mapped_column(String(36), index=True)
    owner_id: Mapped[str | None] = mapped_column(String(36))
    mine_author: Mapped[str | None] = mapped_column(String(36))
    theirs_author: Mapped[str | None] = mapped_column(String(36))
    opened_at: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
