"""A message from the desk: to all of a station and about one task, on the handheld with and without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from server.demo.supervise import Supervisor
from tests.e2e.conftest import OpenBrowser
from tests.e2e.stage import PASSWORD, Stage, set_up
from tests.e2e.steps import by, enrol, log_in, row
from tests.e2e.test_story import WAYBILLS, orders


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", WAYBILLS[0])
    return made


def hear(phone: Page) -> None:
    """The network comes back: what a handheld that is open asks for within the minute, it asks for now."""
    phone.context.set_offline(True)
    phone.context.set_offline(False)


def says(desk: Page, text: str) -> None:
    """Writes to whoever is chosen already, or to all."""
    if by(desk, "message-to").locator(":checked").count() == 0 and not desk.url.count("to="):
        by(desk, "message-all").check()
    by(desk, "message-text").fill(text)
    by(desk, "message-send").click()


def test_p24_messages_arrive_are_read_and_the_desk_sees_both(stage: Stage, open_browser: OpenBrowser) -> None:
    desk, phone = open_browser("desk").pages[0], open_browser("phone").pages[0]
    log_in(desk, stage.url, "dora", PASSWORD)
    enrol(phone, stage.url, stage.enrolment_code("阿良"))
    expect(row(phone, WAYBILLS[0])).to_be_visible()

    # About one task, to the courier who holds it, while he has no signal.
    phone.context.set_offline(True)
    desk.locator(f'[data-testid="task-row"][data-waybill="{WAYBILLS[0]}"]').click()
    by(desk, "detail-message").click()
    says(desk, "客户请走东门")
    sent = desk.locator('[data-testid="message-row"]', has_text="客户请走东门")
    expect(sent).to_contain_text("1 人 · 已收到 0 · 已读 0")
    phone.context.set_offline(False)
    expect(by(phone, "message-first")).to_have_text("客户请走东门")
    expect(sent).to_contain_text("已收到 1 · 已读 0")

    # To everybody; what he reads without signal he has read, and the desk hears of it when there is signal again.
    says(desk, "今天北门封路")
    everybody = desk.locator('[data-testid="message-row"]', has_text="今天北门封路")
    expect(everybody).to_be_visible()
    hear(phone)
    expect(by(phone, "message-first")).to_have_text("今天北门封路")
    phone.context.set_offline(True)
    by(phone, "messages-open").click()
    expect(by(phone, "message")).to_have_count(2)
    by(phone, "message-seen").first.click()
    expect(phone.locator('[data-testid="message"][data-read="false"]')).to_have_count(1)
    phone.context.set_offline(False)
    expect(everybody).to_contain_text("已读 1")
    everybody.get_by_test_id("message-count").click()
    mine = everybody.get_by_test_id("message-reader").filter(has_text="阿良")
    expect(mine).to_contain_text("已读")
    expect(sent).to_contain_text("已收到 1 · 已读 0")
