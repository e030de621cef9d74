"""Workbooks for tests: honest ones and hostile ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

HEADER = ["订单号", "运单号", "收件人", "联系电话", "收货地址", "开始时间", "结束时间", "代收货款"]


def book(*rows: Sequence[Any], title: str = "Sheet1") -> Workbook:
    made = Workbook()
    sheet = made.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return made


def as_bytes(made: Workbook) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def order_row(number: int, **over: Any) -> list[Any]:
    row: dict[str, Any] = {
        "订单号": f"X-{number}",
        "运单号": f"XL{number:06d}",
        "收件人": "王小明",
        "联系电话": 12900000000 + number,
        "收货地址": f"杭州市云溪路{number}号",
        "开始时间": "2026-05-04 09:00",
        "结束时间": "2026-05-04 11:00",
        "代收货款": 12.5,
    }
    return list((row | over).values())


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The archive with one part put in or in place of another."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


def sheet_xml(rows: str) -> bytes:
    """A worksheet with these rows as XML."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><worksheet '
        f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    ).encode()


FIRST = "xl/worksheets/sheet1.xml"
