"""The migrations: up, in agreement with the models, down, and up again, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Connection, inspect, text

from server.app import create_app
from server.core.config import Settings
from server.core.db import db
from tests.conftest import SECRET, new_postgres_database


@pytest.fixture(params=["sqlite", "postgres"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database without any table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'bare.db'}"
    else:
        url = new_postgres_database(request.getfixturevalue("postgres_url"), "doorstep_bare")
    app = create_app(Settings(url, tmp_path, SECRET, env="test", log_level="error"))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def test_up_in_agreement_down_and_up_again(bare: Flask) -> None:
    client = bare.test_client()
    assert client.get("/readyz").json == {"status": "unavailable", "reason": "migrations"}
    flask_migrate.upgrade()
    assert {table.name for table in db.metadata.sorted_tables} <= tables()
    flask_migrate.check()
    assert client.get("/readyz").json == {"status": "ok", "database": db.engine.dialect.name}
    flask_migrate.downgrade(revision="base")
    assert tables() == {"alembic_version"}
    flask_migrate.upgrade()
    flask_migrate.check()


def test_upgrading_twice_changes_nothing(bare: Flask) -> None:
    flask_migrate.upgrade()
    before = tables()
    flask_migrate.upgrade()
    assert tables() == before


def test_a_model_nobody_migrated_is_noticed(bare: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE station DROP COLUMN currency"))
    with pytest.raises(SystemExit):
        flask_migrate.check()


def test_a_failed_change_of_tables_leaves_nothing_half_made(bare: Flask) -> None:
    with pytest.raises(ZeroDivisionError), db.engine.begin() as connection:
        create_half(connection)
    assert tables() == set()


def create_half(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE half (a INTEGER)"))
    raise ZeroDivisionError


def test_foreign_keys_are_on_again_after_a_migration(bare: Flask) -> None:
    flask_migrate.upgrade()
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
