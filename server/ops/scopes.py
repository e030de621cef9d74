"""Scopes: who pulls what, with a counter and a digest of their own (P24, P25, P30)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, func, select, update

from server.core.clock import now_ms
from server.core.db import db, for_update, upsert
from server.core.jsontext import compact
from server.core.sql import among, insertion, on_postgres, run, write
from server.ops.models import Epoch, Projection, Scope, ScopeEntity
from sync.digest import EMPTY, MODULUS, Digest, moved


@dataclass(frozen=True)
class Move:
    """One change of a scope: an entity put into it or taken out, with the reason of a removal."""

    scope: str
    entity: str
    present: bool
    reason: str | None = None


@dataclass(frozen=True)
class Standing:
    """How a scope stands: its version, the version up to which removals are forgotten, what it holds in two numbers."""

    ver: int
    floor: int
    digest: Digest


UNKNOWN: Final = Standing(0, 0, EMPTY)


@dataclass(frozen=True)
class PulledRow:
    """One row of a pull; `body` is JSON as it was stored, to be passed on unread, and None for a removal."""

    entity: str
    ver: int
    rev: int
    present: bool
    reason: str | None
    body: orjson.Fragment | None


_SCOPE, _HELD, _PROJECTION = Scope.__table__.c, ScopeEntity.__table__.c, Projection.__table__.c

_REVS = select(_PROJECTION.entity, _PROJECTION.rev).where(among(_PROJECTION.entity, "entities"))
# One scope at a time: its rows are found by the table's key. Of several at once no database would know how few they
# are, and it read everybody's.
_HELD_HERE = select(_HELD.entity, _HELD.rev).where(
    _HELD.scope == bindparam("name"), among(_HELD.entity, "entities"), _HELD.present
)
_LOCKED = for_update(select(_SCOPE.id).where(among(_SCOPE.id, "names")).order_by(_SCOPE.id))
_COUNTING = (
    update(Scope.__table__)
    .where(_SCOPE.id == bindparam("name"))
    .values(
        ver=_SCOPE.ver + bindparam("by"),
        digest_count=_SCOPE.digest_count + bindparam("come"),
        digest_sum=(_SCOPE.digest_sum + bindparam("sum")) % MODULUS,
    )
    .returning(_SCOPE.ver)
)
_VERSION = select(_SCOPE.ver).where(_SCOPE.id == bindparam("name"))
_EPOCH = Epoch.__table__.c
_STANDINGS = (
    select(
        _EPOCH.id.label("epoch"),
        _SCOPE.id,
        _SCOPE.ver,
        _SCOPE.floor,
        _SCOPE.digest_count,
        _SCOPE.digest_sum,
    )
    .outerjoin_from(Epoch.__table__, Scope.__table__, among(_SCOPE.id, "names"))
    .where(_EPOCH.number == select(func.max(_EPOCH.number)).scalar_subquery())
)
_PAGE = (
    select(
        _HELD.entity,
        _HELD.ver,
        _HELD.present,
        _HELD.reason,
        _HELD.rev,
        _PROJECTION.body,
        _PROJECTION.rev.label("body_rev"),
    )
    .outerjoin_from(ScopeEntity.__table__, Projection.__table__, _PROJECTION.entity == _HELD.entity)
    .where(
        _HELD.scope == bindparam("name"),
        _HELD.ver > bindparam("after"),
        _HELD.ver <= bindparam("ceiling"),
    )
    .order_by(_HELD.ver)
    .limit(bindparam("most"))
)


def courier_scope(user_id: str) -> str:
    """The tasks of one courier."""
    return f"courier:{user_id}"


def notices_scope(user_id: str) -> str:
    """What one courier is told."""
    return f"notices:{user_id}"


def reference_scope(station_id: str) -> str:
    """What everybody at a station has to know."""
    return f"reference:{station_id}"


def project(bodies: Mapping[str, dict[str, Any]]) -> dict[str, int]:
    """Stores ready-made rows and counts their revision up; answers the new revisions."""
    if not bodies:
        return {}
    rows = [{"entity": entity, "rev": 1, "body": compact(bodies[entity])} for entity in sorted(bodies)]
    write(_projecting(on_postgres()), rows)
    return {row.entity: row.rev for row in run(_REVS, {"entities": sorted(bodies)})}


@cache
def _projecting(_postgres: bool) -> Any:
    begun = insertion(Projection.__table__, ("entity", "rev", "body"))
    changed = {"rev": Projection.rev + 1, "body": begun.excluded.body}
    return begun.on_conflict_do_update(index_elements=[Projection.entity], set_=changed)


def held(scope: str, entities: Iterable[str]) -> dict[str, int]:
    """Which of these entities a reader of the scope holds now, at which revision."""
    sought = sorted(entities)
    if not sought:
        return {}
    return {row.entity: row.rev for row in run(_HELD_HERE, {"name": scope, "entities": sought})}


def tasks_in(scope: str) -> list[str]:
    """Entities a scope holds now."""
    query = select(ScopeEntity.entity).where(ScopeEntity.scope == scope, ScopeEntity.present.is_(True))
    return list(db.session.scalars(query))


def move(moves: Sequence[Move], revs: Mapping[str, int]) -> dict[str, int]:
    """Takes the next versions of the scopes, in ascending id, and upserts their rows; answers the new versions.

    The last step of a writing transaction: the counters stay locked until it commits, so a cursor can never skip a
    late commit (P25). The digests follow each change (P30).
    """
    by_scope: dict[str, dict[str, Move]] = defaultdict(dict)
    for one in moves:
        by_scope[one.scope][one.entity] = one
    names = sorted(by_scope)
    if not names:
        return {}
    _lock(names)
    versions: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for name in names:
        here = by_scope[name]
        come = [(one.entity, revs.get(one.entity, 0)) for one in here.values() if one.present]
        change = moved(EMPTY, list(held(name, here).items()), come)
        counted = {"name": name, "by": len(here), "come": change.count, "sum": change.sum}
        [(versions[name],)] = run(_COUNTING, counted)
        rows += _rows(here.values(), revs, versions[name] - len(here) + 1)
    write(_moving(on_postgres()), rows)
    return versions


@cache
def _moving(_postgres: bool) -> Any:
    begun = insertion(
        ScopeEntity.__table__, ("scope", "entity", "ver", "present", "rev", "reason", "gone_at")
    )
    changed = {column: begun.excluded[column] for column in ("ver", "present", "rev", "reason", "gone_at")}
    return begun.on_conflict_do_update(index_elements=[ScopeEntity.scope, ScopeEntity.entity], set_=changed)


def _lock(names: Sequence[str]) -> None:
    """Locks the counters.

    What each scope holds of what is moved nobody else can be moving: whoever does holds the entity, and all of them
    lock it before any counter.
    """
    known = {row.id for row in run(_LOCKED, {"names": names})}
    new = [name for name in names if name not in known]
    if new:
        empty = [{"id": name, "ver": 0, "floor": 0, "digest_count": 0, "digest_sum": 0} for name in new]
        db.session.execute(upsert(Scope).on_conflict_do_nothing(index_elements=[Scope.id]), empty)
        _lock(names)


def _rows(moves: Iterable[Move], revs: Mapping[str, int], first: int) -> list[dict[str, Any]]:
    return [
        {
            "scope": one.scope,
            "entity": one.entity,
            "ver": ver,
            "present": one.present,
            "rev": revs.get(one.entity, 0),
            "reason": one.reason,
            "gone_at": None if one.present else now_ms(),
        }
        for ver, one in enumerate(moves, start=first)
    ]


def version(scope: str) -> int:
    """A scope's version now; 0 for one nothing was ever put into."""
    found = run(_VERSION, {"name": scope})
    return int(found[0].ver) if found else 0


def standings(names: Sequence[str]) -> tuple[str | None, dict[str, Standing]]:
    """The database's epoch, and how these scopes stand; a scope nothing was ever put into is left out.

    One look for all of it, as every exchange asks. Before the first epoch has begun there is none, and no scope.
    """
    rows = run(_STANDINGS, {"names": list(names)})
    found = {
        row.id: Standing(row.ver, row.floor, Digest(row.digest_count, row.digest_sum))
        for row in rows
        if row.id is not None
    }
    return (rows[0].epoch if rows else None), found


def page(scope: str, after: int, ceiling: int, limit: int) -> list[PulledRow]:
    """Rows of a scope with `after` < ver <= `ceiling`, ascending, at most `limit` (P26)."""
    asked = {"name": scope, "after": after, "ceiling": ceiling, "most": limit}
    return [
        PulledRow(
            row.entity,
            row.ver,
            row.body_rev if row.present else row.rev,
            row.present,
            row.reason,
            orjson.Fragment(row.body) if row.present else None,
        )
        for row in run(_PAGE, asked)
    ]
