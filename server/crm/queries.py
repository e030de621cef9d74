"""Reads of customers."""

from collections.abc import Iterable

from sqlalchemy import Select, or_, select

from server.core.db import db
from server.core.records import Record
from server.crm.models import Customer


def by_ids(ids: Iterable[str]) -> dict[str, Record]:
    """Customer records by id."""
    query = select(Customer.id, Customer.record).where(Customer.id.in_(list(ids)))
    return {row.id: row.record for row in db.session.execute(query)}


def matching(station_id: str, text: str) -> Select[str]:
    """The ids of a station's customers whose name or phone number contains the text; to be looked up in."""
    found = or_(
        Customer.name.icontains(text, autoescape=True), Customer.phone.contains(text, autoescape=True)
    )
    return select(Customer.id).where(Customer.station_id == station_id, found)
