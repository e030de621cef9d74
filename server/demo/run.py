"""`doorstep demo` from nothing to a running house: database, today's orders, web server, worker, words.

What takes long to load (the application, certificates) is loaded once PostgreSQL and the web server are on their way.
"""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ssl import create_default_context
from typing import TYPE_CHECKING

import click

from server.core.clock import now_ms
from server.core.config import ROOT, Settings
from server.demo.network import ANY_ADDRESS, lan_addresses
from server.demo.postgres import begin_postgres
from server.demo.supervise import Child, Supervisor

if TYPE_CHECKING:
    from server.demo.seed import Seeded
    from server.demo.tls import Certificates

_DOORSTEP = (sys.executable, "-c", "from server.cli import main; main()")
_READY_WITHIN_S = 60.0
METRICS_PORT = 9464


class CannotStartError(Exception):
    """The demo cannot start; one sentence says why and what to do."""


@dataclass(frozen=True)
class Wishes:
    """What the environment asks for besides the settings: `DB=postgres`, `TLS=1`."""

    postgres: bool
    tls: bool

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Wishes:
        """Reads them; refuses a database nobody knows."""
        database = environ.get("DB", "").lower()
        if database not in ("", "sqlite", "postgres", "postgresql"):
            raise CannotStartError(f"DB is sqlite or postgres, not {environ['DB']}.")
        return cls(database.startswith("postgres"), environ.get("TLS", "").lower() in ("1", "true", "yes"))


