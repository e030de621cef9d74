"""Shifts as rows: one courier's working day, opened and closed on the handheld."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Shift(RecordMixin, Model):
    """A shift; `started_at` is the handheld's clock, ms since the epoch."""

    __tablename__ = "shifts"

    station_id: Mapped[str] = mapped_column(String(36), index=True)
    courier_id: Mapped[str] = mapped_column(String(36), index=True)
    status: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[int] = mapped_column(BigInteger)
