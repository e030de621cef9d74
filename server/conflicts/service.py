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
        "owner_id": record["owner"],
        "mine_author": record["mine_author"],
        "theirs_author": record["theirs_author"],
        "opened_at": record["opened_at"],
        "due_at": record["due_at"],
        "decided_at": record["decision"]["at"] if record["decision"] else None,
    },
)
