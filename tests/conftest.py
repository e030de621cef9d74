"""Fixtures every test may use: a clock, a fresh database of either kind, the application, the named cast."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as invention
from sqlalchemy import create_engine, text

from server.app import create_app
from server.auth.limits import limiter
from server.core import clock as server_clock
from server.core.config import Settings
from server.core.db import db
from server.demo.postgres import start_postgres
from server.demo.supervise import Supervisor
from tests.people import Cast, make_cast

# How long an invented example takes says how busy the machine is, and nothing about the rule it tests.
invention.register_profile("doorstep", deadline=None)
invention.load_profile("doorstep")

NINE_IN_HANGZHOU = 1_777_856_400_000
"""Monday 4 May 2026, 09:00 in Asia/Shanghai."""
SECRET = "the tests' secret"


@dataclass
class Clock:
    """The server's time in a test: it stands at `now` and ticks 1 ms with every look, so that nothing is a tie."""

    now: int = NINE_IN_HANGZHOU

    def __call__(self) -> int:
        self.now += 1
        return self.now

    def advance(self, *, ms: int = 0, minutes: int = 0, hours: int = 0) -> None:
        self.now += ms + minutes * 60_000 + hours * 3_600_000


@pytest.fixture
def clock() -> Iterator[Clock]:
    made = Clock()
    server_clock.use(made)
    yield made
    server_clock.use(server_clock.system)


@pytest.fixture(scope="session")
def fast_folder() -> Iterator[Path]:
    """Scratch space in memory where there is some: databases of tests need no disk."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="doorstep-test-", dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server from its wheel, one for the whole run, without fsync."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-pg-"))
    supervisor = Supervisor()
    try:
        url = start_postgres(supervisor, folder)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        yield url
    finally:
        supervisor._stop_all(already_asked=0)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(fast_folder: Path) -> Path:
    """An SQLite file with all tables, copied for each test."""
    file = fast_folder / "template.db"
    _create_all(f"sqlite:///{file}", fast_folder)
    return file


@pytest.fixture(scope="session")
def postgres_tables(postgres_url: str, fast_folder: Path) -> str:
    """The address of a PostgreSQL database with all tables."""
    url = new_postgres_database(postgres_url, "doorstep_tables")
    _create_all(url, fast_folder)
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, created database; a test that uses it runs on both kinds.

    For one kind only: `@pytest.mark.parametrize("database", ["sqlite"], indirect=True)`.
    """
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        file = template.with_name(f"{tmp_path.name}-{id(tmp_path)}.db")
        shutil.copyfile(template, file)
        yield f"sqlite:///{file}"
        for left in file.parent.glob(f"{file.name}*"):
            left.unlink()
    else:
        url: str = request.getfixturevalue("postgres_tables")
        _empty(url)
        yield url


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database, data=tmp_path, secret_key=SECRET, env="test", log_level="error")


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Iterator[Flask]:
    """The application. No context is pushed: open one with `with app.app_context():` around direct calls."""
    made = create_app(settings)
    server_clock.use(clock)
    limiter.reset()
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Two stations and their people (tests/people.py)."""
    with app.app_context():
        return make_cast(app)


def new_postgres_database(server_url: str, name: str) -> str:
    """Make an empty database on a server (dropping an old one) and give its address."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    address = engine.url.set(database=name).render_as_string(hide_password=False)
    engine.dispose()
    return address


def _create_all(url: str, data: Path) -> None:
    made = create_app(Settings(database_url=url, data=data, secret_key=SECRET, env="test", log_level="error"))
    with made.app_context():
        db.create_all()
        db.session.remove()
        db.engine.dispose()


def _empty(url: str) -> None:
    engine = create_engine(url)
    names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()
