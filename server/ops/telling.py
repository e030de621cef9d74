"""What a courier is told beside any operation: a notice about one of his own, once (P22 has those about cases)."""

from typing import Any

from server.core.clock import now_ms
from server.ops import oplog, scopes
from server.ops.scopes import Move
from server.tasks import queries as task_queries
from sync.canonical import derive

UNREACHED = "unreached"


def notice_id(op_id: str, kind: str) -> str:
    """The notice of one kind about one operation."""
    return derive("notice", op_id, kind)


def tell_unreached(op_id: str, station_id: str) -> None:
    """Tells whoever recorded a question that it reached nobody; said before, it is not said again.

    Joins the caller's transaction, in which nothing may follow that locks anything else.
    """
    asked = oplog.by_ids([op_id]).get(op_id)
    if asked is None:
        return
    reader, identity = asked.op["author"], notice_id(op_id, UNREACHED)
    scope, entity = scopes.notices_scope(reader), f"notice:{identity}"
    if scopes.held(scope, [entity]):
        return
    task_id = asked.op["entity"].partition(":")[2]
    body: dict[str, Any] = dict.fromkeys(
        ("conflict", "outcome", "reason", "case_kind", "status", "by_name"), None
    )
    body |= {"id": identity, "kind": UNREACHED, "op_id": op_id, "task": task_id, "at": now_ms()}
    body["waybill"] = task_queries.waybills([task_id], station_id).get(task_id)
    scopes.move([Move(scope, entity, True)], scopes.project({entity: body}))
