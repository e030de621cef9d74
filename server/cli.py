"""The `doorstep` command: what an operator types.

What a command needs is loaded when it is typed, and not before: the demo starts three processes with it, and each
would otherwise begin by loading what only the other commands use.
"""

from __future__ import annotations

import os
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.core.config import ROOT, ConfigError, Settings

if TYPE_CHECKING:
    from flask import Flask

# Threads no live desk may take, whoever asks for how many.
FREE_THREADS = 4

# The commands of the features: name -> where it is.
APART = {
    "demo": "server.demo.cli:demo",
    "day": "server.day.cli:day",
}
# Those that run inside the application.
INSIDE = {
    "db": "server.core.migrations_cli:database",
    "stations": "server.auth.cli:stations",
    "users": "server.auth.cli:users",
    "devices": "server.auth.cli:devices",
    "keys": "server.auth.keys_cli:keys",
    "orders": "server.intake.cli:orders",
    "outbox": "server.notifications.cli:outbox",
    "epoch": "server.ops.cli:epoch",
    "backup": "server.ops.cli:backup",
    "restore": "server.ops.cli:restore",
    "audit": "server.ops.cli:audit",
    "rescue": "server.handheld.rescue_api:command",
}


class _Inside:
    """What runs inside the application."""

    def invoke(self, ctx: click.Context) -> Any:
        """Open the application around the command; a refused write is one sentence, not a trace.

        What a person typed is answered in words: of the log only errors are shown, unless LOG_LEVEL asks for more.
        """
        from server.app import create_app
        from server.auth.service import RefusedError

        try:
            settings = Settings.from_env()
            quiet = settings if os.environ.get("LOG_LEVEL") else replace(settings, log_level="error")
            with create_app(quiet, live=False).app_context():
                return super().invoke(ctx)  # type: ignore[misc]
        except (ConfigError, RefusedError) as error:
            raise click.ClickException(str(error)) from error


class InApp(_Inside, click.Group):
    """A group whose commands run inside the application."""


class OneInApp(_Inside, click.Command):
    """A command of its own that runs inside the application."""


class Doorstep(click.Group):
    """Finds the features' commands when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Those of this file and those of the tables."""
        return sorted({*super().list_commands(ctx), *APART, *INSIDE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, loaded now."""
        if cmd_name in APART:
            return _load(APART[cmd_name])
        if cmd_name in INSIDE:
            return _inside(_load(INSIDE[cmd_name]))
        return super().get_command(ctx, cmd_name)


def _load(where: str) -> click.Command:
    module, _, name = where.partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command


def _inside(command: click.Command) -> click.Command:
    if isinstance(command, click.Group):
        return InApp(command.name, commands=command.commands, help=command.help)
    return OneInApp(command.name, callback=command.callback, params=command.params, help=command.help)


@click.group(cls=Doorstep)
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
    from server.dispatch import live

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
    _settings()
    from server import worker as outbox_worker

    outbox_worker.main()


@main.command()
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; fail when the file is out of step."
)
@click.option("--out", type=click.Path(path_type=Path), default=ROOT / "pwa" / "api" / "openapi.json")
def openapi(only_check: bool, out: Path) -> None:
    """Write the OpenAPI document the web apps' types are generated from."""
    from server.app import create_app
    from server.core import openapi as document

    settings = Settings(database_url="sqlite://", data=ROOT / "var", secret_key="-", log_level="error")  # noqa: S106 - signs nothing
    text = document.text(create_app(settings, live=False))
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
            from server.app import create_app

            return create_app()

    Server().run()


def _prepare(worker: Any) -> None:
    """In the process that answers: sockets end with it, and its numbers are served beside it."""
    from server import watch
    from server.dispatch import live

    live.of(worker.wsgi).ending = lambda: not worker.alive
    watch.serve(worker.wsgi, offset=0)


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
