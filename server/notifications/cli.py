"""`doorstep outbox`: what the worker could not do, and doing it again."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from server.core import outbox as core_outbox
from server.core.db import db, read, transaction
from server.notifications import service


@click.group()
def outbox() -> None:
    """What the worker is to tell the world."""


@outbox.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def dead(limit: int) -> None:
    """List dead letters, newest first: id, since when, topic, attempts, reason."""
    with read() as session:
        letters = core_outbox.dead(session, limit=limit)
    for letter in letters:
        since = datetime.fromtimestamp(letter.dead_at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        click.echo(f"{letter.id}  {since}  {letter.topic}  {letter.attempts}  {letter.reason or '-'}")
    if not letters:
        click.echo("no dead letters")


@outbox.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dead letter.")
def replay(ids: tuple[str, ...], everything: bool) -> None:
    """Try dead letters again, by id or --all; the worker does the rest."""
    if not ids and not everything:
        raise click.UsageError("Name the letters by id, or say --all.")
    with transaction():
        wanted = [one.id for one in core_outbox.dead(db.session(), limit=100_000)] if everything else ids
        done = [one for one in wanted if service.replay(one)]
    click.echo(f"{len(done)} of {len(wanted)} will be tried again")
    if not everything and len(done) < len(wanted):
        raise click.ClickException(
            f"not among the dead letters: {', '.join(sorted(set(wanted) - set(done)))}"
        )
