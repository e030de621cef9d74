"""The one table of who reacts to what: INSIDE the transaction, AFTER commit by the worker, or by the clock."""

from __future__ import annotations

from typing import Any

from server.core.bus import Bus, Message
from server.core.jobs import Handler, Periodic
from server.handheld import blobs
from server.intake import calls
from server.intake import jobs as orders
from server.notifications import asking, delivery, forgetting, messages
from server.notifications import service as notices
from server.ops import forgetting as removals
from server.ops import manifest, react, reference
from server.ops.events import (
    ConsentAsked,
    EntitiesCreated,
    ListChanged,
    MessageSent,
    OperationDecided,
    OutcomeWithdrawn,
    PlanChanged,
    StatusChanged,
)

# event type -> reactor that runs in the transaction of the change
INSIDE: tuple[tuple[type[Any], Any], ...] = (
    (OperationDecided, react.renew),
    (OperationDecided, react.correct),
    (OperationDecided, react.carry_out),
    (OperationDecided, react.undo),
    (OperationDecided, react.release),
    (OperationDecided, react.withhold),
    (OperationDecided, react.open_cases),
    (OperationDecided, react.close_shift),
    (OperationDecided, asking.before_asking),
    (EntitiesCreated, react.wake),
)

# event type -> outbox topic -> function that makes the message
AFTER: tuple[tuple[type[Any], str, Any], ...] = (
    (PlanChanged, "manifest", lambda event: Message(event.station_id)),
    (StatusChanged, "notice", messages.of_status),
    (OutcomeWithdrawn, "notice", messages.of_withdrawal),
    (ConsentAsked, "notice", messages.of_question),
    (ListChanged, "notice", messages.of_list),
    (MessageSent, "notice", messages.of_message),
)

# outbox topic -> handler the worker runs
HANDLERS: dict[str, Handler] = {
    "manifest": lambda row: manifest.publish(row.key),
    orders.TOPIC: orders.start,
    "notice": notices.expand,
    "push": delivery.deliver,
    "text": delivery.deliver,
}

# jobs that come round by themselves
PERIODIC: tuple[Periodic, ...] = (
    Periodic("manifest", 60_000, manifest.publish_all),
    Periodic("reference", 60_000, reference.publish_all),
    Periodic("orders.resume", 30_000, orders.resume_left_behind),
    Periodic("orders.forget_calls", 3_600_000, calls.forget_old),
    Periodic("notices.forget", 3_600_000, forgetting.forget_old),
    Periodic("scopes.forget", 86_400_000, removals.forget_removals),
    Periodic("blobs.forget_parts", 86_400_000, blobs.forget_parts),
)


def build_bus() -> Bus[Any]:
    """The bus with everything in the tables above registered."""
    bus: Bus[Any] = Bus()
    for event, reactor in INSIDE:
        bus.inside(event, reactor)
    for event, topic, make in AFTER:
        bus.after(event, topic, make)
    return bus
