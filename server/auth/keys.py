"""API keys of merchants' systems: made and revoked at the command line, shown once, stored as a hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import select, update

from server.auth.models import ApiKey
from server.core.clock import now_ms
from server.core.db import affected, db
from server.core.ids import uuid7

PREFIX = "dsk_"
# The list says when a key was last used, to the minute: not every call has to write.
_USED_EVERY_MS = 60_000


@dataclass(frozen=True)
class KeyView:
    """A key as others may know it; its id is the author of what comes in with it."""

    id: str
    station_id: str
    merchant: str
    label: str | None
    hint: str
    made_at: int
    revoked_at: int | None
    used_at: int | None


def make(station_id: str, merchant: str, label: str | None = None) -> tuple[KeyView, str]:
    """A new key and the only copy of its text; joins the caller's transaction."""
    text = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        id=uuid7(),
        station_id=station_id,
        merchant=merchant,
        label=label,
        hint=text[: len(PREFIX) + 6],
        key_hash=_hash(text),
        made_at=now_ms(),
    )
    db.session.add(row)
    db.session.flush()
    return _view(row), text


def revoke(key_id: str) -> bool:
    """End a key; False when there is no such key in use. Joins the caller's transaction."""
    live = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    return affected(db.session(), live.values(revoked_at=now_ms())) == 1


def listing(station_id: str | None = None) -> list[KeyView]:
    """Keys, revoked ones too, oldest first."""
    query = select(ApiKey).order_by(ApiKey.made_at, ApiKey.id)
    if station_id is not None:
        query = query.where(ApiKey.station_id == station_id)
    return [_view(row) for row in db.session.scalars(query)]


def find(text: str) -> KeyView | None:
    """The key somebody shows, unless it is unknown or revoked."""
    row = db.session.scalars(
        select(ApiKey).where(ApiKey.key_hash == _hash(text), ApiKey.revoked_at.is_(None))
    ).first()
    return None if row is None else _view(row)


def note_use(key: KeyView) -> None:
    """Writes down that a key was used, once a minute; joins the caller's transaction."""
    now = now_ms()
    if key.used_at is None or now - key.used_at >= _USED_EVERY_MS:
        affected(db.session(), update(ApiKey).where(ApiKey.id == key.id).values(used_at=now))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _view(row: ApiKey) -> KeyView:
    return KeyView(
        row.id,
        row.station_id,
        row.merchant,
        row.label,
        row.hint,
        row.made_at,
        row.revoked_at,
        row.used_at,
    )
