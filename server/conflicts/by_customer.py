"""Reads of conflict cases by whom they concern: cases about a customer himself, or about one of his tasks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from server.conflicts.models import Conflict
from server.core.db import db
from server.core.records import Record

_IN_ONE_QUERY = 500


@dataclass(frozen=True)
class Subject:
    """What an open case is about; `task_id` is None when it is about no task."""

    case_id: str
    task_id: str | None
    entity: str


def open_subjects(station_id: str) -> list[Subject]:
    """What the open cases of a station are about."""
    query = select(
        Conflict.id, Conflict.task_id, Conflict.record["entity"].as_string().label("entity")
    ).where(Conflict.station_id == station_id, Conflict.status == "open")
    return [Subject(row.id, row.task_id, row.entity) for row in db.session.execute(query)]


def of_customer(
    station_id: str, customer_id: str, task_ids: Sequence[str], status: str | None = None
) -> list[Record]:
    """Cases about a customer or his tasks, those due first on top; of one status, or all."""
    narrowed = [Conflict.station_id == station_id]
    if status is not None:
        narrowed.append(Conflict.status == status)
    about = [
        Conflict.task_id.in_(task_ids[start : start + _IN_ONE_QUERY])
        for start in range(0, len(task_ids), _IN_ONE_QUERY)
    ]
    himself = Conflict.record["entity"].as_string() == f"customer:{customer_id}"
    found: dict[str, Record] = {}
    for condition in (Conflict.task_id.is_(None) & himself, *about):
        for record in db.session.scalars(select(Conflict.record).where(*narrowed, condition)):
            found[record["id"]] = record
    return sorted(found.values(), key=lambda record: (record["due_at"], record["id"]))
