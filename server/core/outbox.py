"""The outbox: what the world is to be told, written in the transaction of the fact, done by a worker.

A row is claimed with a lease. A worker that dies keeps nothing: its lease runs out and another claims the row. So
a handler may run twice for one row and must be idempotent on (topic, key).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, String, Text, and_, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.core.clock import now_ms
from server.core.db import Id, Json, Model, Ms, affected
from server.core.ids import uuid7

LEASE_MS = 60_000
FIRST_RETRY_MS = 1_000
LAST_RETRY_MS = 3_600_000
MAX_ATTEMPTS = 16


class OutboxRow(Model):
    """One thing to do after commit. `done_at` or `dead_at` ends it; rows are kept as history."""

    __tablename__ = "outbox"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    topic: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    due_at: Mapped[int] = mapped_column(Ms)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[int | None] = mapped_column(Ms)
    leased_by: Mapped[str | None] = mapped_column(String(80))
    done_at: Mapped[int | None] = mapped_column(Ms)
    dead_at: Mapped[int | None] = mapped_column(Ms)
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "due_at",
            "id",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
    )


@dataclass(frozen=True)
class Claimed:
    """A row this worker may work on until `leased_until`; `attempts` counts this one."""

    id: str
    topic: str
    key: str
    payload: dict[str, Any]
    attempts: int
    leased_until: int


def enqueue(
    session: Session, topic: str, key: str, payload: dict[str, Any], *, due_at: int | None = None
) -> str:
    """Write a row in the caller's transaction; returns its id."""
    row = OutboxRow(
        id=uuid7(), topic=topic, key=key, payload=payload, due_at=now_ms() if due_at is None else due_at
    )
    session.add(row)
    return row.id


def claim(session: Session, worker: str, *, limit: int = 20, lease_ms: int = LEASE_MS) -> list[Claimed]:
    """Lease due rows to `worker`: each by one UPDATE that repeats the conditions and must hit.

    Two workers may read the same candidates; only one UPDATE finds the row still free.
    """
    now = now_ms()
    free = _free(now)
    rows = session.scalars(
        select(OutboxRow).where(free).order_by(OutboxRow.due_at, OutboxRow.id).limit(limit)
    ).all()
    taken = []
    for row in rows:
        until = now + lease_ms
        statement = (
            update(OutboxRow)
            .where(OutboxRow.id == row.id, free)
            .values(leased_until=until, leased_by=worker, attempts=OutboxRow.attempts + 1)
        )
        if affected(session, statement) == 1:
            taken.append(Claimed(row.id, row.topic, row.key, row.payload, row.attempts + 1, until))
    return taken


def complete(session: Session, claimed: Claimed, worker: str) -> bool:
    """Mark the row done; False when the lease was lost meanwhile (another worker has it)."""
    statement = (
        update(OutboxRow)
        .where(*_mine(claimed, worker))
        .values(done_at=now_ms(), leased_until=None, leased_by=None, last_error=None)
    )
    return affected(session, statement) == 1


def fail(session: Session, claimed: Claimed, worker: str, error: str) -> bool:
    """Give the row back with a growing pause, or bury it after the last attempt; never deletes it."""
    now = now_ms()
    dead = claimed.attempts >= MAX_ATTEMPTS
    statement = (
        update(OutboxRow)
        .where(*_mine(claimed, worker))
        .values(
            due_at=now + backoff_ms(claimed.attempts),
            dead_at=now if dead else None,
            leased_until=None,
            leased_by=None,
            last_error=error[:2000],
        )
    )
    return affected(session, statement) == 1


def backoff_ms(attempts: int) -> int:
    """Pause after the n-th failed attempt: 1 s, 2 s, 4 s ... at most an hour."""
    return min(FIRST_RETRY_MS << min(max(attempts, 1) - 1, 30), LAST_RETRY_MS)


def waiting(session: Session) -> Sequence[OutboxRow]:
    """Rows not done and not dead, in the order they fall due (tests and operators)."""
    return session.scalars(
        select(OutboxRow)
        .where(OutboxRow.done_at.is_(None), OutboxRow.dead_at.is_(None))
        .order_by(OutboxRow.due_at, OutboxRow.id)
    ).all()


def _free(now: int) -> Any:
    return and_(
        OutboxRow.done_at.is_(None),
        OutboxRow.dead_at.is_(None),
        OutboxRow.due_at <= now,
        or_(OutboxRow.leased_until.is_(None), OutboxRow.leased_until <= now),
    )


def _mine(claimed: Claimed, worker: str) -> tuple[Any, ...]:
    return (
        OutboxRow.id == claimed.id,
        OutboxRow.leased_by == worker,
        OutboxRow.leased_until == claimed.leased_until,
        OutboxRow.done_at.is_(None),
    )
