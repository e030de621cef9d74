"""Which notices follow from what happened: events of the log as messages of the outbox (topic `notice`).

The wiring writes them in the transaction of the fact. A message says only who and what by ids; whom it reaches and in
which words is decided when the worker takes it.
"""

from __future__ import annotations

from server.core.bus import Message
from server.core.clock import now_ms
from server.notifications.policy import OF_STATUS
from server.ops.events import ConsentAsked, ListChanged, MessageSent, OutcomeWithdrawn, StatusChanged


def of_status(event: StatusChanged) -> Message | None:
    """The notice to a customer whose parcel moved; None for a status nobody is told of."""
    kind = OF_STATUS.get(event.status)
    if kind is None:
        return None
    return Message(
        f"task:{event.task_id}",
        {
            "about": "status",
            "kind": kind,
            "op": event.op_id,
            "task": event.task_id,
            "customer": event.customer_id,
            "station": event.station_id,
            "made_at": now_ms(),
        },
    )


def of_question(event: ConsentAsked) -> Message:
    """The courier's question to a customer; where a tap answers it is the page's."""
    return Message(
        f"task:{event.task_id}",
        {
            "about": "question",
            "kind": "consent_asked",
            "op": event.op_id,
            "task": event.task_id,
            "customer": event.customer_id,
            "station": event.station_id,
            "made_at": now_ms(),
        },
    )


def of_withdrawal(event: OutcomeWithdrawn) -> Message:
    """What was announced is not true any more: stop it, or correct it where it was told."""
    return Message(
        f"task:{event.task_id}",
        {
            "about": "withdrawal",
            "op": event.op_id,
            "by": event.by_op,
            "task": event.task_id,
            "customer": event.customer_id,
            "station": event.station_id,
            "made_at": now_ms(),
        },
    )


def of_message(event: MessageSent) -> Message:
    """The notice to couriers that the station has written to them."""
    return Message(
        f"message:{event.message_id}",
        {
            "about": "message",
            "message": event.message_id,
            "couriers": list(event.courier_ids),
            "station": event.station_id,
            "op": event.op_id,
            "made_at": now_ms(),
        },
    )


def of_list(event: ListChanged) -> Message:
    """The notice to a courier whose list somebody else changed."""
    return Message(
        f"list:{event.courier_id}",
        {
            "about": "list",
            "courier": event.courier_id,
            "station": event.station_id,
            "change": event.change,
            "tasks": list(event.task_ids),
            "op": event.op_id,
            "made_at": now_ms(),
        },
    )
