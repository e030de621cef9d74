"""Writes of tasks; called by `server.ops` alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update

from server.core.clock import now_ms
from server.core.db import db
from server.core.records import Record, RecordChange, RecordStore
from server.core.sql import insert_rows, update_rows
from server.tasks import lines
from server.tasks.models import BoardLine, HalfHandover, HiddenImport, Task
from sync.handover import half


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


store = RecordStore(Task, _promote)


def write_lines(changes: Sequence[RecordChange], records: Mapping[str, Record]) -> None:
    """Brings the board's lines in step with tasks as the store wrote them.

    `records` (entity -> record) holds each task's parcel and customer as they are now.
    """
    now = now_ms()
    new: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    for change in changes:
        task = change.record
        parcel, customer = records[f"parcel:{task['parcel']}"], records[f"customer:{task['customer']}"]
        line = lines.describe(task, change.rev, parcel, customer, now)
        if change.before is None:
            new.append({**line, **change.beside})
        else:
            known.append(line)
    insert_rows(BoardLine.__table__, new)
    update_rows(BoardLine.__table__, known)
    _follow_handovers([change.record for change in changes if "handover" in change.record])


def _follow_handovers(told: Sequence[Record]) -> None:
    """Remembers which hand-overs only one side has told of; whether one still stands so is the record's to say."""
    if not told:
        return
    ids = [task["id"] for task in told]
    db.session.execute(delete(HalfHandover).where(HalfHandover.task_id.in_(ids)))
    waiting = [(task["id"], known) for task in told if (known := half(task)) is not None]
    insert_rows(
        HalfHandover.__table__,
        [
            {"task_id": task_id, "giver_id": known["giver"], "taker_id": known["taker"]}
            for task_id, known in waiting
        ],
    )


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
    update_rows(
        BoardLine.__table__,
        [
            {
                "id": row.id,
                "updated_at": now,
                **lines.of_customer(row.record, row.waybill, changed[row.record["customer"]]),
            }
            for row in db.session.execute(query)
        ],
    )


def mark_import(import_of: Mapping[str, str]) -> None:
    """Remembers which import made tasks anew that were there already (task id -> import id)."""
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
