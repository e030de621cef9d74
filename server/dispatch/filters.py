"""What the task table may be narrowed to, from the desk's words to the tables'; and filters kept by name."""

from typing import Any

from sqlalchemy import func, or_, select

from server.auth.scoping import Scope
from server.conflicts import queries as conflict_queries
from server.core.clock import now_ms
from server.core.db import affected, db
from server.core.errors import Code, Problem
from server.core.ids import uuid7
from server.dispatch.models import SavedFilter
from server.tasks.queries import Filter, Window

UNASSIGNED = "none"
SOON_MS = 3_600_000
MOST = 50
"""Filters one person may keep."""


def chosen(scope: Scope, query: dict[str, Any]) -> Filter:
    """The tables' filter for what the desk asked: `q status courier kind merchant window conflict request`.

    A window is looked at as of now: `late` has ended, `soon` ends within the hour, `open` has not ended or never does;
    only unfinished tasks have one.
    """
    now = now_ms()
    windows = {
        "late": Window(until=now),
        "soon": Window(since=now, until=now + SOON_MS),
        "open": Window(since=now, undated=True),
    }
    return Filter(
        statuses=tuple(query["status"]),
        courier=None if query["courier"] == UNASSIGNED else query["courier"],
        unassigned=query["courier"] == UNASSIGNED,
        kind=query["kind"],
        merchant=query["merchant"],
        window=windows.get(query["window"] or ""),
        requests=bool(query["request"]),
        text=(query["q"] or "").strip() or None,
        ids=conflict_queries.disputed(scope.station) if query["conflict"] else None,
    )


def saved(scope: Scope) -> list[dict[str, Any]]:
    """The caller's own filters and those shared at his station, by name."""
    visible = or_(SavedFilter.user_id == scope.user, SavedFilter.shared)
    query = select(SavedFilter).where(SavedFilter.station_id == scope.station, visible)
    rows = db.session.scalars(query.order_by(SavedFilter.name, SavedFilter.id))
    return [_view(row, scope) for row in rows]


def save(scope: Scope, name: str, query: dict[str, Any], *, shared: bool) -> dict[str, Any]:
    """Keep a filter inside the caller's transaction.

    Raises:
        Problem: conflict, when the caller has as many as one person may have.
    """
    mine = select(func.count()).where(SavedFilter.user_id == scope.user)
    if db.session.execute(mine).scalar_one() >= MOST:
        raise Problem(Code.CONFLICT, f"You already keep {MOST} filters; delete one first.")
    row = SavedFilter(
        id=uuid7(),
        station_id=scope.station,
        user_id=scope.user,
        name=name,
        query={key: value for key, value in query.items() if value},
        shared=shared,
        created_at=now_ms(),
    )
    db.session.add(row)
    return _view(row, scope)


def remove(scope: Scope, filter_id: str) -> bool:
    """Forget one of the caller's own filters; an admin may forget shared ones of his station too. False: none such."""
    table = SavedFilter.__table__
    allowed = table.c.user_id == scope.user
    if scope.role == "admin":
        allowed = or_(allowed, table.c.shared)
    statement = table.delete().where(table.c.id == filter_id, table.c.station_id == scope.station, allowed)
    return affected(db.session(), statement) == 1


def _view(row: SavedFilter, scope: Scope) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "query": row.query,
        "shared": row.shared,
        "mine": row.user_id == scope.user,
    }
