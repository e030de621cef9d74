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
import time
from collections.abc import Callable, Iterator
from contextvars import Token
from typing import TYPE_CHECKING, Any, ClassVar, TypeVarTuple, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    CursorResult,
    Delete,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction

from server.core import failpoint, jsontext
from server.core.config import Settings
from server.core.engines import Mode, guard_postgres, guard_sqlite, locked, mode

Columns = TypeVarTuple("Columns")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_BREATH_S = 0.005
POOL = 20
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
_AFTER = "doorstep_after_commit"

# Column types every feature uses, so that a column means the same everywhere.
Id = String(36)
Ms = BigInteger()
Sha = String(64)
Count = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


class _Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=_Base, disable_autonaming=True, session_options={"expire_on_commit": False})

if TYPE_CHECKING:

    class Model(DeclarativeBase):
        """Base of every table (a feature's `models.py`)."""

        __table__: ClassVar[Table]
else:
    Model = db.Model


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
        options |= {"connect_args": {"connect_timeout": 5}}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        guard_sqlite(engine)
    else:
        guard_postgres(engine)


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
    token = mode.set("write")
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
        mode.reset(token)
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
    token = mode.set("read")
    try:
        yield session
    finally:
        session.close()
        mode.reset(token)
        session.info.pop(_OPEN, None)
        session.info.pop(_CONNECTION, None)


def default_mode(wanted: Mode) -> Token[Mode]:
    """Set how this context's transactions begin outside of `transaction()` and `read()`."""
    return mode.set(wanted)


def restore_mode(token: Token[Mode]) -> None:
    """Undo `default_mode`."""
    mode.reset(token)


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
            if turn is None or locked(turn.fileno()):
                return
