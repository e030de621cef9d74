"""Writes of people and devices. Every function joins the caller's transaction."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Integer, String, bindparam, case, func, select, update

from server.auth import passwords
from server.auth.models import Device, EnrolmentCode, Station, User, WebSession
from server.auth.policy import LANGS, ROLES, DeviceView, Lang, Role, StationView, UserView
from server.auth.queries import device_view, station_by_code, user_view
from server.core.clock import now_ms
from server.core.db import affected, db, for_update, one_writer
from server.core.ids import uuid7
from server.core.sql import run

CODE_MS = 30 * 60 * 1000
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


class RefusedError(Exception):
    """A write that makes no sense; the message is one sentence for the operator."""


@dataclass(frozen=True)
class IssuedCode:
    """A fresh enrolment code, shown once. `code` is in groups 4-4."""

    code: str
    expires_at: int


@dataclass(frozen=True)
class Enrolled:
    """A fresh device with the only copy of its credential."""

    device: DeviceView
    user: UserView
    credential: str


def create_station(
    code: str, name: str, *, timezone: str = "Asia/Shanghai", currency: str = "CNY"
) -> StationView:
    """Make a station.

    :raises RefusedError: when the code is taken or the zone unknown.
    """
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError) as error:
        raise RefusedError(f"There is no time zone {timezone}.") from error
    if station_by_code(code) is not None:
        raise RefusedError(f"Station {code} exists already.")
    row = Station(id=uuid7(), code=code, name=name, timezone=timezone, currency=currency)
    db.session.add(row)
    db.session.flush()
    return StationView(row.id, row.code, row.name, row.timezone, row.currency)


def create_user(
    station_id: str,
    username: str,
    name: str,
    role: Role,
    *,
    password: str | None = None,
    lang: Lang = "zh",
    user_id: str | None = None,
) -> UserView:
    """Make a user; without a password they cannot log in (a courier needs none for a handheld).

    :raises RefusedError: when the login name is taken, the role or language unknown, the password too short.
    """
    if role not in ROLES or lang not in LANGS:
        raise RefusedError(f"Role must be one of {', '.join(ROLES)}, language one of {', '.join(LANGS)}.")
    if password is not None and not passwords.MIN_LENGTH <= len(password) <= passwords.MAX_LENGTH:
        raise RefusedError(f"A password has at least {passwords.MIN_LENGTH} characters.")
    if db.session.scalar(select(User.id).where(User.username == username)) is not None:
        raise RefusedError(f"User name {username} is taken.")
    row = User(
        id=user_id or uuid7(),
        station_id=station_id,
        username=username,
        name=name,
        role=role,
        lang=lang,
        password_hash=None if password is None else passwords.hash_password(password),
        created_at=now_ms(),
    )
    db.session.add(row)
    db.session.flush()
    return user_view(row)


def log_in(username: str, password: str) -> tuple[UserView, str] | None:
    """Begin a web session: the user and the session's id; None without saying why."""
    row = db.session.scalar(select(User).where(User.username == username))
    known = row.password_hash if row is not None and row.disabled_at is None else None
    if not passwords.verify(known, password) or row is None or known is None:
        return None
    if passwords.outdated(known):
        row.password_hash = passwords.hash_password(password)
    session = WebSession(id=uuid7(), user_id=row.id, started_at=now_ms())
    db.session.add(session)
    db.session.flush()
    return user_view(row), session.id


def log_out(session_id: str) -> None:
    """End a web session; whoever copied its cookie is out too."""
    live = update(WebSession).where(WebSession.id == session_id, WebSession.ended_at.is_(None))
    affected(db.session(), live.values(ended_at=now_ms()))


def disable_user(user_id: str) -> None:
    """End a person's access: their logins, their sessions and their devices, in this one mark."""
    db.session.get_one(User, user_id).disabled_at = now_ms()


def issue_code(courier: UserView, *, issued_by: str | None, key: str) -> IssuedCode:
    """Make a one-time enrolment code for a courier; `key` is the installation's secret.

    40 random bits could be guessed from a stolen table, so the hash is keyed; guessing online is limited.

    :raises RefusedError: when the user is no active courier.
    """
    if courier.role != "courier" or not courier.active:
        raise RefusedError(f"{courier.username} is no active courier.")
    plain = "".join(secrets.choice(CROCKFORD) for _ in range(8))
    now = now_ms()
    row = EnrolmentCode(
        id=uuid7(),
        code_hash=hash_code(plain, key),
        station_id=courier.station_id,
        user_id=courier.id,
        issued_by=issued_by,
        issued_at=now,
        expires_at=now + CODE_MS,
    )
    db.session.add(row)
    db.session.flush()
    return IssuedCode(f"{plain[:4]}-{plain[4:]}", row.expires_at)


