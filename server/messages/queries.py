"""Reads of messages."""

from sqlalchemy import select, tuple_

from server.core.db import db
from server.core.records import Record
from server.messages.models import CourierMessage

_AT = (CourierMessage.sent_at, CourierMessage.id)


def newest(station_id: str, limit: int, before: str | None = None) -> list[Record]:
    """A station's messages, newest first; those older than message `before` when it is named."""
    query = select(CourierMessage.record).where(CourierMessage.station_id == station_id)
    if before is not None:
        place = select(*_AT).where(CourierMessage.id == before, CourierMessage.station_id == station_id)
        query = query.where(tuple_(*_AT) < place.scalar_subquery())
    return list(db.session.scalars(query.order_by(*(column.desc() for column in _AT)).limit(limit)))
