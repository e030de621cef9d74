"""A courier's login on a handheld, beside the device's own credential (P34), and the end of a revoked device.

The credential hands operations in, whoever is logged in; only a live login is told anything. It begins with a one-time
code (enrolment, or a later one on the same device), lasts as long as it is used, and ends by the desk, by the courier,
or when the next one begins. Every function joins the caller's transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from server.auth.models import Device, HandheldSession, User
from server.auth.policy import DeviceView, SessionView, UserView
from server.auth.queries import device_view, user_view
from server.auth.service import hash_credential, lock_device, take_code
from server.core.clock import now_ms
from server.core.db import affected, db
from server.core.ids import uuid7
from server.core.sql import among, columns_of, part, run

DAY_MS = 24 * 3_600_000


@dataclass(frozen=True)
class LoggedIn:
    """A fresh login with the only copy of its token."""

    user: UserView
    token: str


_DEVICE, _SESSION = Device.__table__.c, HandheldSession.__table__.c
_KNOWN = (
    select(*columns_of(Device), *columns_of(User), *columns_of(HandheldSession))
    .join_from(Device.__table__, User.__table__, User.__table__.c.id == _DEVICE.user_id)
    .outerjoin(
        HandheldSession.__table__,
        (_SESSION.device_id == _DEVICE.id)
        & (_SESSION.token_hash == bindparam("token"))
        & _SESSION.ended_at.is_(None),
    )
    .where(_DEVICE.credential_hash == bindparam("credential"))
)


def authenticate(credential: str, token: str) -> tuple[DeviceView, UserView, SessionView | None] | None:
    """The device with this credential, its courier and his live login; also a revoked one (`device.revoked` says so).

    A handheld from before there were logins has its credential for a token, until it logs in anew.
    """
    shown = {"credential": hash_credential(credential), "token": hash_credential(token or credential)}
    found = run(_KNOWN, shown)
    if not found:
        return None
    [row] = found
    device, owner, session = (part(row, model) for model in (Device, User, HandheldSession))
    live = session.id is not None and session.user_id == owner.id and session.until > now_ms()
    view = SessionView(session.id, session.until) if live else None
    return device_view(device, owner), user_view(owner), view


def begin(device_id: str, user_id: str, *, days: int) -> str:
    """Begin a login and end the one before it; answers its token."""
    end(device_id, by=None)
    now = now_ms()
    token = secrets.token_urlsafe(32)
    db.session.add(
        HandheldSession(
            id=uuid7(),
            device_id=device_id,
            user_id=user_id,
            token_hash=hash_credential(token),
            started_at=now,
            until=now + days * DAY_MS,
        )
    )
    db.session.flush()
    return token


def log_in(device: DeviceView, code: str, *, key: str, days: int) -> LoggedIn | None:
    """Use a one-time code up to log its courier in on a device that is known; None when the code is not good here.

    The device stays what it is, with its log and its credential: what it has still to send is not touched.
    """
    lock_device(device.id)
    found = take_code(code, key, station_id=device.station_id)
    if found is None:
        return None
    ticket, owner = found
    row = db.session.get_one(Device, device.id)
    row.user_id = owner.id
    ticket.device_id = row.id
    return LoggedIn(user_view(owner), begin(row.id, owner.id, days=days))


def end(device_id: str, *, by: str | None) -> bool:
    """End the login on a device; False when there was none. Its operations are still taken."""
    live = update(HandheldSession).where(
        HandheldSession.device_id == device_id, HandheldSession.ended_at.is_(None)
    )
    return affected(db.session(), live.values(ended_at=now_ms(), ended_by=by)) > 0


def due_for_renewal(session: SessionView, *, days: int) -> bool:
    """Whether a login that is being used should last longer: once a day is often enough."""
    return session.until - now_ms() < (days - 1) * DAY_MS


def renew(session: SessionView, *, days: int) -> None:
    """Let a login that is used last its whole time again; one that has ended meanwhile stays ended."""
    live = update(HandheldSession).where(HandheldSession.id == session.id, HandheldSession.ended_at.is_(None))
    affected(db.session(), live.values(until=now_ms() + days * DAY_MS))


def logins_of(devices: Iterable[str]) -> dict[str, dict[str, int]]:
    """Since when and until when somebody is logged in on each of these devices (ms), those without a login left out."""
    query = select(HandheldSession.device_id, HandheldSession.started_at, HandheldSession.until).where(
        among(HandheldSession.device_id, devices),
        HandheldSession.ended_at.is_(None),
        HandheldSession.until > now_ms(),
    )
    return {
        row.device_id: {"login_since": row.started_at, "login_until": row.until}
        for row in db.session.execute(query)
    }


def worked_on(device_id: str, users: Iterable[str]) -> dict[str, UserView]:
    """Which of these people have been logged in on a device at any time, by id."""
    query = (
        select(User)
        .join(HandheldSession, HandheldSession.user_id == User.id)
        .where(HandheldSession.device_id == device_id, User.id.in_(sorted(set(users))))
    )
    return {row.id: user_view(row) for row in db.session.scalars(query)}


def has_sealed(device_id: str, text: str, seal: str) -> bool:
    """Whether a text carries a handheld's seal: an HMAC-SHA256 under the SHA-256 of its credential, as it is stored."""
    row = db.session.get(Device, device_id)
    if row is None:
        return False
    made = hmac.new(row.credential_hash.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(made, seal)


def tell_to_wipe(device_id: str) -> None:
    """Write down that everything a revoked device had is here, so that it was told to forget it."""
    row = db.session.get_one(Device, device_id)
    row.drained_at = row.drained_at or now_ms()


def more_to_drain(device_id: str) -> None:
    """Write down that a revoked device has more to hand in than was thought."""
    db.session.get_one(Device, device_id).drained_at = None


def wiped(device_id: str) -> None:
    """Write down that a revoked device has forgotten everything: its credential opens nothing any more."""
    row = db.session.get_one(Device, device_id)
    row.wiped_at = row.wiped_at or now_ms()
