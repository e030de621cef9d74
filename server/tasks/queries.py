"""Reads of tasks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from server.core.db import db
from server.core.records import Record
from server.core.sql import among, run
from server.tasks.lines import FINISHED, fold
from server.tasks.models import BoardLine, HalfHandover, HiddenImport, Task

__all__ = ("FINISHED", "Filter", "Kin", "Line", "Progress", "TaskView", "Window")

# The order in which a task goes through its states.
_RANKS = (
    "created",
    "assigned",
    "out_for_delivery",
    "arrived",
    "attempt_failed",
    "held",
    "delivered",
    "picked_up",
    "returned",
    "cancelled",
)


@dataclass(frozen=True)
class Kin:
    """What hangs together with a task."""

    id: str
    parcel_id: str
    customer_id: str


@dataclass(frozen=True)
class TaskView:
    """A task as it stands; `updated_at` is when the board last saw it change (server time, ms)."""

    id: str
    rev: int
    record: Record
    updated_at: int


@dataclass(frozen=True)
class Line:
    """The little a choice over many tasks needs."""

    id: str
    rev: int
    status: str
    courier: str | None


@dataclass(frozen=True)
class Window:
    """Tasks by what is left of their window: unfinished ones due in [since, until), ms; None is open on that side.

    `undated` takes those without a window too.
    """

    since: int | None = None
    until: int | None = None
    undated: bool = False


@dataclass(frozen=True)
class Filter:
    """What a list of tasks is narrowed to; None or empty means no limit. `ids` is a query for task ids."""

    statuses: tuple[str, ...] = ()
    courier: str | None = None
    unassigned: bool = False
    kind: str | None = None
    merchant: str | None = None
    window: Window | None = None
    requests: bool = False
    text: str | None = None
    ids: Select[Any] | None = None


@dataclass(frozen=True)
class Progress:
    """One courier's tasks (or nobody's) in one state: how many, how many late, and the end of the next window."""

    number: int
    late: int
    next_window_end: int | None


@dataclass(frozen=True)
class Stop:
    """A task's place on the map."""

    id: str
    lat_e7: int
    lng_e7: int
    status: str
    kind: str
    courier: str | None
    sequence: int | None


def kin(tasks: Iterable[str], parcels: Iterable[str], customers: Iterable[str]) -> list[Kin]:
    """Tasks by their own id, their parcel's or their customer's; without a lock."""
    sought = (("id", tasks), ("parcel_id", parcels), ("customer_id", customers))
    known = {name: listed for name, ids in sought if (listed := list(ids))}
    if not known:
        return []
    return [Kin(row.id, row.parcel_id, row.customer_id) for row in run(_kin(tuple(known)), known)]


@cache
def _kin(names: tuple[str, ...]) -> Any:
    task = Task.__table__.c
    related = or_(*(among(task[name], name) for name in names))
    return select(task.id, task.parcel_id, task.customer_id).where(related)


def visible(table: type[Task] | type[BoardLine] = BoardLine) -> Any:
    """The condition that keeps the tasks of an unfinished import out of every list."""
    return or_(table.import_id.is_(None), table.import_id.not_in(select(HiddenImport.import_id)))


def of_day(station_id: str, since: int) -> tuple[Any, ...]:
    """The conditions of a station's day that began at `since` (ms): all that is unfinished, and what ended since."""
    return (BoardLine.station_id == station_id, BoardLine.board_until >= since, visible())


def one(task_id: str, station_id: str) -> TaskView | None:
    """One task of a station."""
    found = by_ids([task_id], station_id)
    return found[0] if found else None


def by_ids(ids: Sequence[str], station_id: str) -> list[TaskView]:
    """Tasks of a station in the order of the ids; unknown ones are left out."""
    query = (
        select(Task.id, Task.rev, Task.record, BoardLine.updated_at)
        .join(BoardLine, BoardLine.id == Task.id)
        .where(Task.id.in_(ids), Task.station_id == station_id, visible())
    )
    found = {
        row.id: TaskView(row.id, row.rev, row.record, row.updated_at) for row in db.session.execute(query)
    }
    return [found[task_id] for task_id in dict.fromkeys(ids) if task_id in found]


