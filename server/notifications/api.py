"""Doors of notices: the key browsers subscribe for, handhelds' subscriptions, dead letters at the desk."""

from __future__ import annotations

from typing import Any

from flask import current_app

from server.auth import queries as auth_queries
from server.auth.guards import current_device, current_scope, device, web
from server.core.access import public
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.core.db import read, transaction
from server.core.errors import Code, Problem
from server.notifications import queries, schemas, service, vapid
from server.tasks import queries as task_queries

blp = Blueprint("notifications", __name__, url_prefix="/api/v1", description="Push notices")


@blp.route("/push/key", methods=["GET"])
@public
@blp.response(200, schemas.PushKey)
def key() -> dict[str, str]:
    """The key a browser subscribes for."""
    return {"key": vapid.public_key(current_app.extensions["doorstep_settings"])}


@blp.route("/push/subscriptions", methods=["POST"])
@device
@blp.arguments(schemas.Subscription)
@blp.response(201, schemas.Subscribed)
def subscribe(wanted: dict[str, Any]) -> dict[str, str]:
    """Tell this handheld of changes to its courier's list, also when the app is closed."""
    caller = current_device()
    with transaction():
        made = service.subscribe(
            "courier",
            caller.user.id,
            wanted["endpoint"],
            wanted["keys"]["p256dh"],
            wanted["keys"]["auth"],
            wanted["lang"],
            device_id=caller.device.id,
        )
    return {"id": made}


@blp.route("/push/subscriptions", methods=["DELETE"])
@device
@blp.arguments(schemas.Unsubscription)
@blp.response(200, schemas.Unsubscribed)
def unsubscribe(wanted: dict[str, str]) -> dict[str, int]:
    """Stop telling this handheld."""
    with transaction():
        removed = service.unsubscribe(
            wanted["endpoint"], owner_kind="courier", owner_id=current_device().user.id
        )
    return {"removed": removed}


@blp.route("/notices/dead", methods=["GET"])
@web("dispatcher", "admin")
@blp.response(200, schemas.DeadNotices)
def dead() -> dict[str, Any]:
    """Notices of the station that could not be delivered, newest first."""
    station = current_scope().station
    with read():
        letters = queries.dead(station)
        couriers = auth_queries.users_by_id(one.owner for one in letters if one.owner and one.to == "courier")
        waybills = task_queries.waybills({one.task for one in letters if one.task}, station)
    rows = [
        {**vars(one), "courier": couriers.get(one.owner or ""), "waybill": waybills.get(one.task or "")}
        for one in letters
    ]
    return {"notices": rows, "server_time": now_ms()}


@blp.route("/notices/dead/<string:notice_id>/replay", methods=["POST"])
@web("dispatcher", "admin")
@blp.response(200, schemas.Replayed)
def replay(notice_id: str) -> dict[str, str]:
    """Try a dead letter again. One that lives already, or is another station's, is not found."""
    with transaction():
        if not service.replay(notice_id, current_scope().station):
            raise Problem(Code.NOT_FOUND)
    return {"id": notice_id}
