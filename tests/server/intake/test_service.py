"""Accepted once, applied in chunks, resumable: on both databases."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.app import create_app
from server.core.config import Settings
from server.core.db import db, read
from server.intake import applying, jobs, queries, service
from server.intake.mapping import choose_mapping
from server.intake.models import ImportBatch, ImportRow, OrderReference
from server.intake.service import Person, Report, Request
from server.intake.table import Table, read_table
from server.ops import imports
from server.ops.models import Operation
from server.tasks.models import HiddenImport, Task
from tests.people import Cast

HEADER = "kind,reference,waybill,name,phone,address,window_start,window_end,cod_yuan,requests\n"


def rows(count: int, start: int = 1) -> str:
    return "".join(
        f"delivery,A-{n},DS{n:05d},王小明,129{n:08d},杭州市云溪路{n}号,"
        f"2026-05-04 09:00,2026-05-04 11:00,{n % 3 * 10},\n"
        for n in range(start, start + count)
    )


def table_of(folder: Path, body: str) -> Table:
    file = folder / "orders.csv"
    file.write_text(HEADER + body, "utf-8")
    return read_table(file)


def request_for(cast: Cast, table: Table, merchant: str = "shop") -> Request:
    person = Person(cast.ada.id, cast.home.id, "admin")
    return Request(table, choose_mapping(table.header), merchant, 2026, person)


@pytest.fixture(autouse=True)
def fifty_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST", "LEAST", "MOST", "ALONE"):
        monkeypatch.setattr(applying, name, 50)


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def import_all(cast: Cast, table: Table) -> Report:
    report = service.accept(request_for(cast, table))
    if report.batch_id:
        applying.apply(report.batch_id)
    return report


def count(model: type) -> int:
    with read():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.usefixtures("inside")
def test_every_row_becomes_one_task_and_one_operation(cast: Cast, tmp_path: Path) -> None:
    report = import_all(cast, table_of(tmp_path, rows(120)))
    assert (report.rows, report.new, report.problems) == (120, 120, [])
    assert count(Task) == count(Operation) == 120
    with read():
        batch = db.session.scalars(select(ImportBatch)).one()
    assert (batch.status, batch.applied_rows, batch.accepted_by) == ("applied", 120, cast.ada.id)
    assert count(HiddenImport) == 0


@pytest.mark.usefixtures("inside")
def test_the_same_file_twice_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    table = table_of(tmp_path, rows(5))
    import_all(cast, table)
    again = import_all(cast, table)
    assert (again.new, again.unchanged, again.changed, again.batch_id) == (0, 5, [], None)
    assert (count(Task), count(Operation), count(ImportBatch)) == (5, 5, 1)


@pytest.mark.usefixtures("inside")
def test_only_what_is_new_in_a_second_file_is_applied(cast: Cast, tmp_path: Path) -> None:
    import_all(cast, table_of(tmp_path, rows(5)))
    body = rows(4, start=4).replace("杭州市云溪路4号", "杭州市枫桥弄4号")
    again = import_all(cast, table_of(tmp_path, body))
    assert (again.new, again.unchanged) == (2, 1)
    assert [(one.row, one.code) for one in again.changed] == [(2, "already_there")]
    assert count(Task) == 7


@pytest.mark.usefixtures("inside")
def test_one_wrong_row_and_nothing_is_accepted(cast: Cast, tmp_path: Path) -> None:
    body = rows(3) + rows(1, start=4).replace("2026-05-04 09:00", "tomorrow")
    report = import_all(cast, table_of(tmp_path, body))
    assert [(one.row, one.column, one.code) for one in report.problems] == [(5, "window_start", "time")]
    assert count(Task) == count(Operation) == count(OrderReference) == 0
    with read():
        kept = db.session.scalars(select(ImportRow)).one()
    assert kept.order is None and kept.errors[0]["en"].startswith("row 5, window_start: ")


@pytest.mark.usefixtures("inside")
def test_a_waybill_of_another_order_is_refused(cast: Cast, tmp_path: Path) -> None:
    import_all(cast, table_of(tmp_path, rows(1)))
    report = import_all(cast, table_of(tmp_path, rows(1).replace("A-1", "B-1")))
    assert [(one.row, one.code) for one in report.problems] == [(2, "waybill_taken")]


@pytest.mark.usefixtures("inside")
def test_a_check_stores_nothing(cast: Cast, tmp_path: Path) -> None:
    report = service.check(request_for(cast, table_of(tmp_path, rows(3))))
    assert (report.new, report.batch_id) == (3, None)
    assert count(ImportBatch) == count(ImportRow) == count(OrderReference) == 0


@pytest.mark.usefixtures("inside")
def test_tasks_are_invisible_until_the_last_chunk(cast: Cast, tmp_path: Path) -> None:
    desk = cast.desk(cast.dora)
    seen: list[int] = []
    report = service.accept(request_for(cast, table_of(tmp_path, rows(130))))
    assert report.batch_id
    applying.apply(
        report.batch_id, lambda _done, _rows: seen.append(desk.get("/api/v1/dispatch/tasks").json["total"])
    )
    assert seen == [0] * 3
    assert desk.get("/api/v1/dispatch/tasks").json["total"] == 130


@pytest.mark.usefixtures("inside")
def test_an_import_that_was_cut_off_is_resumed_with_every_row_once(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = service.accept(request_for(cast, table_of(tmp_path, rows(130))))
    submit, calls = imports.submit, []

    def dies_after_the_commit(*arguments: object) -> float:
        held_s = submit(*arguments)  # type: ignore[arg-type]
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return held_s

    monkeypatch.setattr(imports, "submit", dies_after_the_commit)
    with pytest.raises(KeyboardInterrupt):
        applying.apply(report.batch_id or "")
    monkeypatch.setattr(imports, "submit", submit)
    assert count(Task) == 100 and count(HiddenImport) == 1
    with read():
        assert [one.applied_rows for one in queries.unfinished()] == [100]
    jobs.resume_left_behind()
    assert count(HiddenImport) == 1, "somebody may still be at work on it"
    assert applying.resume() == 30
    assert count(Task) == count(Operation) == 130 and count(HiddenImport) == 0
    with read():
        assert queries.unfinished() == [] and queries.refused_rows(report.batch_id or "") == []


@pytest.mark.usefixtures("inside")
def test_a_chunk_that_keeps_others_waiting_makes_the_next_one_smaller(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = service.accept(request_for(cast, table_of(tmp_path, rows(130))))
    monkeypatch.setattr(applying, "HELD_S", 0.000_001)
    monkeypatch.setattr(applying, "LEAST", 10)
    seen: list[int] = []
    assert applying.apply(report.batch_id or "", lambda done, _rows: seen.append(done)) == 130
    alone = db.engine.dialect.name == "postgresql"
    assert seen == ([50, 100, 130] if alone else [50, *range(60, 131, 10)])


@pytest.mark.usefixtures("inside")
def test_of_two_imports_at_once_one_has_each_order(cast: Cast, app: Flask, tmp_path: Path) -> None:
    request = request_for(cast, table_of(tmp_path, rows(40)))
    gate = threading.Barrier(2)
    reports: list[Report] = []

    def run() -> None:
        with app.app_context():
            gate.wait()
            report = service.accept(request)
            if report.batch_id:
                applying.apply(report.batch_id)
            reports.append(report)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.new for report in reports) == [0, 40]
    assert count(Task) == count(Operation) == 40


def _import_in_a_process(settings: Settings, request: Request) -> None:
    with create_app(settings).app_context():
        report = service.accept(request)
        applying.apply(report.batch_id or "")


def test_an_import_killed_half_way_is_resumed(
    app: Flask, cast: Cast, settings: Settings, tmp_path: Path
) -> None:
    request = request_for(cast, table_of(tmp_path, rows(600)))
    process = multiprocessing.get_context("fork").Process(
        target=_import_in_a_process, args=(settings, request)
    )
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        process.start()
        deadline = time.monotonic() + 30
        while count(Task) < 100 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        done = count(Task)
        assert 100 <= done < 600, "killed half-way"
        assert count(HiddenImport) == 1
        applying.resume()
        assert count(Task) == count(Operation) == 600
        assert count(HiddenImport) == 0
        with read():
            assert queries.unfinished() == []