def take_code(code: str, key: str, *, station_id: str | None = None) -> tuple[EnrolmentCode, User] | None:
    """Use a code up; None for one that is unknown, used, expired, of another station, or of somebody who has left.

    The code is taken by one UPDATE that must hit, so that two handhelds cannot share it.
    """
    now = now_ms()
    digest = hash_code(code, key)
    usable = [
        EnrolmentCode.code_hash == digest,
        EnrolmentCode.used_at.is_(None),
        EnrolmentCode.expires_at > now,
    ]
    if station_id is not None:
        usable.append(EnrolmentCode.station_id == station_id)
    if affected(db.session(), update(EnrolmentCode).where(*usable).values(used_at=now)) != 1:
        return None
    ticket = db.session.scalars(select(EnrolmentCode).where(EnrolmentCode.code_hash == digest)).one()
    owner = db.session.get_one(User, ticket.user_id)
    return None if owner.disabled_at is not None else (ticket, owner)


def enrol(code: str, *, app: str | None, label: str | None, key: str) -> Enrolled | None:
    """Use a code up and make its device; None for a code that cannot be used."""
    found = take_code(code, key)
    if found is None:
        return None
    ticket, owner = found
    credential = secrets.token_urlsafe(32)
    row = Device(
        id=uuid7(),
        station_id=ticket.station_id,
        user_id=owner.id,
        label=label,
        credential_hash=hash_credential(credential),
        enrolled_at=now_ms(),
        app=app,
        head_seq=0,
    )
    db.session.add(row)
    db.session.flush()
    ticket.device_id = row.id
    return Enrolled(device_view(row, owner), user_view(owner), credential)


_DEVICE = Device.__table__.c
_LOCK = for_update(select(_DEVICE.id).where(_DEVICE.id == bindparam("device")))
_OTHER_LOG = bindparam("log", type_=String).is_not(None) & _DEVICE.incarnation.is_distinct_from(
    bindparam("log", type_=String)
)
_HEARD = (
    update(Device.__table__)
    .where(_DEVICE.id == bindparam("device"))
    .values(
        last_heard=bindparam("heard_at"),
        app=func.coalesce(bindparam("build", type_=String), _DEVICE.app),
        incarnation=func.coalesce(bindparam("log", type_=String), _DEVICE.incarnation),
        head_seq=func.coalesce(
            bindparam("head", type_=BigInteger), case((_OTHER_LOG, 0), else_=_DEVICE.head_seq)
        ),
        waiting=func.coalesce(bindparam("still", type_=Integer), _DEVICE.waiting),
    )
)


def lock_device(device_id: str) -> None:
    """Lock the device's row until the transaction ends: the first lock of an exchange."""
    if not one_writer():
        run(_LOCK, {"device": device_id})


def hear(
    device_id: str,
    *,
    at: int,
    app: str | None = None,
    incarnation: str | None = None,
    head_seq: int | None = None,
    waiting: int | None = None,
) -> None:
    """Write down what an exchange told of a device; fields left out stay as they are.

    A new incarnation begins at `head_seq` 0 unless one is given.
    """
    told = {
        "build": None if app is None else app[:80],
        "log": incarnation,
        "head": head_seq,
        "still": waiting,
    }
    run(_HEARD, {"device": device_id, "heard_at": at, **told})


def revoke_device(device_id: str, *, by: str | None) -> bool:
    """Revoke a device; False when it was revoked before. Its operations stay; from now on it only hands in (P34)."""
    row = db.session.get_one(Device, device_id)
    if row.revoked_at is not None:
        return False
    row.revoked_at, row.revoked_by = now_ms(), by
    return True


def normal_code(code: str) -> str:
    """A code as people type it: case, spaces, hyphens and look-alike letters do not matter (Crockford)."""
    return code.strip().upper().translate(_READ_AS)


def hash_code(code: str, key: str) -> str:
    """Keyed hash of an enrolment code."""
    return hmac.new(key.encode(), b"enrolment\n" + normal_code(code).encode(), hashlib.sha256).hexdigest()


def hash_credential(credential: str) -> str:
    """Hash of a device credential as it is stored."""
    return hashlib.sha256(credential.encode()).hexdigest()
