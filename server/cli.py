"""The `doorstep` command: what an operator types."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args

import click
import flask_migrate
from flask import Flask

from server import watch
from server.app import create_app
from server.auth import queries, service
from server.auth.keys_cli import keys
from server.auth.policy import Lang, Role, StationView, UserView
from server.core import openapi as openapi_document
from server.core.config import ROOT, ConfigError, Settings
from server.core.db import read, transaction
from server.day.cli import day
from server.demo.cli import demo
from server.dispatch import live
from server.intake.cli import orders
from server.notifications.cli import outbox
from server.ops.cli import audit, backup, epoch, restore

# Threads no live desk may take, whoever asks for how many.
FREE_THREADS = 4


class _Inside:
    """What runs inside the application."""

    def invoke(self, ctx: click.Context) -> Any:
        """Open the application around the command; a refused write is one sentence, not a trace.

        What a person typed is answered in words: of the log only errors are shown, unless LOG_LEVEL asks for more.
        """
        try:
            settings = Settings.from_env()
            quiet = settings if os.environ.get("LOG_LEVEL") else replace(settings, log_level="error")
            with create_app(quiet, live=False).app_context():
                return super().invoke(ctx)  # type: ignore[misc]
        except (ConfigError, service.RefusedError) as error:
            raise click.ClickException(str(error)) from error


class InApp(_Inside, click.Group):
    """A group whose commands run inside the application."""


class OneInApp(_Inside, click.Command):
    """A command of its own that runs inside the application."""


@click.group()
@click.version_option(package_name="doorstep")
def main() -> None:
    """Doorstep: a courier company's own system."""


@main.command()
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (PORT).")
@click.option("--threads", type=click.IntRange(1, 600), help="Default: 24 beside those live desks hold.")
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="Certificate (PEM) for HTTPS.")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="Its private key (PEM).")
def serve(
    host: str | None, port: int | None, threads: int | None, tls_cert: str | None, tls_key: str | None
) -> None:
    """Run the web server (gunicorn). A live desk holds a thread; some are always left for everybody else."""
    settings = _settings()
    held = settings.sockets + live.SPARE
    if threads is not None and threads < held + FREE_THREADS:
        raise click.ClickException(
            f"{threads} threads are too few for {settings.sockets} live desks: "
            f"take {held + FREE_THREADS} or more, or fewer DOORSTEP_SOCKETS."
        )
    options = {
        "bind": f"{host or settings.host}:{port or settings.port}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": threads or held + 20,
        "control_socket_disable": True,
        "graceful_timeout": 8,
        "timeout": 60,
        "keepalive": 5,
        "certfile": tls_cert,
        "keyfile": tls_key,
        "loglevel": "warning",
        "proc_name": "doorstep",
        "post_worker_init": _prepare,
    }
    _gunicorn({name: value for name, value in options.items() if value is not None})


@main.command()
def worker() -> None:
    """Run an outbox worker."""
    from server import worker as outbox_worker

    _settings()
    outbox_worker.main()


@main.group(cls=InApp)
def db() -> None:
    """The database."""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the database to the newest revision; does nothing when it is there."""
    flask_migrate.upgrade(revision=revision)


@db.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the database back to REVISION (`base` for empty). Data of later tables is lost."""
    flask_migrate.downgrade(revision=revision)


@db.command()
def check() -> None:
    """Fail when the models and the migrations disagree."""
    flask_migrate.check()


@db.command()
@click.option("--message", required=True, help="What changes, in a few words.")
def revision(message: str) -> None:
    """Write a migration from the difference to the models (make it on PostgreSQL)."""
    flask_migrate.migrate(message=message)


@main.group(cls=InApp)
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


@main.group(cls=InApp)
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


@main.group(cls=InApp)
def devices() -> None:
    """Handhelds."""


@devices.command("enrol")
@click.argument("username")
def enrol(username: str) -> None:
    """Print a one-time enrolment code for the courier USERNAME."""
    with transaction():
        issued = service.issue_code(_user(username), issued_by=None, key=_settings().secret_key)
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


main.add_command(InApp("orders", commands=orders.commands, help=orders.help))
main.add_command(InApp("keys", commands=keys.commands, help=keys.help))
main.add_command(InApp("outbox", commands=outbox.commands, help=outbox.help))
main.add_command(InApp("epoch", commands=epoch.commands, help=epoch.help))
for one in (backup, restore, audit):
    main.add_command(OneInApp(one.name, callback=one.callback, params=one.params, help=one.help))
main.add_command(demo)
main.add_command(day)


@main.command()
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; fail when the file is out of step."
)
@click.option("--out", type=click.Path(path_type=Path), default=ROOT / "pwa" / "api" / "openapi.json")
def openapi(only_check: bool, out: Path) -> None:
    """Write the OpenAPI document the web apps' types are generated from."""
    settings = Settings(database_url="sqlite://", data=ROOT / "var", secret_key="-", log_level="error")  # noqa: S106 - signs nothing
    text = openapi_document.text(create_app(settings, live=False))
    if not only_check:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    elif not out.exists() or out.read_text(encoding="utf-8") != text:
        raise click.ClickException(f"{out.name} is out of step with the server: run `doorstep openapi`.")


def _gunicorn(options: dict[str, Any]) -> None:
    """Serve in this process until SIGTERM or SIGINT. One worker: its threads share one pool and one limiter."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        """gunicorn without its command line."""

        def load_config(self) -> None:
            """Hand our options over."""
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            """Make the application, in the worker and not before the fork."""
            return create_app()

    Server().run()


def _prepare(worker: Any) -> None:
    """In the process that answers: sockets end with it, and its numbers are served beside it."""
    live.of(worker.wsgi).ending = lambda: not worker.alive
    watch.serve(worker.wsgi, offset=0)


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


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
