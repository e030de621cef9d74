"""The ground of the handheld's map: whether there is one, and its pieces."""

from typing import Any

from flask import Response, current_app
from marshmallow import Schema, fields

from server.auth.guards import device
from server.core.blueprint import Blueprint
from server.core.config import Settings
from server.core.ground import ATTRIBUTION, pieces

blp = Blueprint(
    "ground", __name__, url_prefix="/api/v1/ground", description="The ground of the handheld's map"
)


class GroundTold(Schema):
    """The file's name and whom to thank for it; null without one, and the handheld draws a schematic."""

    name = fields.String(required=True, allow_none=True)
    attribution = fields.String(required=True, allow_none=True)


@blp.route("")
@device
@blp.response(200, GroundTold)
def told() -> dict[str, Any]:
    """What the map is drawn on at this installation."""
    file = _settings().tiles
    return {"name": file.name if file else None, "attribution": ATTRIBUTION if file else None}


@blp.route("/<string:name>")
@device
@blp.response(200)
def piece(name: str) -> Response:
    """The map's ground, read in pieces (Range)."""
    return pieces(_settings().tiles, name)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings
