"""A courier's login on the handheld, and the end of one that is taken away, as he sees them; two tabs beside each other
(P12, P34)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from server.demo.supervise import Supervisor
from server.ops import queries as op_queries
from tests.e2e.conftest import OpenBrowser
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, enrol, row, sign_off, wait_ready_offline
from tests.e2e.test_story import WAYBILLS, orders


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", WAYBILLS[0])
    return made


def device(stage: Stage) -> dict[str, object]:
    [found] = stage.call("GET", "/api/v1/devices")["devices"]
    return dict(found)


def recorded(stage: Stage) -> list[str]:
    with stage.inside():
        waybills = [op_queries.timeline(stage.task(one)["id"]) for one in WAYBILLS[:2]]
        return [op.type for log in waybills for op in log if op.device_id is not None]


def all_sent(page: Page) -> None:
    expect(by(page, "sync-mark")).to_have_attribute("data-state", "confirmed")


def test_p12_a_closed_app_sends_when_the_system_wakes_it(stage: Stage, open_browser: OpenBrowser) -> None:
    """Chromium wakes the service worker for what the page has asked before it was left."""
    context = open_browser("phone")
    page = context.pages[0]
    enrol(page, stage.url, stage.enrolment_code("阿良"))
    wait_ready_offline(page)
    expect(row(page, WAYBILLS[0])).to_be_visible()
    context.set_offline(True)
    row(page, WAYBILLS[0]).click()
    sign_off(page)
    expect(page.get_by_text("没有信号，照常工作").first).to_be_visible()
    page.goto("about:blank")
    context.set_offline(False)
    deadline = time.monotonic() + 20
    while not recorded(stage) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert recorded(stage) == ["task.delivered"]
    page.goto(stage.url)
    all_sent(page)


def test_p12_p34_two_tabs_a_login_that_runs_out_and_a_phone_that_is_taken_away(
    stage: Stage, open_browser: OpenBrowser
) -> None:
    context = open_browser("phone")
    page = context.pages[0]
    enrol(page, stage.url, stage.enrolment_code("阿良"))
    expect(row(page, WAYBILLS[0])).to_be_visible()
    beside = context.new_page()
    beside.goto(stage.url)
    expect(row(beside, WAYBILLS[0])).to_be_visible()

    # The login ends; the work goes on in one tab and is sent once, whichever tab sends it.
    stage.call("DELETE", f"/api/v1/devices/{device(stage)['id']}/login")
    stage.assign("阿良", WAYBILLS[1])
    page.bring_to_front()
    row(page, WAYBILLS[0]).click()
    sign_off(page)
    page.goto(stage.url)
    beside.reload()
    all_sent(page)
    all_sent(beside)
    assert recorded(stage) == ["task.delivered"]
    expect(by(page, "login-open")).to_be_visible()
    expect(row(page, WAYBILLS[1])).to_have_count(0)

    # A code of the station's, and what was assigned meanwhile comes.
    by(page, "login-open").click()
    expect(by(page, "login-waiting")).to_be_visible()
    by(page, "enrol-code").fill(stage.enrolment_code("阿良"))
    by(page, "enrol-submit").click()
    expect(row(page, WAYBILLS[1])).to_be_visible()
    expect(by(page, "login-open")).to_have_count(0)

    # Taken away: what it still holds is handed in as evidence, then nothing is left on it.
    context.set_offline(True)
    row(page, WAYBILLS[1]).click()
    sign_off(page)
    stage.call("POST", f"/api/v1/devices/{device(stage)['id']}/revoke")
    context.set_offline(False)
    expect(by(page, "wiped")).to_be_visible(timeout=30_000)
    assert device(stage)["state"] == "wiped"
    assert recorded(stage) == ["task.delivered"]
    kept = page.evaluate(
        """async () => {
          const open = indexedDB.open('doorstep');
          await new Promise((done) => (open.onsuccess = done));
          const names = [...open.result.objectStoreNames];
          const all = open.result.transaction(names).objectStore('meta').getAllKeys();
          await new Promise((done) => (all.onsuccess = done));
          return all.result;
        }"""
    )
    assert set(kept) <= {"local", "beat", "retry", "readable_from"}, "neither identity nor credential"
