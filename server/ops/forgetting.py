"""Removals are forgotten after ninety days; who has not asked since begins anew (P29)."""

from typing import Final

import structlog
from sqlalchemy import delete, select, update

from server.core.clock import now_ms
from server.core.db import db, for_update, read, transaction
from server.ops.models import Scope, ScopeEntity

KEPT_MS: Final = 90 * 86_400_000
log = structlog.get_logger(__name__)


def forget_removals() -> None:
    """For the worker: what was taken out of a scope ninety days ago goes, and the scope's floor rises to it."""
    before = now_ms() - KEPT_MS
    with read() as session:
        scopes = session.scalars(
            select(ScopeEntity.scope).where(ScopeEntity.gone_at < before).distinct()
        ).all()
    gone = sum(_forget(scope, before) for scope in scopes)
    if gone:
        log.info("removals_forgotten", rows=gone, scopes=len(scopes))


def _forget(scope: str, before: int) -> int:
    """One scope in a transaction of its own: its counter is locked as by every writer, and not for long."""
    with transaction():
        db.session.execute(for_update(select(Scope.id).where(Scope.id == scope))).all()
        old = delete(ScopeEntity).where(ScopeEntity.scope == scope, ScopeEntity.gone_at < before)
        versions = db.session.scalars(old.returning(ScopeEntity.ver)).all()
        if versions:
            raised = update(Scope).where(Scope.id == scope, Scope.floor < max(versions))
            db.session.execute(raised.values(floor=max(versions)))
    return len(versions)
