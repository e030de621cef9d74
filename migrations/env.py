"""Alembic's environment: one history for SQLite and PostgreSQL, run inside the application.

Make revisions on PostgreSQL (`doorstep db revision`): SQLite renders defaults that PostgreSQL refuses. On SQLite a
revision runs in one real transaction, so that a failed upgrade leaves nothing half-made, and with foreign keys off,
since rebuilding a table would otherwise delete the rows that refer to it; they are checked before the commit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Engine

database = current_app.extensions["migrate"].db


def run() -> None:
    """Run the revisions asked for."""
    engine: Engine = database.engine
    sqlite = engine.dialect.name == "sqlite"
    with (
        engine.connect() as connection,
        _foreign_keys_off(connection) if sqlite else contextlib.nullcontext(),
    ):
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            transactional_ddl=True,
            compare_type=True,
            compare_server_default=not sqlite,
            process_revision_directives=_no_empty_revision,
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite:
                _check_foreign_keys(connection)


@contextlib.contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(
            f"the migration would leave {len(broken)} rows that refer to nothing, first {broken[0]}"
        )


def _no_empty_revision(_context: object, _revision: object, directives: list[Any]) -> None:
    options = getattr(context.config, "cmd_opts", None)
    if getattr(options, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


if context.is_offline_mode():
    raise RuntimeError("migrations run on a database, not into a script")
run()
