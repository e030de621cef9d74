"""The desk in a real browser against a fake server: what a network's weather, a big day and a keyboard do to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser import CHROMIUM, FLAGS
from tests.pwa.dispatch.fake_server import Fake, serve

ROOT = Path(__file__).parents[3]
DIST = Path(os.environ.get("DOORSTEP_DIST", ROOT / "pwa" / "dist"))
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"wide": (1440, 900), "phone": (390, 844)}

OpenDesk = Callable[..., tuple[Page, Fake]]


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    made = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
    yield made
    made.close()


@pytest.fixture
def open_desk(browser: Browser) -> Iterator[OpenDesk]:
    """A logged-in desk: `open_desk(tasks=3000, size="phone", scheme="dark", lang="en")`."""
    servers: list[Fake] = []
    pages: list[Page] = []

    def open_one(
        *, tasks: int = 60, size: str = "wide", scheme: str = "light", lang: str = "zh"
    ) -> tuple[Page, Fake]:
        server = serve(tasks=tasks, dist=DIST)
        servers.append(server)
        width, height = SIZES[size]
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        page.set_default_timeout(10_000)
        pages.append(page)
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/dispatch")
        page.get_by_test_id(f"lang-{lang}").click()
        page.get_by_test_id("login-user").fill("desk")
        page.get_by_test_id("login-password").fill("desk-demo")
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("task-row").first).to_be_visible()
        return page, server

    yield open_one
    for page in pages:
        page.context.close()
    for server in servers:
        server.shutdown()
        server.server_close()


def choose(page: Page, *numbers: int) -> None:
    for number in numbers:
        page.get_by_test_id("task-check").nth(number).click()


def faults(page: Page) -> list[str]:
    """Serious faults axe-core finds on the screen as it stands."""
    page.evaluate(AXE.read_text())
    found: Any = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_a_lost_answer_is_asked_for_again_and_takes_effect_once(open_desk: OpenDesk) -> None:
    page, server = open_desk()
    page.get_by_test_id("queue-unassigned").click()
    choose(page, 0, 1)
    server.lose_answers = 1
    page.keyboard.press("a")
    page.get_by_test_id("pick-courier").first.click()
    page.get_by_test_id("confirm-action").click()
    expect(page.get_by_test_id("result-line")).to_have_count(2)
    assert len(server.posted) == 4
    assert len(set(server.posted)) == 2
    assert len(server.seen) == 2


def test_unanswered_work_survives_a_reload(open_desk: OpenDesk) -> None:
    page, server = open_desk()
    page.get_by_test_id("queue-unassigned").click()
    choose(page, 0)
    server.down = True
    page.get_by_test_id("bulk-cancel").click()
    page.get_by_test_id("reason-input").fill("重复下单")
    page.get_by_test_id("confirm-action").click()
    expect(page.get_by_text("会自动再送")).to_be_visible()
    page.reload()
    expect(page.get_by_text("连不上服务器")).to_be_visible()
    server.down = False
    expect(page.get_by_test_id("result-line")).to_have_count(1)
    assert len(set(server.posted)) == 1


def test_one_conflict_among_many_does_not_hide_and_leads_to_its_case(open_desk: OpenDesk) -> None:
    page, server = open_desk()
    case = server.day.cases[0]
    free = next(task for task in server.day.tasks.values() if task["status"] == "created")
    free["conflict"] = case["id"]
    page.get_by_test_id("queue-unassigned").click()
    expect(page.locator(f'[data-testid="task-row"][data-waybill="{free["waybill"]}"]')).to_be_visible()
    page.get_by_test_id("select-all").click()
    page.get_by_test_id("bulk-assign").click()
    page.get_by_test_id("pick-courier").first.click()
    page.get_by_test_id("confirm-action").click()
    line = page.locator('[data-testid="result-line"][data-status="conflict"]')
    expect(line).to_have_count(1)
    line.get_by_role("button").click()
    expect(page.get_by_test_id("case-mine")).to_be_visible()


def test_undo_takes_an_assignment_back(open_desk: OpenDesk) -> None:
    page, server = open_desk()
    page.get_by_test_id("queue-unassigned").click()
    waybill = page.get_by_test_id("task-row").first.get_attribute("data-waybill")
    choose(page, 0)
    page.keyboard.press("a")
    page.get_by_test_id("pick-courier").first.click()
    page.get_by_test_id("confirm-action").click()
    row = page.locator(f'[data-testid="task-row"][data-waybill="{waybill}"]')
    expect(row).to_have_count(0)
    page.keyboard.press("z")
    expect(row).to_have_attribute("data-status", "created")
    assert len(server.seen) == 2


def test_a_silent_server_is_said_with_the_age_and_not_stormed(open_desk: OpenDesk) -> None:
    page, server = open_desk()
    page.get_by_test_id("task-row").first.click()
    expect(page.get_by_test_id("detail-waybill")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    server.down = True
    page.get_by_test_id("queue-left").click()
    expect(page.get_by_test_id("freshness")).to_contain_text("离线", timeout=15_000)
    expect(page.get_by_test_id("task-row").first).to_be_visible()
    page.wait_for_timeout(6_000)
    assert len(asked) < 40, f"{len(asked)} requests while the server was down"
    server.down = False
    page.get_by_text("立即重试").click()
    expect(page.get_by_test_id("freshness")).to_contain_text("更新")


def test_an_ended_session_asks_for_the_login_and_comes_back_to_the_same_place(open_desk: OpenDesk) -> None:
    page, server = open_desk()
    page.get_by_test_id("queue-exceptions").click()
    server.logged_in = False
    expect(page.get_by_text("登录已过期")).to_be_visible()
    page.get_by_test_id("login-password").fill("desk-demo")
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("queue-exceptions")).to_have_attribute("aria-current", "true")


def test_three_thousand_tasks_draw_a_few_dozen_rows(open_desk: OpenDesk) -> None:
    page, _server = open_desk(tasks=3_000)
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "3001")
    assert page.get_by_test_id("task-row").count() < 80
    page.keyboard.press("End")
    expect(page.locator('[data-testid="task-row"][aria-rowindex="3001"]')).to_be_visible()
    assert page.get_by_test_id("task-row").count() < 80
    # Thirty cursor moves, each with its redraw, in the time of a held key.
    took = page.evaluate(
        """async () => {
            const begun = performance.now();
            for (let n = 0; n < 30; n += 1) {
                window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k' }));
                await new Promise(requestAnimationFrame);
            }
            return performance.now() - begun;
        }"""
    )
    assert took < 3_000, f"{took:.0f} ms for 30 moves"


def test_the_address_is_the_state(open_desk: OpenDesk) -> None:
    page, _server = open_desk()
    page.get_by_test_id("filter-status").select_option("delivered")
    page.get_by_test_id("task-search").fill("SF")
    page.get_by_test_id("task-search").blur()
    page.keyboard.press("j")
    waybill = page.get_by_test_id("detail-waybill").inner_text()
    page.reload()
    expect(page.get_by_test_id("detail-waybill")).to_have_text(waybill)
    assert page.get_by_test_id("filter-status").input_value() == "delivered"
    assert page.get_by_test_id("task-search").input_value() == "SF"
    page.get_by_test_id("devices-open").click()
    expect(page.get_by_test_id("device-row").first).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("detail-waybill")).to_have_text(waybill)


def test_a_decision_needs_a_reason_and_brings_up_the_next_case(open_desk: OpenDesk) -> None:
    page, server = open_desk()
    page.get_by_test_id("queue-conflicts").click()
    first = page.get_by_test_id("conflict-row").first.get_attribute("data-waybill")
    count = page.get_by_test_id("conflict-row").count()
    page.get_by_test_id("decide-mine").click()
    expect(page.get_by_test_id("decide-reason")).to_be_focused()
    assert server.posted == []
    page.get_by_test_id("decide-reason").fill("签名在取消之前")
    page.get_by_test_id("decide-mine").click()
    expect(page.get_by_test_id("conflict-row")).to_have_count(count - 1)
    expect(page.locator(f'[data-testid="conflict-row"][data-waybill="{first}"]')).to_have_count(0)
    expect(page.get_by_test_id("decide-reason")).to_have_value("")
    page.get_by_test_id("cases-decided").click()
    expect(page.get_by_text("签名在取消之前")).to_be_visible()


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize(("lang", "scheme"), [("zh", "light"), ("en", "dark")])
def test_every_screen_is_accessible_and_fits(open_desk: OpenDesk, size: str, lang: str, scheme: str) -> None:
    page, _server = open_desk(size=size, lang=lang, scheme=scheme)
    seen: dict[str, list[str]] = {}

    def look(name: str) -> None:
        seen[name] = faults(page)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} is {over} px too wide"

    choose(page, 0, 8)
    look("board")
    page.get_by_test_id("bulk-cancel").click()
    look("sheet")
    page.keyboard.press("Escape")
    page.get_by_test_id("task-row").first.click()
    expect(page.get_by_test_id("detail-waybill")).to_be_visible()
    look("detail")
    page.get_by_test_id("view-conflicts").click()
    page.get_by_test_id("conflict-row").first.click()
    expect(page.get_by_test_id("decide-reason")).to_be_visible()
    look("case")
    page.get_by_test_id("devices-open").click()
    expect(page.get_by_test_id("device-row").first).to_be_visible()
    look("devices")
    if size == "phone":
        page.get_by_test_id("pane-detail").click()
    page.get_by_test_id("enrol-courier").select_option(index=1)
    page.get_by_test_id("enrol-make").click()
    expect(page.get_by_test_id("enrol-code")).to_be_visible()
    look("enrol")
    assert {name: found for name, found in seen.items() if found} == {}
