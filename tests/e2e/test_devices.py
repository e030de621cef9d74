"""The desk's list of handhelds in a real browser: what each counted, what differs, and the way back (P32, P34)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import insert

from server.auth.models import Device
from server.core.db import db
from server.core.ids import uuid7
from server.demo.supervise import Supervisor
from tests.builders import assign_draft, order_draft, task_id
from tests.e2e.conftest import OpenBrowser
from tests.e2e.steps import by
from tests.e2e.test_inbox import Stage
from tests.e2e.test_screens import PICTURES, looks
from tests.people import PASSWORD
from tests.server.ops.house import Phone

WAYBILLS = [f"DV7000000{n:02d}" for n in range(8)]
MINUTE, HOUR = 60_000, 3_600_000
LIST = "/api/v1/devices"
# Typed, and drawn: how long that took, ms.
FINDING = """async (text) => {
    const field = document.querySelector('[data-testid="devices-find"]');
    const began = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    return performance.now() - began;
}"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any) -> Iterator[Stage]:
    """A morning with one handheld as it should be, and one of everything that may differ."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    made = Stage(tmp_path_factory.mktemp("devices"), sqlite_template)
    _morning(made)
    with Supervisor(say=lambda _text: None) as supervisor:
        made.start(supervisor)
        yield made
    with made.app.app_context():
        db.engine.dispose()


def _morning(stage: Stage) -> None:
    cast, now = stage.cast, int(time.time() * 1000)
    orders = [order_draft(cast.home.id, one, phone=f"1380001{at:04d}") for at, one in enumerate(WAYBILLS)]
    given = [assign_draft(one, cast.liang.id, sequence=at) for at, one in enumerate(WAYBILLS)]
    assert {result["status"] for result in stage.dora.submit(*orders, *given)} == {"applied"}

    def phone(label: str, courier: Any = cast.liang) -> Phone:
        made = Phone(cast.handheld(courier, label), courier)
        made.tape.at = now - 2 * HOUR
        return made

    _works(stage, phone("K7-01"), now)
    closed = phone("K7-02", cast.bei)
    _shift(stage, closed, tasks=0)
    counts = {"recorded": 3, "confirmed": 3, "waiting": 0, "cash_minor": 0}
    closed.tape.record("shift.closed", closed.tape.envelopes[0]["entity"], counts)
    closed.exchange(closed.tape.envelopes, last_seq=2, sent_at=now)
    forgot = phone("K7-03")
    forgot.exchange(last_seq=9, sent_at=now), forgot.exchange(last_seq=5, sent_at=now)
    late = phone("K7-04")
    late.exchange(last_seq=0, sent_at=now - 7 * MINUTE)
    _revoked(stage, phone("K7-05"), now)
    phone("K7-06 备用机")


def _shift(stage: Stage, phone: Phone, tasks: int) -> None:
    payload = {"station": stage.cast.home.id, "tasks": tasks}
    phone.tape.record("shift.started", f"shift:{uuid7()}", payload)


def _works(stage: Stage, phone: Phone, now: int) -> None:
    """211 of 214 have arrived, as the handheld itself would say."""
    _shift(stage, phone, tasks=8)
    for one in range(210):
        phone.tape.record("task.noted", f"task:{task_id(WAYBILLS[one % 4])}", {"text": f"备注 {one}"})
    for start in range(0, 211, 100):
        phone.exchange(phone.tape.envelopes[start : start + 100], start + 1, last_seq=214, sent_at=now)


def _revoked(stage: Stage, phone: Phone, now: int) -> None:
    """Four deliveries that were handed in after the handheld was taken away."""
    phone.exchange(last_seq=0, sent_at=now)
    for waybill in WAYBILLS[4:]:
        phone.tape.delivered(waybill)
    assert stage.dora.post(f"{LIST}/{phone.handheld.device}/revoke").status_code == 204
    phone.exchange(phone.tape.envelopes, last_seq=4, sent_at=now)


def _list(page: Page, stage: Stage, person: str = "dora") -> None:
    page.goto(stage.url + "/dispatch")
    by(page, "login-user").fill(person)
    by(page, "login-password").fill(PASSWORD)
    by(page, "login-submit").click()
    by(page, "devices-open").click()


def _row(page: Page, label: str) -> Locator:
    return by(page, "device-row").filter(has_text=label)


def _kinds(row: Locator) -> list[str]:
    return [one.get_attribute("data-kind") or "" for one in row.locator("[data-kind]").all()]


def _numbers(row: Locator) -> list[str]:
    return [
        text.replace("\n", "") for text in row.get_by_test_id("device-counts").locator("dd").all_inner_texts()
    ]


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_p32_the_list_says_what_each_handheld_recorded_and_names_what_differs(
    stage: Stage, open_browser: OpenBrowser, size: str
) -> None:
    page = open_browser(size).pages[0]
    _list(page, stage)
    expect(_row(page, "K7-01")).to_be_visible()
    assert _numbers(_row(page, "K7-01")) == ["214", "211", "3"]
    assert _numbers(_row(page, "K7-06")) == ["0", "0", "–not told"]
    differing = {label: _kinds(_row(page, label)) for label in (f"K7-0{n}" for n in range(1, 7))}
    assert differing == {
        "K7-01": [],
        "K7-02": ["told"],
        "K7-03": ["lost"],
        "K7-04": ["skew_slow"],
        "K7-05": ["releasable"],
        "K7-06": [],
    }
    looks(page, f"devices-1-list-{size}")
    by(page, "devices-differing").click()
    expect(by(page, "device-row")).to_have_count(4)
    _row(page, "K7-03").get_by_role("button", name="lost").click()
    expect(page.locator('[data-testid="case-detail"] h2')).to_be_visible()


def test_p32_two_hundred_handhelds_can_be_looked_through(stage: Stage, open_browser: OpenBrowser) -> None:
    ids = [uuid7() for _ in range(200)]
    rows = [
        {"id": one, "station_id": stage.cast.away.id, "user_id": stage.cast.far_courier.id, "head_seq": 0}
        | {"credential_hash": f"{at:064d}", "enrolled_at": at, "label": f"N-{at:03d}"}
        for at, one in enumerate(ids)
    ]
    with stage.app.app_context(), db.engine.begin() as connection:
        connection.execute(insert(Device), rows)
    page = open_browser("desk", locale="en-GB").pages[0]
    _list(page, stage, "ning")
    expect(by(page, "device-row")).to_have_count(200)
    took = page.evaluate(FINDING, "N-17")
    expect(by(page, "device-row")).to_have_count(10)
    assert took < 1_000, f"{took} ms until the list of two hundred was another one"
    by(page, "devices-find").fill("")
    looks(page, "devices-2-many", languages=("zh",), axe=False)
    by(page, "devices-find").fill("nobody")
    expect(page.get_by_text("没有符合的设备")).to_be_visible()


def test_p32_before_it_is_read_when_it_cannot_be_and_when_there_is_none(
    stage: Stage, open_browser: OpenBrowser
) -> None:
    page = open_browser("phone").pages[0]
    answers = Answers()
    page.route(re.compile(f"{LIST}$"), answers.give)
    _list(page, stage)
    expect(page.locator(".ghost").first).to_be_attached()
    looks(page, "devices-3-loading", languages=("en",), axe=False)
    answers.become(status=500, body="")
    expect(page.get_by_text("Devices could not be read.")).to_be_visible()
    looks(page, "devices-4-unread")
    answers.become(json={"devices": []})
    # The desk asks again by itself; whoever presses "Try again" is only sooner.
    expect(page.get_by_text("No handheld yet")).to_be_visible(timeout=20_000)
    looks(page, "devices-5-none", axe=False)


class Answers:
    """What the server is made to say: nothing at first, then what it becomes, also to those who still wait."""

    def __init__(self) -> None:
        self.held: list[Route] = []
        self.said: dict[str, Any] | None = None

    def give(self, route: Route) -> None:
        if self.said is None:
            self.held.append(route)
        else:
            route.fulfill(**self.said)

    def become(self, **said: Any) -> None:
        self.said, waiting, self.held = said, self.held, []
        for route in waiting:
            route.fulfill(**said)


def test_p34_what_a_revoked_handheld_handed_in_is_let_count_by_keyboard(
    stage: Stage, open_browser: OpenBrowser
) -> None:
    page = open_browser("desk").pages[0]
    _list(page, stage)
    gone = _row(page, "K7-05")
    gone.get_by_test_id("device-release").focus()
    page.keyboard.press("Enter")
    by(page, "release-go").click()
    expect(gone.get_by_role("alert")).to_have_text("Give a reason.")
    gone.scroll_into_view_if_needed()
    looks(page, "devices-6-release", widths=(390, 1440))
    by(page, "release-reason").fill("已向快递员核实")
    page.keyboard.press("Control+Enter")
    expect(gone.get_by_role("status")).to_contain_text("4 count now.")
    looks(page, "devices-7-released", axe=False)
    expect(gone.get_by_test_id("device-release")).to_have_count(0)
    statuses = {task_id(one): _status(stage, one) for one in WAYBILLS[4:]}
    assert set(statuses.values()) == {"delivered"}
    assert stage.cases(kind="quarantined") == []


def _status(stage: Stage, waybill: str) -> str:
    found = stage.dora.get(f"/api/v1/dispatch/tasks/{task_id(waybill)}")
    return str(found.json["status"])


def test_p32_without_a_network_the_list_stays_and_says_how_old_it_is(
    stage: Stage, open_browser: OpenBrowser
) -> None:
    context = open_browser("desk")
    page = context.pages[0]
    _list(page, stage)
    expect(_row(page, "K7-01")).to_be_visible()
    context.set_offline(True)
    row = _row(page, "K7-01")
    row.get_by_test_id("device-logout").click()
    expect(row.get_by_role("alert")).to_be_visible()
    assert _numbers(row) == ["214", "211", "3"]
    looks(page, "devices-8-offline")
