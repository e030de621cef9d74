"""Opens a spreadsheet somebody sent. Runs as a process of its own, with limits it cannot leave.

    python -I unpack.py FILE [SHEET]

It answers on standard output, a JSON value per line: first what the workbook is, then [row number, [texts], [columns
whose number has lost digits]] for every row that holds something; or {"error": code, "facts": {...}} instead of the
first. Formulas are what they were when the file was saved; nothing in the file is run, no other file is opened.

It stands alone on purpose: it may not import the server, because nothing of the server belongs into a process that
reads hostile bytes.
"""

import json
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

MEMORY = 1_200 * 1024 * 1024
SECONDS = 20
MOST_PARTS = 2_000
MOST_BYTES = 300 * 1024 * 1024
MOST_RATIO = 400
RATIO_FROM = 4 * 1024 * 1024
MOST_SHEETS = 50
MOST_COLUMNS = 200
MOST_ROWS = 60_050
MOST_CELLS = 4_000_000
MOST_TEXT = 80 * 1024 * 1024
# A double holds every whole number up to here; a spreadsheet writes fewer digits still.
EXACT = 10**15
_PIECE = 256 * 1024
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s>])([^>]*)>")
_PLACE = re.compile(rb"\br=[\"']([A-Za-z]{1,8})([0-9]{1,9})[\"']")


class UnfitError(Exception):
    """Not a workbook that is read here; `code` is a sentence of `problems.py`."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def main() -> None:
    """See the module."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    path, wanted = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    try:
        guard(path)
        for line in rows(path, wanted):
            sys.stdout.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n")
    except UnfitError as error:
        sys.stdout.write(json.dumps({"error": error.code, "facts": error.facts}) + "\n")
    except MemoryError:
        sys.stdout.write(json.dumps({"error": "swollen", "facts": {"what": "memory"}}) + "\n")


def guard(path: str) -> None:
    """Refuses what would unpack to far more than it is, by what it says of itself and by what it does.

    :raises UnfitError: see `problems.py`.
    """
    try:
        with zipfile.ZipFile(path) as archive, open(path, "rb") as raw:  # noqa: PTH123 - stands alone
            parts = archive.infolist()
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise UnfitError("broken_sheet", why="no workbook inside")
            _declared(parts)
            total = 0
            for part in parts:
                total += _unpacked(raw, part, MOST_BYTES - total)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError) as error:
        raise UnfitError("broken_sheet", why=type(error).__name__) from error


