"""Reads of the log for the doors: timelines and the circumstances of one operation."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.core.db import db
from server.ops.models import Manifest, Operation, Quarantined


@dataclass(frozen=True)
class LoggedOperation:
    """One operation of the log with its three times: the handheld's clock, its difference to ours, and arrival."""

    op_id: str
    type: str
    author: str
    device_id: str | None
    at: int
    received_at: int
    skew_ms: int | None
    status: str
    payload: dict[str, Any]
    conflict: str | None
    voided_by: str | None


def timeline(task_id: str) -> list[LoggedOperation]:
    """Everything recorded about a task, in the server's order."""
    return _read(select(Operation).where(Operation.task_id == task_id).order_by(Operation.position))


def by_ids(op_ids: Iterable[str]) -> dict[str, LoggedOperation]:
    """Operations by id; quarantined ones are not operations."""
    wanted = [op_id for op_id in op_ids if op_id]
    return {one.op_id: one for one in _read(select(Operation).where(Operation.op_id.in_(wanted)))}


def quarantined_devices(op_ids: Iterable[str]) -> dict[str, tuple[str | None, int]]:
    """op_id of a parked thing -> the handheld it came from and when it arrived."""
    wanted = [op_id for op_id in op_ids if op_id]
    query = select(Quarantined.op_id, Quarantined.device_id, Quarantined.received_at).where(
        Quarantined.op_id.in_(wanted)
    )
    return {str(row.op_id): (row.device_id, row.received_at) for row in db.session.execute(query)}


def manifest(station_id: str) -> dict[str, Any] | None:
    """The station manifest as last published."""
    return db.session.scalars(select(Manifest.body).where(Manifest.station_id == station_id)).first()


def _read(query: Any) -> list[LoggedOperation]:
    return [
        LoggedOperation(
            op_id=row.op_id,
            type=row.type,
            author=row.author,
            device_id=row.device_id,
            at=row.at,
            received_at=row.received_at,
            skew_ms=row.skew_ms,
            status=row.status,
            payload=row.envelope["payload"],
            conflict=row.result.get("conflict"),
            voided_by=row.voided_by,
        )
        for row in db.session.scalars(query)
    ]
