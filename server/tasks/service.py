"""Writes of tasks; called by `server.ops` alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from server.core.clock import now_ms
from server.core.db import db
from server.core.records import Record, RecordChange, RecordStore
from server.crm import queries as crm_queries
from server.parcels import queries as parcel_queries
from server.tasks import lines
from server.tasks.models import BoardLine, HiddenImport, Task


def _promote(record: Record) -> dict[str, Any]:
    return {
        "station_id": record["station"],
        "kind": record["kind"],
        "status": record["status"],
        "courier_id": record["courier"],
        "parcel_id": record["parcel"],
        "customer_id": record["customer"],
        "merchant": record["merchant"],
        "reference": record["reference"],
        "sequence": record["sequence"],
        "window_start": record["window_start"],
        "window_end": record["window_end"],
    }


class TaskStore(RecordStore):
    """Tasks with their lines on the board; customers and parcels of a batch are written before."""

    def write(self, changes: Sequence[RecordChange]) -> None:
        """Writes the records, then the board's line of each."""
        super().write(changes)
        if not changes:
            return
        now = now_ms()
        parcels = parcel_queries.by_ids({change.record["parcel"] for change in changes})
        customers = crm_queries.by_ids({change.record["customer"] for change in changes})
        made: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for change in changes:
            task = change.record
            parcel, customer = parcels.get(task["parcel"], {}), customers.get(task["customer"], {})
            line = lines.describe(task, change.rev, parcel, customer, now)
            made[change.before is None].append(line)
        if made[True]:
            db.session.execute(insert(BoardLine.__table__), made[True])
        _update_lines(made[False])


store = TaskStore(Task, _promote)


def follow_customers(changed: Mapping[str, Record]) -> None:
    """Brings the board's lines in step with customers that have changed (customer id -> record)."""
    if not changed:
        return
    now = now_ms()
    query = (
        select(Task.id, Task.record, BoardLine.waybill)
        .join(BoardLine, BoardLine.id == Task.id)
        .where(Task.customer_id.in_(list(changed)))
    )
    _update_lines(
        [
            {
                "id": row.id,
                "updated_at": now,
                **lines.of_customer(row.record, row.waybill, changed[row.record["customer"]]),
            }
            for row in db.session.execute(query)
        ]
    )


def mark_import(import_of: Mapping[str, str]) -> None:
    """Remembers which import made which task (task id -> import id)."""
    made: dict[str, list[str]] = defaultdict(list)
    for task_id, import_id in import_of.items():
        made[import_id].append(task_id)
    for import_id, task_ids in made.items():
        for table in (Task.__table__, BoardLine.__table__):
            db.session.execute(update(table).where(table.c.id.in_(task_ids)).values(import_id=import_id))


def hide_import(import_id: str) -> None:
    """Keeps the tasks of an import out of every list until `reveal_import`. Safe to repeat."""
    if db.session.get(HiddenImport, import_id) is None:
        db.session.add(HiddenImport(import_id=import_id))
        db.session.flush()


def reveal_import(import_id: str) -> None:
    """Shows the tasks of an import, all at once."""
    db.session.execute(delete(HiddenImport).where(HiddenImport.import_id == import_id))


def _update_lines(rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    table = BoardLine.__table__
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
    statement = update(table).where(table.c.id == bindparam("key")).values(**values)
    db.session.connection().execute(
        statement,
        [
            {"key": row["id"], **{f"new_{name}": value for name, value in row.items() if name != "id"}}
            for row in rows
        ],
    )
