"""The desk's door to tracking links: hand one out, withdraw it."""

from __future__ import annotations

from typing import Any

from flask import current_app, request

from server.auth.guards import DESK_ROLES, current_scope, web
from server.core.blueprint import Blueprint
from server.core.config import Settings
from server.core.db import transaction
from server.core.errors import Code, Problem
from server.links import queries, schemas, service
from server.tasks import queries as task_queries
from server.tasks.queries import TaskView

blp = Blueprint("links", __name__, url_prefix="/api/v1/tracking", description="Links for customers")


@blp.route("/links", methods=["POST"])
@web(*DESK_ROLES)
@blp.arguments(schemas.LinkWanted)
@blp.response(200, schemas.Link)
def issue(body: dict[str, Any]) -> dict[str, Any]:
    """The link of a task, the same one every time; each call lets it live for another 30 days."""
    with transaction():
        task = _own_task(body["task"])
        token = service.issue(task.id, task.record["station"], task.record["customer"])
        link = queries.of_task(task.id)
    if link is None:
        raise Problem(Code.NOT_FOUND)
    return {"url": _public_root() + service.path(token), "expires_at": link.expires_at}


@blp.route("/links", methods=["DELETE"])
@web(*DESK_ROLES)
@blp.arguments(schemas.LinkWanted, location="query")
@blp.response(204)
def withdraw(query: dict[str, Any]) -> None:
    """The task's link stops working at once. Safe to repeat."""
    with transaction():
        service.withdraw(_own_task(query["task"]).id)


def _own_task(task_id: str) -> TaskView:
    view = task_queries.one(task_id, current_scope().station)
    if view is None:
        raise Problem(Code.NOT_FOUND)
    return view


def _public_root() -> str:
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings.public_url or request.host_url.rstrip("/")
