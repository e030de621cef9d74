"""The bad rows of a file as a file of the kind it came in, each with the reason beside it.

Whoever opens it in a spreadsheet program must not run what a stranger wrote: every cell is text, and one that could be
taken for a formula begins with an apostrophe, which the reader takes off again when the file comes back.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.intake.problems import Lang
from server.intake.table import Table

REASON = {"zh": "错误原因", "en": "what is wrong"}
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .()-]*")
_BOM = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def bad_rows_file(table: Table, wrong: Mapping[int, Sequence[Mapping[str, Any]]], lang: Lang) -> bytes:
    """The rows of `table` that `wrong` names (row number -> problems as kept), in the form the table came in."""
    lines = [[*table.header, REASON[lang]]]
    for number, problems in sorted(wrong.items()):
        cells = table.odd.get(number) or [table.rows.get(number, {}).get(name, "") for name in table.header]
        cells = [*cells, *[""] * (len(table.header) - len(cells))]
        reasons = "; ".join(str(problem[lang]) for problem in problems)
        lines.append([*cells, reasons])
    dressed = [[dress(cell) for cell in line] for line in lines]
    return _xlsx(dressed) if table.written.format == "xlsx" else _csv(dressed, table)


def file_name(table: Table) -> str:
    """`orders.csv` -> `orders.bad.csv`."""
    stem = table.name.rpartition(".")[0] or table.name
    return f"{stem}.bad.{table.written.format}"


def dress(text: str) -> str:
    """A cell that no spreadsheet program takes for a formula; numbers and phone numbers stay as they are."""
    if text.startswith(_BEGINS_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _csv(lines: Iterable[Sequence[str]], table: Table) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=table.written.separator).writerows(lines)
    encoding = table.written.encoding
    bom = _BOM.get(encoding, b"") if table.written.bom else b""
    return bom + out.getvalue().encode(encoding, "replace")


def _xlsx(lines: Iterable[Sequence[str]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("orders")
    for line in lines:
        row = []
        for text in line:
            cell = WriteOnlyCell(sheet, _NOT_XML.sub(" ", text)[:32_767])
            cell.data_type = "s"
            cell.number_format = "@"
            row.append(cell)
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
