"""The doors of the conflict inbox. Cases are read here; decisions are operations and go where operations go (P2)."""

from typing import Any

from server.auth.guards import DESK_ROLES, current_scope, web
from server.core.blueprint import Blueprint
from server.core.db import read
from server.core.errors import Code, Problem
from server.core.stores import blob_store
from server.dispatch import inbox, inbox_schemas

blp = Blueprint("inbox", __name__, url_prefix="/api/v1/dispatch/conflicts", description="The conflict inbox")


@blp.route("")
@web(*DESK_ROLES)
@blp.arguments(inbox_schemas.CaseQuery, location="query")
@blp.response(200, inbox_schemas.Cases)
def conflicts(query: dict[str, Any]) -> dict[str, Any]:
    """A page of cases, those due first on top, with the numbers beside the filters."""
    with read():
        return inbox.listing(current_scope(), query, blob_store())


@blp.route("/ids")
@web(*DESK_ROLES)
@blp.arguments(inbox_schemas.MarkQuery, location="query")
@blp.response(200, inbox_schemas.CaseMarks)
def marks(query: dict[str, Any]) -> dict[str, Any]:
    """The same cases by id, for selecting all of them."""
    with read():
        return inbox.marks(current_scope(), query)


@blp.route("/<string:conflict_id>")
@web(*DESK_ROLES)
@blp.response(200, inbox_schemas.CaseDetail)
def conflict(conflict_id: str) -> dict[str, Any]:
    """One case with everything that is known of both sides."""
    with read():
        found = inbox.one(current_scope(), conflict_id, blob_store())
    if found is None:
        raise Problem(Code.NOT_FOUND)
    return found
