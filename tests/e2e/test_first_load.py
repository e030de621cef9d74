"""A new handheld has all it needs before its list; one loaded anew shows its list first and says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, Route, expect

from server.demo.supervise import Supervisor
from tests.browser import CHROMIUM, FLAGS
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, enrol, row
from tests.e2e.test_story import WAYBILLS, orders

SCREENS = "**/assets/later-*.js"


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS)
    return made


@pytest.fixture
def phone(playwright: Playwright) -> Iterator[Page]:
    """Without a service worker, which would fetch past what the test holds back."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", service_workers="block"
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    browser.close()


def test_a_new_handheld_has_every_screen_before_its_list(stage: Stage, phone: Page) -> None:
    """The signal may go with the first row; so nothing is enrolled, and no code is used up, before all is there."""
    phone.route(SCREENS, lambda route: route.abort())
    phone.goto(stage.url)
    by(phone, "enrol-code").fill(stage.enrolment_code("阿良"))
    by(phone, "enrol-submit").click()
    expect(phone.get_by_role("alert")).to_contain_text("连不上服务器")
    phone.unroute(SCREENS)
    by(phone, "enrol-submit").click()
    expect(row(phone, WAYBILLS[0])).to_be_visible()
    phone.context.set_offline(True)
    by(phone, "shift-start").click()
    by(phone, "next-open").click()
    expect(by(phone, "recipient-self")).to_be_visible()


def test_the_list_does_not_wait_for_the_other_screens(stage: Stage, phone: Page) -> None:
    """Nor does it hide that they have not come, on a handheld that is loaded anew."""
    enrol(phone, stage.url, stage.enrolment_code("阿良"))
    expect(row(phone, WAYBILLS[0])).to_be_visible()
    # The line breaks behind the list.
    phone.route(SCREENS, lambda route: route.abort())
    phone.reload()
    row(phone, WAYBILLS[0]).click()
    expect(phone.get_by_role("heading", name="这个页面还没有下载完").first).to_be_visible()
    by(phone, "back").click()
    expect(row(phone, WAYBILLS[0])).to_be_visible()
    row(phone, WAYBILLS[0]).click()

    # Loaded again on a slow line: the frame stands with its way back, and the task follows when its screen has come.
    phone.unroute(SCREENS)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    phone.route(SCREENS, hold)
    by(phone, "screen-reload").click()
    expect(phone.get_by_role("heading", name="正在读取")).to_be_visible()
    expect(by(phone, "recipient-self")).to_have_count(0)
    assert len(held) == 1, "the other screens are one file, asked for once"
    held[0].continue_()
    expect(by(phone, "recipient-self")).to_be_visible()
