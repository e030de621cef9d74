"""Reads of conflict cases."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from server.conflicts.models import Conflict
from server.core.db import db
from server.core.records import Record
from server.core.sql import among, run

NOBODY = "none"
"""As `CaseFilter.owner`: cases that belong to nobody."""


@dataclass(frozen=True)
class CaseFilter:
    """What a list of cases is narrowed to; None or empty means no limit.

    `author` wrote either version. `due_before` is in ms. `text` is what somebody searched for, as queries for the tasks
    and a list of the people that hold it; a case is found by either.
    """

    status: str | None = "open"
    kinds: tuple[str, ...] = ()
    owner: str | None = None
    author: str | None = None
    due_before: int | None = None
    ids: tuple[str, ...] = ()
    text_tasks: Select[str] | None = None
    text_people: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseCounts:
    """How many cases of one state a station has: by kind, past their time, due before a moment, owned."""

    kinds: dict[str, int] = field(default_factory=dict)
    overdue: int = 0
    today: int = 0
    mine: int = 0
    unowned: int = 0


_CASE = Conflict.__table__.c
_OPEN_OF = (
    select(_CASE.task_id, _CASE.id)
    .where(among(_CASE.task_id, "tasks"), _CASE.status == "open")
    .order_by(_CASE.opened_at.desc(), _CASE.id)
)


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
    return {row.task_id: row.id for row in run(_OPEN_OF, {"tasks": wanted})}


def disputed(station_id: str) -> Select[str | None]:
    """The ids of a station's tasks with an open case; to be looked up in."""
    return select(Conflict.task_id).where(
        Conflict.station_id == station_id, Conflict.status == "open", Conflict.task_id.is_not(None)
    )


def opened_since(station_id: str, moment: int) -> set[str]:
    """The open cases of a station that were opened at `moment` (ms) or later."""
    query = select(Conflict.id).where(
        Conflict.station_id == station_id, Conflict.status == "open", Conflict.opened_at >= moment
    )
    return set(db.session.scalars(query))


def listing(station_id: str, chosen: CaseFilter, limit: int, offset: int = 0) -> tuple[list[Record], int]:
    """A page of a station's cases and how many there are: open ones by deadline, decided ones newest first."""
    conditions = _conditions(station_id, chosen)
    total = db.session.execute(select(func.count()).select_from(Conflict).where(*conditions)).scalar_one()
    order: tuple[Any, ...] = (Conflict.due_at, Conflict.id)
    if chosen.status == "decided":
        order = (Conflict.decided_at.desc(), Conflict.id.desc())
    query = select(Conflict.record).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return list(db.session.scalars(query)), int(total)


def counts(station_id: str, status: str, user_id: str, now: int, day_end: int) -> CaseCounts:
    """The numbers beside the inbox's filters.

    Args:
        station_id: whose cases.
        status: open or decided.
        user_id: who looks, for `mine`.
        now: ms; what was due before it is overdue.
        day_end: ms; what is due before it is due today.
    """

    def number(condition: ColumnElement[bool]) -> Any:
        return func.sum(case((condition, 1), else_=0))

    query = (
        select(
            Conflict.kind,
            func.count().label("all"),
            number(Conflict.due_at <= now).label("overdue"),
            number(Conflict.due_at < day_end).label("today"),
            number(Conflict.owner_id == user_id).label("mine"),
            number(Conflict.owner_id.is_(None)).label("unowned"),
        )
        .where(Conflict.station_id == station_id, Conflict.status == status)
        .group_by(Conflict.kind)
    )
    rows = db.session.execute(query).mappings().all()
    sums = {name: sum(int(row[name]) for row in rows) for name in ("overdue", "today", "mine", "unowned")}
    return CaseCounts({row["kind"]: int(row["all"]) for row in rows}, **sums)


def one(conflict_id: str, station_id: str) -> Record | None:
    """One case of a station."""
    query = select(Conflict.record).where(Conflict.id == conflict_id, Conflict.station_id == station_id)
    return db.session.scalars(query).first()


def open_of_kind(station_id: str, kind: str) -> set[str]:
    """The open cases of one kind of a station."""
    query = select(Conflict.id).where(
        Conflict.station_id == station_id, Conflict.status == "open", Conflict.kind == kind
    )
    return set(db.session.scalars(query))


def count_open(station_id: str) -> int:
    """How many cases of a station wait for a decision."""
    query = select(func.count()).where(Conflict.station_id == station_id, Conflict.status == "open")
    return int(db.session.execute(query).scalar_one())


def open_by_owner(station_id: str) -> dict[str, int]:
    """user id -> how many open cases of a station are his."""
    query = (
        select(Conflict.owner_id, func.count().label("number"))
        .where(Conflict.station_id == station_id, Conflict.status == "open", Conflict.owner_id.is_not(None))
        .group_by(Conflict.owner_id)
    )
    return {str(row.owner_id): int(row.number) for row in db.session.execute(query)}


def _conditions(station_id: str, chosen: CaseFilter) -> list[Any]:
    found: list[Any] = [Conflict.station_id == station_id]
    if chosen.status is not None:
        found.append(Conflict.status == chosen.status)
    if chosen.ids:
        found.append(Conflict.id.in_(chosen.ids))
    if chosen.kinds:
        found.append(Conflict.kind.in_(chosen.kinds))
    if chosen.owner == NOBODY:
        found.append(Conflict.owner_id.is_(None))
    elif chosen.owner is not None:
        found.append(Conflict.owner_id == chosen.owner)
    if chosen.author is not None:
        found.append(or_(Conflict.mine_author == chosen.author, Conflict.theirs_author == chosen.author))
    if chosen.due_before is not None:
        found.append(Conflict.due_at <= chosen.due_before)
    if chosen.text_tasks is not None:
        people = chosen.text_people
        by_people = or_(Conflict.mine_author.in_(people), Conflict.theirs_author.in_(people))
        about = and_(Conflict.task_id.is_not(None), Conflict.task_id.in_(chosen.text_tasks))
        found.append(or_(about, by_people))
    return found
