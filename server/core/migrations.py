"""Alembic, where it is asked for: it takes longer to load than much of the rest, and most processes never migrate."""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType

from flask import current_app
from sqlalchemy import Connection, inspect, text

from server.core.config import ROOT
from server.core.db import db

FOLDER = ROOT / "migrations"
_NAMES = re.compile(r'^(revision|down_revision)\b[^=\n]*= *"([0-9a-f]+)"', re.MULTILINE)


def upgrade(revision: str = "head") -> None:
    """Bring the database to a revision; does nothing when it is there."""
    _alembic().upgrade(revision=revision)


def downgrade(revision: str) -> None:
    """Take the database back to a revision, `base` for empty."""
    _alembic().downgrade(revision=revision)


def check() -> None:
    """Fail when the models and the migrations disagree."""
    _alembic().check()


def write(message: str) -> None:
    """Write a migration from the difference to the models."""
    _alembic().migrate(message=message)


def current(connection: Connection) -> frozenset[str]:
    """The revisions the database says it is at; none when it says nothing."""
    if not inspect(connection).has_table("alembic_version"):
        return frozenset()
    return frozenset(connection.scalars(text("SELECT version_num FROM alembic_version")))


@cache
def newest() -> frozenset[str]:
    """The revisions nobody builds on; read from the files, and a test holds them against Alembic's own answer."""
    named: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for file in (FOLDER / "versions").glob("*.py"):
        for name, revision in _NAMES.findall(file.read_text(encoding="utf-8")):
            named[name].add(revision)
    return frozenset(named["revision"] - named["down_revision"])


def _alembic() -> ModuleType:
    """Flask-Migrate, knowing the application we are in."""
    import flask_migrate

    if "migrate" not in current_app.extensions:
        flask_migrate.Migrate(current_app, db, directory=str(FOLDER))
    module: ModuleType = flask_migrate
    return module
