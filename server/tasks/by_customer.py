"""Reads of tasks by whose they are; a key account may have thousands."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import case, func, select

from server.core.db import db
from server.core.records import Record
from server.tasks.models import BoardLine, Task
from server.tasks.queries import FINISHED, visible

_IN_ONE_QUERY = 500


@dataclass(frozen=True)
class Owned:
    """A task as it stands, with its parcel's waybill number."""

    id: str
    record: Record
    waybill: str


def ids_of(customer_id: str) -> list[str]:
    """The ids of all tasks of a customer that can be seen."""
    query = select(BoardLine.id).where(BoardLine.customer_id == customer_id, visible(BoardLine))
    return list(db.session.scalars(query))


def newest(customer_id: str, limit: int) -> list[Owned]:
    """A customer's tasks: unfinished ones first, then by the end of their window, newest first."""
    finished = case((BoardLine.status.in_(FINISHED), 1), else_=0)
    query = (
        select(BoardLine.id)
        .where(BoardLine.customer_id == customer_id, visible(BoardLine))
        .order_by(finished, func.coalesce(BoardLine.window_end, 0).desc(), BoardLine.id)
        .limit(limit)
    )
    ids = list(db.session.scalars(query))
    known = {one.id: one for one in owned(ids)}
    return [known[task_id] for task_id in ids if task_id in known]


def counts(customer_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """customer id -> (unfinished tasks, all tasks); a customer without tasks is left out."""
    unfinished = func.sum(case((BoardLine.status.in_(FINISHED), 0), else_=1))
    query = (
        select(BoardLine.customer_id, unfinished.label("open"), func.count().label("all"))
        .where(BoardLine.customer_id.in_(list(customer_ids)), visible(BoardLine))
        .group_by(BoardLine.customer_id)
    )
    return {row.customer_id: (int(row.open), int(row.all)) for row in db.session.execute(query)}


def customers_of(task_ids: Iterable[str]) -> dict[str, str]:
    """task id -> customer id."""
    wanted = sorted(set(task_ids))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _IN_ONE_QUERY):
        chunk = wanted[start : start + _IN_ONE_QUERY]
        rows = db.session.execute(select(BoardLine.id, BoardLine.customer_id).where(BoardLine.id.in_(chunk)))
        found |= {row.id: row.customer_id for row in rows}
    return found


def of_station(station_id: str, task_ids: Iterable[str]) -> dict[str, Owned]:
    """Tasks of a station by id; those of others do not exist for the caller."""
    return {one.id: one for one in owned(task_ids) if one.record["station"] == station_id}


def owned(task_ids: Iterable[str]) -> list[Owned]:
    """Tasks by id, in no order."""
    wanted = sorted(set(task_ids))
    found: list[Owned] = []
    for start in range(0, len(wanted), _IN_ONE_QUERY):
        query = (
            select(Task.id, Task.record, BoardLine.waybill)
            .join(BoardLine, BoardLine.id == Task.id)
            .where(Task.id.in_(wanted[start : start + _IN_ONE_QUERY]), visible(BoardLine))
        )
        found += [Owned(row.id, row.record, row.waybill) for row in db.session.execute(query)]
    return found
