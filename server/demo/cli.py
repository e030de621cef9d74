"""`doorstep demo`: a generated day, running; or written to a file."""

import os
import sys
from datetime import date, datetime
from pathlib import Path

import click

from server.core.clock import day_of, system
from server.core.config import ConfigError
from server.demo.generate import SEED, TASKS, day_csv, order_rows, orders_csv
from server.demo.postgres import PostgresError
from server.demo.run import CannotStartError, echo, run_demo
from server.demo.supervise import ChildDiedError
from server.demo.words import COURIERS

_ZONE = "Asia/Shanghai"


@click.command("demo")
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a recorded pickup day, start nothing.",
)
@click.option(
    "--export-orders",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the demo's orders, start nothing.",
)
@click.option("--date", "wanted", type=click.DateTime(["%Y-%m-%d"]), help="Day of the export; default today.")
@click.option(
    "--seed", default=SEED, show_default=True, help="Another number, another made-up day (exports)."
)
@click.option(
    "--tasks", default=TASKS, show_default=True, type=click.IntRange(1, 5000), help="How many (exports)."
)
@click.option(
    "--couriers",
    default=len(COURIERS),
    show_default=True,
    type=click.IntRange(1, 500),
    help="How many (--export).",
)
def demo(
    export: Path | None,
    export_orders: Path | None,
    wanted: datetime | None,
    seed: int,
    tasks: int,
    couriers: int,
) -> None:
    """Start Doorstep with a generated day: one station, four couriers, about 160 tasks.

    With --export it writes a made-up day of pickups instead, in the shape of the public LaDe-P files, for
    `doorstep day` and `doorstep orders import`; with --export-orders the demo's own orders, in our template.
    """
    day = wanted.date() if wanted else date.fromisoformat(day_of(system(), _ZONE))
    if export is not None:
        _write(export, day_csv(day, seed, tasks, couriers))
    if export_orders is not None:
        _write(export_orders, orders_csv(order_rows(day, seed, tasks)))
    if export is None and export_orders is None:
        sys.exit(_run())


def _run() -> int:
    try:
        return run_demo(os.environ, echo)
    except (CannotStartError, ConfigError, PostgresError, ChildDiedError) as error:
        raise click.ClickException(str(error)) from error


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{text.count(chr(10)) - 1} rows written to {file}", err=True)
