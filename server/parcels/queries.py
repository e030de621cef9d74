"""Reads of parcels."""

from collections.abc import Iterable

from sqlalchemy import select

from server.core.db import db
from server.core.records import Record
from server.parcels.models import Parcel


def by_ids(ids: Iterable[str]) -> dict[str, Record]:
    """Parcel records by id."""
    wanted = list(ids)
    return {
        row.id: row.record
        for row in db.session.execute(select(Parcel.id, Parcel.record).where(Parcel.id.in_(wanted)))
    }


def matching(text: str, limit: int = 500) -> list[str]:
    """Parcels whose waybill number contains the text, spaces and hyphens aside."""
    plain = "".join(text.split()).replace("-", "")
    query = select(Parcel.id).where(Parcel.waybill.icontains(plain, autoescape=True)).limit(limit)
    return list(db.session.scalars(query))
