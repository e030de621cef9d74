"""The desk's list of handhelds, and the way back for what a revoked one had handed in (P32, P34)."""

from typing import Any

from server.auth import queries as auth_queries
from server.auth.guards import DESK_ROLES, current_scope, current_user, web
from server.core.blueprint import Blueprint
from server.core.db import read
from server.core.errors import Code, Problem
from server.dispatch import device_schemas, devices

blp = Blueprint("devices", __name__, url_prefix="/api/v1/devices", description="The station's handhelds")


@blp.route("")
@web(*DESK_ROLES)
@blp.response(200, device_schemas.Devices)
def listing() -> dict[str, Any]:
    """The handhelds of the caller's station with what each has recorded and what of it is here, revoked ones too."""
    with read():
        return {"devices": devices.listing(current_scope())}


@blp.route("/<string:device_id>/release", methods=["POST"])
@web("dispatcher", "admin")
@blp.arguments(device_schemas.Release)
@blp.response(200, device_schemas.Released)
def release(wanted: dict[str, str], device_id: str) -> dict[str, Any]:
    """Let count what a revoked handheld had handed in, each as its author's and in its place; 200 at the most.

    There is something to let count for as long as `left` is not 0; with nothing there it changes nothing. A handheld
    that is in use may hold some as well, recorded on it by somebody who has left.
    """
    with read():
        device = auth_queries.device(device_id)
    if device is None or not current_scope().may_see_station(device.station_id):
        raise Problem(Code.NOT_FOUND)
    return vars(devices.release(current_user().user, device.id, wanted["reason"]))
