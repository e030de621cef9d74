"""Reads of tracking links."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from server.core.db import db
from server.links.models import TrackingLink
from server.links.policy import LinkView


def by_digest(digests: Iterable[str]) -> dict[str, LinkView]:
    """Links by the hash of their token, expired ones too; unknown hashes are left out."""
    query = select(TrackingLink).where(TrackingLink.token_hash.in_(list(digests)))
    return {str(row.token_hash): _view(row) for row in db.session.scalars(query)}


def of_task(task_id: str) -> LinkView | None:
    """The link a task has now, expired or not; None when it has none or it was withdrawn."""
    row = db.session.get(TrackingLink, task_id)
    return None if row is None or row.token_hash is None else _view(row)


def _view(row: TrackingLink) -> LinkView:
    return LinkView(row.task_id, row.station_id, row.customer_id, row.expires_at)
