"""Every fault of this folder at the size RELIABILITY asks for of a night, one after the other; figures for MEASURED."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from tests.faults import clocks, crowding, cursors, disk, durability, kills, replays, storms
from tests.faults.oracle import Outcome
from tests.faults.site import READY_GOAL_S, Site, site
from tests.simulation.measured import put

HEADING = "## Faults (`make soak`)"
DATABASES = ("sqlite", "postgres")
# A soak of less than this many minutes does a part of everything.
_FULL_MINUTES = 240.0


@dataclass(frozen=True)
class Night:
    """How much of the full size is done; `minutes` 0 does all of it."""

    minutes: float

    def size(self, full: int, least: int) -> int:
        """So many, of `full`."""
        return full if not self.minutes else min(full, max(least, int(full * self.minutes / _FULL_MINUTES)))

    def until(self, share: float) -> float:
        """The moment (monotonic) at which something that may take this share of the time ends; 0 for never."""
        return time.monotonic() + 60 * self.minutes * share if self.minutes else 0.0


def main(argv: Sequence[str]) -> int:
    """Exit status 1 when anything did not hold."""
    read = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    read.add_argument("--soak", action="store_true", required=True, help="yes, all of it")
    read.add_argument(
        "--minutes", type=float, default=0, help="about so long, and smaller sizes; 0: full sizes"
    )
    read.add_argument("--only", default="", help="those whose name begins so, F12 for instance")
    read.add_argument("--measured", type=Path, default=None, help="write the figures into this document")
    asked = read.parse_args(argv)
    began, told = time.monotonic(), list[Outcome]()
    for outcome in run(Night(asked.minutes), asked.only):
        print(outcome, flush=True)
        told.append(outcome)
    if asked.measured:
        put(asked.measured, HEADING, section(told, time.monotonic() - began))
    return 1 if any(outcome.wrong for outcome in told) else 0


def run(night: Night, only: str = "") -> Iterator[Outcome]:
    """One fault after the other; each on a Doorstep of its own."""
    for name, databases, couriers, tasks, work in _plan(night):
        for database in databases if name.startswith(only) else ():
            with site(database, couriers, tasks) as place:
                try:
                    yield work(place)
                except _BROKEN as error:
                    yield Outcome(name, database, wrong=[f"{type(error).__name__}: {error}"[:500]])
    if "F8 disk full".startswith(only):
        yield from (disk.full(database, 5.0 if database == "sqlite" else 3.0) for database in DATABASES)
    if "F13".startswith(only):
        yield _races(night)


# A run that breaks off is a row of the table as well; the others still have to be seen.
_BROKEN = (AssertionError, LookupError, OSError, RuntimeError, SQLAlchemyError, ValueError)
_Plan = tuple[str, Sequence[str], int, int, Callable[[Site], Outcome]]


def _plan(night: Night) -> list[_Plan]:
    """Name, databases, couriers with so many tasks, and the run at its size."""
    half, hundred_thousandth = night.size(500, 20), night.size(50_000, 300)
    return [
        (
            "F4",
            DATABASES,
            6,
            60,
            lambda at: _ready(kills.server_kills(at, half, walkers=6, until=night.until(0.12))),
        ),
        (
            "F5",
            ("postgres",),
            6,
            60,
            lambda at: kills.postgres_kills(at, night.size(200, 8), until=night.until(0.08)),
        ),
        ("F8", ("sqlite",), 2, 60, lambda at: disk.failing(at, night.size(500, 60))),
        ("F10", DATABASES, 6, 400, lambda at: crowding.backlog(at, night.size(10_000, 4_000), beside=5)),
        ("F11", ("sqlite",), 1, 20, crowding.poison),
        (
            "F12",
            DATABASES,
            2,
            20,
            lambda at: replays.replays(at, hundred_thousandth, until=night.until(0.08)),
        ),
        ("F14", ("postgres",), 1, 1, lambda at: cursors.interleavings(at, 10_000, until=night.until(0.08))),
        ("F15", DATABASES, night.size(2_000, 300), 1, lambda at: _grown(storms.storm(at, len(at.couriers)))),
        ("F17", DATABASES, 2, 20, lambda at: clocks.jumps(at, night.size(1_000, 60))),
        ("F24", ("sqlite",), 8, 60, lambda at: crowding.writers(at, night.size(60, 15))),
        (
            "durability",
            DATABASES,
            1,
            60,
            lambda at: durability.synced_before_answered(at, night.size(500, 50)),
        ),
    ]


def _ready(outcome: Outcome) -> Outcome:
    """The bound of F4 on how soon it is back, for a machine to itself; where others work beside it is so much later."""
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    if float(outcome.figures["ready, median s"]) > READY_GOAL_S * crowd:
        outcome.wrong.append(f"ready only after {outcome.figures['ready, median s']} s")
    return outcome


def _grown(outcome: Outcome) -> Outcome:
    """The bound of F15 on memory, which a storm of a few is too small for."""
    if float(outcome.figures["memory growth %"]) > 5:
        outcome.wrong.append(f"the server has grown by {outcome.figures['memory growth %']} %")
    return outcome


def _races(night: Night) -> Outcome:
    """F13 stands in tests/server/ops/test_races.py: as many rounds, through two doors on two databases."""
    rounds = night.size(250, 5)
    tests = ("tests/server/ops/test_races.py", "tests/server/ops/test_late_commit.py")
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests),
        env=os.environ
        | {"DOORSTEP_RACE_ROUNDS": str(rounds), "DOORSTEP_LATE_COMMITS": str(night.size(250, 5))},
        capture_output=True,
        text=True,
        check=False,
    )
    last = (done.stdout.strip().splitlines() or ["nothing"])[-1]
    wrong = [last] if done.returncode else []
    return Outcome(
        "F13 the same at once", "both", {"races of 20": 4 * rounds, "effects beyond one": len(wrong)}, wrong
    )


def section(told: Sequence[Outcome], seconds: float) -> str:
    """The section of MEASURED: a row for each fault and database."""
    commit = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False
    )
    rows = [
        f"| {one.fault} | {one.database} | {', '.join(f'{name} {value}' for name, value in one.figures.items())} | "
        f"{'held' if not one.wrong else 'NOT HELD: ' + one.wrong[0].replace('|', '/')[:200]} |"
        for one in told
    ]
    head = (
        f"{HEADING}\n\n{datetime.now(UTC).date().isoformat()}, commit {commit.stdout.strip() or 'unknown'}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}, {seconds:,.0f} s. Real processes: gunicorn, an SQLite "
        "file or PostgreSQL on the disk; the sizes are in the rows.\n\n"
        "| fault | database | figures | |\n|---|---|---|---|"
    )
    return "\n".join([head, *rows])
