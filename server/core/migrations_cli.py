"""`doorstep db upgrade | downgrade | check | revision`: the tables, brought from one revision to another."""

from __future__ import annotations

import click

from server.core import migrations


@click.group()
def database() -> None:
    """The database."""


@database.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the database to the newest revision; does nothing when it is there."""
    migrations.upgrade(revision)


@database.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the database back to REVISION (`base` for empty). Data of later tables is lost."""
    migrations.downgrade(revision)


@database.command()
def check() -> None:
    """Fail when the models and the migrations disagree."""
    migrations.check()


@database.command()
@click.option("--message", required=True, help="What changes, in a few words.")
def revision(message: str) -> None:
    """Write a migration from the difference to the models (make it on PostgreSQL)."""
    migrations.write(message)
