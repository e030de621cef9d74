"""Reads of tasks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select

from server.core.db import db
from server.core.records import Record
from server.tasks.models import HiddenImport, Task

FINISHED = ("delivered", "picked_up", "returned", "cancelled")


@dataclass(frozen=True)
class Kin:
    """What hangs together with a task."""

    id: str
    parcel_id: str
    customer_id: str


@dataclass(frozen=True)
class TaskView:
    """A task as it stands."""

    id: str
    rev: int
    record: Record


def kin(tasks: Iterable[str], parcels: Iterable[str], customers: Iterable[str]) -> list[Kin]:
    """Tasks by their own id, their parcel's or their customer's; without a lock."""
    conditions: list[Any] = []
    for column, ids in ((Task.id, tasks), (Task.parcel_id, parcels), (Task.customer_id, customers)):
        wanted = list(ids)
        if wanted:
            conditions.append(column.in_(wanted))
    if not conditions:
        return []
    query = select(Task.id, Task.parcel_id, Task.customer_id).where(or_(*conditions))
    return [Kin(row.id, row.parcel_id, row.customer_id) for row in db.session.execute(query)]


def visible() -> Any:
    """The condition that keeps the tasks of an unfinished import out of every list."""
    return or_(Task.import_id.is_(None), Task.import_id.not_in(select(HiddenImport.import_id)))


def of_day(since: int) -> Any:
    """The condition of a day that began at `since` (ms): all that is unfinished, and what was due since."""
    return or_(Task.status.not_in(FINISHED), Task.window_end.is_(None), Task.window_end >= since)


def one(task_id: str, station_id: str) -> TaskView | None:
    """One task of a station."""
    query = select(Task.id, Task.rev, Task.record).where(
        Task.id == task_id, Task.station_id == station_id, visible()
    )
    row = db.session.execute(query).first()
    return None if row is None else TaskView(row.id, row.rev, row.record)


@dataclass(frozen=True)
class Filter:
    """What a list of tasks is narrowed to; None or empty means no limit.

    `parcels` and `customers` are queries for the ids whose own words hold `text`.
    """

    statuses: tuple[str, ...] = ()
    courier: str | None = None
    unassigned: bool = False
    kind: str | None = None
    text: str | None = None
    parcels: Select[str] | None = None
    customers: Select[str] | None = None


def listing(
    station_id: str, since: int, chosen: Filter, limit: int, offset: int
) -> tuple[list[TaskView], int]:
    """A page of a station's tasks of the day that began at `since`, in route order, and how many there are in all."""
    conditions = [Task.station_id == station_id, visible(), of_day(since), *_conditions(chosen)]
    total = db.session.execute(select(func.count()).select_from(Task).where(*conditions)).scalar_one()
    query = (
        select(Task.id, Task.rev, Task.record)
        .where(*conditions)
        .order_by(Task.courier_id, Task.sequence, Task.window_end, Task.id)
        .limit(limit)
        .offset(offset)
    )
    return [TaskView(row.id, row.rev, row.record) for row in db.session.execute(query)], int(total)


def _conditions(chosen: Filter) -> list[Any]:
    found: list[Any] = []
    if chosen.statuses:
        found.append(Task.status.in_(chosen.statuses))
    if chosen.courier:
        found.append(Task.courier_id == chosen.courier)
    if chosen.unassigned:
        found.append(Task.courier_id.is_(None))
    if chosen.kind:
        found.append(Task.kind == chosen.kind)
    if chosen.text:
        near = [Task.reference.icontains(chosen.text, autoescape=True)]
        if chosen.parcels is not None:
            near.append(Task.parcel_id.in_(chosen.parcels))
        if chosen.customers is not None:
            near.append(Task.customer_id.in_(chosen.customers))
        found.append(or_(*near))
    return found


def counts(station_id: str, since: int) -> dict[tuple[str | None, str], int]:
    """(courier or None, status) -> number of tasks of a station."""
    query = (
        select(Task.courier_id, Task.status, func.count())
        .where(Task.station_id == station_id, visible(), of_day(since))
        .group_by(Task.courier_id, Task.status)
    )
    return {(courier, status): int(number) for courier, status, number in db.session.execute(query)}


def manifest(station_id: str, since: int) -> list[tuple[str, str | None, str]]:
    """(parcel id, courier, status) of every task of a station, for the station manifest."""
    query = select(Task.parcel_id, Task.courier_id, Task.status).where(
        Task.station_id == station_id, visible(), of_day(since)
    )
    return [
        (row.parcel_id, row.courier_id, row.status) for row in db.session.execute(query.order_by(Task.id))
    ]
