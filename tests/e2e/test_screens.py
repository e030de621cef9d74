"""Every screen, on a phone and at a desk, in both languages and both lights: looked at by axe, kept as pictures.

The pictures are in test-results/screens/ for people to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.demo.supervise import Supervisor
from tests.e2e.conftest import OpenBrowser
from tests.e2e.stage import PASSWORD, Stage, set_up
from tests.e2e.steps import by, close_sheet, draw, enrol, log_in, row, sign_off, wedge
from tests.e2e.test_story import WAYBILLS, orders

ROOT = Path(__file__).parents[2]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PICTURES = ROOT / "test-results" / "screens"
LOOKS = [("zh-CN", False), ("en-GB", True)]
Show = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def _folder() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor, _folder: None) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS[:5])
    return made


def look(page: Page, name: str) -> None:
    """A picture, no sideways scrolling, and no serious finding of axe."""
    page.wait_for_timeout(150)
    page.screenshot(path=PICTURES / f"{name}.png")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} scrolls sideways by {wide} px"
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)"
    )
    serious = [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious, f"{name}: {serious}"


@pytest.mark.parametrize(("locale", "dark"), LOOKS)
def test_every_handheld_screen(stage: Stage, open_browser: OpenBrowser, locale: str, dark: bool) -> None:
    page = open_browser("phone", locale=locale, dark=dark).pages[0]
    tag = f"{locale[:2]}-{'dark' if dark else 'light'}"
    page.goto(stage.url)
    expect(by(page, "enrol-code")).to_be_visible()
    look(page, f"handheld-1-enrol-{tag}")
    enrol(page, stage.url, stage.enrolment_code("阿良"))
    if locale.startswith("en"):
        _english(page)
    expect(row(page, WAYBILLS[0])).to_be_visible()
    look(page, f"handheld-2-before-the-shift-{tag}")
    by(page, "shift-start").click()
    expect(by(page, "next-card")).to_be_visible()
    look(page, f"handheld-3-today-{tag}")
    wedge(page, WAYBILLS[1])
    expect(by(page, "verdict").first).to_be_visible()
    look(page, f"handheld-4-verdict-mine-{tag}")
    wedge(page, "DS999900001")
    expect(page.locator('[data-verdict="unknown"]').first).to_be_visible()
    look(page, f"handheld-5-verdict-unknown-{tag}")
    close_sheet(page)
    by(page, "next-open").click()
    expect(by(page, "recipient-self")).to_be_visible()
    look(page, f"handheld-6-door-{tag}")
    by(page, "recipient-self").click()
    draw(page)
    look(page, f"handheld-7-signed-{tag}")
    by(page, "problem-open").click()
    look(page, f"handheld-8-problem-{tag}")
    by(page, "reason-NO_ANSWER").click()
    look(page, f"handheld-9-problem-chosen-{tag}")
    page.goto(f"{stage.url}/#/task/{stage.task(WAYBILLS[0])['id']}")
    page.context.set_offline(True)
    sign_off(page)
    look(page, f"handheld-10-saved-{tag}")
    by(page, "scan-open").click()
    expect(by(page, "scan-input")).to_be_visible()
    look(page, f"handheld-11-scan-{tag}")
    close_sheet(page)
    page.goto(f"{stage.url}/#/outbox")
    expect(by(page, "outbox-item").first).to_be_visible()
    look(page, f"handheld-12-outbox-{tag}")
    page.goto(f"{stage.url}/#/close")
    expect(by(page, "close-recorded")).to_be_visible()
    look(page, f"handheld-13-close-{tag}")
    page.context.set_offline(False)
    page.goto(f"{stage.url}/#/")
    by(page, "menu-open").click()
    by(page, "menu-settings").click()
    expect(by(page, "lang-zh")).to_be_visible()
    look(page, f"handheld-14-settings-{tag}")
    close_sheet(page)
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(f"{stage.url}/#/task/{stage.task(WAYBILLS[2])['id']}")
    expect(by(page, "recipient-self")).to_be_visible()
    look(page, f"handheld-15-door-360-{tag}")


@pytest.mark.parametrize(("locale", "dark"), LOOKS)
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_desk_screen(
    stage: Stage, open_browser: OpenBrowser, size: str, locale: str, dark: bool
) -> None:
    _a_case_and_a_problem(stage, open_browser)
    page = open_browser(size, name="look", locale=locale, dark=dark).pages[0]
    tag = f"{size}-{locale[:2]}-{'dark' if dark else 'light'}"
    page.goto(stage.url + "/dispatch")
    expect(by(page, "login-user")).to_be_visible()
    if locale.startswith("en"):
        by(page, "lang-en").first.click()
    look(page, f"desk-1-login-{tag}")
    log_in(page, stage.url, "dora", PASSWORD)
    look(page, f"desk-2-board-{tag}")
    row(page, WAYBILLS[0]).click()
    expect(by(page, "detail-waybill").first).to_be_visible()
    look(page, f"desk-3-detail-{tag}")
    by(page, "view-conflicts").click()
    expect(by(page, "conflict-row").first).to_be_visible()
    by(page, "conflict-row").first.click()
    expect(by(page, "case-mine")).to_be_visible()
    look(page, f"desk-4-case-{tag}")
    by(page, "devices-open").click()
    expect(by(page, "device-row").first).to_be_visible()
    look(page, f"desk-5-devices-{tag}")


def _english(page: Page) -> None:
    by(page, "menu-open").click()
    by(page, "menu-settings").click()
    by(page, "lang-en").click()
    close_sheet(page)


def _a_case_and_a_problem(stage: Stage, open_browser: OpenBrowser) -> None:
    """阿良 signs a task that was cancelled meanwhile: a case with a signature."""
    phone = open_browser("phone", name="alang").pages[0]
    enrol(phone, stage.url, stage.enrolment_code("阿良"))
    expect(row(phone, WAYBILLS[0])).to_be_visible()
    phone.context.set_offline(True)
    by(phone, "shift-start").click()
    expect(by(phone, "next-card")).to_be_visible()
    by(phone, "next-open").click()
    sign_off(phone)
    stage.operations(
        {
            "type": "task.cancelled",
            "entity": f"task:{stage.task(WAYBILLS[0])['id']}",
            "payload": {"reason": "客户来电取消"},
        }
    )
    phone.context.set_offline(False)
    phone.goto(stage.url + "/#/outbox")
    expect(phone.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(0, timeout=30_000)
    phone.context.close()
