"""The outbox: what the world is to be told, written in the transaction of the fact, done by a worker.

A row is claimed with a lease. A worker that dies keeps nothing: its lease runs out and another claims the row. So
a handler may run twice for one row and must be idempotent on (topic, key). A worker that lives never holds a row that
another works on: it holds each row anew before it begins (`hold`).

A handler that failed says how it wants to go on by what it raises: `PutOffError` to come back at a certain time,
`GiveUpError` to bury the row at once; anything else is tried again with growing pauses. Buried rows are dead letters:
kept, listed, and replayed when a person says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Index, String, Text, and_, case, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.core import logs
from server.core.clock import now_ms
from server.core.db import Id, Json, Model, Ms, affected
from server.core.ids import uuid7
from server.core.sql import insert_rows

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
    request: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "due_at",
            "id",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        Index(
            "ix_outbox_dead",
            "dead_at",
            "id",
            postgresql_where=text("dead_at IS NOT NULL"),
            sqlite_where=text("dead_at IS NOT NULL"),
        ),
    )


class PutOffError(Exception):
    """Not now: the row is due again in `after_ms`. `counted` False when it was not even tried."""

    def __init__(self, reason: str, after_ms: int, *, counted: bool = True) -> None:
        super().__init__(reason)
        self.after_ms = after_ms
        self.counted = counted


class GiveUpError(Exception):
    """Never: trying again cannot help. The message is the reason, one word of our own, no personal data."""


@dataclass(frozen=True)
class Claimed:
    """A row this worker may work on until `leased_until`; `attempts` counts this one, `request` caused it."""

    id: str
    topic: str
    key: str
    payload: dict[str, Any]
    attempts: int
    leased_until: int
    request: str | None = None


@dataclass(frozen=True)
class Backlog:
    """One topic's rows that are not done; `oldest_due` is when the first waiting one fell due, ms."""

    topic: str
    waiting: int
    dead: int
    oldest_due: int | None


@dataclass(frozen=True)
class DeadLetter:
    """A buried row: since when, after how many attempts, and why, in one word."""

    id: str
    topic: str
    key: str
    payload: dict[str, Any]
    attempts: int
    dead_at: int
    reason: str | None


def enqueue(
    session: Session, topic: str, key: str, payload: dict[str, Any], *, due_at: int | None = None
) -> str:
    """Write a row in the caller's transaction; returns its id."""
    row = OutboxRow(**row_of(topic, key, payload, due_at))
    session.add(row)
    return row.id


