"""Writes of shifts; called by `server.ops` alone."""

from server.core.records import RecordStore
from server.shifts.models import Shift

store = RecordStore(
    Shift,
    lambda record: {
        "station_id": record["station"],
        "courier_id": record["courier"],
        "status": record["status"],
        "started_at": record["started_at"],
    },
)
