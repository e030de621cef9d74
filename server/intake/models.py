"""Staging: what a file said, and how far it has become operations."""

from typing import Any

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Id, Json, Model, Ms, Sha


class ImportBatch(Model):
    """One file. staged -> accepted (one commit; from here on it will be applied) -> applied; or staged -> rejected."""

    __tablename__ = "import_batches"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(Id, index=True)
    merchant: Mapped[str | None] = mapped_column(String(120))
    mapping: Mapped[str] = mapped_column(String(80))
    file_name: Mapped[str] = mapped_column(String(255))
    file_hash: Mapped[str] = mapped_column(Sha, index=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    rows: Mapped[int]
    staged_at: Mapped[int] = mapped_column(Ms)
    accepted_at: Mapped[int | None] = mapped_column(Ms)
    accepted_by: Mapped[str | None] = mapped_column(Id)
    applied_at: Mapped[int | None] = mapped_column(Ms)
    applied_rows: Mapped[int]
    applied_through: Mapped[int]
    progress_at: Mapped[int] = mapped_column(Ms)


class ImportRow(Model):
    """One row of a file: the payload it became, or what is wrong with it."""

    __tablename__ = "import_rows"

    batch_id: Mapped[str] = mapped_column(Id, ForeignKey("import_batches.id"), primary_key=True)
    row_no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    order: Mapped[dict[str, Any] | None] = mapped_column("order_body", Json)
    errors: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    outcome: Mapped[str | None] = mapped_column(String(16))


class OrderReference(Model):
    """Every accepted order by the merchant's own number: the guard against the same order coming twice.

    `task_id` is derived from kind and waybill; two orders cannot share one. `digest` is of the payload without its
    batch, so that a later file can be told whether it says the same.
    """

    __tablename__ = "order_references"

    merchant: Mapped[str] = mapped_column(String(120), primary_key=True)
    reference: Mapped[str] = mapped_column(String(120), primary_key=True)
    task_id: Mapped[str] = mapped_column(Id, unique=True)
    batch_id: Mapped[str] = mapped_column(Id, ForeignKey("import_batches.id"), index=True)
    digest: Mapped[str] = mapped_column(Sha)
