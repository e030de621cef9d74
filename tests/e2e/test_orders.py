"""A dispatcher brings a merchant's file: drop, mapping, check, wrong rows left out, import, undo."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from server.demo.supervise import Supervisor
from tests.e2e.conftest import OpenBrowser
from tests.e2e.stage import PASSWORD, Stage, set_up
from tests.e2e.steps import by, log_in
from tests.e2e.test_screens import PICTURES, looks
from tests.e2e.test_story import orders
from tests.server.intake.books import HEADER, as_bytes, book, order_row

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    PICTURES.mkdir(parents=True, exist_ok=True)
    return set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders()[:2])


def workbook() -> bytes:
    rows = [order_row(number) for number in range(1, 9)]
    rows[2] = order_row(3, 联系电话="call me")
    rows[4] = order_row(5, 开始时间="tomorrow")
    return as_bytes(book(["五月订单"], [*HEADER, "内部编码"], *([*row, "x"] for row in rows)))


def give(page: Page, name: str, data: bytes) -> None:
    by(page, "orders-file").set_input_files({"name": name, "mimeType": XLSX, "buffer": data})


@pytest.mark.parametrize("kind", ["desk", "phone"])
def test_a_file_from_the_drop_to_the_undo(stage: Stage, open_browser: OpenBrowser, kind: str) -> None:
    page = open_browser(kind).pages[0]
    log_in(page, stage.url, "dora", PASSWORD)
    page.goto(f"{stage.url}/dispatch#/orders")
    expect(by(page, "orders")).to_be_visible()
    give(page, "bad.xlsx", b"PK\x03\x04 this is no workbook")
    expect(by(page, "orders-refused")).to_be_visible()
    looks(page, f"orders-1-refused-{kind}")

    give(page, "五月.xlsx", workbook())
    expect(by(page, "order-file")).to_be_visible()
    expect(by(page, "tried-line")).to_have_count(0)
    by(page, "merchant").fill("茶铺")
    expect(by(page, "tried-line")).to_contain_text("6")
    looks(page, f"orders-2-mapping-{kind}")
    by(page, "map-address").select_option("")
    expect(by(page, "order-import")).to_be_disabled()
    by(page, "map-address").select_option("c:收货地址")
    expect(by(page, "order-import")).to_be_enabled()

    by(page, "order-import").click()
    expect(page.locator('[data-testid="import"][data-status="rejected"]')).to_be_visible(timeout=30_000)
    expect(by(page, "count-wrong")).to_have_text("2")
    looks(page, f"orders-3-rejected-{kind}")
    with page.expect_download() as download:
        by(page, "bad-rows").click()
    sheet = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["X-3", "X-5"]

    by(page, "import-skip").click()
    expect(page.locator('[data-testid="import"][data-status="applied"]')).to_be_visible(timeout=30_000)
    expect(by(page, "count-new")).to_have_text("6")
    looks(page, f"orders-4-applied-{kind}")
    assert stage.task("XL000001")["status"] == "created"

    by(page, "import-undo").click()
    looks(page, f"orders-5-undo-{kind}")
    by(page, "undo-confirm").click()
    expect(page.locator('[data-testid="import"][data-status="undone"]')).to_be_visible(timeout=30_000)
    assert stage.task("XL000001")["status"] == "cancelled"
    looks(page, f"orders-6-undone-{kind}")


def test_an_import_some_of_which_has_moved_says_what(stage: Stage, open_browser: OpenBrowser) -> None:
    page = open_browser("desk", locale="en-GB").pages[0]
    log_in(page, stage.url, "dora", PASSWORD)
    page.goto(f"{stage.url}/dispatch#/orders")
    give(page, "五月.xlsx", as_bytes(book(HEADER, order_row(1), order_row(2))))
    by(page, "merchant").fill("茶铺")
    by(page, "order-import").click()
    expect(page.locator('[data-testid="import"][data-status="applied"]')).to_be_visible(timeout=30_000)
    stage.assign("阿良", "XL000002")
    task = stage.task("XL000002")["id"]
    stage.operations(
        {
            "type": "task.delivered",
            "entity": f"task:{task}",
            "payload": {
                "recipient": "self",
                "recipient_name": None,
                "signature": None,
                "photos": [],
                "consent": None,
            },
        }
    )
    by(page, "import-undo").click()
    by(page, "undo-confirm").click()
    expect(by(page, "undo-refused")).to_contain_text("X-2")
    looks(page, "orders-7-moved-desk")
