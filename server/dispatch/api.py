"""The desk's doors: summary, couriers, tasks, cases. Everything is bound to the caller's station."""

from typing import Any

from server.auth.guards import DESK_ROLES, current_scope, web
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.core.db import read
from server.core.errors import Code, Problem
from server.core.stores import blob_store
from server.dispatch import board, detail, schemas
from server.tasks.queries import Filter

blp = Blueprint("dispatch", __name__, url_prefix="/api/v1/dispatch", description="The dispatcher's desk")
UNASSIGNED = "none"


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
    chosen = Filter(
        statuses=tuple(query["status"]),
        courier=None if query["courier"] == UNASSIGNED else query["courier"],
        unassigned=query["courier"] == UNASSIGNED,
        kind=query["kind"],
        text=(query["q"] or "").strip() or None,
    )
    with read():
        rows, total = board.tasks(current_scope(), chosen, query["limit"], query["offset"])
    return {"tasks": rows, "total": total}


@blp.route("/tasks/<string:task_id>")
@web(*DESK_ROLES)
@blp.response(200, schemas.TaskDetail)
def task(task_id: str) -> dict[str, Any]:
    """One task with its history and evidence."""
    with read():
        return _found(detail.task(current_scope(), task_id, blob_store()))


@blp.route("/conflicts")
@web(*DESK_ROLES)
@blp.arguments(schemas.CaseQuery, location="query")
@blp.response(200, schemas.Cases)
def conflicts(query: dict[str, Any]) -> dict[str, Any]:
    """Conflict cases, those due first on top."""
    with read():
        return {
            "conflicts": detail.cases(current_scope(), query["status"], blob_store()),
            "server_time": now_ms(),
        }


@blp.route("/conflicts/<string:conflict_id>")
@web(*DESK_ROLES)
@blp.response(200, schemas.Case)
def conflict(conflict_id: str) -> dict[str, Any]:
    """One case."""
    with read():
        return _found(detail.case(current_scope(), conflict_id, blob_store()))


def _found(body: dict[str, Any] | None) -> dict[str, Any]:
    if body is None:
        raise Problem(Code.NOT_FOUND)
    return body
