"""Reads of the staging tables."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import func, or_, select

from server.core.db import db
from server.intake.models import KEPT, ImportBatch, ImportRow, OrderReference
from server.intake.policy import KnownOrder, cancellation_id

_AT_ONCE = 500


@dataclass(frozen=True)
class BatchView:
    """One import and how far it has come; see `models.ImportBatch`."""

    id: str
    station_id: str
    merchant: str | None
    mapping: str
    file_name: str
    file_hash: str
    file_id: str | None
    wish: dict[str, Any] | None
    status: str
    trouble: dict[str, Any] | None
    rows: int
    seen_rows: int
    new_rows: int
    unchanged_rows: int
    changed_rows: int
    wrong_rows: int
    kept_rows: int
    staged_at: int
    staged_by: str | None
    accepted_at: int | None
    accepted_by: str | None
    applied_at: int | None
    applied_rows: int
    undone_at: int | None
    undone_by: str | None
    undo_reason: str | None
    progress_at: int


def batch(batch_id: str) -> BatchView | None:
    """One batch, None when there is none."""
    row = db.session.get(ImportBatch, batch_id, populate_existing=True)
    return _view(row) if row else None


def unfinished(station_id: str | None = None, idle_since: int | None = None) -> list[BatchView]:
    """Accepted batches that are not applied, oldest first; `idle_since` leaves out those that moved after it (ms)."""
    query = (
        select(ImportBatch)
        .where(ImportBatch.status == "accepted")
        .order_by(ImportBatch.accepted_at, ImportBatch.id)
    )
    if station_id is not None:
        query = query.where(ImportBatch.station_id == station_id)
    if idle_since is not None:
        query = query.where(ImportBatch.progress_at <= idle_since)
    return [_view(row) for row in db.session.scalars(query)]


def refused_rows(batch_id: str) -> list[tuple[int, str]]:
    """Rows of a batch that did not simply become an order, with the status of their operation."""
    query = (
        select(ImportRow.row_no, ImportRow.outcome)
        .where(ImportRow.batch_id == batch_id, ImportRow.outcome.is_not(None))
        .order_by(ImportRow.row_no)
    )
    return [(number, outcome or "") for number, outcome in db.session.execute(query)]


def known_orders(merchants: set[str], references: Iterable[str], task_ids: Iterable[str]) -> list[KnownOrder]:
    """Accepted orders with one of these references (of one of these merchants) or one of these tasks."""
    found: dict[tuple[str, str], tuple[KnownOrder, str, str]] = {}
    for some in _slices(references):
        _collect(found, OrderReference.reference.in_(some) & OrderReference.merchant.in_(merchants))
    for some in _slices(task_ids):
        _collect(found, OrderReference.task_id.in_(some))
    kept = _kept({batch_id for _, batch_id, status in found.values() if status == "undone"})
    return [_standing(*one, kept) for one in found.values()]


def _collect(found: dict[tuple[str, str], tuple[KnownOrder, str, str]], condition: object) -> None:
    query = select(
        OrderReference.merchant,
        OrderReference.reference,
        OrderReference.task_id,
        OrderReference.digest,
        OrderReference.batch_id,
        ImportBatch.status,
    ).join(ImportBatch, ImportBatch.id == OrderReference.batch_id)
    for row in db.session.execute(query.where(condition)):  # type: ignore[arg-type]
        known = KnownOrder(row.merchant, row.reference, row.task_id, row.digest)
        found[row.merchant, row.reference] = (known, row.batch_id, row.status)


def _kept(batch_ids: set[str]) -> set[str]:
    """Tasks that had moved when their imports were undone."""
    here = ImportRow.batch_id.in_(batch_ids) & (ImportRow.outcome == KEPT)
    return {task_id for task_id in db.session.scalars(select(ImportRow.task_id).where(here)) if task_id}


def _standing(known: KnownOrder, batch_id: str, status: str, kept: set[str]) -> KnownOrder:
    if status == "undoing":
        return replace(known, leaving=True)
    if status == "undone" and known.task_id not in kept:
        return replace(known, freed_by=cancellation_id(batch_id, known.task_id))
    return known


def _slices(values: Iterable[str]) -> Iterable[list[str]]:
    """SQLite and PostgreSQL both dislike very long IN lists."""
    everything = list(values)
    return (everything[start : start + _AT_ONCE] for start in range(0, len(everything), _AT_ONCE))


def of_station(station_id: str, limit: int, offset: int = 0) -> tuple[list[BatchView], int]:
    """A station's imports, newest first, and how many there are."""
    here = ImportBatch.station_id == station_id
    total = db.session.execute(select(func.count()).select_from(ImportBatch).where(here)).scalar_one()
    query = (
        select(ImportBatch)
        .where(here)
        .order_by(ImportBatch.staged_at.desc(), ImportBatch.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [_view(row) for row in db.session.scalars(query)], int(total)


def problems(batch_id: str, limit: int) -> list[dict[str, Any]]:
    """What is wrong with the rows of a batch, by row, as it was kept."""
    query = (
        select(ImportRow.errors)
        .where(ImportRow.batch_id == batch_id, ImportRow.task_id.is_(None))
        .order_by(ImportRow.row_no)
        .limit(limit)
    )
    return [problem for errors in db.session.scalars(query) for problem in errors][:limit]


def bad_rows(batch_id: str) -> dict[int, list[dict[str, Any]]]:
    """Row number -> what is wrong with it."""
    query = (
        select(ImportRow.row_no, ImportRow.errors)
        .where(ImportRow.batch_id == batch_id, ImportRow.task_id.is_(None))
        .order_by(ImportRow.row_no)
    )
    return {row.row_no: row.errors for row in db.session.execute(query) if row.errors}


def left_behind(idle_since: int) -> list[str]:
    """Batches somebody waits for that nobody has worked on since (ms), oldest first."""
    asked = ImportBatch.status.in_(("waiting", "staged")) & ImportBatch.file_id.is_not(None)
    query = (
        select(ImportBatch.id)
        .where(
            or_(asked, ImportBatch.status.in_(("accepted", "undoing"))), ImportBatch.progress_at <= idle_since
        )
        .order_by(ImportBatch.staged_at, ImportBatch.id)
    )
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class AcceptedOrder:
    """An order of a merchant: its task, and the import it came with."""

    task_id: str
    batch_id: str
    station_id: str


def order_of(merchant: str, reference: str, station_id: str) -> AcceptedOrder | None:
    """A merchant's order by its own number, at one station."""
    query = (
        select(OrderReference.task_id, OrderReference.batch_id, ImportBatch.station_id)
        .join(ImportBatch, ImportBatch.id == OrderReference.batch_id)
        .where(
            OrderReference.merchant == merchant,
            OrderReference.reference == reference,
            ImportBatch.station_id == station_id,
        )
    )
    row = db.session.execute(query).first()
    return None if row is None else AcceptedOrder(row.task_id, row.batch_id, row.station_id)


def batches_of(merchant: str, references: Iterable[str]) -> dict[str, str]:
    """Reference -> the import it was accepted with."""
    query = select(OrderReference.reference, OrderReference.batch_id).where(
        OrderReference.merchant == merchant, OrderReference.reference.in_(list(references))
    )
    return {row.reference: row.batch_id for row in db.session.execute(query)}


def _view(row: ImportBatch) -> BatchView:
    return BatchView(**{one.name: getattr(row, one.name) for one in fields(BatchView)})
