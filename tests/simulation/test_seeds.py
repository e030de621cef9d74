"""Two hundred seeds hold, everything that can go wrong has gone wrong in them, and they can be played again."""

import os
import subprocess
import sys
from pathlib import Path

from tests.simulation.run import run

ROOT = Path(__file__).parents[2]
FAULTS = {
    "lost_request",
    "lost_answer",
    "doubled",
    "echo",
    "delayed",
    "late_answer",
    "refused",
    "torn_blob",
    "offline",
    "kill",
    "kill_half_done",
    "clock",
    "slow",
    "tab",
    "tab_with_its_own_lock",
    "rollback",
    "evict",
    "destroyed",
    "restore",
    "crash commit.before",
    "crash commit.after",
    "crash exchange.answer",
}


def test_f1_two_hundred_seeds_lose_double_and_part_nothing() -> None:
    figures = run(range(1, 201))
    said = figures.failed and f"seed {figures.failed.seed}: {figures.failed.violation}"
    assert said is None, (
        f"{said}\nmake simulate FROM={figures.failed and figures.failed.seed} SEEDS=1 shrinks it"
    )
    assert figures.seeds == 200
    assert {fault for fault in FAULTS if not figures.fired[fault]} == set()


def test_the_same_seeds_leave_the_same_trace() -> None:
    first, again = _trace("1", "1"), _trace("2", "31337")
    assert first == again
    assert len(first) == 16


def _trace(workers: str, hash_seed: str) -> str:
    """The trace of three seeds, played by as many processes as said."""
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "3", "--from", "7", "--workers", workers]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.partition("trace=")[2].partition("\n")[0]
