"""Reads of people, stations and devices. Answers are plain views, never model objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from sqlalchemy import select

from server.auth import contacts
from server.auth.models import Device, Station, User, WebSession
from server.auth.policy import DESK, DeviceState, DeviceView, Lang, Role, StationView, UserView
from server.core.db import db


def station(station_id: str) -> StationView | None:
    """A station by id."""
    row = db.session.get(Station, station_id)
    return _station(row) if row else None


def station_by_code(code: str) -> StationView | None:
    """A station by the code people use (`HZ01`)."""
    row = db.session.scalar(select(Station).where(Station.code == code))
    return _station(row) if row else None


def stations() -> list[StationView]:
    """All stations by code."""
    return [_station(row) for row in db.session.scalars(select(Station).order_by(Station.code))]


def user(user_id: str) -> UserView | None:
    """A user by id, also a disabled one."""
    row = db.session.get(User, user_id)
    return user_view(row) if row else None


def user_by_username(username: str) -> UserView | None:
    """A user by login name."""
    row = db.session.scalar(select(User).where(User.username == username))
    return user_view(row) if row else None


def users_by_id(ids: Iterable[str]) -> dict[str, UserView]:
    """The users with these ids; unknown ids are left out."""
    wanted = sorted(set(ids))
    found: dict[str, UserView] = {}
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        found |= {u.id: user_view(u) for u in db.session.scalars(select(User).where(User.id.in_(chunk)))}
    return found


def users_of(station_id: str, role: Role | None = None) -> list[UserView]:
    """Active users of a station by name, optionally of one role."""
    statement = select(User).where(User.station_id == station_id, User.disabled_at.is_(None))
    if role is not None:
        statement = statement.where(User.role == role)
    return [user_view(row) for row in db.session.scalars(statement.order_by(User.name, User.id))]


def desk_of(station_id: str) -> list[UserView]:
    """Active people of a station's desk (dispatcher, csr, admin), by id."""
    statement = select(User).where(
        User.station_id == station_id, User.disabled_at.is_(None), User.role.in_(sorted(DESK))
    )
    return [user_view(row) for row in db.session.scalars(statement.order_by(User.id))]


def session_user(session_id: str) -> UserView | None:
    """The person of a live web session: not logged out, not disabled."""
    row = db.session.scalar(
        select(User)
        .join(WebSession, WebSession.user_id == User.id)
        .where(WebSession.id == session_id, WebSession.ended_at.is_(None), User.disabled_at.is_(None))
    )
    return user_view(row) if row else None


def device(device_id: str) -> DeviceView | None:
    """A device by id."""
    row = db.session.execute(
        select(Device, User).join(User, User.id == Device.user_id).where(Device.id == device_id)
    ).one_or_none()
    return device_view(*row) if row else None


def devices_of(station_id: str) -> list[tuple[DeviceView, UserView]]:
    """All devices of a station with their couriers, newest first, revoked ones too."""
    rows = db.session.execute(
        select(Device, User)
        .join(User, User.id == Device.user_id)
        .where(Device.station_id == station_id)
        .order_by(Device.enrolled_at.desc(), Device.id)
    )
    return [(device_view(d, u), user_view(u)) for d, u in rows]


def devices_of_user(user_id: str) -> list[DeviceView]:
    """The devices somebody logged in on last, by id."""
    rows = db.session.execute(
        select(Device, User)
        .join(User, User.id == Device.user_id)
        .where(Device.user_id == user_id)
        .order_by(Device.id)
    )
    return [device_view(device, owner) for device, owner in rows]


def devices_by_id(ids: Iterable[str]) -> dict[str, DeviceView]:
    """The devices with these ids; unknown ids are left out."""
    wanted = sorted(set(ids))
    found: dict[str, DeviceView] = {}
    for start in range(0, len(wanted), 500):
        rows = db.session.execute(
            select(Device, User)
            .join(User, User.id == Device.user_id)
            .where(Device.id.in_(wanted[start : start + 500]))
        )
        found |= {d.id: device_view(d, u) for d, u in rows}
    return found


def user_view(row: User) -> UserView:
    """A user row as a view."""
    return UserView(
        row.id,
        row.username,
        row.name,
        cast("Role", row.role),
        cast("Lang", row.lang),
        row.station_id,
        row.disabled_at is None,
    )


def device_view(row: Device, owner: User) -> DeviceView:
    """A device row as a view; a disabled courier's devices count as revoked."""
    return DeviceView(
        id=row.id,
        user_id=row.user_id,
        station_id=row.station_id,
        label=row.label,
        enrolled_at=row.enrolled_at,
        revoked_at=row.revoked_at,
        revoked=row.revoked_at is not None or owner.disabled_at is not None,
        app=row.app,
        last_heard=contacts.latest(row.id, row.last_heard),
        incarnation=row.incarnation,
        head_seq=row.head_seq,
        waiting=row.waiting,
        state=_state(row, owner),
    )


def _state(row: Device, owner: User) -> DeviceState:
    if row.revoked_at is None and owner.disabled_at is None:
        return "working"
    if row.wiped_at is not None:
        return "wiped"
    return "draining" if row.drained_at is None else "drained"


def _station(row: Station) -> StationView:
    return StationView(row.id, row.code, row.name, row.timezone, row.currency)
