"""Obligations and the ledger: money owed at the door, and every movement of it."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Obligation(RecordMixin, Model):
    """What the recipient owes on delivery; it has the id of its task."""

    __tablename__ = "obligations"

    status: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class LedgerEntry(Model):
    """One side of a double entry; the entries of a `transfer` sum to zero. Rows are only ever added."""

    __tablename__ = "ledger_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer: Mapped[str] = mapped_column(String(80), index=True)
    op_id: Mapped[str] = mapped_column(String(36), index=True)
    obligation_id: Mapped[str] = mapped_column(String(36), index=True)
    account: Mapped[str] = mapped_column(String(80), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[int] = mapped_column(BigInteger)
