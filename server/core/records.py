"""How a feature keeps the records that operations add up to: one row each, with a revision.

A row holds the whole record as JSON (the shape `sync` works on) beside the few columns its feature filters by.
Only `server.ops` reads and writes through a store; everybody else reads through the feature's queries.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, Table, select
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Json, Model, for_update
from server.core.sql import among, insert_rows, run, update_rows

Record = dict[str, Any]


class RecordMixin:
    """Columns every record table has; `rev` counts the changes of this one record."""

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    rev: Mapped[int]
    record: Mapped[Record] = mapped_column(Json)


@dataclass(frozen=True)
class Versioned:
    """A record as it stands, and its revision."""

    rev: int
    record: Record


@dataclass(frozen=True)
class RecordChange:
    """One decided change; `before` is the revision it was decided on, None for a new record.

    `beside` are columns of a new row that do not follow from the record.
    """

    id: str
    before: int | None
    rev: int
    record: Record
    beside: Record = field(default_factory=dict)


class StaleRecordError(RuntimeError):
    """A record moved between its decision and its write (P23): the transaction must not stand."""


class RecordStore:
    """Loads with a row lock and writes only onto the revision that was read (P23).

    `promote` names the columns beside the record, as plain data.
    """

    def __init__(self, model: type[Model], promote: Callable[[Record], dict[str, Any]]) -> None:
        table: Table = model.__table__
        found = select(table.c.id, table.c.rev, table.c.record)
        found = found.where(among(table.c.id, "ids")).order_by(table.c.id)
        self._table = table
        self._found = {None: found, "share": for_update(found, share=True), "lock": for_update(found)}
        self._promote = promote

    def load(self, ids: Iterable[str], lock: bool = True, share: bool = False) -> dict[str, Versioned]:
        """Records by id, locked in ascending id (P25); unknown ids are left out."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        rows = run(self._found[("share" if share else "lock") if lock else None], {"ids": wanted})
        return {row.id: Versioned(row.rev, row.record) for row in rows}

    def write(self, changes: Sequence[RecordChange]) -> None:
        """Inserts new records, updates known ones.

        Raises:
            StaleRecordError: a row was no longer at the revision the change was decided on.
        """
        new = [{**self._row(change), **change.beside} for change in changes if change.before is None]
        known = [
            {**self._row(change), "was": change.before} for change in changes if change.before is not None
        ]
        insert_rows(self._table, new)
        missed = len(known) - update_rows(self._table, known, guard="rev")
        if missed:
            raise StaleRecordError(f"{self._table.name}: {missed} of {len(known)} have moved on")

    def _row(self, change: RecordChange) -> dict[str, Any]:
        return {"id": change.id, "rev": change.rev, "record": change.record, **self._promote(change.record)}
