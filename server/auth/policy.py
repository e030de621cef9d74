"""Who people are, as plain data: roles, principals, views. No Flask, no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["courier", "dispatcher", "csr", "admin"]
Lang = Literal["zh", "en"]
DeviceState = Literal["working", "draining", "drained", "wiped"]

ROLES: tuple[Role, ...] = get_args(Role)
LANGS: tuple[Lang, ...] = get_args(Lang)
DEVICE_STATES: tuple[DeviceState, ...] = get_args(DeviceState)
DESK: frozenset[Role] = frozenset({"dispatcher", "csr", "admin"})


@dataclass(frozen=True)
class StationView:
    """A station as others may know it."""

    id: str
    code: str
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True)
class UserView:
    """A person as others may know them."""

    id: str
    username: str
    name: str
    role: Role
    lang: Lang
    station_id: str
    active: bool = True


@dataclass(frozen=True)
class DeviceView:
    """A device as the desk lists it. `revoked` also holds when its courier was disabled.

    `state`: a revoked one is draining until everything it had is here, drained once it was told to forget it, and wiped
    when it said that it did (P34).
    """

    id: str
    user_id: str
    station_id: str
    label: str | None
    enrolled_at: int
    revoked_at: int | None
    revoked: bool
    app: str | None
    last_heard: int | None
    incarnation: str | None
    head_seq: int
    waiting: int | None
    state: DeviceState = "working"


@dataclass(frozen=True)
class SessionView:
    """A courier's live login on a handheld; `until` in ms."""

    id: str
    until: int


@dataclass(frozen=True)
class WebUser:
    """Principal: a person with a live web session."""

    user: UserView


@dataclass(frozen=True)
class DeviceUser:
    """Principal: a handheld with its own credential, acting for its courier; without a login it only hands in."""

    user: UserView
    device: DeviceView
    session: SessionView | None = None


Principal = WebUser | DeviceUser
