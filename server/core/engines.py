"""What makes each database's engine safe, once, so that no feature has to know it (the traps: `server.core.db`)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from contextvars import ContextVar
from functools import cache
from typing import Any, Literal, cast

import psycopg
import structlog
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

Mode = Literal["read", "write"]

BUSY_MS = 15_000
LOOK_MS = 20
# A connection that answered less than this long ago is taken as it is: asking was a fifth of an idle exchange.
SURE_S = 1.0
# A board of 50,000 lines is sorted and counted in memory; with the default of 4 MB PostgreSQL writes it to disk.
WORK_MEM = "16MB"
# On what servers have today a page anywhere costs about as much as the next one. With the default, made for discs that
# turn, PostgreSQL reads a whole station to find the 25 rows of a push.
PAGE_COST = "1.1"
_TURN = "doorstep_turnstile"
_ANSWERED = "doorstep_answered"

# How the transactions of this context begin.
mode: ContextVar[Mode] = ContextVar("doorstep_db_mode", default="write")

log = structlog.get_logger(__name__)


def guard_sqlite(engine: Engine) -> None:
    """Make an SQLite engine safe: journal by version, fsync on commit, foreign keys, honest transactions."""
    journal = journal_mode_for(sqlite3.sqlite_version_info)
    if journal != "wal":
        _say_why_no_wal(sqlite3.sqlite_version)

    def on_connect(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        got = connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()[0]
        if got not in (journal, "memory"):
            raise RuntimeError(f"SQLite stays in journal mode {got}, {journal} was asked for")
        if engine.url.database:
            record.info[_TURN] = os.open(f"{engine.url.database}.turn", os.O_RDWR | os.O_CREAT, 0o600)

    def on_close(_connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        turn = record.info.pop(_TURN, None)
        if turn is not None:
            os.close(turn)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "close", on_close)
    event.listen(engine, "begin", _begin_sqlite)


@cache
def _say_why_no_wal(version: str) -> None:
    """Once in a process's log, however many engines it opens."""
    log.warning(
        "sqlite_rollback_journal",
        version=version,
        why="this SQLite has the WAL-reset bug, so WAL stays off; 3.51.3 or later is faster",
    )


def journal_mode_for(version: tuple[int, int, int]) -> Literal["wal", "truncate"]:
    """WAL where it is safe, the rollback journal on versions with the WAL-reset bug.

    It is emptied and not deleted: SQLite syncs the one before it says "committed" and not the other, so that a deleted
    journal could be back after a power cut, and take the last transaction back.
    """
    fixed = (
        version < (3, 7, 0)
        or version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51, 0)
        or (3, 44, 6) <= version < (3, 45, 0)
    )
    return "wal" if fixed else "truncate"


def _begin_sqlite(connection: Connection) -> None:
    if mode.get() == "read":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql("PRAGMA query_only = OFF")
    turn = connection.connection.info.get(_TURN)
    if turn is None or not _take_turn(connection.connection.driver_connection, turn):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _take_turn(raw: Any, turn: int) -> bool:
    """Begin writing, in turn with all other writers of the file; False when it was not free for BUSY_MS.

    SQLite lets whoever looks at the right moment write, and soon looks only ten times a second: beside a writer
    that never rests (an import) others waited 15 s and gave up. So whoever waits for the file holds a turnstile,
    a lock on a file beside it; the busy writer, back from its commit, has to pass the turnstile too. Looking every
    few milliseconds does the rest.
    """
    until = time.monotonic() + BUSY_MS / 1000
    while not locked(turn):
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    raw.execute(f"PRAGMA busy_timeout = {LOOK_MS}")
    try:
        while time.monotonic() < until:
            with contextlib.suppress(sqlite3.OperationalError):
                raw.execute("BEGIN IMMEDIATE")
                return True
    finally:
        fcntl.flock(turn, fcntl.LOCK_UN)
        raw.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return False


def locked(turn: int) -> bool:
    """Take a lock on an open file, if it is free."""
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def guard_postgres(engine: Engine) -> None:
    """Make a PostgreSQL engine do the same: honest snapshots, and no request that fails for a server that was away."""

    def on_connect(connection: psycopg.Connection[Any], record: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        connection.execute(f"SET work_mem = '{WORK_MEM}'")
        connection.execute(f"SET random_page_cost = {PAGE_COST}")
        connection.autocommit = False
        on_answer(connection, record)

    def on_answer(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_ANSWERED] = time.monotonic()

    def on_checkout(connection: Any, record: ConnectionPoolEntry, _fairy: PoolProxiedConnection) -> None:
        if time.monotonic() - record.info[_ANSWERED] < SURE_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "checkin", on_answer)
    event.listen(engine, "checkout", on_checkout)
    event.listen(engine, "begin", _begin_postgres)
    engine.dialect.do_rollback = _end_postgres  # type: ignore[method-assign, assignment]


def _begin_postgres(connection: Connection) -> None:
    """Says how the transaction is to be; the driver says so with its BEGIN, without a journey of its own."""
    raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    reads = mode.get() == "read"
    if bool(raw.read_only) != reads:
        raw.read_only = reads or None
        raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if reads else None


def _end_postgres(connection: Any) -> None:
    """Ends a transaction that is not to count; one that only read is committed, which takes as little back: after a
    ROLLBACK the driver forgets the statements it has prepared, and all of them would be planned anew."""
    if connection.read_only and connection.pgconn.transaction_status == TransactionStatus.INTRANS:
        connection.commit()
    else:
        connection.rollback()
