"""Reads of the log for the doors: timelines and the circumstances of one operation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from server.core.db import db
from server.core.sql import among
from server.ops.models import DeviceHead, Manifest, Operation, Quarantined

# How far back a courier's last position is looked for.
_LOOKED_THROUGH = 50


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
    position: dict[str, Any] | None = None


@dataclass(frozen=True)
class ParkedOperation:
    """What could not become an operation: where it came from, word for word."""

    op_id: str
    device_id: str | None
    received_at: int
    raw: str
    conflict: str | None


def timeline(task_id: str) -> list[LoggedOperation]:
    """Everything recorded about a task, in the server's order."""
    return _read(select(Operation).where(Operation.task_id == task_id).order_by(Operation.position))


def by_ids(op_ids: Iterable[str]) -> dict[str, LoggedOperation]:
    """Operations by id; quarantined ones are not operations."""
    wanted = [op_id for op_id in op_ids if op_id]
    return {one.op_id: one for one in _read(select(Operation).where(Operation.op_id.in_(wanted)))}


def parked(op_ids: Iterable[str]) -> list[ParkedOperation]:
    """Parked things that name one of these ids; several may name one, each with a case of its own."""
    wanted = [op_id for op_id in op_ids if op_id]
    rows = db.session.scalars(select(Quarantined).where(Quarantined.op_id.in_(wanted)))
    return [
        ParkedOperation(str(row.op_id), row.device_id, row.received_at, row.raw, row.result.get("conflict"))
        for row in rows
    ]


def manifest(station_id: str) -> dict[str, Any] | None:
    """The station manifest as last published."""
    return db.session.scalars(select(Manifest.body).where(Manifest.station_id == station_id)).first()


@dataclass(frozen=True)
class Logged:
    """What the log's tail needs of one operation: where it stands, whose it is and what it is about."""

    position: int
    station_id: str
    type: str
    task_id: str | None
    entity: str
    conflict: str | None


def newest_position() -> int:
    """Where the log ends now; 0 while it is empty."""
    return int(db.session.execute(select(func.max(Operation.position))).scalar_one() or 0)


def consumed(devices: Iterable[str]) -> dict[tuple[str, str], int]:
    """(device, incarnation) -> up to which place the log of that local database has arrived."""
    columns = (DeviceHead.device_id, DeviceHead.incarnation, DeviceHead.head_seq)
    rows = db.session.execute(select(*columns).where(among(DeviceHead.device_id, devices)))
    return {(row.device_id, row.incarnation): row.head_seq for row in rows}


def arrived_since(lost: dict[str, Any], heads: Mapping[tuple[str, str], int]) -> int:
    """How many of the operations a case `device_lost` is about have come after all (P32).

    Args:
        lost: the case's `mine`.
        heads: what `consumed` says.
    """
    head = heads.get((lost["device"], lost["incarnation"]), 0)
    return max(0, min(head, int(lost["last_seq"])) - int(lost["first_seq"]) + 1)


def told_by_no_handheld() -> list[tuple[int, str]]:
    """(place, type) of everything in the log that came from no handheld, oldest first."""
    query = select(Operation.position, Operation.type).where(Operation.device_id.is_(None))
    return [(row.position, row.type) for row in db.session.execute(query.order_by(Operation.position))]


def since(
    position: int,
    limit: int,
    station_id: str | None = None,
    *,
    until: int | None = None,
    received: int | None = None,
) -> list[Logged]:
    """Operations after a place in the log, oldest first; of every station unless one is named.

    Args:
        position: the place after which they stand.
        limit: at most so many.
        station_id: only of this station.
        until: only up to this place, itself included.
        received: only those received at this moment (ms) or later.
    """
    columns = (
        Operation.position,
        Operation.station_id,
        Operation.type,
        Operation.task_id,
        Operation.entity,
        Operation.result,
    )
    query = select(*columns).where(Operation.position > position)
    if station_id is not None:
        query = query.where(Operation.station_id == station_id)
    if until is not None:
        query = query.where(Operation.position <= until)
    if received is not None:
        query = query.where(Operation.received_at >= received)
    rows = db.session.execute(query.order_by(Operation.position).limit(limit))
    return [
        Logged(r.position, r.station_id, r.type, r.task_id, r.entity, r.result.get("conflict")) for r in rows
    ]


def last_positions(couriers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Courier -> {lat_e7, lng_e7, accuracy_m, at} of his newest operation that says where he was.

    Only what he did since his shift began counts, and only his last operations are looked through. `at` is the
    handheld's clock brought onto ours.
    """
    found: dict[str, dict[str, Any]] = {}
    for courier in couriers:
        query = (
            select(Operation.type, Operation.envelope, Operation.at, Operation.skew_ms)
            .where(Operation.author == courier, Operation.device_id.is_not(None))
            .order_by(Operation.position.desc())
            .limit(_LOOKED_THROUGH)
        )
        for row in db.session.execute(query):
            place = row.envelope.get("position")
            if place is not None:
                found[courier] = {**place, "at": row.at + (row.skew_ms or 0)}
            if place is not None or row.type == "shift.started":
                break
    return found


def ids_of_device(device_id: str) -> list[str]:
    """Operations of a handheld, whatever local database of it they came from."""
    return list(db.session.scalars(select(Operation.op_id).where(Operation.device_id == device_id)))


def proofs_that_wait(device_id: str) -> set[str]:
    """Evidence that a handheld's deferred operations name: it is nobody's proof yet, and theirs all the same (P18)."""
    query = select(Operation.envelope).where(Operation.device_id == device_id, Operation.status == "deferred")
    return {sha for envelope in db.session.scalars(query) for sha in envelope["blobs"]}


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
            position=row.envelope.get("position"),
        )
        for row in db.session.scalars(query)
    ]
