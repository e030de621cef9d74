"""Reads of customers and of who looked behind the masks. Answers are plain records and views."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select

from server.core.db import db
from server.core.records import Record
from server.crm import policy
from server.crm.models import Customer, Reveal
from server.crm.policy import Allowance


@dataclass(frozen=True)
class CustomerView:
    """A customer as it stands, with every field a profile has."""

    id: str
    rev: int
    record: Record


@dataclass(frozen=True)
class RevealView:
    """One look at masked data; `subject` is `customer:<id>` or `task:<id>`, `at` ms."""

    id: str
    user_id: str
    subject: str
    customer_id: str
    fields: list[str]
    reason: str
    at: int


def by_ids(ids: Iterable[str]) -> dict[str, Record]:
    """Customer records by id."""
    query = select(Customer.id, Customer.record).where(Customer.id.in_(list(ids)))
    return {row.id: row.record for row in db.session.execute(query)}


def one(customer_id: str, station_id: str) -> CustomerView | None:
    """One customer of a station."""
    query = select(Customer.id, Customer.rev, Customer.record).where(
        Customer.id == customer_id, Customer.station_id == station_id
    )
    row = db.session.execute(query).first()
    return None if row is None else _view(row)


def listing(
    station_id: str, text: str | None, also: Iterable[str], tier: str | None, limit: int, offset: int
) -> tuple[list[CustomerView], int]:
    """A page of a station's customers, key accounts first, then by name; and how many there are in all.

    Args:
        text: what a person typed, None for everybody.
        also: ids that are found by something else than the customer's own words (a waybill).
        tier: one of `policy.TIERS`.
    """
    conditions: list[Any] = [Customer.station_id == station_id]
    if tier is not None:
        conditions.append(Customer.tier_rank == policy.TIERS.index(tier))
    if text is not None:
        return _searched([*conditions, or_(_found(text), Customer.id.in_(list(also)))], limit, offset)
    total = db.session.execute(select(func.count()).select_from(Customer).where(*conditions)).scalar_one()
    query = (
        select(Customer.id, Customer.rev, Customer.record)
        .where(*conditions)
        .order_by(Customer.tier_rank, Customer.name, Customer.id)
        .limit(limit)
        .offset(offset)
    )
    return [_view(row) for row in db.session.execute(query)], int(total)


def _searched(conditions: list[Any], limit: int, offset: int) -> tuple[list[CustomerView], int]:
    """A page and the total of a search in one pass over the search texts; then the records of that page alone.

    "+ 0" keeps SQLite from walking the customers in the order asked for, which would read every wide row.
    """
    order = (Customer.tier_rank + 0, Customer.name, Customer.id)
    ids = list(db.session.scalars(select(Customer.id).where(*conditions).order_by(*order)))
    page = ids[offset : offset + limit]
    query = select(Customer.id, Customer.rev, Customer.record).where(Customer.id.in_(page))
    known = {row.id: _view(row) for row in db.session.execute(query)}
    return [known[customer_id] for customer_id in page], len(ids)


def proposing(station_id: str, limit: int) -> list[CustomerView]:
    """A station's customers with proposed requests nobody has decided on, those who wait longest first."""
    query = (
        select(Customer.id, Customer.rev, Customer.record)
        .where(Customer.station_id == station_id, Customer.proposed_at.is_not(None))
        .order_by(Customer.proposed_at, Customer.id)
        .limit(limit)
    )
    return [_view(row) for row in db.session.execute(query)]


def count_proposing(station_id: str) -> int:
    """How many customers of a station have a proposed request that waits for a decision."""
    query = select(func.count()).where(Customer.station_id == station_id, Customer.proposed_at.is_not(None))
    return int(db.session.execute(query).scalar_one())


def allowance(user_id: str, now: int) -> Allowance:
    """How much a person may still reveal."""
    query = select(Reveal.at).where(Reveal.user_id == user_id, Reveal.at > now - policy.DAY_MS)
    return policy.allowance(db.session.scalars(query), now)


def reveals(
    station_id: str, user_id: str | None, customer_id: str | None, limit: int, offset: int
) -> tuple[list[RevealView], int]:
    """A page of the looks at masked data of a station, newest first, and how many there were in all."""
    conditions: list[Any] = [Reveal.station_id == station_id]
    if user_id is not None:
        conditions.append(Reveal.user_id == user_id)
    if customer_id is not None:
        conditions.append(Reveal.customer_id == customer_id)
    total = db.session.execute(select(func.count()).select_from(Reveal).where(*conditions)).scalar_one()
    query = (
        select(Reveal)
        .where(*conditions)
        .order_by(Reveal.at.desc(), Reveal.id.desc())
        .limit(limit)
        .offset(offset)
    )
    found = [
        RevealView(row.id, row.user_id, row.subject, row.customer_id, row.fields, row.reason, row.at)
        for row in db.session.scalars(query)
    ]
    return found, int(total)


def _found(text: str) -> Any:
    pattern = policy.search_pattern(text)
    return Customer.search.contains(pattern, autoescape=True) if pattern else Customer.id.is_(None)


def _view(row: Any) -> CustomerView:
    return CustomerView(row.id, row.rev, row.record)
