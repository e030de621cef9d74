"""One shift without signal, one proof, one decision: the product's first promise, in real browsers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from server.demo.supervise import Supervisor
from tests.e2e.conftest import OpenBrowser
from tests.e2e.proxy import Line
from tests.e2e.stage import PASSWORD, Stage, set_up
from tests.e2e.steps import by, enrol, log_in, picture, row, sign_off, wait_ready_offline, wedge

WAYBILLS = [f"DS20261121{number:04d}" for number in range(1, 7)]
SIGNED, BY_WEDGE, WITH_CASH, FAILED = WAYBILLS[:4]
CANCELLED = SIGNED


def orders() -> list[dict[str, str]]:
    """Six deliveries to six doors; the third has cash on delivery, the first a request that shouts."""
    rows = []
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    for number, waybill in enumerate(WAYBILLS, start=1):
        rows.append(
            {
                "kind": "delivery",
                "reference": f"R-{number}",
                "waybill": waybill,
                "pieces": "1",
                "name": f"测试客户{number}",
                "phone": f"1200000000{number}",
                "address": f"杭州市西湖区示例路 {number} 号",
                "community": "示例小区",
                "building": str(number),
                "unit": "2",
                "room": "501",
                "window_start": f"{day} {8 + number:02d}:00",
                "window_end": f"{day} {10 + number:02d}:00",
                "cod_yuan": "128.50" if waybill == WITH_CASH else "",
                "requests": "no_ring: 宝宝在睡觉" if number == 1 else "",
            }
        )
    return rows


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    return set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())


def test_a_shift_without_signal_ends_in_a_decision(stage: Stage, open_browser: OpenBrowser) -> None:
    line = Line(stage.port)
    desk = open_browser("desk").pages[0]
    phone = open_browser("phone").pages[0]

    # The dispatcher logs in, enrols a handheld and assigns the day.
    log_in(desk, stage.url, "dora", PASSWORD)
    code = _code_from_the_desk(desk)
    _assign_everything(desk, stage.courier("阿良"))

    # The handheld loads, is ready for a basement, and the network goes.
    enrol(phone, line.url, code)
    expect(row(phone, WAYBILLS[0])).to_be_visible()
    wait_ready_offline(phone)
    line.cut()
    phone.reload()
    expect(row(phone, WAYBILLS[0])).to_be_visible()
    by(phone, "shift-start").click()

    # Three are signed, one of them found by the wedge scanner, one with cash; one fails with reason and photo.
    expect(by(phone, "next-card")).to_contain_text("宝宝在睡觉")
    by(phone, "next-open").click()
    sign_off(phone)
    wedge(phone, BY_WEDGE)
    expect(phone.locator('[data-testid="verdict"]').first).to_have_attribute("data-verdict", "mine")
    by(phone, "verdict-open").first.click()
    sign_off(phone)
    row_or_card(phone, WITH_CASH)
    expect(phone.get_by_text("128.50").first).to_be_visible()
    sign_off(phone, cash=True)
    row_or_card(phone, FAILED)
    by(phone, "problem-open").click()
    by(phone, "reason-REFUSED_DAMAGED").click()
    by(phone, "photo-input").first.set_input_files(
        {"name": "door.png", "mimeType": "image/png", "buffer": picture()}
    )
    expect(by(phone, "problem-save")).to_be_enabled()
    expect(phone.locator("img").first).to_be_visible()
    by(phone, "problem-save").click()
    expect(by(phone, "scan-open")).to_be_visible()

    # Meanwhile the dispatcher cancels one of those signed.
    _cancel(desk, CANCELLED)
    assert stage.task(CANCELLED)["status"] == "cancelled"
    assert stage.task(BY_WEDGE)["status"] == "assigned", "nothing can have arrived yet"

    # The network comes back: everything arrives once.
    line.mend()
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    phone.goto(line.url + "/#/outbox")
    expect(phone.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(0, timeout=30_000)
    assert {waybill: stage.task(waybill)["status"] for waybill in WAYBILLS} == {
        SIGNED: "delivered",
        BY_WEDGE: "delivered",
        WITH_CASH: "delivered",
        FAILED: "attempt_failed",
        WAYBILLS[4]: "assigned",
        WAYBILLS[5]: "assigned",
    }
    assert stage.task(WITH_CASH)["cod"]["status"] == "settled"
    _both_sides_agree(phone, line.url)
    for waybill in (SIGNED, BY_WEDGE, WITH_CASH, FAILED):
        detail = stage.call("GET", f"/api/v1/dispatch/tasks/{stage.task(waybill)['id']}")
        outcomes = [
            one for one in detail["timeline"] if one["type"] in ("task.delivered", "task.attempt_failed")
        ]
        assert len(outcomes) == 1, f"{waybill} arrived {len(outcomes)} times"
        assert [proof["state"] for proof in detail["proofs"]] == ["stored"], detail["proofs"]

    # The case shows both versions; it is decided, and the handheld learns of it.
    by(desk, "queue-conflicts").click()
    desk.locator(f'[data-testid="conflict-row"][data-waybill="{CANCELLED}"]').click()
    expect(by(desk, "case-mine")).to_be_visible()
    expect(by(desk, "case-theirs")).to_be_visible()
    by(desk, "decide-reason").fill("签名在取消之前")
    by(desk, "decide-mine").click()
    expect(desk.locator(f'[data-testid="conflict-row"][data-waybill="{CANCELLED}"]')).to_have_count(0)
    decided = stage.call("GET", "/api/v1/dispatch/conflicts?status=decided")["conflicts"]
    assert [(one["waybill"], one["decision"]["outcome"]) for one in decided] == [(CANCELLED, "mine")]
    phone.goto(line.url + "/#/outbox")
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    expect(by(phone, "notice").first).to_contain_text("签名在取消之前", timeout=30_000)
    line.cut()


def _both_sides_agree(phone: Page, url: str) -> None:
    """Closing the shift shows as many records here as the server has confirmed, and no difference (P32)."""
    phone.goto(url + "/#/close")
    expect(by(phone, "close-counts")).to_be_visible()
    expect(by(phone, "difference")).to_have_count(0, timeout=30_000)
    recorded = by(phone, "close-recorded").inner_text()
    expect(by(phone, "close-confirmed")).to_have_text(recorded)
    assert int(recorded) >= len((SIGNED, BY_WEDGE, WITH_CASH, FAILED)) + 1
    phone.goto(url + "/#/outbox")


def row_or_card(phone: Page, waybill: str) -> None:
    """Opens a task from the list, or from the next-stop card when it is on that."""
    card = phone.locator(f'[data-testid="next-card"][data-waybill="{waybill}"]')
    expect(by(phone, "next-card")).to_be_visible()
    if card.count():
        by(phone, "next-open").click()
    else:
        row(phone, waybill).click()


def _code_from_the_desk(desk: Page) -> str:
    by(desk, "devices-open").click()
    by(desk, "enrol-courier").select_option(label="阿良")
    by(desk, "enrol-make").click()
    code = by(desk, "enrol-code").inner_text().strip()
    desk.keyboard.press("Escape")
    return code


def _assign_everything(desk: Page, courier: str) -> None:
    by(desk, "queue-unassigned").click()
    by(desk, "select-all").click()
    by(desk, "bulk-assign").click()
    desk.locator(f'[data-testid="pick-courier"][data-courier="{courier}"]').click()
    by(desk, "confirm-action").click()
    expect(by(desk, "result-line").first).to_be_visible()


def _cancel(desk: Page, waybill: str) -> None:
    by(desk, "queue-all").click()
    row(desk, waybill).get_by_test_id("task-check").click()
    by(desk, "bulk-cancel").click()
    by(desk, "reason-input").fill("客户来电取消")
    by(desk, "confirm-action").click()
    expect(by(desk, "result-line").first).to_be_visible()
