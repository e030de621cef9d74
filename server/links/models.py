"""Tracking links as rows: one for each task that was ever announced to its customer."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Id, Model, Ms, Sha


class TrackingLink(Model):
    """Of a token only its SHA-256 is kept; a withdrawn link has none until it is issued in a new generation."""

    __tablename__ = "tracking_links"

    task_id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(Id, index=True)
    customer_id: Mapped[str] = mapped_column(Id, index=True)
    generation: Mapped[int]
    token_hash: Mapped[str | None] = mapped_column(Sha, unique=True)
    expires_at: Mapped[int] = mapped_column(Ms)