def run_demo(environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Runs until somebody stops it or a part of it dies; returns the exit status.

    Raises:
        CannotStartError: wrong settings, or the port is taken.
        ConfigError: settings that cannot be honoured.
    """
    env = dict(environ)
    wishes = Wishes.from_env(env)
    if env.setdefault("DOORSTEP_ENV", "demo") != "demo":
        raise CannotStartError(
            f"The demo has well-known passwords: not with DOORSTEP_ENV={env['DOORSTEP_ENV']}."
        )
    env.setdefault("LOG_LEVEL", "warning")  # the screen is for the words below
    if wishes.tls:
        env.setdefault("HOST", "0.0.0.0")  # noqa: S104  # a phone on the same network is the purpose of TLS=1
    settings = Settings.from_env(env)
    _free_or_refuse(settings.host, settings.port)
    _show_metrics(env)
    with Supervisor() as supervisor:
        postgres = begin_postgres(supervisor, settings.data / "postgres") if wishes.postgres else None
        if postgres:
            env["DATABASE_URL"] = postgres.cluster.url
        certificates = _certificates(settings) if wishes.tls else None
        base = _address(settings, certificates)
        env.setdefault("DOORSTEP_URL", base)
        settings = Settings.from_env(env)
        # The web server loads while this one loads and writes the day: two cores, half the wait. Where the last start
        # left everything migrated it need not even wait for that, nor for PostgreSQL: it is asked whether it is ready.
        # The worker comes when a core is free again: when people can already begin.
        left, newest = settings.data / "demo" / "migrated", _migrations()
        warm = left.exists() and left.read_text(encoding="utf-8") == newest
        if warm:
            _serve(supervisor, env, certificates)
        from server.app import create_app
        from server.core import migrations
        from server.core.db import read
        from server.demo.seed import enrolment_codes, seed_day

        if postgres:
            postgres.url()
        with create_app(settings, live=False).app_context():
            with read() as session:
                behind = migrations.current(session.connection()) != migrations.newest()
            if behind:
                migrations.upgrade()
            left.parent.mkdir(parents=True, exist_ok=True)
            left.write_text(newest, encoding="utf-8")
            if not warm:
                _serve(supervisor, env, certificates)
            seeded = seed_day(settings.data / "demo")
            codes = enrolment_codes(seeded, settings.secret_key)
        if not supervisor.wait_until(lambda: _answers(settings, certificates), _READY_WITHIN_S):
            raise CannotStartError("The web server does not answer; its own words stand above.")
        supervisor.start(Child("the worker", [*_DOORSTEP, "worker"], env=env))
        say(_words(base, seeded, codes, settings))
        if certificates is not None:
            say(_trust(supervisor, settings, certificates))
        return supervisor.wait()
    return 0


def _migrations() -> str:
    """Which migrations there are: what a database was brought to by an earlier start of the same code."""
    return "\n".join(sorted(file.name for file in (ROOT / "migrations" / "versions").glob("*.py")))


def _serve(supervisor: Supervisor, env: Mapping[str, str], certificates: Certificates | None) -> None:
    files = ["--tls-cert", str(certificates.cert), "--tls-key", str(certificates.key)] if certificates else []
    supervisor.start(Child("the web server", [*_DOORSTEP, "serve", *files], env=env))


def _answers(settings: Settings, certificates: Certificates | None) -> bool:
    context = create_default_context(cafile=str(certificates.ca)) if certificates else None
    host = "127.0.0.1" if settings.host in ANY_ADDRESS else settings.host
    url = f"{'https' if certificates else 'http'}://{host}:{settings.port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=2, context=context):  # noqa: S310  # our own server
            return True
    except (urllib.error.URLError, OSError):
        return False


def _certificates(settings: Settings) -> Certificates:
    from server.demo.tls import ensure_certificates

    hosts = lan_addresses() if settings.host in ANY_ADDRESS else (settings.host,)
    return ensure_certificates(settings.data / "tls", hosts, datetime.fromtimestamp(now_ms() / 1000, UTC))


def _address(settings: Settings, certificates: Certificates | None) -> str:
    """The address to type: of this machine on its network when everybody may come, else the one it listens on."""
    host = settings.host
    if host in ANY_ADDRESS:
        host = next(iter(lan_addresses()), "127.0.0.1")
    return f"{'https' if certificates else 'http'}://{host}:{settings.port}"


def _free_or_refuse(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"Port {port} on {host} cannot be used ({error.strerror})"
            raise CannotStartError(f"{reason}: try another one, make run PORT={port + 1}.") from error


def _show_metrics(env: dict[str, str]) -> None:
    """Metrics on their usual port, for this machine alone, unless somebody has it or said otherwise."""
    try:
        for port in (METRICS_PORT, METRICS_PORT + 1):
            _free_or_refuse("127.0.0.1", port)
    except CannotStartError:
        return
    env.setdefault("DOORSTEP_METRICS", f"127.0.0.1:{METRICS_PORT}")


def _words(base: str, seeded: Seeded, codes: list[tuple[str, str]], settings: Settings) -> str:
    from server.demo.seed import PASSWORD

    orders = f"{seeded.new_orders} new orders" if seeded.new_orders else "as it was left"
    private = settings.metrics
    metrics = [f"  Metrics              http://{private[0]}:{private[1]}/metrics"] if private else []
    lines = [
        "",
        f"Doorstep is running: generated day {seeded.day.isoformat()}, {seeded.station.name}, {orders}.",
        "",
        f"  Dispatcher's desk    {base}/dispatch",
        f"  Courier's handheld   {base}/",
        *metrics,
        "",
        f"  Log in at the desk (password {PASSWORD}):",
        *(f"    {one.username:8} {one.role:11} {one.name}" for one in seeded.logins if one.password),
        "",
        "  Enrol a handheld (one use, 30 minutes):",
        *(f"    {code}   {name:12} {base}/#enrol={code}" for name, code in codes),
        "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(lines)


def _trust(supervisor: Supervisor, settings: Settings, certificates: Certificates) -> str:
    """Hands the authority's certificate out beside the demo, and says how to trust it."""
    from server.demo.trust import CA_PATH, trust_words

    port = settings.port + 1
    url: str | None = None
    try:
        _free_or_refuse(settings.host, port)
    except CannotStartError:
        pass
    else:
        command = [sys.executable, "-m", "server.demo.trust", str(certificates.ca), settings.host, str(port)]
        supervisor.start(Child("the certificate's server", command))
        host = next(iter(lan_addresses()), "127.0.0.1") if settings.host in ANY_ADDRESS else settings.host
        url = f"http://{host}:{port}{CA_PATH}"
    return "\n" + trust_words(certificates.ca, url, certificates.fingerprint)


def echo(text: str) -> None:
    """Prints at once, also into a pipe."""
    click.echo(text)
    sys.stdout.flush()
