"""The last step of a kept statement: its text and values go to the driver itself, within the session's transaction.

SQLAlchemy writes the statement, once; what it does for each execution (a context, a result and its metadata) took as
long as the database's answer. Its errors are raised as ever; that a connection is lost it finds out when it rolls
back.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase

from server.core.db import connection, db

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """A statement as the driver takes it.

    `fixed` are values that never change, `told` what turns the others into what the driver takes. `placed` is
    their order where the driver wants places and not names. `read` makes a row of what the driver gives; None when the
    statement gives none.
    """

    text: str
    fixed: dict[str, Any]
    told: dict[str, Callable[[Any], Any]]
    placed: tuple[str, ...] | None
    read: Callable[[Sequence[Any]], Any] | None

    def values(self, given: Values) -> Any:
        """The values of one execution, as the driver takes them."""
        named = {**self.fixed, **given}
        for name, tell in self.told.items():
            if name in given:
                named[name] = tell(given[name])
        return named if self.placed is None else tuple(map(named.__getitem__, self.placed))


def keep(statement: Executable) -> Kept:
    """What a statement that was built once is for the connected database; worked out once."""
    return _kept(statement, db.engine.dialect.name)


def ask(kept: Kept, given: Values) -> list[Any]:
    """Executes it; its rows as named tuples, none when it gives none."""
    raw = connection()
    with _errors_of(raw, kept.text):
        cursor = _driver(raw).cursor()
        cursor.execute(kept.text, kept.values(given))
        return [] if kept.read is None else [kept.read(row) for row in cursor.fetchall()]


def change(kept: Kept, rows: Sequence[Values]) -> int:
    """Executes it for each of these; answers how many rows of the database that hit."""
    raw = connection()
    with _errors_of(raw, kept.text):
        cursor = _driver(raw).cursor()
        if len(rows) == 1:
            cursor.execute(kept.text, kept.values(rows[0]))
        else:
            cursor.executemany(kept.text, [kept.values(row) for row in rows])
        return int(cursor.rowcount)


def _driver(raw: Connection) -> Any:
    return raw.connection.driver_connection


@contextmanager
def _errors_of(raw: Connection, text: str) -> Iterator[None]:
    dialect = raw.dialect
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
        ) from error


@cache
def _kept(statement: Any, _dialect: str) -> Kept:
    dialect = db.engine.dialect
    compiled = statement.compile(dialect=dialect)
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    ways = {name: known.type.dialect_impl(dialect) for name, known in compiled.binds.items()}
    told = {name: tell for name, way in ways.items() if (tell := way.bind_processor(dialect))}
    fixed = {name: told.pop(name, _as_is)(value) for name, value in fixed.items()}
    placed = tuple(compiled.positiontup or ()) if compiled.positional else None
    return Kept(str(compiled), fixed, told, placed, _reader(statement, dialect))


def _as_is(value: Any) -> Any:
    return value


def _reader(statement: Any, dialect: Any) -> Callable[[Sequence[Any]], Any] | None:
    columns = list(statement.exported_columns) if isinstance(statement, SelectBase | UpdateBase) else []
    if not columns:
        return None
    row: Any = namedtuple("row", [column.key for column in columns])  # type: ignore[misc]  # noqa: PYI024
    turned = [
        (place, turn)
        for place, column in enumerate(columns)
        if (turn := column.type.dialect_impl(dialect).result_processor(dialect, None))
    ]
    if not turned:
        return row._make

    def read(found: Sequence[Any]) -> Any:
        values = list(found)
        for place, turn in turned:
            values[place] = turn(values[place])
        return row._make(values)

    return read
