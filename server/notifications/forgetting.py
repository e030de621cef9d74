"""What nobody needs any more goes: notices after a month, a customer's browser with the last link to her parcel."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select

from server.core.clock import now_ms
from server.core.db import transaction
from server.links import queries as links
from server.notifications.models import PushMessage, PushSubscription, WithdrawnOutcome

KEPT_MS: Final = 30 * 86_400_000


def forget_old() -> None:
    """For the worker: nothing here is older than 30 days but subscriptions that can still be told of something."""
    now = now_ms()
    with transaction() as session:
        session.execute(delete(PushMessage).where(PushMessage.made_at < now - KEPT_MS))
        session.execute(delete(WithdrawnOutcome).where(WithdrawnOutcome.at < now - KEPT_MS))
        old = (PushSubscription.owner_kind == "customer") & (PushSubscription.created_at < now - KEPT_MS)
        for task_id in session.scalars(select(PushSubscription.task_id).where(old).distinct()).all():
            link = links.of_task(task_id)
            if link is None or link.expires_at < now:
                session.execute(delete(PushSubscription).where(old, PushSubscription.task_id == task_id))
