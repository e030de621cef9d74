"""Parcels go from one courier to another: two handhelds read each other's screens, and neither has a network."""

from __future__ import annotations

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

WAYBILLS = [f"DS20261123{number:04d}" for number in range(1, 5)]
FIRST, SECOND, THIRD, LAST = WAYBILLS


def orders() -> list[dict[str, str]]:
    """Four deliveries, two of them to one door; the first for cash and with a wish."""
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    return [
        {
            "kind": "delivery",
            "reference": f"H-{number}",
            "waybill": waybill,
            "pieces": "1",
            "name": f"测试客户{number}",
            "phone": f"1200000{number}{number}{number}{number}",
            "address": f"杭州市西湖区示例路 {min(number, 3)} 号",
            "community": f"示例{min(number, 3)}苑",
            "building": "1",
            "unit": "2",
            "room": "501",
            "window_start": f"{day} 00:01",
            "window_end": f"{day} 23:59",
            "cod_yuan": "128.50" if number == 1 else "",
            "requests": "no_ring: 宝宝在睡觉" if number == 1 else "",
        }
        for number, waybill in enumerate(WAYBILLS, start=1)
    ]


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS)
    return made


def test_p28_a_hand_over_without_a_network(stage: Stage, open_browser: OpenBrowser) -> None:
    line = Line(stage.port)
    liang, bei = (open_browser("phone", name=name).pages[0] for name in ("liang", "bei"))
    enrol(liang, line.url, stage.enrolment_code("阿良"))
    enrol(bei, line.url, stage.enrolment_code("Bei"))
    expect(row(liang, SECOND)).to_be_visible()
    for phone in (liang, bei):
        wait_ready_offline(phone)
    by(liang, "shift-start").click()
    line.cut()
    offer = _shows(liang)
    _takes(bei, offer)
    _is_receipted(liang, frames(bei))
    _delivers(bei, offer, stage.task(FIRST)["id"])
    _by_hand(liang, bei)
    _online(line, liang, bei)
    assert [stage.task(one)["courier"]["name"] for one in WAYBILLS] == ["Bei", "Bei", "阿良", "Bei"]
    assert [stage.task(one)["status"] for one in (FIRST, SECOND)] == ["delivered", "assigned"]
    assert _cases(stage) == []
    expect(by(liang, "changes-open")).to_have_count(0)
    expect(by(bei, "changes-open")).to_have_count(0)
    _disagree(line, liang, bei)
    [case] = _cases(stage)
    assert (case["kind"], case["waybill"]) == ("handover", THIRD)


def _shows(liang: Page) -> list[str]:
    """By its label, by its door, and held up."""
    by(liang, "menu-open").click()
    by(liang, "menu-handover").click()
    by(liang, "hand-give").click()
    wedge(liang, FIRST)
    expect(by(liang, "hand-count")).to_have_text("1")
    wedge(liang, "SF0000000000000")
    expect(liang.get_by_role("alert")).to_contain_text("不在你的列表里")
    by(liang, "hand-all").click()
    expect(by(liang, "hand-count")).to_have_text("4")
    by(liang, "hand-door").last.click()
    by(liang, "hand-door").last.click()
    by(liang, "hand-one").last.click()
    expect(by(liang, "hand-count")).to_have_text("3")
    by(liang, "hand-show").click()
    shown = frames(liang)
    wedge(liang, shown[0])
    for frame in shown[1:]:
        wedge(liang, frame)
    expect(by(liang, "hand-refused")).to_have_attribute("data-why", "own")
    return shown


def _takes(bei: Page, offer: list[str]) -> None:
    bei.evaluate("location.hash = '#/handover'")
    by(bei, "hand-take").click()
    for frame in reversed(offer):
        wedge(bei, frame)
    expect(by(bei, "hand-row")).to_have_count(3)
    expect(by(bei, "hand-due")).to_contain_text("128.50")
    bei.locator(f'[data-testid="hand-row"][data-waybill="{THIRD}"] input').uncheck()
    expect(by(bei, "hand-held")).to_have_text("2 件")
    by(bei, "hand-accept").click()
    expect(by(bei, "hand-took")).to_contain_text("2 件")


def _is_receipted(liang: Page, receipt: list[str]) -> None:
    for frame in receipt:
        wedge(liang, frame)
    expect(by(liang, "hand-kept")).to_contain_text("0003")
    by(liang, "hand-done").click()
    expect(by(liang, "next-open")).to_be_visible()
    expect(row(liang, SECOND)).to_have_count(0)
    expect(liang.locator("main")).not_to_contain_text("示例1苑")


def _delivers(bei: Page, offer: list[str], task: str) -> None:
    """All the door needs came with the code; shown once more, it is known for what it is."""
    by(bei, "hand-done").click()
    expect(bei.locator("main")).to_contain_text("示例2苑")
    bei.evaluate(f"location.hash = '#/task/{task}'")
    expect(bei.locator("main")).to_contain_text("宝宝在睡觉")
    sign_off(bei, cash=True)
    bei.evaluate("location.hash = '#/handover'")
    by(bei, "hand-take").click()
    wedge(bei, "HTTPS://EXAMPLE.ORG/MENU")
    expect(by(bei, "hand-refused")).to_have_attribute("data-why", "unreadable")
    for frame in offer:
        wedge(bei, frame)
    expect(by(bei, "hand-row")).to_have_count(1)
    bei.evaluate("location.hash = '#/'")


def _by_hand(liang: Page, bei: Page) -> None:
    """No receipt: her own code says whom he gave it to."""
    bei.evaluate("location.hash = '#/handover'")
    bei.get_by_role("button", name="返回", exact=True).last.click()
    by(bei, "hand-badge").click()
    badge = frames(bei)
    liang.evaluate("location.hash = '#/handover'")
    by(liang, "hand-give").click()
    wedge(liang, LAST)
    by(liang, "hand-show").click()
    by(liang, "hand-no-receipt").click()
    expect(by(liang, "hand-by-hand")).to_have_count(0)
    for frame in badge:
        wedge(liang, frame)
    by(liang, "hand-by-hand").click()
    expect(liang.locator("main")).to_contain_text("Bei 接走了 1 件")
    by(liang, "hand-done").click()


def _disagree(line: Line, liang: Page, bei: Page) -> None:
    """Bei says that she has it; he knows nothing of it, and signs it off himself."""
    line.cut()
    liang.evaluate("location.hash = '#/handover'")
    by(liang, "hand-give").click()
    wedge(liang, THIRD)
    by(liang, "hand-show").click()
    offer = frames(liang)
    bei.evaluate("location.hash = '#/handover'")
    bei.get_by_role("button", name="返回", exact=True).last.click()
    by(bei, "hand-take").click()
    for frame in offer:
        wedge(bei, frame)
    by(bei, "hand-accept").click()
    expect(by(bei, "hand-took")).to_be_visible()
    liang.evaluate("location.hash = '#/'")
    by(liang, "next-open").click()
    sign_off(liang)
    _online(line, liang, bei)


def _online(line: Line, *phones: Page) -> None:
    """One after the other, until the server has all of it."""
    line.mend()
    for phone in phones:
        phone.evaluate("window.dispatchEvent(new Event('online'))")
        phone.evaluate("location.hash = '#/outbox'")
        expect(phone.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(
            0, timeout=30_000
        )
        phone.evaluate("location.hash = '#/'")


def _cases(stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.call("GET", "/api/v1/dispatch/conflicts?status=open")["conflicts"]
    return found
