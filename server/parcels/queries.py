"""Reads of parcels."""

from collections.abc import Iterable

from sqlalchemy import Select, select

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


def matching(text: str) -> Select[str]:
    """The ids of parcels whose waybill number contains the text, spaces and hyphens aside; to be looked up in."""
    plain = "".join(text.split()).replace("-", "")
    return select(Parcel.id).where(Parcel.waybill.icontains(plain, autoescape=True))
