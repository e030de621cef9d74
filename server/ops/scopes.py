"""Scopes: who pulls what, with a counter of their own (P24, P25)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from server.core.db import db, for_update, upsert
from server.ops.models import Projection, Scope, ScopeEntity


@dataclass(frozen=True)
class Move:
    """One change of a scope: an entity put into it or taken out, with the reason of a removal."""

    scope: str
    entity: str
    present: bool
    reason: str | None = None


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
    late commit (P25).
    """
    by_scope: dict[str, dict[str, Move]] = defaultdict(dict)
    for one in moves:
        by_scope[one.scope][one.entity] = one
    names = sorted(by_scope)
    if not names:
        return {}
    db.session.execute(
        upsert(Scope).on_conflict_do_nothing(index_elements=[Scope.id]),
        [{"id": name, "ver": 0} for name in names],
    )
    db.session.execute(for_update(select(Scope.id).where(Scope.id.in_(names)).order_by(Scope.id))).all()
    versions: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for name in names:
        count = len(by_scope[name])
        statement = update(Scope).where(Scope.id == name).values(ver=Scope.ver + count).returning(Scope.ver)
        versions[name] = db.session.execute(statement).scalar_one()
        for offset, one in enumerate(by_scope[name].values(), start=versions[name] - count + 1):
            rows.append(
                {
                    "scope": name,
                    "entity": one.entity,
                    "ver": offset,
                    "present": one.present,
                    "rev": revs.get(one.entity, 0),
                    "reason": one.reason,
                }
            )
    insert = upsert(ScopeEntity)
    changed = {column: insert.excluded[column] for column in ("ver", "present", "rev", "reason")}
    db.session.execute(
        insert.on_conflict_do_update(index_elements=[ScopeEntity.scope, ScopeEntity.entity], set_=changed),
        rows,
    )
    return versions


def version(scope: str) -> int:
    """A scope's version now; 0 for one nothing was ever put into."""
    return db.session.execute(select(Scope.ver).where(Scope.id == scope)).scalar_one_or_none() or 0


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
