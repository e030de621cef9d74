"""The database: one session per request, real transactions on SQLite, the same rules on PostgreSQL.

Three traps are closed here once, so that no feature has to know them:

* SQLite's Python driver begins transactions late and loses updates silently (four threads, read then update).
  The driver's own handling is off; a writing transaction is `BEGIN IMMEDIATE`, one writer at a time.
* SQLite 3.7.0 to 3.51.2 (fixed in 3.50.7 and 3.44.6) can lose a committed transaction in WAL mode when one
  connection writes while another checkpoints. Those versions run with the rollback journal, which has no checkpoints.
* A reader must not queue behind writers: `read()` and GET requests begin a deferred, read-only snapshot.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVarTuple, cast

import structlog
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    CursorResult,
    Delete,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Update,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry

from server.core import failpoint, jsontext
from server.core.config import Settings

Mode = Literal["read", "write"]
Columns = TypeVarTuple("Columns")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_MS = 15_000
LOOK_MS = 20
_BREATH_S = 0.005
POOL = 20
# A board of 50,000 lines is sorted and counted in memory; with the default of 4 MB PostgreSQL writes it to disk.
WORK_MEM = "16MB"
_TRANSIENT_STATES = ("40001", "40P01", "53100", "53200", "53300", "55P03", "57P01", "57P02", "57P03")
_TRANSIENT_SIGNS = (
    "database is locked",
    "unable to open database file",
    "disk I/O error",
    "disk is full",
    # SQLite takes a whole transaction back when it meets a full or failing disk, savepoints and all.
    "no such savepoint",
    "no transaction is active",
)
_OPEN = "doorstep_transaction"
_CONNECTION = "doorstep_connection"
_TURN = "doorstep_turnstile"
_AFTER = "doorstep_after_commit"

# Column types every feature uses, so that a column means the same everywhere.
Id = String(36)
Ms = BigInteger()
Sha = String(64)
Count = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

log = structlog.get_logger(__name__)


class _Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=_Base, disable_autonaming=True, session_options={"expire_on_commit": False})

if TYPE_CHECKING:

    class Model(DeclarativeBase):
        """Base of every table (a feature's `models.py`)."""

        __table__: ClassVar[Table]
else:
    Model = db.Model

_mode: ContextVar[Mode] = ContextVar("doorstep_db_mode", default="write")


def init_db(app: Flask, settings: Settings) -> None:
    """Open the database for this app and install the rules above on its engine."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": jsontext.compact,
        "json_deserializer": jsontext.read,
    }
    if settings.database_url != "sqlite://":
        options["pool_size"] = POOL
    if settings.database_url.startswith("postgresql"):
        options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        guard_sqlite(engine)
    else:
        event.listen(engine, "connect", _connect_postgres)
        event.listen(engine, "begin", _begin_postgres)


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


@contextlib.contextmanager
def transaction() -> Iterator[Session]:
    """One writing transaction of the request's session: commit at the end, roll back on any error.

    Doors open it, services join it. What was read before it began is forgotten, so that a decision is never
    made on rows read without the lock. Retrying is the caller's (see `is_transient`).

    :raises RuntimeError: when nested, or when the session holds changes made outside of a transaction.
    """
    session = db.session()
    if session.info.get(_OPEN):
        raise RuntimeError("transaction() does not nest: a service joins the one of its caller")
    _end_implicit(session)
    session.info[_OPEN] = True
    token = _mode.set("write")
    try:
        yield session
        failpoint.reach("commit.before")
        session.commit()
        failpoint.reach("commit.after")
    except BaseException:
        session.rollback()
        session.info.pop(_AFTER, None)
        raise
    finally:
        _mode.reset(token)
        session.info.pop(_OPEN, None)
        session.info.pop(_CONNECTION, None)
    for tell in session.info.pop(_AFTER, ()):
        tell()


def connection() -> Connection:
    """The connection of the session's transaction; every statement asks, so it is looked up once.

    Once for each savepoint, too: only the session's own look makes one that has been begun.
    """
    session = db.session()
    if not session.info.get(_OPEN):
        return session.connection()
    inside = session.get_nested_transaction()
    known: tuple[SessionTransaction | None, Connection] | None = session.info.get(_CONNECTION)
    if known is None or known[0] is not inside:
        known = session.info[_CONNECTION] = (inside, session.connection())
    return known[1]


def once_committed(tell: Callable[[], None]) -> None:
    """Run `tell` when the `transaction()` around has been committed; never, when it is rolled back."""
    db.session().info.setdefault(_AFTER, []).append(tell)


@contextlib.contextmanager
def read() -> Iterator[Session]:
    """One consistent read-only snapshot; inside a `transaction()` it is that transaction.

    A write inside fails: the database refuses it (query_only on SQLite, READ ONLY on PostgreSQL).
    """
    session = db.session()
    if session.info.get(_OPEN):
        yield session
        return
    _end_implicit(session)
    session.info[_OPEN] = True
    token = _mode.set("read")
    try:
        yield session
    finally:
        session.close()
        _mode.reset(token)
        session.info.pop(_OPEN, None)
        session.info.pop(_CONNECTION, None)


def default_mode(mode: Mode) -> Token[Mode]:
    """Set how this context's transactions begin outside of `transaction()` and `read()`."""
    return _mode.set(mode)


def restore_mode(token: Token[Mode]) -> None:
    """Undo `default_mode`."""
    _mode.reset(token)


def for_update(
    statement: Select[*Columns], *, share: bool = False, of: type[Model] | None = None
) -> Select[*Columns]:
    """Lock the rows a select returns until the transaction ends; `of` names the one table of a join to lock.

    PostgreSQL: FOR UPDATE, or FOR SHARE with `share`. SQLite compiles it to nothing: its lock is the file.
    """
    return statement.with_for_update(read=share, of=of)


def affected(session: Session, statement: Update | Delete) -> int:
    """Run an UPDATE or DELETE and say how many rows it hit: check and write in one statement (P23)."""
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount


def upsert(model: type[Model]) -> Any:
    """An INSERT with `on_conflict_do_update`/`_do_nothing`, in the words of the connected database."""
    if db.engine.dialect.name == "postgresql":
        return postgresql.insert(model)
    return sqlite.insert(model)


def is_transient(error: BaseException) -> bool:
    """True when the same transaction may well succeed if tried again: deadlock, lost server, full disk.

    Never true for what is wrong with the data itself.
    """
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    text = str(error.orig)
    return (
        error.connection_invalidated
        or (state is not None and (state in _TRANSIENT_STATES or state.startswith("08")))
        or any(sign in text for sign in _TRANSIENT_SIGNS)
        or _never_reached_postgres(error)
    )


def _never_reached_postgres(error: DBAPIError) -> bool:
    """Whether it is the driver's own word, whatever that is today: what PostgreSQL itself says has a state."""
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", "") is None


def _end_implicit(session: Session) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("the session holds changes made outside of a transaction")
    if session.in_transaction():
        session.rollback()


def _begin_sqlite(connection: Connection) -> None:
    if _mode.get() == "read":
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
    while not _locked(turn):
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


def one_writer() -> bool:
    """Whether a transaction that writes keeps all others from writing, whatever they are about."""
    return bool(db.engine.dialect.name == "sqlite")


def stand_aside(most_s: float) -> None:
    """Let everybody who waits to write go first, for `most_s` at the most: for whoever writes much and often.

    PostgreSQL needs no more than a breath; at SQLite's turnstile the last one who came may go through first.
    """
    until = time.monotonic() + most_s
    with contextlib.ExitStack() as opened:
        turn = None
        if one_writer() and db.engine.url.database:
            turn = opened.enter_context(open(f"{db.engine.url.database}.turn", "ab"))  # noqa: PTH123
        while time.monotonic() < until:
            time.sleep(_BREATH_S)
            if turn is None or _locked(turn.fileno()):
                return


def _locked(turn: int) -> bool:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _connect_postgres(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.autocommit = True
    connection.execute(f"SET work_mem = '{WORK_MEM}'")
    connection.autocommit = False


def _begin_postgres(connection: Connection) -> None:
    if _mode.get() == "read":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
