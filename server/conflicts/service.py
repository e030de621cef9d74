"""Writes of conflict cases; called by `server.ops` alone."""

from server.conflicts.models import Conflict
from server.core.records import RecordStore

store = RecordStore(
    Conflict,
    lambda record: {
        "station_id": record["station"],
        "kind": record["kind"],
        "status": record["status"],
        "task_id": record["task"],
        "op_id": record["op_id"],
        "opened_at": record["opened_at"],
        "due_at": record["due_at"],
    },
)
