"""Tables of stations, people and their devices. Private to this folder: others use queries and service."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Id, Model, Ms, Sha


class Station(Model):
    """A branch of the company; everything people see is bound to one. `timezone` is an IANA name."""

    __tablename__ = "station"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))


class User(Model):
    """A person who works here; without a password they use a handheld only."""

    __tablename__ = "user_account"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("station.id"), index=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(16))
    lang: Mapped[str] = mapped_column(String(8))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[int] = mapped_column(Ms)
    disabled_at: Mapped[int | None] = mapped_column(Ms)

    __table_args__ = (CheckConstraint("role IN ('courier', 'dispatcher', 'csr', 'admin')", name="role"),)


class WebSession(Model):
    """A login at the desk. The cookie holds only its id, so that logging out ends it on the server too."""

    __tablename__ = "web_session"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"), index=True)
    started_at: Mapped[int] = mapped_column(Ms)
    ended_at: Mapped[int | None] = mapped_column(Ms)


class Device(Model):
    """A handheld. Its credential is stored as SHA-256 only: 256 random bits need no slow hash.

    `user_id` is who logged in on it last. `head_seq` belongs to `incarnation`, the handheld's newest local database;
    `waiting` is what it said it still holds. All of these are written by the exchange under the lock of this row. Of a
    revoked one `drained_at` says when everything it had was here and it was told to forget it, `wiped_at` when it said
    that it had.
    """

    __tablename__ = "device"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("station.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"), index=True)
    label: Mapped[str | None] = mapped_column(String(120))
    credential_hash: Mapped[str] = mapped_column(Sha, unique=True)
    enrolled_at: Mapped[int] = mapped_column(Ms)
    revoked_at: Mapped[int | None] = mapped_column(Ms)
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.id"))
    app: Mapped[str | None] = mapped_column(String(80))
    last_heard: Mapped[int | None] = mapped_column(Ms)
    incarnation: Mapped[str | None] = mapped_column(Id)
    head_seq: Mapped[int] = mapped_column(Ms, default=0)
    waiting: Mapped[int | None]
    drained_at: Mapped[int | None] = mapped_column(Ms)
    wiped_at: Mapped[int | None] = mapped_column(Ms)

    __table_args__ = (Index("ix_device_station", "station_id", "enrolled_at"),)


class HandheldSession(Model):
    """A courier's login on a handheld, beside the device's credential (P34). One at a time lives on a device.

    The rows stay: whoever had one is believed when the device hands in what he recorded, whoever works with it now. The
    token is stored as SHA-256 only, like the credential.
    """

    __tablename__ = "handheld_session"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    token_hash: Mapped[str] = mapped_column(Sha, unique=True)
    started_at: Mapped[int] = mapped_column(Ms)
    until: Mapped[int] = mapped_column(Ms)
    ended_at: Mapped[int | None] = mapped_column(Ms)
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.id"))


class ApiKey(Model):
    """A merchant's system: orders in for one station and one merchant. Stored as SHA-256 only, like a device's
    credential; `hint` is its beginning, so that a person can tell two keys apart.
    """

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("station.id"), index=True)
    merchant: Mapped[str] = mapped_column(String(120))
    label: Mapped[str | None] = mapped_column(String(120))
    hint: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(Sha, unique=True)
    made_at: Mapped[int] = mapped_column(Ms)
    revoked_at: Mapped[int | None] = mapped_column(Ms)
    used_at: Mapped[int | None] = mapped_column(Ms)


class EnrolmentCode(Model):
    """A one-time code that makes one device of one courier. Stored as a keyed hash; used once."""

    __tablename__ = "enrolment_code"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code_hash: Mapped[str] = mapped_column(Sha, unique=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("station.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    issued_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.id"))
    issued_at: Mapped[int] = mapped_column(Ms)
    expires_at: Mapped[int] = mapped_column(Ms)
    used_at: Mapped[int | None] = mapped_column(Ms)
    device_id: Mapped[str | None] = mapped_column(ForeignKey("device.id"))
