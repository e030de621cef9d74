"""The fields an order can have, and what a cell of each must look like."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "choice", "whole", "weight", "money", "longitude", "latitude", "time", "phone", "requests", "flag"
]


@dataclass(frozen=True)
class Field:
    """Shape of one field: what kind of cell, whether an order can do without it, its longest text or largest number."""

    kind: Kind
    required: bool = False
    limit: int = 0
    choices: tuple[str, ...] = ()


TASK_KINDS = ("delivery", "pickup")
REQUEST_KINDS = (
    "call_first",
    "no_ring",
    "leave_at_reception",
    "weekdays_only",
    "fragile",
    "id_check",
    "other",
)

FIELDS: dict[str, Field] = {
    "kind": Field("choice", required=True, choices=TASK_KINDS),
    "merchant": Field("text", limit=120),
    "reference": Field("text", required=True, limit=120),
    "waybill": Field("text", required=True, limit=40),
    "pieces": Field("whole", limit=999),
    "weight": Field("weight", limit=2_000_000),
    "goods": Field("text", limit=200),
    "name": Field("text", required=True, limit=80),
    "phone": Field("phone", limit=40),
    "address": Field("text", required=True, limit=300),
    "community": Field("text", limit=80),
    "building": Field("text", limit=40),
    "unit": Field("text", limit=40),
    "room": Field("text", limit=40),
    "longitude": Field("longitude"),
    "latitude": Field("latitude"),
    "window_start": Field("time"),
    "window_end": Field("time"),
    "cod": Field("money", limit=10_000_000),
    "requests": Field("requests", limit=200),
    "courier": Field("text", limit=80),
    "sequence": Field("whole", limit=9_999),
    "pin_required": Field("flag"),
}
