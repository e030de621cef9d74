"""Customer service in a real browser: find, read, write, decide, look behind the masks; looked at in every light."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.core.ids import uuid7
from server.demo.supervise import Supervisor
from tests.builders import wish
from tests.e2e.conftest import PHONE, OpenBrowser
from tests.e2e.stage import PASSWORD, Stage, set_up
from tests.e2e.steps import by, log_in
from tests.e2e.test_screens import looks
from tests.e2e.test_story import WAYBILLS, orders

HOSTILE = '<img src=x onerror="document.title=1"><b>后门</b>'
PICTURES = Path(__file__).parents[2] / "test-results" / "screens"


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    PICTURES.mkdir(parents=True, exist_ok=True)
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.hire(("chen", "陈晨", "csr"), ("ada", "Ada", "admin"))
    made.assign("阿良", *WAYBILLS[:5])
    return made


def customer(stage: Stage, text: str) -> dict[str, Any]:
    found = stage.call("GET", f"/api/v1/dispatch/customers?q={text}")["customers"]
    assert len(found) == 1, found
    one: dict[str, Any] = stage.call("GET", f"/api/v1/dispatch/customers/{found[0]['id']}")
    return one


def propose(stage: Stage, whose: str, text: str, kind: str = "other") -> None:
    payload = wish(request=uuid7(), kind=kind, text=text, source="merchant", state="proposed")
    draft = {"type": "customer.request_set", "v": 2, "entity": f"customer:{whose}", "payload": payload}
    [result] = stage.operations(draft)
    assert result["status"] == "applied", result


def set_tier(stage: Stage, whose: dict[str, Any], tier: str) -> dict[str, Any]:
    names = ("kind", "name", "phone", "email", "language", "tier", "contacts", "tags")
    seen = {name: whose[name] for name in names}
    draft = {
        "type": "customer.profile_set",
        "entity": f"customer:{whose['id']}",
        "payload": {**seen, "tier": tier},
        "base": seen,
    }
    [result] = stage.operations(draft)
    return result


def customers(page: Page, url: str, rest: str = "") -> None:
    page.goto(f"{url}/dispatch#/customers{rest}")
    expect(by(page, "crm-tab-customers")).to_be_attached()


def test_the_day_of_customer_service(stage: Stage, open_browser: OpenBrowser) -> None:
    first, second = customer(stage, "0001"), customer(stage, "0002")
    propose(stage, second["id"], HOSTILE)
    propose(stage, first["id"], "周一不在")
    page = open_browser("desk").pages[0]
    log_in(page, stage.url, "chen", PASSWORD)
    customers(page, stage.url)

    # Found by the last four digits; the screen is there, masked.
    expect(by(page, "crm-row")).to_have_count(6)
    by(page, "crm-search").fill("0001")
    expect(by(page, "crm-row")).to_have_count(1)
    by(page, "crm-row").click()
    expect(by(page, "crm-name")).to_have_text(re.compile(r"\*"))
    expect(by(page, "crm-phone")).not_to_contain_text("12000000001")
    expect(by(page, "crm-touch").first).to_be_visible()

    # The profile is changed without revealing anything; what is masked stays as it is.
    by(page, "profile-edit").click()
    expect(by(page, "profile-name")).to_be_disabled()
    by(page, "profile-tier").select_option("key")
    by(page, "profile-tags").fill("冷链, 老客户")
    by(page, "profile-save").click()
    expect(by(page, "crm-outcome")).to_contain_text("已保存")
    expect(by(page, "profile-form")).to_have_count(0)
    changed = customer(stage, "0001")
    assert (changed["tier"], changed["tags"]) == ("key", ["冷链", "老客户"])

    # Somebody else changes the same meanwhile: the fields are named, the case is one press away, the words stay.
    by(page, "profile-edit").click()
    by(page, "profile-tier").select_option("monthly")
    by(page, "profile-tags").fill("冷链, 老客户, 周五")
    assert set_tier(stage, changed, "casual")["status"] == "applied"
    by(page, "profile-save").click()
    expect(by(page, "crm-outcome")).to_contain_text("等级")
    expect(by(page, "profile-tags")).to_have_value("冷链, 老客户, 周五")
    expect(by(page, "crm-case-link")).to_be_visible()
    expect(by(page, "crm-case")).to_have_count(1)

    # Without a network nothing typed is lost, and the second try is the same operation.
    by(page, "request-add").click()
    by(page, "request-kind").select_option("other")
    by(page, "request-text").fill("周五送到后门")
    page.context.set_offline(True)
    by(page, "request-save").click()
    expect(page.get_by_text("你填的都还在").first).to_be_visible()
    expect(by(page, "request-text")).to_have_value("周五送到后门")
    page.context.set_offline(False)
    by(page, "request-save").click()
    expect(by(page, "request-form")).to_have_count(0)
    expect(by(page, "crm-request").filter(has_text="周五送到后门")).to_have_count(1)

    # Behind the masks: first a reason, then the clear values, also in the form that is open; they go with the screen.
    by(page, "reveal-open").click()
    by(page, "reveal-go").click()
    expect(page.get_by_text("请写一句原因")).to_be_visible()
    by(page, "reveal-reason").fill("客户来电核对")
    by(page, "reveal-go").click()
    expect(by(page, "profile-phone")).to_have_value("12000000001")
    expect(by(page, "profile-phone")).to_be_enabled()
    expect(by(page, "profile-tags")).to_have_value("冷链, 老客户, 周五")
    by(page, "profile-form").get_by_role("button", name="取消").click()
    expect(by(page, "crm-phone")).to_contain_text("12000000001")

    # The queue: j to the second, y accepts, x declines; HTML is text; what was done can be taken back.
    by(page, "crm-tab-proposals").click()
    expect(by(page, "proposal")).to_have_count(2)
    expect(by(page, "proposal").first).to_contain_text(HOSTILE)
    page.keyboard.press("j")
    page.keyboard.press("y")
    expect(by(page, "proposal")).to_have_count(1)
    page.keyboard.press("x")
    expect(page.get_by_text("没有待定的要求")).to_be_visible()
    kept = {one["text"]: (one["state"], one["active"]) for one in customer(stage, "0001")["requests"]}
    assert kept["周一不在"] == ("accepted", True)
    gone = {one["text"]: one["active"] for one in customer(stage, "0002")["requests"]}
    assert gone[HOSTILE] is False
    page.get_by_role("button", name="撤销").click()
    expect(by(page, "proposal")).to_have_count(1)
    assert page.title() != "1"

    # The admin sees who looked.
    admin = open_browser("desk", name="admin").pages[0]
    log_in(admin, stage.url, "ada", PASSWORD)
    customers(admin, stage.url, "?show=audit")
    expect(by(admin, "audit-row")).to_have_count(1)
    expect(by(admin, "audit-row")).to_contain_text("客户来电核对")


@pytest.mark.parametrize("kind", ["desk", "phone"])
def test_every_screen_of_the_customers(stage: Stage, open_browser: OpenBrowser, kind: str) -> None:
    one = customer(stage, "0001")
    propose(stage, one["id"], HOSTILE, "leave_at_reception")
    set_tier(stage, one, "key")
    assert set_tier(stage, one, "monthly")["status"] == "conflict"
    consent = {"consent": uuid7(), "kind": "reception", "given": True, "source": "paper", "note": "门卫"}
    stage.operations({"type": "customer.consent_set", "entity": f"customer:{one['id']}", "payload": consent})
    page = open_browser("desk").pages[0]
    if kind == "phone":
        page.set_viewport_size(PHONE)
    log_in(page, stage.url, "ada", PASSWORD)
    by(page, "lang-zh").click()
    customers(page, stage.url)
    expect(by(page, "crm-row").first).to_be_visible()
    looks(page, f"customers-1-list-{kind}")
    by(page, "crm-row").first.click()
    expect(by(page, "crm-touch").first).to_be_visible()
    looks(page, f"customers-2-one-{kind}")
    by(page, "profile-edit").click()
    by(page, "contact-add").click()
    by(page, "profile-save").click()
    looks(page, f"customers-3-profile-{kind}")
    by(page, "request-add").click()
    by(page, "request-scope").select_option("weekdays")
    by(page, "request-save").click()
    looks(page, f"customers-4-request-{kind}")
    by(page, "consent-open").click()
    by(page, "reveal-open").click()
    looks(page, f"customers-5-consent-reveal-{kind}")
    small = page.evaluate(
        "[...document.querySelectorAll('.detail button, .detail select, .detail input')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 47.5)"
        ".map(e => e.outerHTML.slice(0, 90))"
    )
    assert kind == "desk" or small == []
    customers(page, stage.url, "?show=proposals")
    expect(by(page, "proposal")).to_be_visible()
    looks(page, f"customers-6-proposals-{kind}")
    customers(page, stage.url, "?show=audit")
    looks(page, f"customers-7-audit-empty-{kind}")
    customers(page, stage.url, "?q=nobody")
    looks(page, f"customers-8-none-{kind}")
    customers(page, stage.url, f"?id={uuid7()}&pane=detail")
    expect(page.locator(".detail .empty")).to_be_visible()
    looks(page, f"customers-9-gone-{kind}")
