"""Taking a whole import back, while nothing of it has moved: its tasks are cancelled, nothing is deleted."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import func, select, update

from server.core.clock import now_ms
from server.core.db import db, read, transaction
from server.intake import queries
from server.intake.models import KEPT, ImportBatch, ImportRow
from server.intake.policy import APP, cancellation_id
from server.ops import imports
from server.ops.batch import Result, Writer

CHUNK = 100
_STAND_ASIDE_S = 0.005


@dataclass(frozen=True)
class Moved:
    """An order that stands in the way: where it stood in the file, and what its task has come to."""

    row: int
    reference: str
    waybill: str
    status: str


class MovedError(Exception):
    """Some orders have moved; nothing was undone."""

    def __init__(self, moved: list[Moved]) -> None:
        super().__init__(f"{len(moved)} orders have moved")
        self.moved = moved


class StateError(Exception):
    """The import is not one that can be undone now; the message is its status."""


def ask(batch_id: str, user_id: str, reason: str) -> None:
    """Decides that an import is undone, unless something of it has moved; inside a transaction.

    Raises:
        StateError: it is not applied.
        MovedError: with what has moved.
    """
    now = now_ms()
    taken = db.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id, ImportBatch.status == "applied", ImportBatch.new_rows > 0)
        .values(
            status="undoing",
            undone_by=user_id,
            undone_at=now,
            undo_reason=reason,
            progress_at=now,
            applied_key=None,
            applied_rows=0,
        )
        .returning(ImportBatch.id)
    ).first()
    if taken is None:
        batch = queries.batch(batch_id)
        raise StateError(batch.status if batch else "unknown")
    moved = _moved(batch_id)
    if moved:
        raise MovedError(moved)


def carry_out(batch_id: str) -> int:
    """Cancels the tasks of an import that is being undone, from where it stopped; answers how many this call took.

    A task that a courier has touched since it was asked for stays as it is, and is counted as kept.
    """
    with read():
        batch = queries.batch(batch_id)
    if batch is None or batch.status != "undoing" or batch.undone_by is None or batch.undone_at is None:
        return 0
    writer, done = Writer(batch.undone_by, batch.station_id, "admin"), 0
    for task_ids in _chunks(batch_id):
        ops = {task_id: _cancelling(batch, task_id) for task_id in task_ids}
        imports.withdraw(writer, ops, partial(_mark, batch_id, task_ids))
        done += len(task_ids)
        time.sleep(_STAND_ASIDE_S)
    with transaction() as session:
        session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id, ImportBatch.status == "undoing")
            .values(status="undone", progress_at=now_ms())
        )
    return done


def _moved(batch_id: str) -> list[Moved]:
    touched = imports.touched(batch_id)
    if not touched:
        return []
    query = select(ImportRow.row_no, ImportRow.task_id, ImportRow.order).where(
        ImportRow.batch_id == batch_id, ImportRow.task_id.is_not(None)
    )
    return [
        Moved(row.row_no, row.order["reference"], row.order["waybill"], touched[row.task_id])
        for row in db.session.execute(query.order_by(ImportRow.row_no))
        if row.task_id in touched
    ]


def _chunks(batch_id: str) -> Iterator[list[str]]:
    left = (
        select(ImportRow.task_id)
        .join(ImportBatch, ImportBatch.id == ImportRow.batch_id)
        .where(
            ImportRow.batch_id == batch_id,
            ImportRow.task_id > func.coalesce(ImportBatch.applied_key, ""),
        )
        .order_by(ImportRow.task_id)
    )
    with read() as session:
        ids = [task_id for task_id in session.scalars(left) if task_id]
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _mark(batch_id: str, task_ids: list[str], results: Iterable[Result | None]) -> None:
    kept = [task_id for task_id, result in zip(task_ids, results, strict=True) if result is None]
    if kept:
        theirs = (ImportRow.batch_id == batch_id) & ImportRow.task_id.in_(kept)
        db.session.execute(update(ImportRow).where(theirs).values(outcome=KEPT))
    db.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id, func.coalesce(ImportBatch.applied_key, "") < task_ids[-1])
        .values(
            applied_key=task_ids[-1],
            applied_rows=ImportBatch.applied_rows + len(task_ids),
            kept_rows=ImportBatch.kept_rows + len(kept),
            progress_at=now_ms(),
        )
    )


def _cancelling(batch: queries.BatchView, task_id: str) -> dict[str, Any]:
    return {
        "op_id": cancellation_id(batch.id, task_id),
        "type": "task.cancelled",
        "v": 1,
        "author": batch.undone_by,
        "device": None,
        "incarnation": None,
        "seq": None,
        "prev": None,
        "app": APP,
        "entity": f"task:{task_id}",
        "base_rev": None,
        "base": {},
        "payload": {"reason": batch.undo_reason},
        "blobs": [],
        "at": batch.undone_at,
        "mono": None,
        "boot": None,
    }