def listing(
    station_id: str,
    since: int,
    chosen: Filter,
    order: Sequence[Any],
    limit: int,
    offset: int,
) -> tuple[list[TaskView], int]:
    """A page of a station's tasks of the day that began at `since`, and how many the filter leaves in all.

    `order` is made by `ordering`.
    """
    conditions = [*of_day(station_id, since), *_conditions(chosen)]
    ids, total = _page(conditions, order, limit, offset)
    return by_ids(ids, station_id), total


def matching(station_id: str, text: str) -> Select[Any]:
    """The ids of a station's tasks of any day whose words hold the text; to be looked up in."""
    return select(BoardLine.id).where(
        BoardLine.station_id == station_id, visible(), *_conditions(Filter(text=text))
    )


def lines(station_id: str, since: int, chosen: Filter, limit: int) -> tuple[list[Line], int]:
    """The first `limit` tasks a filter leaves, in route order, and how many it leaves in all."""
    conditions = [*of_day(station_id, since), *_conditions(chosen)]
    columns = (BoardLine.id, BoardLine.rev, BoardLine.status, BoardLine.courier_id)
    query = select(*columns).where(*conditions).order_by(*ordering("sequence", down=False)).limit(limit)
    found = [Line(*row) for row in db.session.execute(query)]
    return found, len(found) if len(found) < limit else _count(conditions)


def ordering(name: str, *, down: bool, couriers: Sequence[str] = ()) -> list[Any]:
    """The order of a list by one column; `sequence` is the route's, the same for everybody.

    Args:
        name: sequence, window_end, status, waybill, courier or updated.
        down: the last one first; what has no value stands at the end either way.
        couriers: ids by name, for `courier`.
    """
    route = [BoardLine.courier_id, BoardLine.sequence, BoardLine.window_end, BoardLine.id]
    ranks: dict[str, list[Any]] = {
        "sequence": route[:3],
        "window_end": [BoardLine.window_end],
        "status": [_rank(BoardLine.status, _RANKS), BoardLine.courier_id, BoardLine.sequence],
        "waybill": [BoardLine.waybill],
        "courier": [_rank(BoardLine.courier_id, couriers), BoardLine.sequence],
        "updated": [BoardLine.updated_at],
    }
    first = ranks[name]
    return [column.desc().nulls_last() if down else column.asc().nulls_last() for column in first] + [
        BoardLine.id
    ]


def hidden() -> frozenset[str]:
    """The imports that are being applied and whose tasks nobody sees yet."""
    return frozenset(db.session.scalars(select(HiddenImport.import_id)))


def progress(station_id: str, since: int, now: int) -> dict[tuple[str | None, str], Progress]:
    """(courier or None, status) -> what a station's day holds of it at `now` (ms)."""
    due = BoardLine.window_end
    query = (
        select(
            BoardLine.courier_id,
            BoardLine.status,
            func.count(),
            func.sum(case((due < now, 1), else_=0)),
            func.min(case((due >= now, due))),
        )
        .where(*of_day(station_id, since))
        .group_by(BoardLine.courier_id, BoardLine.status)
    )
    return {
        (courier, status): Progress(int(number), int(late or 0), following)
        for courier, status, number, late, following in db.session.execute(query)
    }


def stops(station_id: str, since: int) -> list[Stop]:
    """What a station's day has on the map: tasks whose address has a position."""
    columns = (
        BoardLine.id,
        BoardLine.lat_e7,
        BoardLine.lng_e7,
        BoardLine.status,
        BoardLine.kind,
        BoardLine.courier_id,
        BoardLine.sequence,
    )
    query = select(*columns).where(*of_day(station_id, since), BoardLine.lat_e7.is_not(None))
    rows = db.session.execute(query.where(BoardLine.lng_e7.is_not(None)))
    return [
        Stop(row.id, row.lat_e7 or 0, row.lng_e7 or 0, row.status, row.kind, row.courier_id, row.sequence)
        for row in rows
    ]


