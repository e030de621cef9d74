"""Spreadsheets: what people make of them, and what an enemy makes of them."""

from __future__ import annotations

import datetime
import io
import resource
import struct
import time
import zipfile
from pathlib import Path

import pytest

from server.intake.problems import UnusableFileError
from server.intake.table import Table, read_table
from tests.server.intake.books import FIRST, HEADER, as_bytes, book, order_row, sheet_xml, with_part


def table_of(folder: Path, data: bytes, sheet: str | None = None) -> Table:
    file = folder / "orders.xlsx"
    file.write_bytes(data)
    return read_table(file, sheet)


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(UnusableFileError) as caught:
        table_of(folder, data)
    for lang in ("zh", "en"):
        assert caught.value.say(lang) and "\n" not in caught.value.say(lang)
    return caught.value.code


def test_cells_read_as_a_person_sees_them(tmp_path: Path) -> None:
    made = book(
        ["五月订单"],
        [],
        ["a", "b", "c", "d", "e", "f"],
        ["x ", 13800138000, datetime.datetime(2026, 5, 4, 9, 0), 0.1 + 0.2, True, datetime.date(2026, 5, 4)],
        [None, 1234567890123456789, datetime.time(9, 30), 46146.375, None, 1e-7],
        [],
        ["y"],
    )
    made.active.merge_cells("A4:A5")
    table = table_of(tmp_path, as_bytes(made))
    assert table.header == ("a", "b", "c", "d", "e", "f")
    assert list(table.rows) == [4, 5, 7]
    assert list(table.rows[4].values()) == [
        "x", "13800138000", "2026-05-04 09:00:00", "0.3", "TRUE", "2026-05-04",
    ]  # fmt: skip
    assert list(table.rows[5].values())[2:] == ["09:30:00", "46146.375", "", "0.0000001"]
    assert table.rows[5]["a"] == "x", "a cell merged over two rows stands in both"
    assert table.lost == {5: frozenset({"b"})}


def test_the_first_sheet_to_be_seen_or_the_one_named(tmp_path: Path) -> None:
    made = book(["a", "b"], ["1", "2"], title="hidden")
    made.active.sheet_state = "hidden"
    for name in ("one", "two"):
        made.create_sheet(name).append([name, "x"])
        made[name].append(["1", "2"])
    made.active = 1
    data = as_bytes(made)
    assert table_of(tmp_path, data).header[0] == "one"
    assert table_of(tmp_path, data).written.sheets == ("one", "two")
    assert table_of(tmp_path, data, "two").header[0] == "two"
    with pytest.raises(UnusableFileError, match="no sheet"):
        table_of(tmp_path, data, "hidden")


def test_formulas_are_what_they_were_when_saved_and_nothing_runs(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>7</v></c><c r="B2" t="str"><f>WEBSERVICE("http://127.0.0.1:1/")</f>'
        "<v>kept</v></c></row>"
    )
    data = with_part(as_bytes(book(["a", "b"])), FIRST, sheet_xml(rows))
    data = with_part(data, "xl/vbaProject.bin", b"Sub Auto_Open(): Shell: End Sub")
    data = with_part(data, "xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    assert table_of(tmp_path, data).rows == {2: {"a": "7", "b": "kept"}}


def _lying(data: bytes, name: str, size: int) -> bytes:
    """The archive saying that a part is smaller than it is."""
    raw = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        part = archive.getinfo(name)
    raw[part.header_offset + 22 : part.header_offset + 26] = struct.pack("<I", size)
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(name)] != name.encode():
        at = data.index(b"PK\x01\x02", at + 1)
    raw[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(raw)


def hostile() -> dict[str, tuple[bytes, str]]:
    honest = as_bytes(book(HEADER, order_row(1)))
    cell = '<c r="{}1" t="str"><v>x</v></c>'
    wide = "".join(f'<c t="str"><v>{n}</v></c>' for n in range(1_000_000))
    entities = '<!DOCTYPE x [<!ENTITY a "' + "a" * 1000 + '"><!ENTITY b "' + "&a;" * 1000 + '">]>'
    return {
        "blown up by a ratio": (with_part(honest, FIRST, b" " * 80_000_000), "swollen"),
        "blown up by parts": (with_part(honest, "xl/a.bin", b"0" * 310_000_000), "swollen"),
        "lies about its size": (_lying(with_part(honest, FIRST, b" " * 3_000_000), FIRST, 1000), "swollen"),
        "a far column": (
            with_part(honest, FIRST, sheet_xml(f"<row>{cell.format('XFD')}</row>")),
            "too_many_columns",
        ),
        "no such column": (
            with_part(honest, FIRST, sheet_xml(f"<row>{cell.format('ZZZZZZ')}</row>")),
            "too_many_columns",
        ),
        "a far row": (
            with_part(honest, FIRST, sheet_xml('<row r="1048576"><c r="A1048576"><v>1</v></c></row>')),
            "too_many_rows",
        ),
        "a million columns": (with_part(honest, FIRST, sheet_xml(f"<row>{wide}</row>")), "too_many_columns"),
        "many sheets": (
            as_bytes_of_sheets(60),
            "too_many_sheets",
        ),
        "entities": (
            with_part(honest, FIRST, entities.encode() + sheet_xml("<row><c><v>&b;</v></c></row>")),
            "any",
        ),
        "cut off": (honest[: len(honest) // 2], "broken_sheet"),
        "no workbook": (with_part(b"PK\x05\x06" + b"\0" * 18, "a.txt", b"x"), "broken_sheet"),
        "broken xml": (with_part(honest, FIRST, b"<worksheet><sheetData><row"), "any"),
    }


def as_bytes_of_sheets(count: int) -> bytes:
    made = book(["a", "b"])
    for _ in range(count):
        made.create_sheet()
    return as_bytes(made)


def test_hostile_workbooks_are_refused_in_bounded_time_and_memory(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cases = hostile()
    made = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, (data, expected) in cases.items():
        began = time.monotonic()
        code = refusal(tmp_path, data)
        assert expected in ("any", code), f"{name}: {code}"
        assert time.monotonic() - began < 25, name
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - max(before, made) < 60 * 1024, "the server's own process took the bomb in"
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert children < 1_300 * 1024, "kB of the largest child"
