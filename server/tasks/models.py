"""Tasks as rows: one piece of work for one courier at one address."""

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Task(RecordMixin, Model):
    """The record and the columns the board filters by. Times are ms since the epoch, UTC."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_station_status", "station_id", "status"),
        Index("ix_tasks_station_window", "station_id", "window_end"),
    )

    station_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(24))
    courier_id: Mapped[str | None] = mapped_column(String(36), index=True)
    parcel_id: Mapped[str] = mapped_column(String(36), index=True)
    customer_id: Mapped[str] = mapped_column(String(36), index=True)
    merchant: Mapped[str] = mapped_column(String(120))
    reference: Mapped[str] = mapped_column(String(120))
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    window_start: Mapped[int | None] = mapped_column(BigInteger)
    window_end: Mapped[int | None] = mapped_column(BigInteger)
    import_id: Mapped[str | None] = mapped_column(String(36), index=True)


class HiddenImport(Model):
    """An import that is still being applied: its tasks do not exist yet for anybody."""

    __tablename__ = "hidden_imports"

    import_id: Mapped[str] = mapped_column(String(36), primary_key=True)
