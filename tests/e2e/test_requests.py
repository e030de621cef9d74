"""What customers ask for, on the road: news reaches the door, the door proposes, and what came too late is a case."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from server.demo.supervise import Supervisor
from tests.builders import request_draft
from tests.e2e.conftest import OpenBrowser
from tests.e2e.proxy import Line
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, enrol, row, sign_off, wait_ready_offline

WAYBILLS = ("SFR0000001", "SFR0000002", "SFR0000003")
HERE = {"latitude": 30.2700004, "longitude": 120.1000006, "accuracy": 9.0}


def orders() -> list[dict[str, str]]:
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    return [
        {
            "kind": "delivery",
            "reference": f"R-{number}",
            "waybill": waybill,
            "pieces": "1",
            "name": f"测试客户{number}",
            "phone": f"1200000001{number}",
            "address": f"杭州市西湖区示例路 {number} 号",
            "community": "示例小区",
            "building": str(number),
            "unit": "2",
            "room": "501",
            "window_start": f"{day} 08:00",
            "window_end": f"{day} 20:00",
            "requests": "",
        }
        for number, waybill in enumerate(WAYBILLS, start=1)
    ]


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    return set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())


def test_a_request_reaches_the_door_is_proposed_there_and_comes_too_late(
    stage: Stage, open_browser: OpenBrowser
) -> None:
    stage.log_in()
    stage.assign("阿良", *WAYBILLS)
    line = Line(stage.port)
    context = open_browser("phone")
    context.grant_permissions(["geolocation"], origin=line.url)
    context.set_geolocation(HERE)
    phone = context.pages[0]
    enrol(phone, line.url, stage.enrolment_code("阿良"))
    expect(row(phone, WAYBILLS[0])).to_be_visible()
    wait_ready_offline(phone)
    by(phone, "shift-start").click()
    expect(by(phone, "next-card")).to_be_visible()

    # Customer service writes down a wish while he is on the road: it is news until the task is opened.
    second = stage.task(WAYBILLS[1])
    asked = request_draft(_customer(stage, second["id"]), text="宝宝刚睡着")
    assert stage.operations(asked)[0]["status"] == "applied"
    _sync(phone)
    expect(phone.get_by_text("1 件有新的客户要求")).to_be_visible()
    expect(row(phone, WAYBILLS[1]).locator("[data-fresh]")).to_have_count(1)
    by(phone, "news-open").click()
    loud = phone.locator('[data-testid="request"][data-kind="no_ring"]')
    expect(loud).to_contain_text("宝宝刚睡着")
    expect(loud).to_have_attribute("data-fresh", "true")

    # At the door the customer asks for something else: proposed in three taps, small until it is accepted.
    by(phone, "propose-open").click()
    by(phone, "propose-leave_at_reception").click()
    by(phone, "propose-save").click()
    expect(by(phone, "request-quiet")).to_contain_text("已提议，待客服确认")
    by(phone, "back").click()
    expect(row(phone, WAYBILLS[1]).locator("[data-fresh]")).to_have_count(0)

    # Without signal he signs for a parcel whose customer has just asked for something: a case, and the sign-off stands.
    line.cut()
    third = stage.task(WAYBILLS[2])
    wish = request_draft(_customer(stage, third["id"]), source="customer", text="放鞋柜", kind="other")
    assert stage.operations(wish)[0]["status"] == "applied"
    row(phone, WAYBILLS[2]).click()
    sign_off(phone)
    line.mend()
    _sync(phone, "needs_you")
    cases = stage.call("GET", "/api/v1/dispatch/conflicts?status=open")["conflicts"]
    assert [case["kind"] for case in cases] == ["request_late"]
    assert stage.task(WAYBILLS[2])["status"] == "delivered"

    requests = stage.call("GET", f"/api/v1/dispatch/tasks/{second['id']}")["requests"]
    assert [one["kind"] for one in requests] == ["no_ring", "leave_at_reception"]
    recorded = _journal(phone)
    assert [one["type"] for one in recorded] == ["shift.started", "customer.request_set", "task.delivered"]
    here = {"lat_e7": 302_700_004, "lng_e7": 1_201_000_006, "accuracy_m": 9}
    assert [one.get("position") for one in recorded] == [None, here, here]


def _customer(stage: Stage, task: str) -> str:
    return str(stage.call("GET", f"/api/v1/dispatch/tasks/{task}")["customer"])


def _sync(page: Page, then: str = "confirmed") -> None:
    """The network is back, and what the handheld says once the server has answered."""
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(by(page, "sync-mark")).to_have_attribute("data-state", then, timeout=15_000)
    page.wait_for_timeout(600)


def _journal(page: Page) -> list[dict[str, object]]:
    """The operations this handheld has recorded, in their order."""
    found: list[dict[str, object]] = page.evaluate(
        """() => new Promise((resolve) => {
            indexedDB.open('doorstep').onsuccess = (event) => {
                const db = event.target.result;
                db.transaction('journal').objectStore('journal').getAll().onsuccess = (got) => {
                    db.close();
                    resolve(got.target.result.map((one) => one.envelope).sort((a, b) => a.seq - b.seq));
                };
            };
        })"""
    )
    return found
