"""Who hears of something on which way: the browsers that subscribed, and a customer without one on his phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.db import for_update
from server.crm import queries as crm_queries
from server.notifications import policy
from server.notifications.channels.sms import current_gateway
from server.notifications.models import PushMessage, PushSubscription
from server.notifications.policy import Owner
from sync.canonical import derive

Channel = Literal["webpush", "sms"]


@dataclass(frozen=True)
class Recipient:
    """One way to one owner; `id` is the subscription's, or stands for the phone. No number is kept here."""

    id: str
    owner_kind: Owner
    owner_id: str
    channel: Channel


def browsers(session: Session, owner_kind: Owner, owner_id: str, tasks: tuple[str, ...]) -> list[Recipient]:
    """An owner's subscriptions, locked, so that two workers do not both make the first message of one."""
    query = select(PushSubscription).where(
        PushSubscription.owner_kind == owner_kind,
        PushSubscription.owner_id == owner_id,
        PushSubscription.task_id.in_(tasks),
    )
    rows = session.scalars(for_update(query.order_by(PushSubscription.id))).all()
    # One browser may have subscribed for all parcels and for this one: it hears once.
    once = {row.endpoint_hash: row for row in rows}.values()
    return [Recipient(row.id, owner_kind, row.owner_id, "webpush") for row in once]


def ways_to(
    session: Session, customer_id: str, customer: Mapping[str, Any] | None, task_id: str
) -> list[Recipient]:
    """Every way to tell a customer of a parcel; none for one who wants no notices, or who has no way we know of.

    Who has a browser that wants to be told is not sent texts as well.
    """
    if not policy.allows_notices(customer):
        return []
    found = browsers(session, "customer", customer_id, ("", task_id))
    return found or phone_of(customer)


def phone_of(customer: Mapping[str, Any] | None) -> list[Recipient]:
    """The customer's phone, when texts are sent here and it can get one."""
    if customer is None or current_gateway() is None or policy.mobile_of(customer["phone"]) is None:
        return []
    return [Recipient(derive("sms", customer["id"]), "customer", customer["id"], "sms")]


def again(session: Session, message: PushMessage) -> Recipient | None:
    """To whom a message went; None when that way is no more."""
    if message.channel == "sms":
        customer = crm_queries.by_ids([message.owner_id]).get(message.owner_id)
        return next(iter(phone_of(customer)), None)
    found = session.get(PushSubscription, message.subscription_id)
    if found is None:
        return None
    kind: Owner = "courier" if found.owner_kind == "courier" else "customer"
    return Recipient(found.id, kind, found.owner_id, "webpush")
