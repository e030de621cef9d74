"""`doorstep backup`, `restore`, `epoch new`, `audit`: copies of the database, and what handhelds are told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
from flask import current_app
from sqlalchemy import inspect

from server.core import backup as copies
from server.core import migrations
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.db import db, read
from server.ops import audit as auditing
from server.ops import epochs
from server.ops.queries import newest_position, told_by_no_handheld
from server.ops.shift_audit import audit_shift

_Made = TypeVar("_Made")
_FOLDER = click.Path(file_okay=False, path_type=Path)


class _NoShiftError(click.ClickException):
    """A shift nobody has heard of: another exit status than one that does not add up."""

    exit_code = 2


@click.command()
@click.argument("to", type=_FOLDER)
def backup(to: Path) -> None:
    """Copy the database and the proofs into the folder TO; everybody may go on working.

    TO may hold an earlier copy, to which new proofs are added. The keys in DOORSTEP_DATA are not copied.
    """
    added = _sentence(lambda: copies.copy_to(_settings(), to))
    click.echo(f"copied to {to}; {added} proofs were new")


@click.command()
@click.argument("from_", metavar="FROM", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(from_: Path) -> None:
    """Put the copy in the folder FROM in the place of the database, and begin a new epoch.

    Handhelds are told, and offer again what the copy lacks. What was here before is kept beside the database.
    """
    kept, ended, alone = _kept_aside(), _log_end(), _told_by_none()
    brought = _sentence(lambda: copies.bring_back(_settings(), from_))
    db.engine.dispose()
    migrations.upgrade()
    begun = epochs.begin("restored")
    click.echo(f"restored from {from_}; {brought} proofs came with it; epoch {begun}")
    lost = max(0, ended - _log_end())
    if lost:
        click.echo(f"{lost} operations at the end of the log are gone; handhelds offer theirs again.")
        _say_alone(Counter(kind for place, kind in alone if place > ended - lost))
    if kept is not None:
        click.echo(f"What was here before is in {kept}: what a desk had entered since is there alone.")


@click.group()
def epoch() -> None:
    """Lives of the database, which handhelds are told of."""


@epoch.command("new")
def new_epoch() -> None:
    """Begin a new epoch: for whoever has put back a database by other means than `doorstep restore`."""
    click.echo(f"epoch {epochs.begin('by hand')}")


@click.command()
@click.option("--shift", "shift_id", metavar="ID", help="Only this shift, recomputed from the ledger alone.")
def audit(shift_id: str | None) -> None:
    """Hold the database against itself: digests against rows, chains against hashes. Fails when anything differs.

    With --shift one line: what the handheld recorded, what of it is here, whether the chain is whole. Exit status 1
    names the break, 2 an unknown shift.
    """
    if shift_id is not None:
        _audit_shift(shift_id)
        return
    with read():
        found = list(auditing.findings())
    for one in found:
        click.echo(f"{one.kind}  {one.about}  {one.said}")
    if found:
        raise click.ClickException(f"{len(found)} things do not add up")
    click.echo("everything adds up")


def _audit_shift(shift_id: str) -> None:
    with read():
        found = audit_shift(shift_id)
    if found is None:
        raise _NoShiftError(f"There is no shift {shift_id} in the ledger.")
    click.echo(found.line)
    if found.breaks:
        click.get_current_context().exit(1)


def _kept_aside() -> Path | None:
    """The present database, copied beside itself; None when there is none yet."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("operations"):
            return None
    now = now_ms()
    moment = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y%m%d-%H%M%S")
    folder = _settings().data / f"before-restore-{moment}-{now % 1000:03d}"
    folder.mkdir(parents=True)
    return _sentence(lambda: copies.copy_database(_settings(), folder))


def _log_end() -> int:
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("operations"):
            return 0
    with read():
        return newest_position()


def _told_by_none() -> list[tuple[int, str]]:
    """Place and type of every operation that no handheld could offer again: desks, imports and customers entered it."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("operations"):
            return []
    with read():
        return told_by_no_handheld()


def _say_alone(kinds: Counter[str]) -> None:
    """Names what has to be entered again, or looked up in what was kept aside (P31)."""
    if kinds:
        named = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
        click.echo(f"{kinds.total()} of them no handheld has, from desks, imports and customers: {named}.")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings


def _sentence(work: Callable[[], _Made]) -> _Made:
    """What is wrong with a copy is a sentence, no trace."""
    try:
        return work()
    except copies.BackupError as error:
        raise click.ClickException(str(error)) from error
