"""A whole day: real server process, real engine in Node, virtual time. One JSON object on stdout and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from server.core.config import ROOT
from server.day.dayfile import read_day

KEYS = [
    "tasks",
    "couriers",
    "operations_sent",
    "operations_applied",
    "lost",
    "doubled",
    "picked_up",
    "in_window",
    "early",
    "late",
    "conflicts_opened",
    "conflicts_undecided",
    "seconds",
]
REAL = ROOT.parent / "shared" / "data" / "lade_pickups"


def doorstep(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from server.cli import main; main()", "day", *arguments]
    env = {key: value for key, value in os.environ.items() if not key.startswith("DOORSTEP_")}
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=580
    )


def holds(done: "subprocess.CompletedProcess[str]", file: Path) -> dict[str, int]:
    """The figures of a day on which everything held, compared with the file once more."""
    assert done.returncode == 0, done.stderr
    figures: dict[str, int] = json.loads(done.stdout)
    assert list(figures) == KEYS and done.stdout.count("\n") == 1
    day = read_day(file, 2026)
    counts = day.tally()
    assert (figures["tasks"], figures["couriers"]) == (len(day.pickups), len(day.couriers))
    assert figures["picked_up"] == counts.picked_up
    assert (figures["in_window"], figures["early"], figures["late"]) == (
        counts.in_window,
        counts.early,
        counts.late,
    )
    assert figures["operations_sent"] == figures["operations_applied"]
    assert (figures["lost"], figures["doubled"], figures["conflicts_undecided"]) == (0, 0, 0)
    return figures


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_generated_day_arrives_exactly_once(generated: Path, database: str) -> None:
    figures = holds(doorstep(str(generated), "--seed", "5", "--database", database), generated)
    assert figures["conflicts_opened"] >= 1, "work done before anybody assigned it is a case"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"a,b\n1,2\n"])
def test_a_file_that_cannot_be_used_ends_with_2_and_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    done = CliRunner().invoke(main, ["day", str(file)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1 and done.stderr.startswith("Error: ")


def test_without_a_file_it_says_where_to_get_one_and_how_to_make_one() -> None:
    done = CliRunner().invoke(main, ["day"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "LaDe-P" in done.stderr and "doorstep demo --export" in done.stderr


@pytest.mark.usefixtures("bundle")
def test_a_day_of_real_pickups_arrives_exactly_once(tmp_path: Path) -> None:
    """A few couriers of a real file; all three files whole are `make day`'s business."""
    if not REAL.is_dir():
        pytest.skip(f"the public pickup days are not at {REAL}: nothing real was replayed")
    header, *rows = (REAL / "pickup_jilin_0607.csv").read_text("utf-8").splitlines()
    some = [row for row in rows if row.split(",")[3] in {"13203", "14171"}]
    file = tmp_path / "some.csv"
    file.write_text("\n".join([header, *some, ""]), "utf-8")
    assert holds(doorstep(str(file)), file)["tasks"] == len(some) > 50
