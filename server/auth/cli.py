"""`doorstep stations | users | devices`: who there is, and what they come in with."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import cast, get_args

import click
from flask import current_app

from server.auth import queries, service
from server.auth.policy import Lang, Role, StationView, UserView
from server.core.config import Settings
from server.core.db import read, transaction


@click.group()
def stations() -> None:
    """Stations."""


@stations.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--timezone", default="Asia/Shanghai", show_default=True)
@click.option("--currency", default="CNY", show_default=True)
def add_station(code: str, name: str, timezone: str, currency: str) -> None:
    """Make a station CODE called NAME."""
    with transaction():
        made = service.create_station(code, name, timezone=timezone, currency=currency)
    click.echo(f"station {made.code} {made.id}")


@click.group()
def users() -> None:
    """People."""


@users.command("add")
@click.argument("username")
@click.option("--station", "station_code", required=True, help="Code of the station.")
@click.option("--name", required=True, help="Name as colleagues know it.")
@click.option("--role", required=True, type=click.Choice(get_args(Role)))
@click.option("--lang", default="zh", show_default=True, type=click.Choice(get_args(Lang)))
@click.option("--no-password", is_flag=True, help="A courier with a handheld only: no web login.")
def add_user(username: str, station_code: str, name: str, role: str, lang: str, no_password: bool) -> None:
    """Make a user; the password is asked for, or read from standard input when that is no terminal."""
    password = None if no_password else _password()
    with transaction():
        station = _station(station_code)
        made = service.create_user(
            station.id, username, name, cast("Role", role), password=password, lang=cast("Lang", lang)
        )
    click.echo(f"user {made.username} {made.id}")


@users.command("disable")
@click.argument("username")
def disable_user(username: str) -> None:
    """End a person's access: logins, sessions and devices."""
    with transaction():
        service.disable_user(_user(username).id)
    click.echo(f"user {username} disabled")


@click.group()
def devices() -> None:
    """Handhelds."""


@devices.command("enrol")
@click.argument("username")
def enrol(username: str) -> None:
    """Print a one-time enrolment code for the courier USERNAME."""
    settings: Settings = current_app.extensions["doorstep_settings"]
    with transaction():
        issued = service.issue_code(_user(username), issued_by=None, key=settings.secret_key)
    click.echo(f"{issued.code}  (valid until {_utc(issued.expires_at)})")


@devices.command("revoke")
@click.argument("device")
def revoke(device: str) -> None:
    """Revoke the device with this id."""
    with transaction():
        if queries.device(device) is None:
            raise service.RefusedError(f"There is no device {device}.")
        fresh = service.revoke_device(device, by=None)
    click.echo(f"device {device} {'revoked' if fresh else 'was revoked before'}")


@devices.command("list")
@click.option("--station", "station_code", help="Only this station.")
def list_devices(station_code: str | None) -> None:
    """List devices: id, station, courier, enrolled, last heard, state."""
    with read():
        chosen = [_station(station_code)] if station_code else queries.stations()
        rows = [(s, d, u) for s in chosen for d, u in queries.devices_of(s.id)]
    for station, device, user in rows:
        heard = _utc(device.last_heard) if device.last_heard else "never"
        state = "revoked" if device.revoked else "active"
        click.echo(
            f"{device.id}  {station.code}  {user.username}  {_utc(device.enrolled_at)}  {heard}  {state}"
        )


def _station(code: str) -> StationView:
    station = queries.station_by_code(code)
    if station is None:
        raise service.RefusedError(f"There is no station {code}.")
    return station


def _user(username: str) -> UserView:
    user = queries.user_by_username(username)
    if user is None:
        raise service.RefusedError(f"There is no user {username}.")
    return user


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise click.ClickException("The two passwords differ.")
    return first


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
