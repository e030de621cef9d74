"""What intake needs of the log: many orders at once, and tasks that stay unseen until all of them are there."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import select

from server.core.bus import current_bus
from server.core.db import db
from server.core.jsontext import plain_hash
from server.ops import pipeline
from server.ops.batch import Envelope, Item, Result, Writer
from server.ops.events import PlanChanged
from server.ops.models import Operation
from server.tasks import queries as task_queries
from server.tasks import service as tasks
from sync.upcast import upcast

# A cancelled task has left the plan already: undoing its import takes nothing from anybody.
_UNTOUCHED = ("created", "assigned", "cancelled")
_AT_ONCE = 500
_CACHE_KB = 65_536


def submit(writer: Writer, envelopes: Sequence[Envelope], remember: Callable[[list[Result]], None]) -> float:
    """Runs operations that were validated when they were accepted, in one transaction with what is remembered of it.

    They go the way of all operations but for the first three steps: their shape was checked when the file was staged,
    and nobody but this server has had them in hand since.

    Args:
        writer: who hands them in.
        envelopes: complete, valid envelopes.
        remember: told the results inside the transaction, so that an importer's place and its operations are one.

    Returns:
        How long others may have had to wait for the transaction, in seconds.
    """
    items = [Item(raw=one, body_hash=plain_hash(one), op=upcast(one)) for one in envelopes]

    def work() -> float:
        began = time.perf_counter()
        _make_room()
        remember(pipeline.run(writer, items))
        return began

    began = pipeline.in_one_transaction(work)
    return time.perf_counter() - began


def _make_room() -> None:
    """A chunk touches thousands of pages of trees: SQLite's usual 2 MB of them would be written out half-way, with a
    sync each time, while everybody waits. The connection keeps the room; it fills only with what is touched."""
    if db.engine.dialect.name == "sqlite":
        db.session.connection().exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KB}")


def withdraw(
    writer: Writer, cancellings: Mapping[str, Envelope], remember: Callable[[list[Result | None]], None]
) -> None:
    """Cancels tasks of an import that nobody has touched, in one transaction with what is remembered of it.

    Args:
        writer: who hands them in.
        cancellings: `task.cancelled` by task id, complete and valid.
        remember: told the results inside the transaction, in the order given; None for a task that was touched.
    """

    def work() -> None:
        moved = _touched(cancellings)
        items = [
            Item(raw=one, body_hash=plain_hash(one), op=upcast(one))
            for task_id, one in cancellings.items()
            if task_id not in moved
        ]
        results = iter(pipeline.run(writer, items))
        remember([None if task_id in moved else next(results) for task_id in cancellings])

    pipeline.in_one_transaction(work)


def touched(import_id: str) -> dict[str, str]:
    """Tasks of an import that have moved (task id -> status): beyond assigned, or touched by a handheld."""
    found: dict[str, str] = {}
    ids = task_queries.of_import(import_id)
    for start in range(0, len(ids), _AT_ONCE):
        found |= _touched(ids[start : start + _AT_ONCE])
    return found


def _touched(task_ids: Iterable[str]) -> dict[str, str]:
    statuses = task_queries.statuses(task_ids)
    by_handheld = set(
        db.session.scalars(
            select(Operation.task_id).where(
                Operation.task_id.in_(list(statuses)), Operation.device_id.is_not(None)
            )
        )
    )
    return {
        task_id: status
        for task_id, status in statuses.items()
        if status not in _UNTOUCHED or task_id in by_handheld
    }


def hide(import_id: str) -> None:
    """Keeps the tasks of an import out of every list; inside the caller's transaction."""
    tasks.hide_import(import_id)


def reveal(import_id: str, station_id: str) -> None:
    """Shows the tasks of an import, all at once; inside the caller's transaction."""
    tasks.reveal_import(import_id)
    current_bus().enqueue([PlanChanged(station_id)])
