"""Reading a file into a table of text cells. Knows CSV and nothing about orders."""

import csv
import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from server.intake.problems import RowProblem, UnusableFileError

LIMIT_MB = 32
LIMIT_ROWS = 20_000
_BOM = b"\xef\xbb\xbf"
_LONGEST_CELL = 20_000


@dataclass(frozen=True)
class Table:
    """Header and rows as text, stripped; `rows` maps the spreadsheet's row number to its cells by column name."""

    name: str
    digest: str
    header: tuple[str, ...]
    rows: dict[int, dict[str, str]]
    problems: list[RowProblem]


def read_table(path: Path) -> Table:
    """The table in a CSV file, UTF-8 with or without BOM.

    Raises:
        UnusableFileError: the file is no such table; the one sentence says why.
    """
    raw = _bytes(path)
    lines = _records(_text(raw))
    if not lines:
        raise UnusableFileError("empty")
    header = _header(lines[0])
    if len(lines) > LIMIT_ROWS + 1:
        raise UnusableFileError("too_many_rows", limit=LIMIT_ROWS)
    rows: dict[int, dict[str, str]] = {}
    problems: list[RowProblem] = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problems.append(
                RowProblem(number, header[0], "cells", {"found": len(cells), "wanted": len(header)})
            )
            continue
        rows[number] = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    if not rows and not problems:
        raise UnusableFileError("no_rows")
    return Table(path.name, sha256(raw).hexdigest(), header, rows, problems)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LIMIT_MB * 1024 * 1024:
            raise UnusableFileError("too_large", limit=LIMIT_MB)
        return path.read_bytes()
    except OSError as error:
        raise UnusableFileError("unreadable", why=error.strerror or str(error)) from error


def _text(raw: bytes) -> str:
    body = raw.removeprefix(_BOM)
    if not body.strip():
        raise UnusableFileError("empty")
    if body.startswith(b"PK\x03\x04"):
        raise UnusableFileError("spreadsheet")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\x00" in body:
            raise UnusableFileError("binary") from error
        raise UnusableFileError("not_utf8", line=body.count(b"\n", 0, error.start) + 1) from error
    if "\x00" in text:
        raise UnusableFileError("binary")
    return text


def _records(text: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        records = list(reader)
    except csv.Error as error:
        raise UnusableFileError("broken_csv", line=reader.line_num, why=str(error)) from error
    longest = max((len(cell) for record in records for cell in record), default=0)
    if longest > _LONGEST_CELL:
        raise UnusableFileError("no_table")
    return records


def _header(cells: list[str]) -> tuple[str, ...]:
    names = [cell.strip() for cell in cells]
    if len(names) < 2:
        raise UnusableFileError("no_table")
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if not name:
            raise UnusableFileError("header_blank", number=number)
        if name in seen:
            raise UnusableFileError("header_repeated", column=name)
        seen.add(name)
    return tuple(names)
