"""Tables of subscriptions and of what was sent to them. Private to this folder: others use service and queries."""

from __future__ import annotations

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Id, Json, Model, Ms, Sha


class PushSubscription(Model):
    """A browser that wants to be told. `endpoint` and keys came from it; whoever knows them can push to it.

    `task_id` is the parcel a customer subscribed for, empty for all of an owner's; `device_id` a courier's handheld.
    """

    __tablename__ = "push_subscriptions"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[str] = mapped_column(String(36))
    task_id: Mapped[str] = mapped_column(String(36), default="")
    device_id: Mapped[str | None] = mapped_column(Id)
    endpoint: Mapped[str] = mapped_column(Text)
    endpoint_hash: Mapped[str] = mapped_column(Sha, index=True)
    p256dh: Mapped[str] = mapped_column(String(120))
    auth: Mapped[str] = mapped_column(String(40))
    lang: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[int] = mapped_column(Ms)

    __table_args__ = (
        UniqueConstraint(
            "owner_kind", "owner_id", "task_id", "endpoint_hash", name="uq_push_subscriptions_one"
        ),
    )


class PushMessage(Model):
    """One notice for one subscription; its id is the key of its outbox row, so it is made and sent once.

    `state`: waiting, sent, withdrawn (not true any more), superseded (a newer one says it), gone (nobody to tell).
    `attempted_at` is set while an attempt may have arrived without our knowing. `changes` of a courier's list:
    task id -> new, changed or removed. `made_at` is the time of the fact's transaction and orders notices.
    """

    __tablename__ = "push_messages"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    outbox_id: Mapped[str] = mapped_column(Id)
    subscription_id: Mapped[str] = mapped_column(Id)
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[str] = mapped_column(String(36))
    station_id: Mapped[str] = mapped_column(Id)
    task_id: Mapped[str | None] = mapped_column(Id)
    op_id: Mapped[str | None] = mapped_column(Id, index=True)
    kind: Mapped[str] = mapped_column(String(24))
    tag: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(8), default="webpush")
    changes: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    made_at: Mapped[int] = mapped_column(Ms)
    expires_at: Mapped[int] = mapped_column(Ms)
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    attempted_at: Mapped[int | None] = mapped_column(Ms)
    settled_at: Mapped[int | None] = mapped_column(Ms)

    __table_args__ = (Index("ix_push_messages_same", "subscription_id", "tag", "state"),)


class WithdrawnOutcome(Model):
    """An operation whose outcome was announced and counts no longer, since `at` (ms)."""

    __tablename__ = "withdrawn_outcomes"

    op_id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[int] = mapped_column(Ms)
