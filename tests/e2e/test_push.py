"""A new task wakes the closed app: Chromium shows what the worker was told, and a tap opens the right task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from server.demo.supervise import Supervisor
from tests.e2e.conftest import OpenBrowser
from tests.e2e.pushes import Tray, deliver, registration_of
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, enrol, row, wait_ready_offline
from tests.e2e.test_story import WAYBILLS, orders

PERMISSIONS = ["notifications", "background-sync", "camera", "geolocation"]


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", WAYBILLS[0])
    return made


def tap(context: BrowserContext) -> str | None:
    """What the system does when a person taps the notification: the event, in the worker, with that notification.

    Only a finger may open a window or raise one, so these two calls are noted instead; answers what was to be opened.
    """
    (worker,) = [one for one in context.service_workers if one.url.endswith("/sw.js")]
    opened: str | None = worker.evaluate(
        """async () => {
            let opened = null;
            Clients.prototype.openWindow = async (url) => void (opened = url);
            WindowClient.prototype.focus = async function () { return this; };
            const [notification] = await self.registration.getNotifications();
            const event = new NotificationEvent('notificationclick', { notification });
            self.dispatchEvent(event);
            await new Promise((resolve) => setTimeout(resolve, 300));
            return opened;
        }"""
    )
    return opened


def notice(task: str, **over: Any) -> dict[str, Any]:
    """A payload as server/notifications/policy.py makes it."""
    return {
        "id": "one",
        "kind": "task_new",
        "lang": "zh",
        "tag": "list",
        "url": f"/#/task/{task}",
        "title": "新任务 1 个",
        "body": "点开查看",
        **over,
    }


def test_a_push_wakes_the_app_and_its_tap_opens_the_task(stage: Stage, open_browser: OpenBrowser) -> None:
    context = open_browser("phone")
    context.grant_permissions(PERMISSIONS, origin=stage.url)
    phone = context.pages[0]
    enrol(phone, stage.url, stage.enrolment_code("阿良"))
    expect(row(phone, WAYBILLS[0])).to_be_visible()
    wait_ready_offline(phone)
    beside = context.new_page()
    beside.goto(stage.url + "/dispatch")
    devtools = context.new_cdp_session(beside)
    registration = registration_of(devtools, beside, f"{stage.url}/")

    tray = Tray(context, "/sw.js")

    # The app is open to be seen: nothing is shown over it, the list draws the new task by itself.
    phone.bring_to_front()
    stage.assign("阿良", WAYBILLS[1])
    deliver(devtools, stage.url, registration, notice(stage.task(WAYBILLS[1])["id"]))
    expect(by(phone, "saved-toast")).to_contain_text("新任务 1 个")
    expect(row(phone, WAYBILLS[1])).to_be_visible()
    assert tray.after(0) == []

    # The app is closed. A push is shown; the next one about the list takes its place.
    phone.close()
    stage.assign("阿良", WAYBILLS[2])
    task = stage.task(WAYBILLS[2])["id"]
    deliver(devtools, stage.url, registration, notice("another", id="two"))
    deliver(devtools, stage.url, registration, notice(task, id="three"))
    (seen,) = tray.after(2)
    assert (seen["title"], seen["body"], seen["tag"], seen["lang"]) == (
        "新任务 1 个",
        "点开查看",
        "list",
        "zh-CN",
    )
    assert seen["data"] == {"id": "three", "kind": "task_new", "url": f"/#/task/{task}"}
    opened = tap(context)
    assert opened == f"/#/task/{task}"
    assert tray.after(0) == [], "a tapped notification goes away"
    again = context.new_page()
    again.goto(stage.url + opened)
    expect(again.get_by_text(WAYBILLS[2][-4:]).first).to_be_visible()
    expect(by(again, "primary")).to_be_visible()

    # It is open again, somewhere else: the tap leads the open page there, and no second one is opened.
    other = stage.task(WAYBILLS[1])["id"]
    show = """async ([title, options]) =>
        (await navigator.serviceWorker.getRegistration('/')).showNotification(title, options)"""
    beside.evaluate(show, ["新任务 1 个", {"tag": "list", "data": {"url": f"/#/task/{other}"}}])
    assert tap(context) is None
    again.wait_for_url(f"{stage.url}/#/task/{other}")
    expect(again.get_by_text(WAYBILLS[1][-4:]).first).to_be_visible()
    again.close()

    # What nobody can read, or what points elsewhere, is shown as news and leads home.
    for odd in (
        "",
        "not json",
        notice(task, url="https://evil.example/"),
        notice(task, url="//evil.example/"),
    ):
        deliver(devtools, stage.url, registration, odd)
        (seen,) = tray.after(1)
        assert seen["title"] == "Doorstep" and "evil" not in json.dumps(seen)
        assert tap(context) == "/#/"


def test_without_a_push_service_the_switch_says_so(stage: Stage, open_browser: OpenBrowser) -> None:
    context = open_browser("phone")
    context.grant_permissions(PERMISSIONS, origin=stage.url)
    phone = context.pages[0]
    enrol(phone, stage.url, stage.enrolment_code("阿良"))
    wait_ready_offline(phone)
    by(phone, "menu-open").click()
    by(phone, "menu-settings").click()
    expect(by(phone, "push-said")).to_have_text("有新任务、任务有变化时，手机会响。")
    by(phone, "push-on").click()
    expect(by(phone, "push-said")).to_have_attribute("data-standing", "timeout", timeout=30_000)
    expect(by(phone, "push-said")).to_contain_text("连不上推送服务，没有开启。")
