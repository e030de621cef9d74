"""Statements that cost the same however many rows they are about: a list of ids, or whole rows, in one parameter.

An IN list of hundreds is put together, parsed and planned anew each time, and a row after the other is a round trip
each. So a list travels as one value that the database takes apart itself (an array on PostgreSQL, JSON on SQLite), and
rows to PostgreSQL as one JSON value. To SQLite, which is in this process, its driver hands row after row.

Statements of the hot path are built once, at import, with names for what changes: building one takes longer than the
database needs to answer it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType, SimpleNamespace
from typing import Any

from sqlalchemy import (
    Executable,
    FromClause,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.type_api import TypeEngine

from server.core import driver
from server.core.db import Model, db
from server.core.jsontext import compact

_ROWS = "rows"
_NONE: Mapping[str, Any] = MappingProxyType({})


class TextList(TypeDecorator[Iterable[str]]):
    """Texts in one parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """An array where there is such a thing, JSON elsewhere."""
        if dialect.name == "postgresql":
            return postgresql.ARRAY(String)
        return Text()

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> Any:
        """The value as the driver takes it."""
        listed = list(value or ())
        return listed if dialect.name == "postgresql" else compact(listed)


class _Among(FunctionElement[bool]):
    """`column, list`; in the words of the database below. Of no type: SQLite would be asked whether it is 1, and would
    not look into its index any more."""

    inherit_cache = True


@compiles(_Among)
def _among(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    sought, listed = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{sought} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - both are the compiler's own words


@compiles(_Among, "postgresql")
def _among_postgres(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    sought, listed = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{sought} = ANY({listed})"


def among(sought: Any, listed: Iterable[str] | str) -> Any:
    """Whether a column holds one of these texts; a `str` names the parameter that will bring them."""
    known = bindparam(listed, type_=TextList) if isinstance(listed, str) else literal(list(listed), TextList)
    return _Among(sought, known)


def run(statement: Executable, parameters: Mapping[str, Any] = _NONE) -> list[Any]:
    """Executes a statement that was built once and is kept, past the ORM, in the session's transaction.

    Answers its rows as named tuples; none for a statement that returns nothing.
    """
    return driver.ask(driver.keep(statement), parameters)


def columns_of(model: type[Model]) -> list[Any]:
    """All columns of a table, to be selected beside those of others; `part` takes them out of a row again."""
    table = model.__table__
    return [column.label(f"{table.name}_{column.name}") for column in table.c]


def part(row: Any, model: type[Model]) -> Any:
    """What a row holds of one table, by the names of its columns; all None when an outer join found nothing."""
    table = model.__table__
    return SimpleNamespace(**{name: getattr(row, f"{table.name}_{name}") for name in table.c.keys()})  # noqa: SIM118 - no dict


def insertion(table: Table, names: Sequence[str]) -> Any:
    """An INSERT of these columns for `write`; `on_conflict_do_update` and its kin can follow.

    Needs the database it is for: build it once that is known, and keep it.
    """
    kinds = {name: table.c[name].type for name in names}
    if not on_postgres():
        return sqlite.insert(table).values(
            {name: bindparam(name, type_=kind) for name, kind in kinds.items()}
        )
    rows = _rows_of(kinds)
    chosen = select(*(rows.c[name] for name in names))
    return postgresql.insert(table).from_select(list(names), chosen, include_defaults=False)


def write(statement: Executable, rows: Sequence[Mapping[str, Any]]) -> int:
    """Executes a statement of this module for rows that all name the same columns; answers how many it hit.

    In PostgreSQL it is one statement, whose one parameter is JSON: columns of JSON must bring objects or lists. SQLite
    is in this process and takes JSON apart more slowly than its driver takes row after row.
    """
    return driver.change(driver.keep(statement), [{_ROWS: compact(rows)}] if on_postgres() else rows)


def insert_rows(table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds rows that all name the same columns, in their order."""
    if rows:
        write(_inserting(on_postgres(), table, tuple(rows[0])), rows)


def update_rows(table: Table, rows: Sequence[Mapping[str, Any]], *, guard: str | None = None) -> int:
    """Sets columns of the rows with these `id`s; answers how many there were.

    Args:
        table: where.
        rows: `id` and new values, the same columns in each.
        guard: a column that must still hold what a row names as `was`, or the row is left alone.
    """
    return write(_updating(on_postgres(), table, tuple(rows[0]), guard), rows) if rows else 0


def on_postgres() -> bool:
    """Whether the connected database is PostgreSQL; the other one is SQLite."""
    return bool(db.engine.dialect.name == "postgresql")


def _rows_of(kinds: Mapping[str, TypeEngine[Any]]) -> FromClause:
    """So many rows of these columns, as one parameter brings them."""
    brought = func.jsonb_to_recordset(cast(bindparam(_ROWS, type_=Text), postgresql.JSONB))
    columns = [column(name, kind) for name, kind in kinds.items()]
    return brought.table_valued(*columns, name="brought").render_derived(with_types=True)


@cache
def _inserting(_postgres: bool, table: Table, names: tuple[str, ...]) -> Any:
    return insertion(table, names)


@cache
def _updating(postgres: bool, table: Table, names: tuple[str, ...], guard: str | None) -> Any:
    kinds = {name: table.c[guard if guard and name == "was" else name].type for name in names}
    new: Any = _rows_of(kinds).c if postgres else {n: bindparam(n, type_=k) for n, k in kinds.items()}
    changed = {name: new[name] for name in names if name not in ("id", "was")}
    statement = update(table).values(changed).where(table.c.id == new["id"])
    return statement if guard is None else statement.where(table.c[guard] == new["was"])
