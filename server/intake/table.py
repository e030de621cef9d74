"""Reading a file into a table of text cells. Knows CSV and xlsx and nothing about orders."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from server.intake.problems import RowProblem, UnusableFileError
from server.intake.sheet import read_sheet
from server.intake.text import read_records

LIMIT_MB = 20
LIMIT_ROWS = 60_000
LIMIT_COLUMNS = 200
# The header is looked for among the first rows: a title and a blank line may stand above it.
_HEADER_WITHIN = 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMULA = ("'=", "'+", "'-", "'@")


@dataclass(frozen=True)
class Written:
    """How a file was written, so that an answer can be written alike."""

    format: str = "csv"
    encoding: str = "utf-8"
    separator: str = ","
    bom: bool = False
    sheet: str | None = None
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Header and rows as text, stripped; `rows` maps the spreadsheet's row number to its cells by column name.

    `odd` holds the cells of rows that do not fit the header; `lost` the columns of a row in which a spreadsheet has
    changed digits of a long number.
    """

    name: str
    digest: str
    header: tuple[str, ...]
    rows: dict[int, dict[str, str]]
    problems: list[RowProblem]
    odd: dict[int, list[str]] = field(default_factory=dict)
    lost: dict[int, frozenset[str]] = field(default_factory=dict)
    written: Written = field(default_factory=Written)


def read_table(path: Path, sheet: str | None = None, name: str | None = None) -> Table:
    """The table in a CSV file (UTF-8, UTF-16 or GB18030) or in one sheet of an xlsx file.

    Args:
        path: where it lies.
        sheet: name of the sheet; by default the first one that can be seen.
        name: what it is called, when that is not the name it lies under.

    Raises:
        UnusableFileError: the file is no such table; the one sentence says why.
    """
    raw = _bytes(path)
    name, digest = name or path.name, sha256(raw).hexdigest()
    if raw.startswith(_OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in raw
        raise UnusableFileError("locked_sheet" if locked else "old_spreadsheet")
    if raw.startswith(b"PK\x03\x04"):
        found = read_sheet(path, sheet)
        written = Written("xlsx", sheet=found.name, sheets=found.names)
        return _table(name, digest, found.rows, written, found.lost)
    records = read_records(raw, LIMIT_ROWS + _HEADER_WITHIN, LIMIT_COLUMNS)
    written = Written("csv", records.encoding, records.separator, records.bom)
    return _table(name, digest, list(enumerate(records.rows, start=1)), written, set())


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LIMIT_MB * 1024 * 1024:
            raise UnusableFileError("too_large", limit=LIMIT_MB)
        return path.read_bytes()
    except OSError as error:
        raise UnusableFileError("unreadable", why=error.strerror or str(error)) from error


def _table(
    name: str,
    digest: str,
    lines: list[tuple[int, list[str]]],
    written: Written,
    lost_cells: set[tuple[int, int]],
) -> Table:
    filled = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    if not filled:
        raise UnusableFileError("empty")
    at = _header_row(filled)
    header = _header(filled[at][1])
    below = filled[at + 1 :]
    if len(below) > LIMIT_ROWS:
        raise UnusableFileError("too_many_rows", limit=LIMIT_ROWS)
    rows: dict[int, dict[str, str]] = {}
    odd: dict[int, list[str]] = {}
    problems: list[RowProblem] = []
    for number, cells in below:
        fitting = _fitted(cells, len(header), written.format)
        if fitting is None:
            odd[number] = cells
            facts: dict[str, str | int] = {"found": len(cells), "wanted": len(header)}
            problems.append(RowProblem(number, header[0], "cells", facts))
        else:
            rows[number] = dict(zip(header, map(_undressed, fitting), strict=True))
    if not rows and not problems:
        raise UnusableFileError("no_rows")
    lost: dict[int, frozenset[str]] = {}
    for number, column in lost_cells:
        if column < len(header):
            lost[number] = lost.get(number, frozenset()) | {header[column]}
    return Table(name, digest, header, rows, problems, odd, lost, written)


def _header_row(lines: list[tuple[int, list[str]]]) -> int:
    """The first row that is at least half as full as the fullest near it: a title above the header is not."""
    sizes = [sum(1 for cell in cells if cell.strip()) for _, cells in lines[:_HEADER_WITHIN]]
    return next(at for at, size in enumerate(sizes) if size * 2 >= max(sizes))


def _header(cells: list[str]) -> tuple[str, ...]:
    """Names of the columns; one that is blank goes by its letter, one that comes again by its number."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) < 2:
        raise UnusableFileError("no_table")
    if len(names) > LIMIT_COLUMNS:
        raise UnusableFileError("too_many_columns", limit=LIMIT_COLUMNS)
    taken: list[str] = []
    for number, name in enumerate(names):
        own, again = name or f"({_letters(number)})", 1
        while own in taken:
            again += 1
            own = f"{name} ({again})"
        taken.append(own)
    return tuple(taken)


def _letters(number: int) -> str:
    """0 -> A, 26 -> AA, as a spreadsheet counts columns."""
    high, low = divmod(number, 26)
    return (_letters(high - 1) if high else "") + chr(ord("A") + low)


def _fitted(cells: list[str], width: int, form: str) -> list[str] | None:
    """The cells of a row under the header; None when there are others. A sheet's rows are as wide as the sheet."""
    if len(cells) < width:
        return [*cells, *[""] * (width - len(cells))] if form == "xlsx" else None
    return cells[:width] if not any(cell.strip() for cell in cells[width:]) else None


def _undressed(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    text = cell.strip()
    return text[1:] if text.startswith(_FORMULA) else text
