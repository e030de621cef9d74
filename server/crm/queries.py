"""Reads of customers."""

from collections.abc import Iterable

from sqlalchemy import or_, select

from server.core.db import db
from server.core.records import Record
from server.crm.models import Customer


def by_ids(ids: Iterable[str]) -> dict[str, Record]:
    """Customer records by id."""
    query = select(Customer.id, Customer.record).where(Customer.id.in_(list(ids)))
    return {row.id: row.record for row in db.session.execute(query)}


def matching(station_id: str, text: str, limit: int = 500) -> list[str]:
    """Customers of a station whose name or phone number contains the text."""
    found = or_(
        Customer.name.icontains(text, autoescape=True), Customer.phone.contains(text, autoescape=True)
    )
    query = select(Customer.id).where(Customer.station_id == station_id, found).limit(limit)
    return list(db.session.scalars(query))
