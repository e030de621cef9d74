"""The doors of the customers' screens, and the way behind the masks. Everything is bound to the caller's station."""

from typing import Any

from server.auth.guards import DESK_ROLES, current_scope, web
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.core.db import read, transaction
from server.core.errors import Code, Problem
from server.crm import queries as crm_queries
from server.dispatch import customer_schemas as schemas
from server.dispatch import customers, reveals

blp = Blueprint("customers", __name__, url_prefix="/api/v1/dispatch", description="Customers, at the desk")


@blp.route("/customers")
@web(*DESK_ROLES)
@blp.arguments(schemas.CustomerQuery, location="query")
@blp.response(200, schemas.Customers)
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """A page of the station's customers, key accounts first, with their open work."""
    scope, text = current_scope(), (query["q"] or "").strip() or None
    with read():
        rows, total = customers.listing(scope, text, query["tier"], query["limit"], query["offset"])
        proposing = crm_queries.count_proposing(scope.station)
    return {"customers": rows, "total": total, "proposing": proposing}


@blp.route("/customers/proposals")
@web(*DESK_ROLES)
@blp.response(200, schemas.Proposals)
def proposals() -> dict[str, Any]:
    """Special requests that were proposed at the door and wait to be accepted or declined."""
    with read():
        return {"proposals": customers.proposals(current_scope()), "server_time": now_ms()}


@blp.route("/customers/<string:customer_id>")
@web(*DESK_ROLES)
@blp.response(200, schemas.Customer)
def customer(customer_id: str) -> dict[str, Any]:
    """One customer: profile, requests, consents, tasks, open cases."""
    with read():
        return _found(customers.customer(current_scope(), customer_id))


@blp.route("/customers/<string:customer_id>/timeline")
@web(*DESK_ROLES)
@blp.arguments(schemas.TimelineQuery, location="query")
@blp.response(200, schemas.Timeline)
def timeline(query: dict[str, Any], customer_id: str) -> dict[str, Any]:
    """Every touch of a customer, newest first."""
    with read():
        return _found(customers.timeline(current_scope(), customer_id, query["before"], query["limit"]))


@blp.route("/customers/<string:customer_id>/reveal", methods=["POST"])
@web(*DESK_ROLES)
@blp.arguments(schemas.RevealRequest)
@blp.response(200, schemas.Revealed)
def reveal_customer(body: dict[str, Any], customer_id: str) -> dict[str, Any]:
    """Masked fields of a customer in the clear; counted, capped and written down with the reason."""
    with transaction():
        return _found(reveals.of_customer(current_scope(), customer_id, body["fields"], body["reason"]))


@blp.route("/tasks/<string:task_id>/reveal", methods=["POST"])
@web(*DESK_ROLES)
@blp.arguments(schemas.RevealRequest)
@blp.response(200, schemas.Revealed)
def reveal_task(body: dict[str, Any], task_id: str) -> dict[str, Any]:
    """A task's contact and address in the clear; counted, capped and written down with the reason."""
    with transaction():
        return _found(reveals.of_task(current_scope(), task_id, body["fields"], body["reason"]))


@blp.route("/reveals")
@web("admin")
@blp.arguments(schemas.RevealQuery, location="query")
@blp.response(200, schemas.Reveals)
def audit(query: dict[str, Any]) -> dict[str, Any]:
    """Who looked behind the masks, when, at what, of whom and why; newest first."""
    with read():
        rows, total = reveals.audit(
            current_scope(), query["user"], query["customer"], query["limit"], query["offset"]
        )
    return {"reveals": rows, "total": total}


def _found(body: dict[str, Any] | None) -> dict[str, Any]:
    if body is None:
        raise Problem(Code.NOT_FOUND)
    return body
