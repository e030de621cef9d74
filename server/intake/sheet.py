"""Reads a spreadsheet (xlsx) by way of a process that may not take more than it is given: see `unpack.py`."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from server.intake.problems import UnusableFileError

LIMIT_S = 30
_UNPACK = Path(__file__).with_name("unpack.py")
# Ends of a process by its limits: memory (Rust gives up with SIGABRT), processor time (SIGXCPU, then SIGKILL).
_BY_TIME = (-24, -9)


@dataclass(frozen=True)
class Sheet:
    """One sheet as text: (row number, texts) of every row that holds something, the names of all sheets.

    `lost` holds (row number, column from 0) of whole numbers so long that a spreadsheet has changed their last digits.
    """

    name: str
    names: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    lost: set[tuple[int, int]]


def read_sheet(path: Path, wanted: str | None = None) -> Sheet:
    """The sheet called `wanted`, or the first one that can be seen.

    Raises:
        UnusableFileError: no workbook, a hostile one, or one that is larger than order files are.
    """
    command = [sys.executable, "-I", str(_UNPACK), str(path), *([wanted] if wanted else [])]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnusableFileError("too_slow", limit=LIMIT_S) from error
    lines = done.stdout.splitlines()
    first = json.loads(lines[0]) if lines else {}
    if "error" in first:
        raise UnusableFileError(first["error"], **first["facts"])
    told = json.loads(lines[-1]) if done.returncode == 0 and len(lines) > 1 else {}
    if isinstance(told, dict) and "error" in told:
        raise UnusableFileError(told["error"], **told["facts"])
    if done.returncode in _BY_TIME:
        raise UnusableFileError("too_slow", limit=LIMIT_S)
    if done.returncode != 0 or "sheets" not in first:
        why = "memory" if done.returncode < 0 else "damaged"
        raise (
            UnusableFileError("swollen", what=why)
            if why == "memory"
            else UnusableFileError("broken_sheet", why=why)
        )
    rows: list[tuple[int, list[str]]] = []
    lost: set[tuple[int, int]] = set()
    for line in lines[1:]:
        number, texts, gone = json.loads(line)
        rows.append((number, texts))
        lost.update((number, at) for at in gone)
    return Sheet(first["sheet"], tuple(first["sheets"]), rows, lost)
