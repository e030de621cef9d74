"""Files at the desk: from the first look to the undo."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from server.core.db import db, read
from server.intake import jobs
from server.ops.models import Operation
from server.tasks.models import HiddenImport, Task
from tests.builders import Tape, assign_draft
from tests.people import Cast, Desk
from tests.server.intake.asking import DOOR, as_csv, begin, bring, count, wish, work
from tests.server.intake.books import HEADER, as_bytes, book, order_row


def test_a_file_of_strange_columns_is_looked_at_mapped_imported_and_remembered(
    app: Flask, cast: Cast, desk: Desk, tmp_path: Path
) -> None:
    data = as_csv(*(order_row(n) for n in range(1, 6))).encode("gb18030")
    seen = bring(desk, data)
    assert (seen["format"], seen["encoding"], seen["rows"], seen["source"]) == (
        "csv",
        "gb18030",
        5,
        "suggested",
    )
    assert seen["header"] == HEADER and seen["sample"][0]["cells"][0] == "X-1"
    fields = seen["mapping"]["fields"]
    assert {name: rule.get("column", rule.get("constant")) for name, rule in fields.items()} == {
        "kind": "delivery",
        "reference": "订单号",
        "waybill": "运单号",
        "name": "收件人",
        "phone": "联系电话",
        "address": "收货地址",
        "window_start": "开始时间",
        "window_end": "结束时间",
        "cod": "代收货款",
    }
    tried = desk.post(f"{DOOR}/files/{seen['id']}/check", json=wish(seen)).json
    assert (tried["checked"], tried["good"], tried["problems"], tried["trouble"]) == (5, 5, [], None)
    assert tried["orders"][0]["order"]["window_start"] == 1_777_856_400_000
    lacking = {**seen["mapping"], "fields": {k: v for k, v in fields.items() if k != "address"}}
    told = desk.post(f"{DOOR}/files/{seen['id']}/check", json=wish(seen, mapping=lacking)).json
    assert told["missing"] == ["address"]

    checked = begin(app, desk, seen, only_check=True)
    assert (checked["status"], checked["new"], count(app, Task)) == ("checked", 5, 0)
    done = begin(app, desk, seen)
    assert (done["status"], done["new"], done["done"], done["by"]) == ("applied", 5, 5, "Dora")
    assert (count(app, Task), count(app, HiddenImport)) == (5, 0)
    assert [one["status"] for one in desk.get(f"{DOOR}/imports").json["imports"]] == ["applied", "checked"]
    far = cast.desk(cast.far_dispatcher)
    assert far.get(f"{DOOR}/imports").json["total"] == 0
    assert far.get(f"{DOOR}/files/{seen['id']}").status_code == 404

    again = bring(desk, as_csv(order_row(9)).encode("utf-16"))
    assert (again["encoding"], again["source"], again["merchant"]) == ("utf-16-le", "remembered", "茶铺")
    assert begin(app, desk, again)["new"] == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_bad_rows_are_skipped_and_given_back_in_the_form_they_came_in(
    app: Flask, desk: Desk, form: str
) -> None:
    rows = [
        order_row(1),
        order_row(2, 联系电话="call me"),
        order_row(3, 收件人='=HYPERLINK("http://x","y")', 开始时间="tomorrow"),
        order_row(4, 代收货款="-5"),
        order_row(5),
    ]
    if form == "csv":
        seen = bring(desk, as_csv(*rows, separator=";").encode("gb18030"))
    else:
        made = book(HEADER, *rows)
        made.active["C4"].data_type = "s"
        seen = bring(desk, as_bytes(made), "五月.xlsx")
    refused = begin(app, desk, seen)
    assert (refused["status"], refused["wrong"], count(app, Task)) == ("rejected", 3, 0)
    assert [(p["row"], p["column"], p["code"]) for p in refused["problems"]] == [
        (3, "联系电话", "phone"),
        (4, "开始时间", "time"),
        (5, "代收货款", "range"),
    ]
    state = begin(app, desk, seen, skip_bad=True)
    assert (state["status"], state["new"], state["wrong"], count(app, Task)) == ("applied", 2, 3, 2)
    back = desk.get(f"{DOOR}/imports/{state['id']}/bad-rows?lang=en")
    assert back.status_code == 200 and ".bad." in back.headers["Content-Disposition"]
    assert back.headers["Content-Disposition"].isascii(), "no server sends another header"
    if form == "csv":
        lines = list(csv.reader(io.StringIO(back.data.decode("gb18030")), delimiter=";"))
    else:
        sheet = load_workbook(io.BytesIO(back.data)).active
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
        lines = [
            ["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)
        ]
    assert lines[0] == [*HEADER, "what is wrong"]
    assert [line[0] for line in lines[1:]] == ["X-2", "X-3", "X-4"]
    assert lines[2][2].startswith("'=HYPERLINK"), "no spreadsheet program may run it"
    assert lines[3][7] == "-5" and "is outside" in lines[3][8]
    mended = bring(desk, back.data, f"mended.{form}")
    assert mended["rows"] == 3


def test_an_import_is_undone_while_nothing_has_moved(app: Flask, cast: Cast, desk: Desk) -> None:
    seen = bring(desk, as_csv(*(order_row(n) for n in range(1, 8))).encode())
    state = begin(app, desk, seen)
    desk.submit(assign_draft("XL000001", cast.liang.id))
    answer = desk.post(f"{DOOR}/imports/{state['id']}/undo", json={"reason": "错传了文件"})
    assert answer.status_code == 202, answer.text
    undone = work(app, desk, state["id"])
    assert (undone["status"], undone["kept"], undone["undone_by"]) == ("undone", 0, "Dora")
    assert count(app, Task, Task.status == "cancelled") == count(app, Task) == 7
    assert count(app, Operation, Operation.type == "task.cancelled") == 7
    with app.app_context(), read():
        task = db.session.scalars(select(Task).limit(1)).one()
        assert task.record["cancelled"]["reason"] == "错传了文件"
    twice = desk.post(f"{DOOR}/imports/{state['id']}/undo", json={"reason": "x"})
    assert (twice.status_code, twice.json["code"]) == (409, "import_state")


def test_what_has_moved_keeps_its_whole_import(app: Flask, cast: Cast, desk: Desk) -> None:
    seen = bring(desk, as_csv(*(order_row(n) for n in range(1, 5))).encode())
    state = begin(app, desk, seen)
    desk.submit(assign_draft("XL000003", cast.liang.id))
    handheld = cast.handheld(cast.liang)
    tape = Tape(cast.liang.id, handheld.device)
    tape.delivered("XL000003")
    assert handheld.post("/api/v1/exchange", json=tape.exchange()).json["results"][0]["status"] == "conflict"
    answer = desk.post(f"{DOOR}/imports/{state['id']}/undo", json={"reason": "x"})
    assert (answer.status_code, answer.json["code"]) == (409, "import_moved")
    assert answer.json["errors"] == [{"field": "/rows/4", "detail": "X-3 (XL000003): delivered"}]
    assert desk.get(f"{DOOR}/imports/{state['id']}").json["status"] == "applied"
    assert count(app, Task, Task.status == "cancelled") == 0


def test_what_moves_while_an_import_is_undone_stays(app: Flask, cast: Cast, desk: Desk) -> None:
    state = begin(app, desk, bring(desk, as_csv(*(order_row(n) for n in range(1, 5))).encode()))
    desk.submit(assign_draft("XL000002", cast.liang.id))
    assert desk.post(f"{DOOR}/imports/{state['id']}/undo", json={"reason": "x"}).status_code == 202
    handheld = cast.handheld(cast.liang)
    tape = Tape(cast.liang.id, handheld.device)
    tape.failed("XL000002")
    handheld.post("/api/v1/exchange", json=tape.exchange())
    undone = work(app, desk, state["id"])
    assert (undone["status"], undone["kept"]) == ("undone", 1)
    assert count(app, Task, Task.status == "cancelled") == 3


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_is_no_table_is_a_sentence_in_the_language_asked_for(desk: Desk) -> None:
    for data, name in (
        (b"", "x.csv"),
        ("訂單,姓名\n1,陳曉東\n2,劉德華\n".encode("big5"), "x.csv"),
        (b"PK\x03\x04no", "x.xlsx"),
    ):
        for lang in ("en", "zh"):
            answer = desk.post(
                f"{DOOR}/files?name={name}",
                data=data,
                content_type="application/octet-stream",
                headers={"Accept-Language": lang},
            )
            assert (answer.status_code, answer.json["code"]) == (422, "file_unusable")
            assert answer.json["detail"].startswith("The ") == (lang == "en")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_doors_refuse_what_is_too_large_or_nothing(desk: Desk) -> None:
    huge = desk.post(f"{DOOR}/files?name=x.csv", data=b"a,b\n" * 5_500_000, content_type="text/csv")
    assert (huge.status_code, huge.json["code"]) in ((413, "too_large"), (422, "file_unusable"))
    assert (
        desk.post(f"{DOOR}/files", data={"other": "x"}, content_type="multipart/form-data").status_code == 400
    )
    six = bring(desk, as_csv(*(order_row(n, 收货地址="路" * 250) for n in range(9_000))).encode())
    assert six["size"] > 6_000_000, "a file larger than any other door's body"
    bad = desk.post(f"{DOOR}/files/{six['id']}/imports", json=wish(six, mapping={"format": 1, "fields": {}}))
    assert (bad.status_code, bad.json["code"]) == (422, "mapping_invalid")
    assert desk.post(f"{DOOR}/files/{six['id']}/imports", json={}).status_code == 422


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_import_whose_worker_died_is_taken_up_again(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = bring(desk, as_csv(*(order_row(n) for n in range(1, 6))).encode())
    answer = desk.post(f"{DOOR}/files/{seen['id']}/imports", json=wish(seen))
    with app.app_context():
        jobs.resume_left_behind()
        assert count(app, Task) == 0, "somebody may be about to begin"
        monkeypatch.setattr(jobs, "IDLE_MS", -10_000)
        jobs.resume_left_behind()
    for _ in range(400):
        state = desk.get(f"{DOOR}/imports/{answer.json['id']}").json
        if state["status"] == "applied":
            break
    assert (state["status"], count(app, Task)) == ("applied", 5)
