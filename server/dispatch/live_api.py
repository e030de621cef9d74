"""The desk's doors for keeping up: changes by polling, the map and its ground, filters with a name."""

from typing import Any

from flask import Blueprint as PlainBlueprint
from flask import Response, current_app

from server.auth.guards import DESK_ROLES, current_scope, web
from server.core.blueprint import Blueprint, as_it_is
from server.core.config import Settings
from server.core.db import read, transaction
from server.core.errors import Code, Problem
from server.core.ground import pieces
from server.dispatch import filters, live, live_schemas, mapview

blp = Blueprint("live", __name__, url_prefix="/api/v1/dispatch", description="The desk, kept up to date")
tiles = PlainBlueprint("tiles", __name__)


@blp.route("/changes")
@web(*DESK_ROLES)
@blp.arguments(live_schemas.ChangesQuery, location="query")
@blp.response(200, live_schemas.Look)
def changes(query: dict[str, Any]) -> dict[str, Any]:
    """What to look at again after a place in the log: the body of a `look`, for a desk without a socket."""
    return live.of(current_app).changes(current_scope().station, query["after"])


@blp.route("/map")
@web(*DESK_ROLES)
@blp.response(200, live_schemas.Map)
def overview() -> Response:
    """Couriers on shift and the day's stops."""
    with read():
        return as_it_is(mapview.overview(current_scope(), _settings()))


@blp.route("/filters", methods=["GET"])
@web(*DESK_ROLES)
@blp.response(200, live_schemas.SavedFilters)
def saved_filters() -> dict[str, Any]:
    """The caller's own filters and those of his station."""
    with read():
        return {"filters": filters.saved(current_scope())}


@blp.route("/filters", methods=["POST"])
@web(*DESK_ROLES)
@blp.arguments(live_schemas.NewFilter)
@blp.response(201, live_schemas.SavedFilter)
def save_filter(body: dict[str, Any]) -> dict[str, Any]:
    """Keep a filter under a name, for oneself or for the station."""
    with transaction():
        return filters.save(current_scope(), body["name"], body["query"], shared=body["shared"])


@blp.route("/filters/<string:filter_id>", methods=["DELETE"])
@web(*DESK_ROLES)
@blp.response(204)
def delete_filter(filter_id: str) -> None:
    """Forget a filter of one's own; an admin may forget the station's."""
    with transaction():
        if not filters.remove(current_scope(), filter_id):
            raise Problem(Code.NOT_FOUND)


@tiles.get("/tiles/<string:name>")
@web(*DESK_ROLES)
def map_tiles(name: str) -> Response:
    """The map's ground, read in pieces (Range); only for whoever is logged in at the desk."""
    return pieces(_settings().tiles, name)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings
