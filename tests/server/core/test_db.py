"""SQLite cannot lose updates, reads do not queue behind writers, transactions are what they say."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, event, insert, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.auth.models import Station
from server.core import engines
from server.core.db import (
    affected,
    db,
    is_transient,
    read,
    stand_aside,
    transaction,
)
from server.core.engines import guard_sqlite, journal_mode_for

THREADS, ROUNDS = 4, 50
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def make_station(code: str = "X1") -> Station:
    return Station(id=f"{code:-<36}", code=code, name=code, timezone="Asia/Shanghai", currency="CNY")


def add_twice(session: Session, code: str) -> None:
    session.execute(insert(Station), [vars_of(make_station(code))])
    session.execute(insert(Station), [vars_of(make_station(code))])


def vars_of(station: Station) -> dict[str, str]:
    return {name: getattr(station, name) for name in ("id", "code", "name", "timezone", "currency")}


def count_up(engine: Engine) -> int:
    """Four threads read a number and write it back plus one; returns what is left of 200 increments.

    Before the first writes all of them have read, where the database lets them: that is no matter of luck.
    """
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    all_have_read = threading.Barrier(THREADS)

    def work() -> None:
        done = 0
        while done < ROUNDS:
            with engine.connect() as connection:
                n = connection.execute(text("SELECT n FROM counter")).scalar_one()
                if done == 0:
                    with contextlib.suppress(threading.BrokenBarrierError):
                        all_have_read.wait(0.5)
                try:
                    connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
                    connection.commit()
                    done += 1
                except DBAPIError:
                    connection.rollback()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT n FROM counter")).scalar_one())


def test_the_drivers_own_transactions_lose_updates(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    assert count_up(engine) < THREADS * ROUNDS
    engine.dispose()


def test_begin_immediate_loses_none(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'guarded.db'}")
    guard_sqlite(engine)
    assert count_up(engine) == THREADS * ROUNDS
    engine.dispose()


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 6, 23), "wal"),
        ((3, 7, 0), "truncate"),
        ((3, 40, 1), "truncate"),
        ((3, 44, 5), "truncate"),
        ((3, 44, 6), "wal"),
        ((3, 45, 0), "truncate"),
        ((3, 50, 6), "truncate"),
        ((3, 50, 7), "wal"),
        ((3, 51, 0), "truncate"),
        ((3, 51, 2), "truncate"),
        ((3, 51, 3), "wal"),
        ((3, 53, 0), "wal"),
    ],
)
def test_versions_with_the_wal_reset_bug_run_without_wal(version: tuple[int, int, int], mode: str) -> None:
    assert journal_mode_for(version) == mode


@only_sqlite
def test_sqlite_is_opened_as_promised(app: Flask) -> None:
    with app.app_context(), read() as session:
        pragmas = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": journal_mode_for(sqlite3.sqlite_version_info),
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": engines.BUSY_MS,
    }


def test_a_transaction_commits_or_leaves_nothing(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            session.add(make_station("A1"))
        with pytest.raises(DBAPIError), transaction() as session:
            add_twice(session, "B2")
        assert list(db.session.scalars(select(Station.code))) == ["A1"]


def test_transactions_do_not_nest(app: Flask) -> None:
    with app.app_context(), transaction(), pytest.raises(RuntimeError, match="nest"), transaction():
        pass


def test_changes_outside_of_a_transaction_are_refused(app: Flask) -> None:
    with app.app_context():
        db.session.add(make_station())
        with pytest.raises(RuntimeError, match="outside"), transaction():
            pass


def test_a_write_in_a_read_is_refused_by_the_database(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(DBAPIError), read() as session:
            session.execute(text("DELETE FROM station"))
        with transaction() as session:
            session.add(make_station())
        assert db.session.scalar(select(Station.code)) == "X1"


def test_a_read_is_one_snapshot(app: Flask) -> None:
    """Two looks in one read see the same rows, whatever is committed between them."""
    with app.app_context():
        with transaction() as session:
            session.add(make_station("A1"))
        if db.engine.dialect.name == "sqlite" and journal_mode_for(sqlite3.sqlite_version_info) != "wal":
            db.session.rollback()
            return  # with the rollback journal the writer waits for the reader instead

        def write() -> None:
            with app.app_context(), transaction() as inner:
                inner.add(make_station("B2"))

        with read() as session:
            before = session.scalars(select(Station.code)).all()
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
            assert session.scalars(select(Station.code)).all() == before


@only_sqlite
def test_a_reader_does_not_queue_behind_a_writer(app: Flask) -> None:
    """A writer sits in its transaction; a read and a GET request answer meanwhile."""
    seen: list[int] = []

    def look() -> None:
        with app.app_context(), read() as inner:
            seen.append(len(inner.scalars(select(Station.code)).all()))
        seen.append(app.test_client().get("/api/v1/devices").status_code)

    with app.app_context(), transaction() as session:
        session.add(make_station())
        session.flush()
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
    assert seen == [0, 401]


@only_sqlite
def test_a_writer_gets_its_turn_beside_one_that_never_rests(app: Flask) -> None:
    """An import writes chunk after chunk; a handheld's push waits no longer than half a second."""
    stop, waits = threading.Event(), []

    def never_rest() -> None:
        with app.app_context():
            while not stop.is_set():
                with transaction() as session:
                    session.execute(text("UPDATE station SET name = name"))
                    time.sleep(0.03)

    thread = threading.Thread(target=never_rest)
    thread.start()
    try:
        for _ in range(20):
            began = time.monotonic()
            with app.app_context(), transaction() as session:
                session.execute(text("UPDATE station SET name = name"))
                waits.append(time.monotonic() - began)
    finally:
        stop.set()
        thread.join()
    assert max(waits) < 0.5, waits


