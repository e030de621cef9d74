"""`doorstep day FILE`: one JSON object on standard output and nothing else there."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from server.core.clock import day_of, system
from server.day.dayfile import ZONE, UnusableDayError, read_day
from server.day.driver import replay_day
from server.day.house import HouseError

_WHERE = """Which day? Give a CSV file of recorded pickups: doorstep day FILE (or make -s day FILE=...).

Real ones: the public LaDe-P data of Cainiao (Hugging Face, Cainiao-AI/LaDe-P, "pickup"), one day of one city per file.
Made up:   doorstep demo --export day.csv && doorstep day day.csv"""


@click.command("day")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--seed", default=1, show_default=True, help="Decides when which handheld is without signal.")
@click.option(
    "--database", default="sqlite", show_default=True, help="sqlite, postgres, or a PostgreSQL address."
)
@click.option("--year", type=click.IntRange(2000, 2100), help="Year of the file's dates; default this year.")
@click.option(
    "--faults",
    type=click.Choice(["none", "rough"]),
    default="none",
    show_default=True,
    help="rough: bad lines, wrong clocks, killed handhelds and a killed server, changed plans.",
)
def day(file: Path | None, seed: int, database: str, year: int | None, faults: str) -> None:
    """Replay a recorded day through the real server and the real handheld engine.

    Exit status: 0 all holds, 1 something is lost, doubled or different, 2 a file that cannot be used.
    """
    if file is None:
        click.echo(_WHERE, err=True)
        sys.exit(2)
    chosen = year or int(day_of(system(), ZONE.key)[:4])
    try:
        rows = len(read_day(file, chosen).pickups)
        with click.progressbar(length=rows, label="pickups", file=sys.stderr) as bar:
            outcome = replay_day(
                file,
                year=chosen,
                seed=seed,
                database=database,
                rough=faults == "rough",
                say=_say,
                tick=_ticker(bar),
            )
    except UnusableDayError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except HouseError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.status)
    click.echo(json.dumps(outcome.as_json()))
    for complaint in outcome.complaints:
        click.echo(f"Different: {complaint}", err=True)
    sys.exit(1 if outcome.complaints else 0)


def _say(message: str) -> None:
    click.echo(message, err=True)


def _ticker(bar: Any) -> Any:
    def tick(count: int) -> None:
        bar.update(count)

    return tick
