"""A courier's round from the load to the proof: what the road asks of the handheld, most of it without a signal."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from server.demo.supervise import Supervisor
from tests.e2e.conftest import OpenBrowser
from tests.e2e.proxy import Line
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, enrol, frames, row, sign_off, wait_ready_offline, wedge

WAYBILLS = [f"DS20261122{number:04d}" for number in range(1, 6)]
FIRST, SECOND, THIRD, FOURTH, MISSING = WAYBILLS
FOREIGN = "DS20269999001"


def orders() -> list[dict[str, str]]:
    """Five deliveries to five doors of one estate, each with its place."""
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    return [
        {
            "kind": "delivery",
            "reference": f"R-{number}",
            "waybill": waybill,
            "pieces": "1",
            "name": f"测试客户{number}",
            "phone": f"1200000{number}{number}{number}{number}",
            "address": f"杭州市西湖区示例路 {number} 号",
            "community": f"示例{number}苑",
            "building": str(number),
            "unit": "2",
            "room": "501",
            "longitude": f"120.1{number}",
            "latitude": f"30.2{number}",
            "window_start": f"{day} 00:01",
            "window_end": f"{day} 23:59",
        }
        for number, waybill in enumerate(WAYBILLS, start=1)
    ]


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS)
    return made


def test_a_round_from_the_load_to_the_proof(stage: Stage, open_browser: OpenBrowser) -> None:
    line = Line(stage.port)
    phone = open_browser("phone").pages[0]
    enrol(phone, line.url, stage.enrolment_code("阿良"))
    expect(row(phone, FIRST)).to_be_visible()
    wait_ready_offline(phone)
    _learns(phone)
    line.cut()
    _loads(phone)
    _puts_in_order(phone)
    _looks_at_the_map(phone)
    _searches(phone)
    _takes_a_slip_back(phone, line)
    _is_told_of_changes(phone, stage, line)
    _is_rescued(phone, stage, line, open_browser)
    _hands_in(phone, line)


def _learns(phone: Page) -> None:
    """Four screens, then a made-up round of which nothing is left."""
    by(phone, "guide-open").click()
    for number in range(1, 4):
        expect(by(phone, "guide-page")).to_contain_text(str(number))
        by(phone, "guide-next").click()
    by(phone, "guide-practice").click()
    expect(by(phone, "practice")).to_contain_text("练习")
    by(phone, "shift-start").click()
    wedge(phone, "LX00000001")
    expect(phone.locator('[data-testid="verdict"][data-verdict="mine"]').first).to_be_visible()
    phone.evaluate("location.hash = '#/'")
    by(phone, "next-open").click()
    expect(by(phone, "practice")).to_be_visible()
    sign_off(phone)
    phone.evaluate("location.hash = '#/outbox'")
    expect(by(phone, "outbox-item").first).to_be_visible()
    expect(by(phone, "practice")).to_be_visible()
    by(phone, "practice-end").click()
    expect(by(phone, "practice")).to_have_count(0)
    expect(row(phone, FIRST)).to_be_visible()
    assert _stored(phone, "outbox") == _stored(phone, "journal") == 0, "practice was kept"


def _loads(phone: Page) -> None:
    """What is missing and what is too many is said, each by its number, before anybody leaves."""
    by(phone, "shift-start").click()
    by(phone, "load-open").click()
    for waybill in (FIRST, SECOND, FOREIGN, THIRD, FOURTH):
        wedge(phone, waybill)
        expect(phone.locator(f'[data-testid="verdict"][data-waybill="{waybill}"]').first).to_be_visible()
    expect(by(phone, "load-scanned")).to_have_text("4")
    expect(by(phone, "load-missing")).to_have_attribute("data-waybill", MISSING)
    expect(by(phone, "load-surplus")).to_have_attribute("data-waybill", FOREIGN)
    by(phone, "load-leave").click()
    expect(by(phone, "load-leave-scanned")).to_be_visible()
    by(phone, "load-leave-scanned").click()
    expect(by(phone, "next-card")).to_have_attribute("data-waybill", FIRST)
    expect(row(phone, MISSING)).to_have_attribute("data-status", "assigned")
    expect(row(phone, SECOND)).to_have_attribute("data-status", "out_for_delivery")


def _order(phone: Page) -> list[str]:
    return [text.split("\n")[1] for text in by(phone, "order-stop").all_inner_texts()]


def _puts_in_order(phone: Page) -> None:
    """By pointer and by keys; kept through a start of the app, and taken back."""
    planned = [f"示例{number}苑" for number in range(1, 6)]
    by(phone, "order-open").click()
    expect(by(phone, "order-stop")).to_have_count(5)
    assert _order(phone) == planned
    grips = by(phone, "order-grip")
    start: Any = grips.nth(0).bounding_box()
    end: Any = grips.nth(2).bounding_box()
    phone.mouse.move(start["x"] + 20, start["y"] + 20)
    phone.mouse.down()
    phone.mouse.move(end["x"] + 20, end["y"] + 30, steps=8)
    phone.mouse.up()
    expect(by(phone, "order-plan")).to_be_visible()
    assert _order(phone) == [planned[1], planned[2], planned[0], *planned[3:]]
    grips.nth(1).press("ArrowUp")
    expect(by(phone, "order-stop").first).to_contain_text(planned[2])
    phone.reload()
    expect(by(phone, "order-stop").first).to_contain_text(planned[2])
    by(phone, "back").click()
    expect(by(phone, "next-card")).to_have_attribute("data-waybill", THIRD)
    row(phone, FIRST).click()
    expect(by(phone, "out-of-turn")).to_have_attribute("data-kind", "skips")
    by(phone, "back").click()
    by(phone, "order-open").click()
    by(phone, "order-plan").click()
    expect(by(phone, "order-stop").first).to_contain_text(planned[0])
    by(phone, "back").click()
    expect(by(phone, "next-card")).to_have_attribute("data-waybill", FIRST)


def _looks_at_the_map(phone: Page) -> None:
    """Without a signal: numbered stops, one of which is chosen and shown the way to."""
    by(phone, "map-open").click()
    expect(by(phone, "map")).to_have_attribute("data-stops", "5")
    expect(phone.locator(".leaflet-marker-icon")).to_have_count(5)
    phone.locator(".leaflet-marker-icon", has_text="3").click()
    expect(by(phone, "map-card")).to_contain_text("示例3苑")
    link = by(phone, "navigate").get_attribute("href") or ""
    assert "coordinate=wgs84" in link and "120.13,30.23" in link and "测试客户" not in link
    by(phone, "back").click()


def _searches(phone: Page) -> None:
    for wanted in ("4444", "测试客户4", FOURTH[-4:], "示例4苑", "示例路 4"):
        by(phone, "search").fill(wanted)
        expect(by(phone, "task-row")).to_have_count(1)
        expect(by(phone, "task-row")).to_have_attribute("data-waybill", FOURTH)
    by(phone, "search").fill("")


def _takes_a_slip_back(phone: Page, line: Line) -> None:
    """Also after the server has it: by a correction, from the outbox."""
    by(phone, "next-open").click()
    sign_off(phone)
    phone.evaluate("location.hash = '#/outbox'")
    undo = phone.locator('[data-testid="undo-item"][data-type="task.delivered"]')
    expect(undo).to_have_count(1)
    line.mend()
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    expect(phone.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(0, timeout=30_000)
    undo.get_by_test_id("undo-do").click()
    expect(undo).to_have_count(0)
    phone.evaluate("location.hash = '#/'")
    expect(by(phone, "next-card")).to_have_attribute("data-waybill", FIRST, timeout=30_000)


def _is_told_of_changes(phone: Page, stage: Stage, line: Line) -> None:
    """What was and what is, until he says that he has seen it; a message of the station's beside it."""
    entity = f"task:{stage.task(SECOND)['id']}"
    seen = stage.task(SECOND)
    base = {name: seen[name] for name in ("window_start", "window_end")}
    later = {"window_start": base["window_start"] + 3_600_000, "window_end": base["window_end"]}
    stage.operations(
        {"type": "task.window_changed", "entity": entity, "payload": later, "base": base},
        {"type": "task.noted", "entity": entity, "payload": {"text": "门禁坏了，请打电话"}},
    )
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    by(phone, "changes-open").click(timeout=30_000)
    item = by(phone, "news-item")
    expect(item).to_have_attribute("data-waybill", SECOND)
    expect(item.locator('[data-what="window"]')).to_contain_text("01:01")
    expect(item.locator('[data-what="window"] s')).to_contain_text("00:01")
    expect(item.locator('[data-what="note"]')).to_contain_text("门禁坏了，请打电话")
    phone.reload()
    by(phone, "news-seen").click()
    expect(by(phone, "news-item")).to_have_count(0)
    by(phone, "back").click()
    expect(by(phone, "changes-open")).to_have_count(0)


