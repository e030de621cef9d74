"""Scopes: who pulls what, with a counter and a digest of their own (P24, P25, P30)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select, update

from server.core.clock import now_ms
from server.core.db import among, db, for_update, upsert
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
    """One row of a pull; `body` is None for a removal."""

    entity: str
    ver: int
    rev: int
    present: bool
    reason: str | None
    body: dict[str, Any] | None


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
    insert = upsert(Projection)
    statement = insert.on_conflict_do_update(
        index_elements=[Projection.entity], set_={"rev": Projection.rev + 1, "body": insert.excluded.body}
    )
    rows = [{"entity": entity, "rev": 1, "body": bodies[entity]} for entity in sorted(bodies)]
    db.session.execute(statement, rows)
    found = db.session.execute(
        select(Projection.entity, Projection.rev).where(Projection.entity.in_(list(bodies)))
    )
    return {row.entity: row.rev for row in found}


def present_in(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (scope, entity) pairs a reader holds now."""
    wanted = set(pairs)
    if not wanted:
        return set()
    query = select(ScopeEntity.scope, ScopeEntity.entity).where(
        ScopeEntity.entity.in_({entity for _, entity in wanted}), ScopeEntity.present.is_(True)
    )
    return {(row.scope, row.entity) for row in db.session.execute(query)} & wanted


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
    db.session.execute(
        upsert(Scope).on_conflict_do_nothing(index_elements=[Scope.id]),
        [{"id": name, "ver": 0, "floor": 0, "digest_count": 0, "digest_sum": 0} for name in names],
    )
    held = _lock(names, {one.entity for one in moves})
    versions: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for name in names:
        count = len(by_scope[name])
        come = [(one.entity, revs.get(one.entity, 0)) for one in by_scope[name].values() if one.present]
        gone = [(entity, held[name][entity]) for entity in by_scope[name] if entity in held[name]]
        change = moved(EMPTY, gone, come)
        statement = (
            update(Scope)
            .where(Scope.id == name)
            .values(
                ver=Scope.ver + count,
                digest_count=Scope.digest_count + change.count,
                digest_sum=(Scope.digest_sum + change.sum) % MODULUS,
            )
            .returning(Scope.ver)
        )
        versions[name] = db.session.execute(statement).scalar_one()
        rows += _rows(by_scope[name].values(), revs, versions[name] - count + 1)
    insert = upsert(ScopeEntity)
    changed = {column: insert.excluded[column] for column in ("ver", "present", "rev", "reason", "gone_at")}
    db.session.execute(
        insert.on_conflict_do_update(index_elements=[ScopeEntity.scope, ScopeEntity.entity], set_=changed),
        rows,
    )
    return versions


def _lock(names: Sequence[str], entities: Iterable[str]) -> dict[str, dict[str, int]]:
    """Locks the counters, and answers which of these entities each scope holds, at which revision.

    Nobody else can be moving them: whoever does holds the entity, and all of them lock it before any counter.
    """
    here = (ScopeEntity.scope == Scope.id) & among(ScopeEntity.entity, entities) & ScopeEntity.present
    query = select(Scope.id, ScopeEntity.entity, ScopeEntity.rev).outerjoin(ScopeEntity, here)
    found = db.session.execute(for_update(query.where(Scope.id.in_(names)).order_by(Scope.id), of=Scope))
    held: dict[str, dict[str, int]] = {name: {} for name in names}
    for row in found:
        if row.entity is not None:
            held[row.id][row.entity] = row.rev
    return held


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
    return db.session.execute(select(Scope.ver).where(Scope.id == scope)).scalar_one_or_none() or 0


def standings(names: Sequence[str]) -> tuple[str | None, dict[str, Standing]]:
    """The database's epoch, and how these scopes stand; a scope nothing was ever put into is left out.

    One look for all of it, as every exchange asks. Before the first epoch has begun there is none, and no scope.
    """
    newest = select(func.max(Epoch.number)).scalar_subquery()
    columns = (Scope.id, Scope.ver, Scope.floor, Scope.digest_count, Scope.digest_sum)
    query = select(Epoch.id.label("epoch"), *columns).outerjoin(Scope, Scope.id.in_(names))
    rows = db.session.execute(query.where(Epoch.number == newest)).all()
    found = {
        row.id: Standing(row.ver, row.floor, Digest(row.digest_count, row.digest_sum))
        for row in rows
        if row.id is not None
    }
    return (rows[0].epoch if rows else None), found


def page(scope: str, after: int, ceiling: int, limit: int) -> list[PulledRow]:
    """Rows of a scope with `after` < ver <= `ceiling`, ascending, at most `limit` (P26)."""
    query = (
        select(
            ScopeEntity.entity,
            ScopeEntity.ver,
            ScopeEntity.present,
            ScopeEntity.reason,
            ScopeEntity.rev,
            Projection.body,
            Projection.rev.label("body_rev"),
        )
        .outerjoin(Projection, Projection.entity == ScopeEntity.entity)
        .where(ScopeEntity.scope == scope, ScopeEntity.ver > after, ScopeEntity.ver <= ceiling)
        .order_by(ScopeEntity.ver)
        .limit(limit)
    )
    return [
        PulledRow(
            row.entity,
            row.ver,
            row.body_rev if row.present else row.rev,
            row.present,
            row.reason,
            row.body if row.present else None,
        )
        for row in db.session.execute(query)
    ]
