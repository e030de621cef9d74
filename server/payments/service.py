"""Writes of obligations and the ledger; called by `server.ops` alone."""

from collections.abc import Sequence
from typing import Any

from server.core.records import RecordStore
from server.core.sql import insert_rows
from server.payments.models import LedgerEntry, Obligation
from server.payments.policy import entries_of, reversal_of

store = RecordStore(
    Obligation, lambda record: {"status": record["status"], "amount_minor": record["amount_minor"]}
)


def book(
    accepted: Sequence[dict[str, Any]],
    taken_back: Sequence[dict[str, Any]],
    given_back: Sequence[dict[str, Any]] = (),
) -> None:
    """Adds the double entries of accepted operations, the reversals of those taken back, and those given back again."""
    rows = [entry for op in [*accepted, *given_back] for entry in entries_of(op)]
    rows += [entry for op in taken_back for entry in reversal_of(op)]
    insert_rows(LedgerEntry.__table__, rows)
