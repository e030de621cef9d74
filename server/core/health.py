"""`/healthz`: the process answers. `/readyz`: it can do its work, the database is there and migrated."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from server.core import migrations
from server.core.access import public
from server.core.db import db, read

health = Blueprint("health", __name__)
log = structlog.get_logger(__name__)


@health.get("/healthz")
@public
def alive() -> Response:
    """Alive, whatever the state of the database."""
    return jsonify(status="ok")


@health.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """200 when requests can be served, 503 with the reason when not."""
    try:
        with read() as session:
            current = migrations.current(session.connection())
    except SQLAlchemyError as error:
        log.warning("not_ready", error=type(error).__name__)
        return jsonify(status="unavailable", reason="database"), 503
    if current != migrations.newest():
        return jsonify(status="unavailable", reason="migrations"), 503
    return jsonify(status="ok", database=db.engine.dialect.name), 200
