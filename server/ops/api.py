"""Operations of writers that are no handhelds: the desk. They end in the same pipeline as everything else (P2)."""

from typing import Any

from server.auth.guards import DESK_ROLES, current_user, web
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.ops import pipeline
from server.ops.batch import Envelope, Writer, as_result
from sync.schemas import OperationsRequest, OperationsResponse

blp = Blueprint("operations", __name__, url_prefix="/api/v1", description="Operations")
APP = "desk"


@blp.route("/operations", methods=["POST"])
@web(*DESK_ROLES)
@blp.arguments(OperationsRequest)
@blp.response(200, OperationsResponse)
def submit(body: dict[str, Any]) -> dict[str, Any]:
    """Hand operations in. Each gets one result, in order; a repeat gets its first answer again."""
    user = current_user().user
    writer = Writer(user.id, user.station_id, user.role)
    drafts = body["operations"]
    results = pipeline.submit(
        writer,
        [complete(draft, user.id) for draft in drafts],
        [{**draft, "author": user.id} for draft in drafts],
    )
    return {"results": [as_result(None, result) for result in results]}


def complete(draft: dict[str, Any], author: str) -> Envelope:
    """What the desk leaves to the server: author, build, clocks."""
    return {
        "author": author,
        "device": None,
        "incarnation": None,
        "seq": None,
        "prev": None,
        "app": APP,
        "blobs": [],
        "at": now_ms(),
        "mono": None,
        "boot": None,
        **draft,
    }
