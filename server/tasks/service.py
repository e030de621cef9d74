"""Writes of tasks; called by `server.ops` alone."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, update

from server.core.db import db
from server.core.records import Record, RecordStore
from server.tasks.models import HiddenImport, Task


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


def mark_import(import_of: Mapping[str, str]) -> None:
    """Remembers which import made which task (task id -> import id)."""
    statement = (
        update(Task.__table__)
        .where(Task.__table__.c.id == bindparam("key"))
        .values(import_id=bindparam("made_by"))
    )
    rows = [{"key": task_id, "made_by": import_id} for task_id, import_id in import_of.items()]
    if rows:
        db.session.connection().execute(statement, rows)


def hide_import(import_id: str) -> None:
    """Keeps the tasks of an import out of every list until `reveal_import`. Safe to repeat."""
    if db.session.get(HiddenImport, import_id) is None:
        db.session.add(HiddenImport(import_id=import_id))
        db.session.flush()


def reveal_import(import_id: str) -> None:
    """Shows the tasks of an import, all at once."""
    db.session.execute(delete(HiddenImport).where(HiddenImport.import_id == import_id))
