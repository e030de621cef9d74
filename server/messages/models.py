"""Messages as rows: what a station told its couriers, with what each of them has told of it."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model, Ms
from server.core.records import RecordMixin


class CourierMessage(RecordMixin, Model):
    """A message; `sent_at` is the desk's clock as the server corrected it, ms since the epoch."""

    __tablename__ = "courier_messages"

    station_id: Mapped[str] = mapped_column(String(36))
    sent_at: Mapped[int] = mapped_column(Ms)

    __table_args__ = (Index("ix_courier_messages_newest", "station_id", "sent_at", "id"),)
