"""Every screen, on a phone and at a desk, in both languages and both lights: looked at by axe, kept as pictures.

The pictures are in test-results/screens/ for people to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from server.auth import queries as auth_queries
from server.core import outbox
from server.core.clock import now_ms
from server.core.db import db, transaction
from server.core.ids import uuid7
from server.core.outbox import OutboxRow
from server.demo.supervise import Supervisor
from server.notifications.models import PushMessage
from tests.e2e.conftest import OpenBrowser
from tests.e2e.stage import PASSWORD, Stage, set_up
from tests.e2e.steps import by, close_sheet, draw, enrol, log_in, row, sign_off, wedge
from tests.e2e.test_story import WAYBILLS, orders

ROOT = Path(__file__).parents[2]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PICTURES = ROOT / "test-results" / "screens"
# What is scrolled away keeps the colours of the light before until it is seen; axe judges it as it will be seen.
ALL_STYLED = """() => {
    const all = new CSSStyleSheet();
    all.replaceSync('* { content-visibility: visible !important }');
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, all];
}"""
HANDHELDS = (390, 1440)
# Each language and each light once: what axe finds comes of one or the other, never of the pair.
AXED = (("zh", "light"), ("en", "dark"))
STANDS = "document.documentElement.lang.slice(0, 2)"
DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
# Drawn in the words and the light just chosen: the first frame may still be the one before.
DRAWN = """() => new Promise((drawn) => {
    requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(drawn)));
})"""


@pytest.fixture(scope="module")
def _folder() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor, _folder: None) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS[:5])
    return made


def look(page: Page, name: str, *, axe: bool = True, still: bool = False) -> None:
    """A picture, no sideways scrolling, and (unless that is not asked) no serious finding of axe.

    `still`: nothing is on its way any more but what was just switched.
    """
    if not still:
        page.wait_for_timeout(150)
    page.evaluate(DRAWN)
    page.screenshot(path=PICTURES / f"{name}.jpg", type="jpeg", quality=90)  # a third quicker than a PNG
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} scrolls sideways by {wide} px"
    if not axe:
        return
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
        page.evaluate(ALL_STYLED)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)"
    )
    serious = [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious, f"{name}: {serious}"


def looks(
    page: Page,
    name: str,
    *,
    languages: Sequence[str] = ("zh", "en"),
    widths: Sequence[int] = (),
    axe: bool = True,
) -> None:
    """The state a screen is in, looked at in every language and light (and width), and left as it was found.

    All is switched in place, so that a state is reached once. The switch of languages is pressed by script: it is on
    the page, but a sheet may lie over it. With `axe=False` there are only pictures, as in every pair outside `AXED`.
    """
    spoken, dark, size = page.evaluate(STANDS), page.evaluate(DARK), page.viewport_size
    assert size is not None
    page.wait_for_timeout(150)
    for width in widths or (size["width"],):
        page.set_viewport_size({"width": width, "height": size["height"]})
        for language in languages:
            _speak(page, language)
            for light in ("light", "dark"):
                page.emulate_media(color_scheme="dark" if light == "dark" else "light")
                mark = f"{name}-{width}" if widths else name
                look(page, f"{mark}-{language}-{light}", axe=axe and (language, light) in AXED, still=True)
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="dark" if dark else "light")
    _speak(page, spoken)


def _speak(page: Page, language: str) -> None:
    if page.evaluate(STANDS) == language:
        return
    page.get_by_test_id(f"lang-{language}").first.evaluate("button => button.click()")
    page.wait_for_function(f"{STANDS} === '{language}'")


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_every_handheld_screen(stage: Stage, open_browser: OpenBrowser, locale: str) -> None:
    page = open_browser("phone", locale=locale).pages[0]

    def seen(name: str) -> None:
        looks(page, f"handheld-{name}", languages=[locale[:2]], widths=HANDHELDS)

    page.goto(stage.url)
    expect(by(page, "enrol-code")).to_be_visible()
    seen("1-enrol")
    enrol(page, stage.url, stage.enrolment_code("阿良"))
    if locale.startswith("en"):
        _english(page)
    expect(row(page, WAYBILLS[0])).to_be_visible()
    seen("2-before-the-shift")
    by(page, "shift-start").click()
    expect(by(page, "next-card")).to_be_visible()
    seen("3-today")
    wedge(page, WAYBILLS[1])
    expect(by(page, "verdict").first).to_be_visible()
    seen("4-verdict-mine")
    wedge(page, "DS999900001")
    expect(page.locator('[data-verdict="unknown"]').first).to_be_visible()
    seen("5-verdict-unknown")
    close_sheet(page)
    by(page, "next-open").click()
    expect(by(page, "recipient-self")).to_be_visible()
    seen("6-door")
    by(page, "recipient-self").click()
    draw(page)
    seen("7-signed")
    by(page, "problem-open").click()
    seen("8-problem")
    by(page, "reason-NO_ANSWER").click()
    seen("9-problem-chosen")
    page.goto(f"{stage.url}/#/task/{stage.task(WAYBILLS[0])['id']}")
    page.context.set_offline(True)
    sign_off(page)
    seen("10-saved")
    by(page, "scan-open").click()
    expect(by(page, "scan-input")).to_be_visible()
    seen("11-scan")
    close_sheet(page)
    page.goto(f"{stage.url}/#/outbox")
    expect(by(page, "outbox-item").first).to_be_visible()
    seen("12-outbox")
    page.goto(f"{stage.url}/#/close")
    expect(by(page, "close-recorded")).to_be_visible()
    seen("13-close")
    page.context.set_offline(False)
    page.goto(f"{stage.url}/#/")
    by(page, "menu-open").click()
    by(page, "menu-settings").click()
    expect(by(page, "lang-zh")).to_be_visible()
    seen("14-settings")
    close_sheet(page)
    page.goto(f"{stage.url}/#/task/{stage.task(WAYBILLS[2])['id']}")
    expect(by(page, "recipient-self")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 780})
    looks(page, "handheld-15-door-360", languages=[locale[:2]])


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_desk_screen(stage: Stage, open_browser: OpenBrowser, size: str) -> None:
    _a_case_and_a_problem(stage, open_browser)
    page = open_browser(size, name="look").pages[0]
    page.goto(stage.url + "/dispatch")
    expect(by(page, "login-user")).to_be_visible()
    looks(page, f"desk-1-login-{size}")
    log_in(page, stage.url, "dora", PASSWORD)
    looks(page, f"desk-2-board-{size}")
    row(page, WAYBILLS[0]).click()
    expect(by(page, "detail-waybill").first).to_be_visible()
    looks(page, f"desk-3-detail-{size}")
    by(page, "view-conflicts").click()
    expect(by(page, "conflict-row").first).to_be_visible()
    by(page, "conflict-row").first.click()
    expect(by(page, "case-mine")).to_be_visible()
    looks(page, f"desk-4-case-{size}")
    by(page, "devices-open").click()
    expect(by(page, "device-row").first).to_be_visible()
    looks(page, f"desk-5-devices-{size}")
    by(page, "device-revoke").first.click()
    expect(by(page, "device-row").first.get_by_role("alert")).to_be_visible()
    looks(page, f"desk-6-revoking-{size}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    looks(page, f"desk-7-keys-{size}")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_notices_that_could_not_be_delivered(stage: Stage, open_browser: OpenBrowser, size: str) -> None:
    _dead_letters(stage)
    page = open_browser(size).pages[0]
    log_in(page, stage.url, "dora", PASSWORD)
    by(page, "view-notices").click()
    expect(by(page, "dead-row")).to_have_count(3)
    page.route("**/replay", lambda route: route.abort())
    by(page, "dead-replay").first.click()
    expect(by(page, "dead-row").first.get_by_role("alert")).to_be_visible()
    looks(page, f"notices-1-dead-{size}")
    for language in ("zh", "en"):
        by(page, f"lang-{language}").first.click()
        link = by(page, "dead-row").first.get_by_role("button").first.bounding_box()
        again = by(page, "dead-replay").first.bounding_box()
        assert link and again
        assert link["x"] + link["width"] <= again["x"], "the button lies on the waybill"
    page.unroute("**/replay")
    by(page, "dead-replay-all").click()
    expect(by(page, "dead-row")).to_have_count(0)
    look(page, f"notices-2-none-{size}")


def _dead_letters(stage: Stage) -> None:
    """Three notices given up: one a push service refused, one nobody took in time, one that was never addressed."""
    task = stage.task(WAYBILLS[0])["id"]
    with stage.inside(), transaction():
        found = auth_queries.station_by_code("HZ01")
        assert found is not None
        station = found.id
        for to, owner, kind, reason, attempts in (
            ("customer", uuid7(), "delivered", "answer_413", 1),
            ("courier", stage.courier("阿良"), "task_new", "expired", 12),
        ):
            at, key = now_ms(), uuid7()
            row = outbox.enqueue(db.session(), "push", key, {"station": station})
            db.session.add(
                PushMessage(
                    id=key,
                    outbox_id=row,
                    subscription_id=uuid7(),
                    owner_kind=to,
                    owner_id=owner,
                    station_id=station,
                    task_id=task if to == "customer" else None,
                    kind=kind,
                    tag=key,
                    made_at=at,
                    expires_at=at + 60_000,
                )
            )
            _give_up(row, reason, attempts)
        row = outbox.enqueue(
            db.session(), "notice", uuid7(), {"station": station, "kind": "correction", "task": task}
        )
        _give_up(row, "KeyError", 16)


def _give_up(row: str, reason: str, attempts: int) -> None:
    given_up = {"dead_at": now_ms(), "last_error": reason, "attempts": attempts}
    db.session.execute(update(OutboxRow).where(OutboxRow.id == row).values(**given_up))


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
