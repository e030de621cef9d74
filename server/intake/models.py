"""Staging: what a file said, and how far it has become operations."""

from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Id, Json, Model, Ms, Sha


class OrderFile(Model):
    """A file somebody brought to the desk. Its bytes lie in the content store under `sha256`, as evidence.

    `look` is what was seen at a glance: format, encoding, sheets, header, first rows, number of rows.
    """

    __tablename__ = "order_files"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(Sha)
    size: Mapped[int]
    brought_at: Mapped[int] = mapped_column(Ms)
    brought_by: Mapped[str] = mapped_column(Id)
    look: Mapped[dict[str, Any]] = mapped_column(Json)


class OrderMapping(Model):
    """How one merchant's columns are read, remembered; `fingerprint` is of the header it was made for."""

    __tablename__ = "order_mappings"
    __table_args__ = (
        UniqueConstraint("station_id", "merchant", "fingerprint"),
        Index("ix_order_mappings_known", "station_id", "fingerprint", "used_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(Id)
    merchant: Mapped[str] = mapped_column(String(120))
    fingerprint: Mapped[str] = mapped_column(Sha)
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    used_at: Mapped[int] = mapped_column(Ms)
    used_by: Mapped[str] = mapped_column(Id)


class ImportBatch(Model):
    """One import: a file, or one call of a merchant's system.

    waiting -> staged -> accepted (one commit; from here on it will be applied) -> applied -> undoing -> undone.
    Instead of accepted: checked (only looked at), rejected (rows are wrong), failed (no file of orders at all).
    `rows` are all rows read, `new_rows` those that become tasks, `seen_rows` how many were looked at so far.
    """

    __tablename__ = "import_batches"
    __table_args__ = (Index("ix_import_batches_station_staged", "station_id", "staged_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    station_id: Mapped[str] = mapped_column(Id, index=True)
    merchant: Mapped[str | None] = mapped_column(String(120))
    mapping: Mapped[str] = mapped_column(String(80))
    file_name: Mapped[str] = mapped_column(String(255))
    file_hash: Mapped[str] = mapped_column(Sha, index=True)
    file_id: Mapped[str | None] = mapped_column(ForeignKey("order_files.id"))
    wish: Mapped[dict[str, Any] | None] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(16), index=True)
    trouble: Mapped[dict[str, Any] | None] = mapped_column(Json)
    rows: Mapped[int]
    seen_rows: Mapped[int] = mapped_column(default=0)
    new_rows: Mapped[int] = mapped_column(default=0)
    unchanged_rows: Mapped[int] = mapped_column(default=0)
    changed_rows: Mapped[int] = mapped_column(default=0)
    wrong_rows: Mapped[int] = mapped_column(default=0)
    kept_rows: Mapped[int] = mapped_column(default=0)
    staged_at: Mapped[int] = mapped_column(Ms)
    staged_by: Mapped[str | None] = mapped_column(Id)
    accepted_at: Mapped[int | None] = mapped_column(Ms)
    accepted_by: Mapped[str | None] = mapped_column(Id)
    applied_at: Mapped[int | None] = mapped_column(Ms)
    applied_rows: Mapped[int]
    applied_key: Mapped[str | None] = mapped_column(Id)
    undone_at: Mapped[int | None] = mapped_column(Ms)
    undone_by: Mapped[str | None] = mapped_column(Id)
    undo_reason: Mapped[str | None] = mapped_column(String(500))
    progress_at: Mapped[int] = mapped_column(Ms)


class ImportRow(Model):
    """One row of a file: the payload it became, or what is wrong with it.

    `task_id` and `digest` are the order's, for the one statement that accepts all of them.
    """

    __tablename__ = "import_rows"

    batch_id: Mapped[str] = mapped_column(Id, ForeignKey("import_batches.id"), primary_key=True)
    row_no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    order: Mapped[dict[str, Any] | None] = mapped_column("order_body", Json)
    task_id: Mapped[str | None] = mapped_column(Id)
    digest: Mapped[str | None] = mapped_column(Sha)
    errors: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    outcome: Mapped[str | None] = mapped_column(String(16))


# The outcome of a row whose task had moved when its import was undone: it stays an order.
KEPT = "kept"


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


class IdempotentCall(Model):
    """One call of a merchant's system under its Idempotency-Key: what was asked, and the answer it got."""

    __tablename__ = "idempotent_calls"

    key_id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_hash: Mapped[str] = mapped_column(Sha)
    batch_id: Mapped[str] = mapped_column(Id)
    begun_at: Mapped[int] = mapped_column(Ms, index=True)
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(Json)
