"""The board's line of a task: what of task, parcel and customer the board counts, filters and searches by."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from server.core.records import Record
from sync.requests import belongs

FINISHED = ("delivered", "picked_up", "returned", "cancelled")
UNFINISHED_UNTIL = 1 << 52
"""`board_until` of a task that is still to be done: later than any moment, and exact in every database."""


def fold(text: str) -> str:
    """How the board's search spells a text: width and case aside, without spaces and hyphens."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).replace("-", "")


def describe(task: Record, rev: int, parcel: Record, customer: Record, now: int) -> dict[str, Any]:
    """The line of a task as it stands at `now` (server time, ms)."""
    address = task["address"]
    return {
        "id": task["id"],
        "rev": rev,
        "station_id": task["station"],
        "board_until": board_until(task["status"], task["window_end"], now),
        "kind": task["kind"],
        "status": task["status"],
        "courier_id": task["courier"],
        "parcel_id": task["parcel"],
        "customer_id": task["customer"],
        "merchant": task["merchant"],
        "waybill": parcel.get("waybill", ""),
        "sequence": task["sequence"],
        "window_end": task["window_end"],
        "lat_e7": address.get("lat_e7"),
        "lng_e7": address.get("lng_e7"),
        "updated_at": now,
        **of_customer(task, parcel.get("waybill", ""), customer),
    }


def of_customer(task: Record, waybill: str, customer: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the line that follows the customer: his requests, and what finds the task."""
    words = (
        waybill,
        task["reference"],
        customer.get("name", ""),
        customer.get("phone", ""),
        task["address"].get("text") or "",
    )
    return {
        "requests": len(wishes(task, customer)),
        "search": "\n".join(fold(word) for word in words),
    }


def wishes(task: Record, customer: Mapping[str, Any]) -> list[Record]:
    """The special requests of the customer that are about this task, proposed ones too."""
    return [
        request for request in customer.get("requests", ()) if request["active"] and belongs(request, task)
    ]


def board_until(status: str, window_end: int | None, now: int) -> int:
    """How long a task belongs to the station's day, ms: for ever while it is unfinished."""
    return max(window_end or 0, now) if status in FINISHED else UNFINISHED_UNTIL
