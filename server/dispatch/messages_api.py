"""The door of the desk's messages to couriers; they are sent as operations, by the door of operations."""

from typing import Any

from server.auth.guards import DESK_ROLES, current_scope, web
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.core.db import read
from server.dispatch import message_schemas as schemas
from server.dispatch import messages

blp = Blueprint("messages", __name__, url_prefix="/api/v1/dispatch", description="Messages to couriers")


@blp.route("/messages")
@web(*DESK_ROLES)
@blp.arguments(schemas.MessagesQuery, location="query")
@blp.response(200, schemas.DeskMessages)
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """The station's messages to its couriers, newest first, with who has received and who has read each."""
    before = str(query["before"]) if query["before"] else None
    with read():
        return {**messages.listing(current_scope(), query["limit"], before), "server_time": now_ms()}
