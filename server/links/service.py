"""Writes of tracking links, and the one lookup the customer's door rests on.

`issue` and `withdraw` join the caller's transaction.
"""

from __future__ import annotations

from sqlalchemy import select

from server.core.clock import now_ms
from server.core.db import db, for_update, upsert
from server.links import policy, queries
from server.links.key import signing_key
from server.links.models import TrackingLink
from server.links.policy import LIFE_MS, LinkView, digest, make_token

path = policy.path


def issue(task_id: str, station_id: str, customer_id: str) -> str:
    """The token of a task's link, made at the first call, the same at every further one until it is withdrawn.

    Each call lets the link live for another 30 days.
    """
    first = upsert(TrackingLink).values(
        task_id=task_id,
        station_id=station_id,
        customer_id=customer_id,
        generation=1,
        token_hash=None,
        expires_at=0,
    )
    db.session.execute(first.on_conflict_do_nothing(index_elements=["task_id"]))
    row = _locked(task_id)
    if row is None:
        raise LookupError("a link that was just written is gone")
    token = make_token(signing_key(), task_id, row.generation)
    row.token_hash = digest(token)
    row.customer_id = customer_id
    row.expires_at = now_ms() + LIFE_MS
    db.session.flush()
    return token


def withdraw(task_id: str) -> bool:
    """The link stops working at once; the next `issue` makes another. False when there was none to withdraw."""
    row = _locked(task_id)
    if row is None or row.token_hash is None:
        return False
    row.generation += 1
    row.token_hash = None
    db.session.flush()
    return True


def find(token: str) -> LinkView | None:
    """The link of a token; None when it is unknown, malformed, expired or withdrawn, and all four cost the same:
    one hash and one look into an index."""
    wanted = digest(token)
    found = queries.by_digest([wanted]).get(wanted)
    return found if found is not None and found.expires_at > now_ms() else None


def _locked(task_id: str) -> TrackingLink | None:
    query = select(TrackingLink).where(TrackingLink.task_id == task_id)
    return db.session.scalars(for_update(query)).first()
