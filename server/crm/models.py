"""Customers as rows: who the door belongs to, what they ask of whoever rings there, and who looked behind the masks."""

from sqlalchemy import Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Id, Json, Model, Ms
from server.core.records import RecordMixin
from server.crm.policy import REASON, TIERS


class Customer(RecordMixin, Model):
    """One customer of one station; profile, special requests and consents are in the record.

    The columns beside it are what lists sort and search by. `search` holds one line per word the customer may be found
    by, in lower case, between line feeds: names, phone numbers as bare digits, tags with a leading #. A search reads
    the index on it from end to end, which at 50,000 customers costs milliseconds where the records would cost a second.
    `proposed_at` (ms) is when the oldest request was proposed that nobody has accepted or declined, None without one.
    """

    __tablename__ = "customers"
    __table_args__ = (
        Index("ix_customers_station_search", "station_id", "search", "id"),
        Index("ix_customers_station_tier", "station_id", "tier_rank", "name", "id"),
        Index("ix_customers_station_proposed", "station_id", "proposed_at"),
    )

    station_id: Mapped[str] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(64))
    tier_rank: Mapped[int] = mapped_column(SmallInteger, default=len(TIERS) - 1)
    search: Mapped[str] = mapped_column(Text, default="")
    proposed_at: Mapped[int | None] = mapped_column(Ms)


class Reveal(Model):
    """One look at masked data: who, when, which fields, of whom, why. Never changed, never deleted with its subject.

    `subject` is `customer:<id>` or `task:<id>`; the values themselves are not kept.
    """

    __tablename__ = "reveals"
    __table_args__ = (
        Index("ix_reveals_user_at", "user_id", "at"),
        Index("ix_reveals_station_at", "station_id", "at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(Id)
    user_id: Mapped[str] = mapped_column(Id)
    subject: Mapped[str] = mapped_column(String(60))
    customer_id: Mapped[str] = mapped_column(Id)
    fields: Mapped[list[str]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(REASON))
    at: Mapped[int] = mapped_column(Ms)


class Revealer(Model):
    """One row per person who ever revealed: its lock makes counting and writing one step."""

    __tablename__ = "revealers"

    user_id: Mapped[str] = mapped_column(Id, primary_key=True)
