"""Files brought to the desk: kept as evidence, looked at, and given to the worker to import."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from server.core.blobs import ContentStore
from server.core.clock import now_ms
from server.core.db import db, transaction
from server.core.ids import uuid7
from server.intake import remembered
from server.intake.fields import FIELDS
from server.intake.mapping import Mapping, choose_document, read_mapping
from server.intake.models import ImportBatch, OrderFile
from server.intake.policy import Intake, read_orders
from server.intake.problems import UnusableFileError
from server.intake.suggest import suggest
from server.intake.table import LIMIT_MB, Table, read_table

SAMPLE_ROWS = 50
_LONGEST_SAMPLE = 1_000
_PIECE = 256 * 1024
MAX_FILE = LIMIT_MB * 1024 * 1024


@dataclass(frozen=True)
class FileView:
    """A file somebody brought."""

    id: str
    station_id: str
    name: str
    sha256: str
    size: int
    look: dict[str, Any]


def keep(stream: BinaryIO, folder: Path, store: ContentStore) -> tuple[str, int]:
    """Writes a stream aside and then into the content store; answers its SHA-256 and size.

    Raises:
        UnusableFileError: it is larger than a file of orders may be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{secrets.token_hex(8)}.upload"
    digest, size = hashlib.sha256(), 0
    try:
        with aside.open("xb") as file:
            while piece := stream.read(_PIECE):
                size += len(piece)
                if size > MAX_FILE:
                    raise UnusableFileError("too_large", limit=LIMIT_MB)
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        store.take(digest.hexdigest(), aside)
    finally:
        aside.unlink(missing_ok=True)
    return digest.hexdigest(), size


def bring(
    station_id: str, user_id: str, name: str, kept: tuple[str, int], store: ContentStore
) -> tuple[FileView, Table]:
    """Looks at a kept file and writes it down.

    Raises:
        UnusableFileError: it is no table.
    """
    sha256, size = kept
    table = read_table(store.path(sha256), name=name)
    view = FileView(uuid7(), station_id, name[:255], sha256, size, look_at(table))
    with transaction() as session:
        session.add(
            OrderFile(
                id=view.id,
                station_id=station_id,
                name=view.name,
                sha256=sha256,
                size=size,
                brought_at=now_ms(),
                brought_by=user_id,
                look=view.look,
            )
        )
    return view, table


def one(file_id: str, station_id: str) -> FileView | None:
    """A file of a station."""
    row = db.session.get(OrderFile, file_id)
    if row is None or row.station_id != station_id:
        return None
    return FileView(row.id, row.station_id, row.name, row.sha256, row.size, row.look)


def table_of(file: FileView, store: ContentStore, sheet: str | None = None) -> Table:
    """The table in a kept file."""
    return read_table(store.path(file.sha256), sheet, file.name)


def look_at(table: Table) -> dict[str, Any]:
    """What is seen at a glance: how it is written, its header, its first rows."""
    sample = [
        {"row": number, "cells": [row[name][:_LONGEST_SAMPLE] for name in table.header]}
        for number, row in list(table.rows.items())[:SAMPLE_ROWS]
    ]
    return {
        "format": table.written.format,
        "encoding": table.written.encoding,
        "sheet": table.written.sheet,
        "sheets": list(table.written.sheets),
        "header": list(table.header),
        "rows": len(table.rows) + len(table.odd),
        "sample": sample,
    }


def proposal(station_id: str, table: Table) -> dict[str, Any]:
    """A mapping to begin with and where it comes from: remembered, shipped or suggested; inside `read()`."""
    known = remembered.recall(station_id, table.header)
    if known is not None:
        return {"source": "remembered", "merchant": known.merchant, "mapping": known.document}
    shipped = choose_document(table.header)
    if shipped is not None:
        return {"source": "shipped", "merchant": shipped.get("merchant"), "mapping": shipped}
    rows = list(table.rows.values())[:SAMPLE_ROWS]
    return {"source": "suggested", "merchant": None, "mapping": suggest(table.header, rows)}


def sample_of(look: dict[str, Any], name: str) -> Table:
    """The first rows of a file as a table, from what was seen of it."""
    header = tuple(look["header"])
    rows = {one["row"]: dict(zip(header, one["cells"], strict=True)) for one in look["sample"]}
    return Table(name, "", header, rows, [])


def try_out(
    sample: Table,
    station_id: str,
    mapping: Mapping,
    merchant: str | None,
    year: int,
    couriers: dict[str, str],
) -> dict[str, Any]:
    """The first rows read by a mapping, for the eye: values by field, and what is wrong.

    Raises:
        UnusableFileError: the mapping does not fit the header.
    """
    intake = Intake(station_id, merchant, year, mapping, couriers, uuid7())
    orders, problems = read_orders(sample, intake)
    return {
        "checked": len(sample.rows),
        "good": len(orders),
        "problems": [problem.as_json() for problem in problems[:100]],
        "orders": [{"row": order.row, "order": order.payload} for order in orders[:5]],
    }


def missing_fields(document: dict[str, Any]) -> list[str]:
    """Fields no order can do without that a mapping document says nothing of."""
    fields = document.get("fields")
    given = fields if isinstance(fields, dict) else {}
    return [name for name, field in FIELDS.items() if field.required and name not in given]


def ask(file: FileView, user_id: str, role: str, wish: dict[str, Any]) -> str:
    """Writes down that a file is to be imported (or only checked); the worker does it. Answers the batch's id.

    `wish` is {mapping, merchant, year, skip_bad, only_check, sheet}.

    Raises:
        UnusableFileError: the mapping is none.
    """
    mapping = read_mapping(wish["mapping"])
    batch_id, now = uuid7(), now_ms()
    db.session.add(
        ImportBatch(
            id=batch_id,
            station_id=file.station_id,
            merchant=wish["merchant"] or mapping.merchant,
            mapping=mapping.name[:80],
            file_name=file.name,
            file_hash=file.sha256,
            file_id=file.id,
            wish={**wish, "role": role},
            status="waiting",
            rows=int(file.look["rows"]),
            staged_at=now,
            staged_by=user_id,
            applied_rows=0,
            progress_at=now,
        )
    )
    db.session.flush()
    return batch_id
