"""Reads of shifts."""

from sqlalchemy import select

from server.core.db import db
from server.core.records import Record
from server.shifts.models import Shift


def newest_of_station(station_id: str, since: int) -> dict[str, Record]:
    """Courier -> his newest shift that started at or after `since` (ms)."""
    query = (
        select(Shift.courier_id, Shift.record)
        .where(Shift.station_id == station_id, Shift.started_at >= since)
        .order_by(Shift.started_at)
    )
    return {row.courier_id: row.record for row in db.session.execute(query)}
