"""The desk's doors: summary, couriers, tasks. Everything is bound to the caller's station."""

from typing import Any

from flask import Response

from server.auth.guards import DESK_ROLES, current_scope, web
from server.core.blueprint import Blueprint, as_it_is
from server.core.clock import now_ms
from server.core.db import read
from server.core.errors import Code, Problem
from server.core.stores import blob_store
from server.dispatch import board, detail, filters, schemas

blp = Blueprint("dispatch", __name__, url_prefix="/api/v1/dispatch", description="The dispatcher's desk")


@blp.route("/summary")
@web(*DESK_ROLES)
@blp.response(200, schemas.Summary)
def summary() -> dict[str, Any]:
    """The station's day in counts."""
    with read():
        return board.summary(current_scope())


@blp.route("/couriers")
@web(*DESK_ROLES)
@blp.response(200, schemas.Couriers)
def couriers() -> dict[str, Any]:
    """Couriers with progress and when they were last heard."""
    with read():
        return {"couriers": board.couriers(current_scope()), "server_time": now_ms()}


@blp.route("/tasks")
@web(*DESK_ROLES)
@blp.arguments(schemas.TaskQuery, location="query")
@blp.response(200, schemas.Tasks)
def tasks(query: dict[str, Any]) -> dict[str, Any]:
    """A page of the task table; `courier=none` lists unassigned tasks."""
    scope = current_scope()
    with read():
        as_of = now_ms()
        rows, total = board.tasks(
            scope,
            filters.chosen(scope, query),
            query["sort"],
            down=query["dir"] == "desc",
            limit=query["limit"],
            offset=query["offset"],
        )
    return {"tasks": rows, "total": total, "as_of": as_of}


@blp.route("/tasks/ids")
@web(*DESK_ROLES)
@blp.arguments(schemas.TaskFilter, location="query")
@blp.response(200, schemas.TaskLines)
def task_ids(query: dict[str, Any]) -> Response:
    """Everything the filter leaves, for "select all that match"; at most 60,000."""
    scope = current_scope()
    with read():
        lines, total = board.everything(scope, filters.chosen(scope, query))
    return as_it_is({"tasks": lines, "total": total})


@blp.route("/tasks/lookup")
@web(*DESK_ROLES)
@blp.arguments(schemas.LookupQuery, location="query")
@blp.response(200, schemas.FoundTasks)
def lookup(query: dict[str, Any]) -> dict[str, Any]:
    """Rows of the table by id, as they stand now; what the caller's station does not have is left out."""
    with read():
        return {"tasks": board.lookup(current_scope(), query["ids"])}


@blp.route("/tasks/<string:task_id>")
@web(*DESK_ROLES)
@blp.response(200, schemas.TaskDetail)
def task(task_id: str) -> dict[str, Any]:
    """One task with its history and evidence."""
    with read():
        return _found(detail.task(current_scope(), task_id, blob_store()))


def _found(body: dict[str, Any] | None) -> dict[str, Any]:
    if body is None:
        raise Problem(Code.NOT_FOUND)
    return body
