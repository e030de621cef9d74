"""sync/ is data in, data out: no clock, no chance, no world outside (import-linter guards the imports as well)."""

import ast
import time
from pathlib import Path

from sync.merge import decide
from sync.validate import validate
from tests.sync.making.cast import TASK, op, task

SYNC = Path(__file__).resolve().parents[2] / "sync"
ALLOWED = {
    "collections",
    "dataclasses",
    "hashlib",
    "importlib",
    "json",
    "marshmallow",
    "re",
    "sync",
    "typing",
}


def test_sync_imports_nothing_that_could_surprise() -> None:
    files = list(SYNC.rglob("*.py"))
    assert len(files) > 10
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.partition(".")[0] in ALLOWED, f"{path.name} imports {name}"


def test_deciding_a_batch_takes_no_time_worth_naming() -> None:
    batch = [op("task.delivered", "", number) for number in range(1, 101)]
    board = {f"task:{TASK}": task()}
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        for given in batch:
            decide(board, given)
        best = min(best, time.perf_counter() - start)
    assert best < 0.010, f"{best * 1000:.1f} ms for 100 decisions"


def test_validating_a_batch_stays_small() -> None:
    batch = [op("task.delivered")] * 100
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        for given in batch:
            assert validate(given, "courier") == []
        best = min(best, time.perf_counter() - start)
    assert best < 0.100, f"{best * 1000:.1f} ms for 100 validations"
