"""Conflict cases as rows: an operation that reality and the plan disagree on."""

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Conflict(RecordMixin, Model):
    """A case with an owner and a deadline; both versions are in the record."""

    __tablename__ = "conflicts"
    __table_args__ = (Index("ix_conflicts_station_status", "station_id", "status"),)

    station_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(24))
    status: Mapped[str] = mapped_column(String(16))
    task_id: Mapped[str | None] = mapped_column(String(36), index=True)
    op_id: Mapped[str | None] = mapped_column(String(36), index=True)
    opened_at: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[int] = mapped_column(BigInteger)
