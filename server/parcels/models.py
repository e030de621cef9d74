"""Parcels as rows: what carries a waybill number."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Parcel(RecordMixin, Model):
    """A parcel known from an order or from a scan; the waybill number is what its label says, normalised.

    A scan may read anything that is printed on a parcel, so the column is as long as a scan may be.
    """

    __tablename__ = "parcels"

    waybill: Mapped[str] = mapped_column(String(500), index=True)
