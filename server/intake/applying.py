"""An accepted batch becomes operations, some at a time, through the one write path.

Why chunks: SQLite has one writer. A chunk is small enough that its transaction is over before a waiting handheld
notices, and whoever waits goes first (`core.db`). Why it can be killed at any point: a chunk's operations and
the importer's place are written by one commit, and an operation's id and body follow from the accepted row alone, so
that sending it again would be answered from the log.

Why by task id and not by row: ids are hashes, and the tables and indexes that hold them are trees. A chunk of
neighbours touches a few leaves of each tree where the same rows in the file's order would touch one leaf per row.
"""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import func, select, update

from server.core.clock import now_ms
from server.core.db import db, one_writer, read, stand_aside, transaction
from server.intake import queries
from server.intake.models import ImportBatch, ImportRow
from server.intake.policy import Order, envelope
from server.ops import imports
from server.ops.batch import Result, Writer

# Orders in a chunk: the first, the least and the most while others wait for it; and where nobody has to.
FIRST, LEAST, MOST, ALONE = 200, 25, 400, 1000
# How long a chunk may keep others waiting: on a slow or busy machine it gets smaller until it does.
HELD_S = 0.22
_STAND_ASIDE_S = 0.25

Progress = Callable[[int, int], None]


def apply(batch_id: str, progress: Progress = lambda _done, _rows: None) -> int:
    """Turns an accepted batch into operations, from where it stopped; returns how many rows this call applied.

    Its tasks are invisible until the last chunk is in, then all there at once.
    """
    with read():
        batch = queries.batch(batch_id)
    if batch is None or batch.status != "accepted" or batch.accepted_by is None or batch.accepted_at is None:
        return 0
    writer = Writer(batch.accepted_by, batch.station_id, "admin")
    done, at = batch.applied_rows, batch.accepted_at
    left, size = _left(batch_id), FIRST
    while left:
        orders, left = _orders(batch_id, left[:size]), left[size:]
        envelopes = [envelope(order, writer.user_id, at) for order in orders]
        held_s = imports.submit(writer, envelopes, partial(_mark, batch_id, orders))
        size = _next_size(size, held_s)
        done += len(orders)
        progress(done, batch.new_rows)
        stand_aside(_STAND_ASIDE_S)
    _finish(batch_id, batch.station_id)
    return done - batch.applied_rows


def resume(
    station_id: str | None = None, idle_ms: int = 0, progress: Progress = lambda _done, _rows: None
) -> int:
    """Applies every accepted batch that was left unfinished; `idle_ms` spares those another process is working on."""
    with read():
        left = queries.unfinished(station_id, now_ms() - idle_ms if idle_ms else None)
    return sum(apply(batch.id, progress) for batch in left)


def _next_size(size: int, held_s: float) -> int:
    """Each transaction costs something by itself: as many orders as others can wait for, or any number where nobody has
    to wait but for the very same customer."""
    return max(LEAST, min(MOST, int(size * HELD_S / held_s))) if one_writer() else ALONE


def _left(batch_id: str) -> list[int]:
    """The rows that are still to be applied, by task id."""
    query = (
        select(ImportRow.row_no)
        .join(ImportBatch, ImportBatch.id == ImportRow.batch_id)
        .where(
            ImportRow.batch_id == batch_id,
            ImportRow.task_id > func.coalesce(ImportBatch.applied_key, ""),
        )
        .order_by(ImportRow.task_id)
    )
    with read() as session:
        return list(session.scalars(query))


def _orders(batch_id: str, rows: Sequence[int]) -> list[Order]:
    query = (
        select(ImportRow.row_no, ImportRow.order)
        .where(ImportRow.batch_id == batch_id, ImportRow.row_no.in_(rows))
        .order_by(ImportRow.task_id)
    )
    with read() as session:
        return [Order(number, payload) for number, payload in session.execute(query) if payload]


def _mark(batch_id: str, orders: Sequence[Order], results: Sequence[Result]) -> None:
    """Remembers how far the batch has come, and every row that did not simply become an order."""
    session, through = db.session, orders[-1].task_id
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id, func.coalesce(ImportBatch.applied_key, "") < through)
        .values(
            applied_key=through,
            applied_rows=ImportBatch.applied_rows + len(orders),
            progress_at=now_ms(),
        )
    )
    for order, result in zip(orders, results, strict=True):
        if result["status"] != "applied":
            session.execute(
                update(ImportRow)
                .where(ImportRow.batch_id == batch_id, ImportRow.row_no == order.row)
                .values(outcome=result["status"])
            )


def _finish(batch_id: str, station_id: str) -> None:
    now = now_ms()
    with transaction() as session:
        done = session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id, ImportBatch.status == "accepted")
            .values(status="applied", applied_at=now, progress_at=now)
            .returning(ImportBatch.id)
        ).first()
        if done is not None:
            imports.reveal(batch_id, station_id)