@only_sqlite
def test_whoever_writes_much_lets_those_who_wait_go_first(app: Flask) -> None:
    def write() -> None:
        with app.app_context(), transaction() as session:
            session.execute(select(Station.id))

    waiter = threading.Thread(target=write)
    with app.app_context():
        began = time.monotonic()
        stand_aside(5)
        assert time.monotonic() - began < 1, "nobody waits"
        with transaction() as session:
            session.execute(select(Station.id))
            waiter.start()
            time.sleep(0.5)
            began = time.monotonic()
            stand_aside(0.3)
            assert time.monotonic() - began >= 0.3, "somebody waits"
        stand_aside(5)
        waiter.join(1)
        assert time.monotonic() - began < 3
        assert not waiter.is_alive()


def test_affected_says_how_many_rows_were_hit(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.add_all([make_station("A1"), make_station("B2")])
        session.flush()
        assert affected(session, Station.__table__.update().where(Station.code == "A1").values(name="n")) == 1
        assert affected(session, Station.__table__.update().where(Station.code == "C3").values(name="n")) == 0


def test_a_busy_database_is_transient_and_a_broken_rule_is_not(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'busy.db'}")

    @event.listens_for(engine, "connect")
    def no_patience(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout = 0")

    with engine.connect() as first, engine.connect() as second:
        first.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(DBAPIError) as busy:
            second.exec_driver_sql("BEGIN IMMEDIATE")
        assert is_transient(busy.value)
        first.exec_driver_sql("CREATE TABLE t (a INTEGER PRIMARY KEY)")
        first.exec_driver_sql("INSERT INTO t VALUES (1)")
        with pytest.raises(DBAPIError) as broken:
            first.exec_driver_sql("INSERT INTO t VALUES (1)")
        assert not is_transient(broken.value)
    engine.dispose()


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_connection_that_has_rested_is_asked_before_it_is_used(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was away meanwhile costs nobody an answer; one that answered just now is not asked."""
    asked: list[object] = []
    with app.app_context():
        ping = db.engine.dialect.do_ping

        def noted(one: DBAPIConnection) -> bool:
            asked.append(one)
            return ping(one)

        monkeypatch.setattr(db.engine.dialect, "do_ping", noted)
        backend = text("SELECT pg_backend_pid()")
        with read() as session:
            first = session.scalar(backend)
        with read() as session:
            assert session.scalar(backend) == first
        assert asked == []
        with create_engine(app.config["SQLALCHEMY_DATABASE_URI"]).connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
        monkeypatch.setattr(engines, "SURE_S", 0.0)
        with read() as session:
            assert session.scalar(backend) != first
        assert asked
