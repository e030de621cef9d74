"""Writes of customers, by `server.ops` alone, and the record of who looked behind the masks."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from server.core.db import db, for_update, upsert
from server.core.ids import uuid7
from server.core.records import Record, RecordStore
from server.crm import policy
from server.crm.models import Customer, Reveal, Revealer
from server.crm.policy import Allowance


def _promote(record: Record) -> dict[str, Any]:
    return {
        "station_id": record["station"],
        "name": record["name"],
        "phone": record["phone"],
        "tier_rank": policy.tier_rank(record),
        "search": policy.search_lines(record),
        "proposed_at": policy.proposed_at(record),
    }


store = RecordStore(Customer, _promote)


def reveal(
    station_id: str,
    user_id: str,
    subject: str,
    customer_id: str,
    fields: Sequence[str],
    reason: str,
    now: int,
) -> Allowance:
    """Writes down that a person is about to see masked fields, unless he has seen his share.

    Inside the caller's transaction; the person's own row is locked, so that two looks at once are two looks.

    Returns:
        What is left afterwards; `capped` when nothing was written and nothing may be shown.
    """
    db.session.execute(
        upsert(Revealer).on_conflict_do_nothing(index_elements=[Revealer.user_id]), {"user_id": user_id}
    )
    db.session.execute(for_update(select(Revealer.user_id).where(Revealer.user_id == user_id))).one()
    recent = select(Reveal.at).where(Reveal.user_id == user_id, Reveal.at > now - policy.DAY_MS)
    before = policy.allowance(db.session.scalars(recent), now)
    if before.capped:
        return before
    db.session.add(
        Reveal(
            id=uuid7(),
            station_id=station_id,
            user_id=user_id,
            subject=subject,
            customer_id=customer_id,
            fields=list(fields),
            reason=reason,
            at=now,
        )
    )
    return Allowance(before.left - 1, 0)
