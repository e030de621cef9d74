"""Customers as rows: who the door belongs to, and what they ask of whoever rings there."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Customer(RecordMixin, Model):
    """One customer of one station; contact and special requests are in the record."""

    __tablename__ = "customers"

    station_id: Mapped[str] = mapped_column(String(36), index=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    phone: Mapped[str] = mapped_column(String(64), index=True)
