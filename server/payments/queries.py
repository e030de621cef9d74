"""Reads of the ledger."""

from collections.abc import Iterable

from sqlalchemy import func, select

from server.core.db import db
from server.core.records import Record
from server.payments.models import LedgerEntry, Obligation


def balance(account: str) -> int:
    """What an account holds, in minor units; debits are positive."""
    query = select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0)).where(LedgerEntry.account == account)
    return int(db.session.execute(query).scalar_one())


def unbalanced_transfers() -> list[str]:
    """Transfers that do not sum to zero: always empty, or the ledger is broken."""
    query = (
        select(LedgerEntry.transfer)
        .group_by(LedgerEntry.transfer)
        .having(func.sum(LedgerEntry.amount_minor) != 0)
    )
    return list(db.session.scalars(query))


def by_tasks(task_ids: Iterable[str]) -> dict[str, Record]:
    """Obligation records by the task they belong to; tasks without one are left out."""
    query = select(Obligation.id, Obligation.record).where(Obligation.id.in_(list(task_ids)))
    return {row.id: row.record for row in db.session.execute(query)}
