"""What nobody needs any more goes: notices after a month, a customer's browser with the last link to her parcel."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, select

from server.core.clock import now_ms
from server.core.db import transaction
from server.links import queries as links
from server.notifications.models import PushMessage, PushSubscription, WithdrawnOutcome

KEPT_MS: Final = 30 * 86_400_000


def forget_old() -> None:
    """For the worker: what was over 30 days ago goes, and whom nobody can tell of anything any more."""
    now = now_ms()
    with transaction() as session:
        over = func.coalesce(PushMessage.settled_at, PushMessage.expires_at)
        session.execute(delete(PushMessage).where(over < now - KEPT_MS))
        session.execute(delete(WithdrawnOutcome).where(WithdrawnOutcome.at < now - KEPT_MS))
        old = (PushSubscription.owner_kind == "customer") & (PushSubscription.created_at < now - KEPT_MS)
        for task_id in session.scalars(select(PushSubscription.task_id).where(old).distinct()).all():
            link = links.of_task(task_id)
            if link is None or link.expires_at < now:
                session.execute(delete(PushSubscription).where(old, PushSubscription.task_id == task_id))
