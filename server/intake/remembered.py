"""Mappings people made at the desk: kept per merchant, found again by the header they were made for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.core.clock import now_ms
from server.core.db import db, upsert
from server.core.ids import uuid7
from server.intake.models import OrderMapping
from sync.canonical import sha256_hex


@dataclass(frozen=True)
class Known:
    """A remembered mapping, and whose orders it was last used for."""

    id: str
    merchant: str
    document: dict[str, Any]
    used_at: int


def fingerprint(header: Sequence[str]) -> str:
    """What makes two headers the same: their names, whatever their order, case and spaces."""
    return sha256_hex("\n".join(sorted("".join(name.casefold().split()) for name in header)))


def recall(station_id: str, header: Sequence[str], merchant: str | None = None) -> Known | None:
    """The mapping last used at a station for this header, or for this header and merchant."""
    query = select(OrderMapping).where(
        OrderMapping.station_id == station_id, OrderMapping.fingerprint == fingerprint(header)
    )
    if merchant:
        query = query.where(OrderMapping.merchant == merchant)
    row = db.session.scalars(query.order_by(OrderMapping.used_at.desc()).limit(1)).first()
    return None if row is None else Known(row.id, row.merchant, row.document, row.used_at)


def remember(
    station_id: str, header: Sequence[str], merchant: str, document: dict[str, Any], user_id: str
) -> None:
    """Keeps the mapping a merchant's file was imported with, in place of the one before; in a transaction."""
    now = now_ms()
    statement = upsert(OrderMapping)
    statement = statement.on_conflict_do_update(
        index_elements=["station_id", "merchant", "fingerprint"],
        set_={
            "document": statement.excluded.document,
            "used_at": statement.excluded.used_at,
            "used_by": statement.excluded.used_by,
        },
    )
    row = {
        "id": uuid7(),
        "station_id": station_id,
        "merchant": merchant,
        "fingerprint": fingerprint(header),
        "document": document,
        "used_at": now,
        "used_by": user_id,
    }
    db.session.execute(statement, row)
