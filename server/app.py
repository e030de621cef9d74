"""create_app: the one place where the parts become an application."""

from __future__ import annotations

from flask import Flask, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

import server.intake.queries  # noqa: F401 - its tables belong to the schema, and only a command uses them
from server import api, wiring
from server.auth import passwords, sessions
from server.auth.limits import limiter
from server.core import access, bus, clock, errors, headers, health, logs, metrics, openapi, pages
from server.core.config import Settings
from server.core.db import default_mode, init_db, restore_mode
from server.dispatch.live_api import tiles

SAFE = ("GET", "HEAD", "OPTIONS")
# The largest body any door takes (a photo of 5 MiB); doors that take less say so themselves.
MAX_BODY = 5 * 1024 * 1024 + 65_536


def create_app(settings: Settings | None = None, *, live: bool = True) -> Flask:
    """Build the application from settings, by default those of the environment.

    Only a web server is `live`: commands and the worker open no sockets, and their library takes as long to load as
    all the rest of them.

    :raises ConfigError: for settings that cannot be honoured, such as a test clock in production.
    """
    settings = settings or Settings.from_env()
    logs.configure(settings)
    clock.configure(settings)
    if settings.env == "test":
        passwords.weaken_for_tests()
    app = Flask("server", static_folder=None)
    app.config.update(SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=MAX_BODY)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["doorstep_settings"] = settings
    if live:
        from server.dispatch.sockets import init_sockets

        init_sockets(app, settings)
    _trust_proxies(app, settings)
    init_db(app, settings)
    errors.register(app)
    logs.init_request_log(app)
    metrics.init_metrics(app)
    headers.init_headers(app)
    _snapshot_for_reads(app)
    sessions.init_sessions(app)
    limiter.init_app(app)
    bus.install(app, wiring.build_bus())
    api.mount(app)
    for blueprint in (openapi.docs, health.health, tiles, pages.pages):
        app.register_blueprint(blueprint)
    access.require_marks(app)
    return app


def _trust_proxies(app: Flask, settings: Settings) -> None:
    count = settings.proxies
    if count:
        fixed = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
        app.wsgi_app = fixed  # type: ignore[method-assign]


def _snapshot_for_reads(app: Flask) -> None:
    """Requests that only read begin read-only snapshots, so that they never queue behind a writer."""

    def begin() -> None:
        g.database_mode = default_mode("read" if request.method in SAFE else "write")

    def end(_error: BaseException | None) -> None:
        token = g.pop("database_mode", None)
        if token is not None:
            restore_mode(token)

    app.before_request(begin)
    app.teardown_request(end)
