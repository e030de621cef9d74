"""A question of the courier at the door that cannot reach its customer: he is told at once, and does not wait."""

from __future__ import annotations

from sqlalchemy import select

from server.core.db import db, transaction
from server.notifications.models import PushMessage
from server.notifications.recipients import ways_to
from server.ops.batch import Batch, Notice
from server.ops.events import OperationDecided
from server.ops.react import notice_body
from server.ops.telling import UNREACHED, notice_id, tell_unreached

ASKED = "task.consent_asked"
KIND = "consent_asked"


def before_asking(event: OperationDecided, batch: Batch) -> None:
    """In the transaction of the question: is there any way to ask? If not, the same exchange says so."""
    item = event.item
    if item.operation["type"] != ASKED or not item.live:
        return
    op = item.operation
    task = batch.board.records[op["entity"]]
    customer = batch.board.records.get(f"customer:{task['customer']}")
    if ways_to(db.session(), task["customer"], customer, task["id"]):
        return
    identity = notice_id(op["op_id"], UNREACHED)
    body = notice_body(batch, identity, UNREACHED, op_id=op["op_id"], task=task["id"])
    batch.notices.append(Notice(op["author"], identity, body))


def unanswerable(message_id: str) -> None:
    """After a failure: tells the courier when this was the last way on which his question could have arrived."""
    with transaction() as session:
        message = session.get(PushMessage, message_id)
        if message is None or message.kind != KIND or message.op_id is None:
            return
        others = select(PushMessage.id).where(
            PushMessage.op_id == message.op_id,
            PushMessage.id != message.id,
            PushMessage.state.in_(("waiting", "sent")),
        )
        if session.scalars(others.limit(1)).first() is None:
            tell_unreached(message.op_id, message.station_id)