def enqueue_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Write rows made by `row_of` in the transaction that is open."""
    insert_rows(OutboxRow.__table__, rows)


def row_of(topic: str, key: str, payload: dict[str, Any], due_at: int | None = None) -> dict[str, Any]:
    """A row to be written, due now or at `due_at` (ms)."""
    return {
        "id": uuid7(),
        "topic": topic,
        "key": key,
        "payload": payload,
        "due_at": now_ms() if due_at is None else due_at,
        "attempts": 0,
        "request": logs.current_request(),
    }


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
            taken.append(
                Claimed(row.id, row.topic, row.key, row.payload, row.attempts + 1, until, row.request)
            )
    return taken


def complete(session: Session, claimed: Claimed, worker: str) -> bool:
    """Mark the row done; False when the lease was lost meanwhile (another worker has it)."""
    statement = (
        update(OutboxRow)
        .where(*_mine(claimed, worker))
        .values(done_at=now_ms(), leased_until=None, leased_by=None, last_error=None)
    )
    return affected(session, statement) == 1


def hold(session: Session, claimed: Claimed, worker: str, *, lease_ms: int = LEASE_MS) -> Claimed | None:
    """Take the lease anew before working on a row; None when it was lost to another worker meanwhile.

    Rows are claimed in batches: the last of one may be begun long after the lease was given.
    """
    until = now_ms() + lease_ms
    statement = update(OutboxRow).where(*_mine(claimed, worker)).values(leased_until=until)
    return replace(claimed, leased_until=until) if affected(session, statement) == 1 else None


def fail(session: Session, claimed: Claimed, worker: str, error: str) -> bool:
    """Give the row back with a growing pause, or bury it after the last attempt; never deletes it."""
    if claimed.attempts >= MAX_ATTEMPTS:
        return bury(session, claimed, worker, error)
    return put_off(session, claimed, worker, PutOffError(error, backoff_ms(claimed.attempts)))


def put_off(session: Session, claimed: Claimed, worker: str, wish: PutOffError) -> bool:
    """Give the row back until the time the handler asked for; buried when that was its last attempt."""
    if wish.counted and claimed.attempts >= MAX_ATTEMPTS:
        return bury(session, claimed, worker, str(wish))
    return _release(
        session,
        claimed,
        worker,
        due_at=now_ms() + wish.after_ms,
        attempts=claimed.attempts if wish.counted else claimed.attempts - 1,
        last_error=str(wish)[:2000],
    )


def bury(session: Session, claimed: Claimed, worker: str, reason: str) -> bool:
    """Make the row a dead letter."""
    return _release(session, claimed, worker, dead_at=now_ms(), last_error=reason[:2000])


def dead(
    session: Session, *, topics: Sequence[str] = (), station: str | None = None, limit: int = 200
) -> list[DeadLetter]:
    """Dead letters, newest first; `station` narrows to rows whose payload names it."""
    query = select(OutboxRow).where(OutboxRow.dead_at.is_not(None), OutboxRow.done_at.is_(None))
    if topics:
        query = query.where(OutboxRow.topic.in_(topics))
    if station is not None:
        query = query.where(OutboxRow.payload["station"].as_string() == station)
    rows = session.scalars(query.order_by(OutboxRow.dead_at.desc(), OutboxRow.id.desc()).limit(limit))
    return [_letter(row) for row in rows]


def dead_letter(session: Session, row_id: str) -> DeadLetter | None:
    """One dead letter; None when there is none with this id, or it lives again."""
    row = session.scalars(
        select(OutboxRow).where(
            OutboxRow.id == row_id, OutboxRow.dead_at.is_not(None), OutboxRow.done_at.is_(None)
        )
    ).first()
    return None if row is None else _letter(row)


def is_waiting(session: Session, row_id: str) -> bool:
    """Whether a row is still to be done by itself: neither done nor dead."""
    row = session.get(OutboxRow, row_id)
    return row is not None and row.done_at is None and row.dead_at is None


def replay(session: Session, row_id: str) -> bool:
    """Let a dead letter live again, due now and with all its attempts; False when it is none (any more)."""
    statement = (
        update(OutboxRow)
        .where(OutboxRow.id == row_id, OutboxRow.dead_at.is_not(None), OutboxRow.done_at.is_(None))
        .values(dead_at=None, due_at=now_ms(), attempts=0)
    )
    return affected(session, statement) == 1


def backoff_ms(attempts: int) -> int:
    """Pause after the n-th failed attempt: 1 s, 2 s, 4 s ... at most an hour."""
    return min(FIRST_RETRY_MS << min(max(attempts, 1) - 1, 30), LAST_RETRY_MS)


def backlog(session: Session) -> list[Backlog]:
    """What every topic still has to do, and what it has given up."""
    waits = OutboxRow.dead_at.is_(None)
    query = (
        select(
            OutboxRow.topic,
            func.sum(case((waits, 1), else_=0)),
            func.sum(case((waits, 0), else_=1)),
            func.min(case((waits, OutboxRow.due_at))),
        )
        .where(OutboxRow.done_at.is_(None))
        .group_by(OutboxRow.topic)
    )
    return [Backlog(topic, int(live), int(gone), due) for topic, live, gone, due in session.execute(query)]


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


def _release(session: Session, claimed: Claimed, worker: str, **values: Any) -> bool:
    statement = (
        update(OutboxRow).where(*_mine(claimed, worker)).values(leased_until=None, leased_by=None, **values)
    )
    return affected(session, statement) == 1


def _letter(row: OutboxRow) -> DeadLetter:
    return DeadLetter(row.id, row.topic, row.key, row.payload, row.attempts, row.dead_at or 0, row.last_error)
