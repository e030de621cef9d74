"""Reads of the staging tables."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from server.core.db import db
from server.intake.models import ImportBatch, ImportRow, OrderReference
from server.intake.policy import KnownOrder

_AT_ONCE = 500


@dataclass(frozen=True)
class BatchView:
    """One file and how far it has come."""

    id: str
    station_id: str
    merchant: str | None
    file_name: str
    status: str
    rows: int
    applied_rows: int
    accepted_at: int | None
    accepted_by: str | None


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
    found: dict[tuple[str, str], KnownOrder] = {}
    for some in _slices(references):
        _collect(found, OrderReference.reference.in_(some) & OrderReference.merchant.in_(merchants))
    for some in _slices(task_ids):
        _collect(found, OrderReference.task_id.in_(some))
    return list(found.values())


def _collect(found: dict[tuple[str, str], KnownOrder], condition: object) -> None:
    for row in db.session.scalars(select(OrderReference).where(condition)):  # type: ignore[arg-type]
        found[row.merchant, row.reference] = KnownOrder(row.merchant, row.reference, row.task_id, row.digest)


def _slices(values: Iterable[str]) -> Iterable[list[str]]:
    """SQLite and PostgreSQL both dislike very long IN lists."""
    everything = list(values)
    return (everything[start : start + _AT_ONCE] for start in range(0, len(everything), _AT_ONCE))


def _view(row: ImportBatch) -> BatchView:
    return BatchView(
        row.id,
        row.station_id,
        row.merchant,
        row.file_name,
        row.status,
        row.rows,
        row.applied_rows,
        row.accepted_at,
        row.accepted_by,
    )
