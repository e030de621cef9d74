"""Parcels as rows: what carries a waybill number."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Parcel(RecordMixin, Model):
    """A parcel known from an order or from a scan; the waybill number is the label on it, normalised."""

    __tablename__ = "parcels"

    waybill: Mapped[str] = mapped_column(String(64), index=True)
