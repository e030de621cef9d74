"""Reads of conflict cases."""

from collections.abc import Iterable

from sqlalchemy import func, select

from server.conflicts.models import Conflict
from server.core.db import db
from server.core.records import Record


def entities_of(conflict_ids: Iterable[str]) -> set[str]:
    """What the cases are about; an incident is about itself."""
    wanted = list(conflict_ids)
    if not wanted:
        return set()
    return {
        record["entity"]
        for record in db.session.scalars(select(Conflict.record).where(Conflict.id.in_(wanted)))
    }


def open_of_tasks(task_ids: Iterable[str]) -> dict[str, str]:
    """Task id -> its oldest open case."""
    wanted = list(task_ids)
    if not wanted:
        return {}
    query = (
        select(Conflict.task_id, Conflict.id)
        .where(Conflict.task_id.in_(wanted), Conflict.status == "open")
        .order_by(Conflict.opened_at.desc(), Conflict.id)
    )
    return {str(row.task_id): row.id for row in db.session.execute(query)}


def of_station(station_id: str, status: str, limit: int = 500) -> list[Record]:
    """Cases of a station, those due first on top; `limit` of them."""
    query = (
        select(Conflict.record)
        .where(Conflict.station_id == station_id, Conflict.status == status)
        .order_by(Conflict.due_at, Conflict.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def one(conflict_id: str, station_id: str) -> Record | None:
    """One case of a station."""
    query = select(Conflict.record).where(Conflict.id == conflict_id, Conflict.station_id == station_id)
    return db.session.scalars(query).first()


def count_open(station_id: str) -> int:
    """How many cases of a station wait for a decision."""
    query = select(func.count()).where(Conflict.station_id == station_id, Conflict.status == "open")
    return int(db.session.execute(query).scalar_one())
