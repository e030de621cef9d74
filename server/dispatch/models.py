"""What the desk keeps for itself: filters with a name."""

from typing import Any

from sqlalchemy import Boolean, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Id, Json, Model, Ms


class SavedFilter(Model):
    """A filter of the task table somebody gave a name: for himself, or for his whole station."""

    __tablename__ = "saved_filters"
    __table_args__ = (Index("ix_saved_filters_station", "station_id", "shared"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(Id)
    user_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[dict[str, Any]] = mapped_column(Json)
    shared: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[int] = mapped_column(Ms)
