"""Where an operation was recorded, seen from the door it is about.

The desk is told how far and in which direction, never where the door is: an exact position names a home as surely as
its room number does (`server.core.masking`).
"""

from math import cos, hypot, radians
from typing import Any

METRES_PER_DEGREE = 111_320
E7 = 10_000_000


def seen_from_door(position: dict[str, Any] | None, address: dict[str, Any] | None) -> dict[str, Any] | None:
    """Where the handheld was.

    Args:
        position: {lat_e7, lng_e7, accuracy_m} of the operation; None when the handheld did not say.
        address: of the task; its coordinates may be None.

    Returns:
        {accuracy_m, distance_m, east_m, north_m}, the last three None when the order gave the door no coordinates; None
        when the operation has no position. Good to a metre within a city, which is all that is asked of it.
    """
    if position is None:
        return None
    at = {"accuracy_m": position["accuracy_m"], "distance_m": None, "east_m": None, "north_m": None}
    if address is None or address.get("lat_e7") is None or address.get("lng_e7") is None:
        return at
    north = (position["lat_e7"] - address["lat_e7"]) / E7 * METRES_PER_DEGREE
    turn = ((position["lng_e7"] - address["lng_e7"]) / E7 + 180) % 360 - 180
    east = turn * METRES_PER_DEGREE * cos(radians(address["lat_e7"] / E7))
    return {**at, "distance_m": round(hypot(east, north)), "east_m": round(east), "north_m": round(north)}