def of_import(import_id: str) -> list[str]:
    """The tasks an import made."""
    return list(db.session.scalars(select(Task.id).where(Task.import_id == import_id).order_by(Task.id)))


def waybills(task_ids: Iterable[str], station_id: str) -> dict[str, str]:
    """The waybill of each of these tasks, those of another station left out."""
    known = select(BoardLine.id, BoardLine.waybill).where(
        among(BoardLine.id, task_ids), BoardLine.station_id == station_id, visible()
    )
    return {row.id: row.waybill for row in db.session.execute(known)}


def statuses(task_ids: Iterable[str]) -> dict[str, str]:
    """Task id -> status, of those there are."""
    query = select(Task.id, Task.status).where(Task.id.in_(list(task_ids)))
    return {row.id: row.status for row in db.session.execute(query)}


def half_handed_over(courier: str) -> list[str]:
    """Tasks that went to or from a courier on the road by the word of one of the two alone."""
    sides = (HalfHandover.giver_id == courier, HalfHandover.taker_id == courier)
    return sorted(db.session.scalars(select(HalfHandover.task_id).where(or_(*sides))))


def manifest(station_id: str, since: int) -> list[tuple[str, str | None, str]]:
    """(parcel id, courier, status) of every task of a station, for the station manifest."""
    query = select(BoardLine.parcel_id, BoardLine.courier_id, BoardLine.status).where(
        *of_day(station_id, since)
    )
    return [
        (row.parcel_id, row.courier_id, row.status)
        for row in db.session.execute(query.order_by(BoardLine.id))
    ]


def _page(conditions: Sequence[Any], order: Sequence[Any], limit: int, offset: int) -> tuple[list[str], int]:
    """The ids of a page, and how many match in all: PostgreSQL counts in the same pass, SQLite is quicker in two."""
    page = select(BoardLine.id).where(*conditions).order_by(*order).limit(limit).offset(offset)
    if db.engine.dialect.name != "postgresql":
        total = _count(conditions)
        return list(db.session.scalars(page)), total
    rows = db.session.execute(page.add_columns(func.count().over().label("total"))).all()
    if not rows and offset:
        return [], _count(conditions)
    return [row.id for row in rows], rows[0].total if rows else 0


def _count(conditions: Sequence[Any]) -> int:
    return int(
        db.session.execute(select(func.count()).select_from(BoardLine).where(*conditions)).scalar_one()
    )


def _conditions(chosen: Filter) -> list[Any]:
    found: list[Any] = []
    if chosen.statuses:
        found.append(BoardLine.status.in_(chosen.statuses))
    if chosen.courier:
        found.append(BoardLine.courier_id == chosen.courier)
    if chosen.unassigned:
        found.append(BoardLine.courier_id.is_(None))
    if chosen.kind:
        found.append(BoardLine.kind == chosen.kind)
    if chosen.merchant:
        found.append(BoardLine.merchant == chosen.merchant)
    if chosen.window:
        found.append(_in_window(chosen.window))
    if chosen.requests:
        found.append(BoardLine.requests > 0)
    if chosen.ids is not None:
        found.append(BoardLine.id.in_(chosen.ids))
    if chosen.text:
        found.append(_holds(BoardLine.search, fold(chosen.text)))
    return found


def _in_window(window: Window) -> Any:
    due = BoardLine.window_end
    bounds = [
        *([due >= window.since] if window.since is not None else []),
        *([due < window.until] if window.until is not None else []),
    ]
    dated = and_(due.is_not(None), *bounds)
    return and_(BoardLine.status.not_in(FINISHED), or_(dated, due.is_(None)) if window.undated else dated)


def _holds(column: Any, text: str) -> Any:
    """Whether the column contains the text, letter by letter: no pattern, so nothing to escape."""
    find = func.strpos if db.engine.dialect.name == "postgresql" else func.instr
    return find(column, text) > 0


def _rank(column: Any, ordered: Sequence[str]) -> Any:
    return (
        case({value: at for at, value in enumerate(ordered)}, value=column, else_=None) if ordered else column
    )
