"""The map: where couriers on shift were last, where the day's stops are, and what the ground is drawn from."""

from pathlib import Path
from typing import Any

from server.auth.scoping import Scope
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.ground import ATTRIBUTION
from server.dispatch import board
from server.tasks import queries as task_queries


def overview(scope: Scope, settings: Settings) -> dict[str, Any]:
    """Couriers and stops of the station's day. A position is a handheld's own word, as of when it was recorded."""
    rows = board.couriers(scope)
    return {
        "couriers": [
            {name: row[name] for name in ("id", "name", "position", "last_heard", "left", "done")}
            for row in rows
        ],
        "stops": [
            {
                "task": stop.id,
                "lat_e7": stop.lat_e7,
                "lng_e7": stop.lng_e7,
                "status": stop.status,
                "kind": stop.kind,
                "courier": stop.courier,
                "sequence": stop.sequence,
            }
            for stop in task_queries.stops(scope.station, board.day_start(scope))
        ],
        "tiles": tiles(settings.tiles),
        "as_of": now_ms(),
    }


def tiles(file: Path | None) -> dict[str, Any]:
    """Address of the map's ground; null without the setting, and the desk draws a schematic.

    A file that is not there has an address, too: the desk says that it cannot be read.
    """
    if file is None:
        return {"url": None, "attribution": None}
    return {"url": f"/tiles/{file.name}", "attribution": ATTRIBUTION}