def _declared(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MOST_PARTS:
        raise UnfitError("swollen", what=f"{len(parts)} parts")
    if len({part.filename for part in parts}) != len(parts):
        raise UnfitError("broken_sheet", why="a part stands in it twice")
    if sum(part.file_size for part in parts) > MOST_BYTES:
        raise UnfitError("swollen", what="size")
    for part in parts:
        if part.flag_bits & 1:
            raise UnfitError("locked_sheet")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnfitError("broken_sheet", why="an unknown way of packing")
        if part.file_size > RATIO_FROM and part.file_size > MOST_RATIO * max(part.compress_size, 1):
            raise UnfitError("swollen", what="ratio")
    sheets = sum(1 for part in parts if _is_sheet(part.filename))
    if sheets > MOST_SHEETS:
        raise UnfitError("too_many_sheets", limit=MOST_SHEETS)


def _is_sheet(name: str) -> bool:
    return name.startswith("xl/worksheets/") and name.endswith(".xml")


def _unpacked(raw: BinaryIO, part: zipfile.ZipInfo, room: int) -> int:
    """Unpacks a part to nowhere, counting; a sheet's cells are looked at on the way. Answers its real size."""
    most = min(part.file_size, room)
    cells = _Cells() if _is_sheet(part.filename) else None
    size = 0
    for piece in _pieces(raw, part):
        size += len(piece)
        if size > most:
            raise UnfitError("swollen", what="size")
        if cells is not None:
            cells.look(piece)
    return size


def _pieces(raw: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked bytes as they are in the file, whatever the directory at its end says of them."""
    raw.seek(part.header_offset)
    head = struct.unpack("<4s5H3I2H", raw.read(30))
    if head[0] != b"PK\x03\x04":
        raise zipfile.BadZipFile("no local header")
    raw.seek(head[9] + head[10], 1)
    left = part.compress_size
    unpack = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        packed = raw.read(min(_PIECE, left))
        if not packed:
            raise EOFError
        left -= len(packed)
        if unpack is None:
            yield packed
            continue
        while packed:
            yield unpack.decompress(packed, _PIECE)
            packed = unpack.unconsumed_tail


class _Cells:
    """Where a sheet's filled cells lie: a reader lays out the whole rectangle they span."""

    def __init__(self) -> None:
        self._tail = b""
        self._count = self._columns = self._rows = 0

    def look(self, piece: bytes) -> None:
        """The next piece of the sheet's text."""
        text = self._tail + piece
        end = text.rfind(b"<") if len(text) < _PIECE * 4 else len(text)
        end = end if end > 0 else len(text)
        for found in _CELL.finditer(text, 0, end):
            if found[1].endswith(b"/"):
                continue
            self._count += 1
            place = _PLACE.search(found[1])
            if place is not None:
                self._columns = max(self._columns, _column(place[1]))
                self._rows = max(self._rows, int(place[2]))
        self._tail = text[end:]
        if self._columns > MOST_COLUMNS:
            raise UnfitError("too_many_columns", limit=MOST_COLUMNS)
        if self._rows > MOST_ROWS:
            raise UnfitError("too_many_rows", limit=MOST_ROWS - 50)
        if self._count > MOST_CELLS or self._columns * self._rows > 3 * MOST_CELLS:
            raise UnfitError("swollen", what="cells")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def rows(path: str, wanted: str | None) -> Iterator[Any]:
    """What the workbook is, then its rows.

    :raises UnfitError: see `problems.py`.
    """
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        book = CalamineWorkbook.from_path(path)
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        if wanted is not None and wanted not in shown:
            raise UnfitError("no_sheet", sheet=wanted[:60])
        if not shown:
            raise UnfitError("broken_sheet", why="no sheet to be seen")
        sheet = book.get_sheet_by_name(wanted or shown[0])
        table = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    except PasswordError as error:
        raise UnfitError("locked_sheet") from error
    except CalamineError as error:
        raise UnfitError("broken_sheet", why=type(error).__name__) from error
    if table and len(table[0]) > MOST_COLUMNS:
        raise UnfitError("too_many_columns", limit=MOST_COLUMNS)
    if len(table) > MOST_ROWS:
        raise UnfitError("too_many_rows", limit=MOST_ROWS - 50)
    _spread(table, merged)
    yield {"sheets": shown, "sheet": wanted or shown[0]}
    yield from _filled(table)


def _filled(table: list[list[Any]]) -> Iterator[Any]:
    size = 0
    for number, cells in enumerate(table, start=1):
        texts = [as_text(cell) for cell in cells]
        if any(texts):
            size += sum(map(len, texts))
            if size > MOST_TEXT:
                raise UnfitError("swollen", what="text")
            yield [number, texts, [at for at, cell in enumerate(cells) if _has_lost_digits(cell)]]


def _spread(table: list[list[Any]], merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """A cell merged over several rows stands in each of them: that is what its author sees."""
    for (top, left), (bottom, _right) in merged[:100_000]:
        if top < len(table) and left < len(table[top]) and bottom > top:
            for row in table[top + 1 : bottom + 1]:
                row[left] = table[top][left]


def as_text(cell: Any) -> str:
    """A cell as a person would type it: numbers without exponent, dates in ISO order."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{Decimal(f'{cell:.15g}'):f}"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        seconds = int(cell.total_seconds())
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(cell)


def _has_lost_digits(cell: Any) -> bool:
    return isinstance(cell, float) and cell.is_integer() and abs(cell) >= EXACT


if __name__ == "__main__":
    main()
