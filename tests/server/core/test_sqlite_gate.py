"""The gate at start-up: SQLite versions with the WAL-reset bug never write in WAL mode, and say so once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from server.core import engines
from server.core.db import is_transient
from server.core.engines import guard_sqlite, journal_mode_for
from server.demo.postgres import start_postgres
from server.demo.supervise import Supervisor

AFFECTED, FIXED = (3, 51, 2), (3, 51, 3)
# Bytes 18 and 19 of the file say in which mode it is written: 1 with a rollback journal, 2 with WAL.
ROLLBACK, WAL = b"\x01\x01", b"\x02\x02"


def opened(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}")
    guard_sqlite(engine)
    return engine


def mode(file: Path) -> bytes:
    return file.read_bytes()[18:20]


@pytest.fixture
def left_in_wal(tmp_path: Path) -> Path:
    """A database that a sound version of SQLite has written, with a log beside it that nobody has checkpointed."""
    file = tmp_path / "doorstep.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE kept (a INTEGER)")
        connection.execute("INSERT INTO kept VALUES (1), (2)")
    return file


@pytest.fixture
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that starts with this version, and whose log is at no level yet."""
    before = structlog.get_config()
    structlog.reset_defaults()
    monkeypatch.setattr(sqlite3, "sqlite_version_info", request.param)
    engines._say_why_no_wal.cache_clear()
    yield
    engines._say_why_no_wal.cache_clear()
    structlog.configure(**before)


@pytest.mark.parametrize("first", [(3, 7, 0), (3, 8, 11), (3, 43, 2), (3, 45, 0), (3, 49, 1), (3, 51, 0)])
def test_every_version_between_the_bug_and_its_repair_is_affected(first: tuple[int, int, int]) -> None:
    """Both branches that were repaired, 3.44 from .6 and 3.50 from .7 on, end where the next one begins."""
    assert journal_mode_for(first) == "truncate"
    assert {journal_mode_for((3, 44, patch)) for patch in range(6)} == {"truncate"}
    assert {journal_mode_for((3, 44, patch)) for patch in range(6, 20)} == {"wal"}
    assert {journal_mode_for((3, 50, patch)) for patch in range(7)} == {"truncate"}
    assert {journal_mode_for((3, 50, patch)) for patch in range(7, 20)} == {"wal"}


@pytest.mark.parametrize("version", [AFFECTED], indirect=True)
def test_an_affected_version_takes_a_file_out_of_wal_and_keeps_what_is_in_it(
    version: None, left_in_wal: Path
) -> None:
    assert mode(left_in_wal) == WAL
    engine = opened(left_in_wal)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO kept VALUES (3)"))
        assert connection.execute(text("SELECT count(*) FROM kept")).scalar_one() == 3
        assert not left_in_wal.with_name("doorstep.db-wal").exists()
    engine.dispose()
    assert mode(left_in_wal) == ROLLBACK


@pytest.mark.parametrize("version", [AFFECTED], indirect=True)
def test_an_affected_version_does_not_start_beside_one_that_writes_in_wal(
    version: None, left_in_wal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Better no server than one that may lose what it has promised."""
    monkeypatch.setattr(engines, "BUSY_MS", 50)
    with closing(sqlite3.connect(left_in_wal)) as beside:
        beside.execute("SELECT count(*) FROM kept").fetchone()
        engine = opened(left_in_wal)
        with pytest.raises((DBAPIError, RuntimeError)), engine.connect():
            pass
        engine.dispose()
    assert mode(left_in_wal) == WAL


@pytest.mark.parametrize("version", [FIXED], indirect=True)
def test_a_sound_version_uses_wal_and_says_nothing(version: None, tmp_path: Path) -> None:
    with capture_logs() as said:
        engine = opened(tmp_path / "doorstep.db")
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE kept (a INTEGER)"))
        engine.dispose()
    assert mode(tmp_path / "doorstep.db") == WAL
    assert said == []


@pytest.mark.parametrize("version", [AFFECTED], indirect=True)
def test_it_is_said_once_however_many_databases_are_opened(version: None, tmp_path: Path) -> None:
    with capture_logs() as said:
        for name in ("a.db", "b.db"):
            opened(tmp_path / name).dispose()
    assert [(one["event"], one["log_level"]) for one in said] == [("sqlite_rollback_journal", "warning")]


def test_a_transaction_that_sqlite_took_back_by_itself_may_be_tried_again(tmp_path: Path) -> None:
    """A full disk does that: what is heard of it is the savepoint that is no more, not the disk."""
    engine = opened(tmp_path / "doorstep.db")
    with engine.connect() as connection:
        inner = connection.begin_nested()
        connection.connection.driver_connection.execute("ROLLBACK")  # type: ignore[union-attr]
        with pytest.raises(DBAPIError) as gone:
            inner.rollback()
    assert is_transient(gone.value)
    engine.dispose()


def test_a_postgresql_that_is_not_there_is_a_matter_of_time(tmp_path: Path) -> None:
    """Whatever the driver calls it today: a killed server's socket is gone, an ended one's refuses."""
    supervisor = Supervisor()
    url = start_postgres(supervisor, tmp_path / "pg")
    try:
        engine = create_engine(url)
        with engine.connect() as connection:
            with pytest.raises(DBAPIError) as senseless:
                connection.execute(text("SELECT nothing FROM nowhere"))
            assert not is_transient(senseless.value)
        supervisor.kill("PostgreSQL")
        engine.dispose()
        for socket in ("there", "gone"):
            with pytest.raises(DBAPIError) as refused, engine.connect():
                pass
            assert is_transient(refused.value), (socket, refused.value)
            for left in Path(str(engine.url.query["host"])).glob(".s.PGSQL*"):
                left.unlink()
    finally:
        supervisor._stop_all(already_asked=0)