def _is_rescued(phone: Page, stage: Stage, line: Line, open_browser: OpenBrowser) -> None:
    """Codes from screen to screen: a colleague carries the sign-off, and it arrives once, under its author's name."""
    line.cut()
    by(phone, "next-open").click()
    sign_off(phone)
    phone.evaluate("location.hash = '#/rescue'")
    expect(by(phone, "rescue-count")).to_contain_text("1 条")
    with phone.expect_download() as saved:
        by(phone, "rescue-file").click()
    file = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
    assert (file["doorstep"], len(file["packages"]), len(file["proofs"])) == ("rescue", 1, 1)
    by(phone, "rescue-show").click()
    held_up = frames(phone)
    with phone.expect_event("requestfailed"):
        phone.evaluate("window.dispatchEvent(new Event('online'))")
    shown = frames(phone)
    assert shown == held_up, "another whole after a try of the line: who collects begins anew"
    other = open_browser("phone", name="bei").pages[0]
    enrol(other, stage.url, stage.enrolment_code("Bei"))
    other.evaluate("location.hash = '#/rescue'")
    expect(by(other, "rescue-camera")).to_be_visible()
    for frame in reversed(shown):
        wedge(other, frame)
    expect(by(other, "carried")).to_have_attribute("data-state", "taken", timeout=30_000)
    [delivered] = _deliveries(stage, FIRST)[-1:]
    assert delivered["author"]["name"] == "阿良", delivered
    before = len(_deliveries(stage, FIRST))
    line.mend()
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    phone.evaluate("location.hash = '#/outbox'")
    expect(phone.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(0, timeout=30_000)
    assert len(_deliveries(stage, FIRST)) == before, "it arrived twice"
    other.context.close()


def _hands_in(phone: Page, line: Line) -> None:
    """What is left, and why; what goes back over the counter; and the proof, once the server has said so."""
    phone.evaluate("location.hash = '#/close'")
    expect(phone.locator('[data-testid="left-why"][data-why="notLoaded"]')).to_contain_text("1")
    expect(phone.locator('[data-testid="left-why"][data-why="notTried"]')).to_contain_text("3")
    expect(by(phone, "bring-back")).to_have_count(3)
    expect(by(phone, "shift-close")).to_be_visible(timeout=30_000)
    line.cut()
    by(phone, "shift-close").click()
    expect(by(phone, "close-proof")).to_have_attribute("data-confirmed", "false")
    line.mend()
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    expect(by(phone, "close-proof")).to_have_attribute("data-confirmed", "true", timeout=30_000)
    expect(by(phone, "proof-done")).to_have_text("1")
    line.cut()


def _deliveries(stage: Stage, waybill: str) -> list[dict[str, Any]]:
    detail = stage.call("GET", f"/api/v1/dispatch/tasks/{stage.task(waybill)['id']}")
    return [one for one in detail["timeline"] if one["type"] == "task.delivered"]


def _stored(phone: Page, store: str) -> int:
    """How many rows lie in a store of the handheld's own database."""
    counted: int = phone.evaluate(
        """(store) => new Promise((resolve) => {
            const open = indexedDB.open('doorstep');
            open.onsuccess = () => {
                const request = open.result.transaction(store).objectStore(store).count();
                request.onsuccess = () => { open.result.close(); resolve(request.result); };
            };
        })""",
        store,
    )
    return counted
