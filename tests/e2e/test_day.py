"""Doors that are not the plain case: a code, several parcels at once, pieces that stay behind, a consent asked for, an
attempt that is checked before the courier leaves, and a problem parcel. Without a network for all but asking."""

from __future__ import annotations

import base64
import struct
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from server.auth import queries as auth_queries
from server.core import pins
from server.demo.supervise import Supervisor
from tests.builders import assign_draft, order_draft, task_id
from tests.e2e.conftest import OpenBrowser
from tests.e2e.proxy import Line
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, draw, enrol, row, wait_ready_offline
from tests.e2e.test_requests import orders as somebody_else_s

SECURED, ONE, TWO, THREE, ASKED, FAILED, BROKEN = (f"SFD000000{n}" for n in range(1, 8))


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    return set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", somebody_else_s())


def test_the_doors_that_are_not_the_plain_case(stage: Stage, open_browser: OpenBrowser) -> None:
    code = orders(stage)
    line = Line(stage.port)
    phone = open_browser("phone").pages[0]
    enrol(phone, line.url, stage.enrolment_code("阿良"))
    expect(row(phone, SECURED)).to_be_visible()
    wait_ready_offline(phone)
    by(phone, "shift-start").click()
    expect(by(phone, "next-card")).to_be_visible()
    line.cut()
    for_a_code(phone, code)
    two_at_once(phone)
    two_of_three_pieces(phone)
    checked_before_leaving(phone)
    a_problem(phone)
    line.mend()
    synced(phone)
    asked_at_the_door(stage, phone)
    synced(phone)

    status = {waybill: stage.task(waybill)["status"] for waybill in (SECURED, ONE, TWO, THREE, ASKED)}
    assert set(status.values()) == {"delivered"}, status
    assert stage.task(FAILED)["status"] == "attempt_failed"
    cases = stage.call("GET", "/api/v1/dispatch/conflicts?status=open")["conflicts"]
    assert sorted(one["kind"] for one in cases) == ["partial", "problem"]
    both = [signed(stage, waybill) for waybill in (ONE, TWO)]
    assert both[0]["signature"] == both[1]["signature"] and both[0]["together"] is True
    assert signed(stage, ASKED)["consent"] == "asked"
    assert "pin" not in signed(stage, SECURED)
    tells_no_place(stage, BROKEN)


def orders(stage: Stage) -> str:
    """Seven parcels of one customer at one door; answers the code of the first."""
    with stage.inside():
        station = auth_queries.station_by_code("HZ01")
        assert station is not None
        code = pins.of_task(task_id(SECURED))
    more = {SECURED: {"pin_required": True}, THREE: {"pieces": 3}}
    waybills = (SECURED, ONE, TWO, THREE, ASKED, FAILED, BROKEN)
    made = [order_draft(station.id, waybill, requests=[], **more.get(waybill, {})) for waybill in waybills]
    assert {one["status"] for one in stage.operations(*made)} == {"applied"}
    courier = stage.courier("阿良")
    given = [assign_draft(waybill, courier, sequence=at) for at, waybill in enumerate(waybills, start=1)]
    assert {one["status"] for one in stage.operations(*given)} == {"applied"}
    return code


def opens(page: Page, waybill: str) -> None:
    """By its address: where a task stands on the list depends on what was done before."""
    page.evaluate("id => (location.hash = `#/task/${id}`)", task_id(waybill))
    expect(by(page, "primary")).to_be_visible()


def save(page: Page) -> None:
    by(page, "primary").click()
    at_home(page)


def at_home(page: Page) -> None:
    """Saved, and back at the list."""
    expect(by(page, "saved-toast").first).to_be_visible()
    page.wait_for_function("() => location.hash === '#/' || location.hash === ''")


def for_a_code(phone: Page, code: str) -> None:
    opens(phone, SECURED)
    by(phone, "recipient-self").click()
    phone.keyboard.press("ArrowRight")
    expect(phone.get_by_role("radio", name="家人")).to_be_checked()
    phone.keyboard.press("ArrowLeft")
    expect(phone.get_by_role("radio", name="本人")).to_be_checked()
    draw(phone)
    by(phone, "pin").fill("000000" if code != "000000" else "111111")
    expect(phone.get_by_text("取件码不对。")).to_be_visible()
    expect(by(phone, "primary")).to_have_attribute("data-step-next", "pin")
    by(phone, "pin").fill(code)
    expect(by(phone, "pin-right")).to_be_visible()
    save(phone)


def two_at_once(phone: Page) -> None:
    opens(phone, ONE)
    by(phone, "together-some").click()
    others = by(phone, "together-one")
    expect(others).to_have_count(5)
    others.first.check()
    by(phone, "recipient-self").click()
    draw(phone)
    save(phone)
    expect(phone.get_by_text("已签收 2 件").first).to_be_visible()


def two_of_three_pieces(phone: Page) -> None:
    opens(phone, THREE)
    by(phone, "recipient-self").click()
    draw(phone)
    by(phone, "pieces-fewer").click()
    expect(by(phone, "primary")).to_have_attribute("data-step-next", "rest")
    by(phone, "rest-SHORT").click()
    save(phone)


def checked_before_leaving(phone: Page) -> None:
    opens(phone, FAILED)
    by(phone, "problem-open").click()
    by(phone, "reason-NOT_HOME").click()
    expect(by(phone, "check-calls")).to_have_attribute("data-done", "false")
    # This browser has no telephone, and its question which program to use would lie over the page.
    phone.evaluate(
        "addEventListener('click', (e) => e.target.closest('a[href^=tel]') && e.preventDefault(), true)"
    )
    by(phone, "problem-call").click()
    expect(by(phone, "check-calls")).to_have_attribute("data-done", "true")
    expect(by(phone, "check-dwell_s")).to_have_attribute("data-done", "false")
    by(phone, "problem-save").click()
    at_home(phone)


def a_problem(phone: Page) -> None:
    opens(phone, BROKEN)
    by(phone, "problem-open").click()
    by(phone, "reason-DAMAGED").click()
    by(phone, "photo-input").set_input_files(
        {"name": "box.jpg", "mimeType": "image/jpeg", "buffer": with_its_place(phone)}
    )
    expect(by(phone, "check-photos")).to_have_attribute("data-done", "true")
    by(phone, "problem-save").click()
    at_home(phone)
    expect(phone.get_by_text("已记为问题件").first).to_be_visible()


PLACE = b"30.274100N120.155100E"


def with_its_place(page: Page) -> bytes:
    """A photo as a telephone's camera makes it: where it was taken stands in its head."""
    drawn: str = page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(640, 480);
            canvas.getContext('2d').fillRect(80, 80, 320, 240);
            const file = await canvas.convertToBlob({ type: 'image/jpeg' });
            return btoa(String.fromCharCode(...new Uint8Array(await file.arrayBuffer())));
        }"""
    )
    photo = base64.b64decode(drawn)
    # One directory that names another, of the place; in that one the letter N.
    first = struct.pack(">HHHIII", 1, 0x8825, 4, 1, 26, 0)
    second = struct.pack(">HHHI4sI", 1, 1, 2, 2, b"N", 0)
    head = b"Exif\0\0MM\0*" + struct.pack(">I", 8) + first + second + PLACE
    return photo[:2] + b"\xff\xe1" + struct.pack(">H", len(head) + 2) + head + photo[2:]


def tells_no_place(stage: Stage, waybill: str) -> None:
    """What the handheld kept and hashed: the place is in its record, not in the file."""
    timeline = stage.call("GET", f"/api/v1/dispatch/tasks/{task_id(waybill)}")["timeline"]
    [photo] = next(one["payload"]["photos"] for one in timeline if one["type"] == "task.problem_reported")
    [kept] = [file for file in (stage.folder / "data").rglob(f"{photo}*") if file.is_file()]
    content = kept.read_bytes()
    assert sha256(content).hexdigest() == photo
    assert content[:2] == b"\xff\xd8"
    assert b"Exif" not in content and PLACE not in content


def asked_at_the_door(stage: Stage, phone: Page) -> None:
    opens(phone, ASKED)
    by(phone, "recipient-neighbour").click()
    expect(by(phone, "primary")).to_have_attribute("data-step-next", "consent")
    by(phone, "consent-ask").click()
    expect(phone.get_by_text("已询问，客户回答后会自动显示。")).to_be_visible()
    made = stage.call("POST", "/api/v1/tracking/links", {"task": task_id(ASKED)})
    customer = phone.context.new_page()
    for _ in range(20):
        customer.goto(stage.url + made["url"][made["url"].index("/t/") :])
        if by(customer, "question").count():
            break
        customer.wait_for_timeout(500)
    by(customer, "question").get_by_role("button", name="可以", exact=True).click()
    expect(customer.locator("#said")).to_be_visible()
    customer.close()
    phone.bring_to_front()
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    expect(by(phone, "consent-on-record")).to_be_visible(timeout=15_000)
    draw(phone)
    expect(by(phone, "primary")).to_have_attribute("data-step-next", "save")
    save(phone)


def synced(page: Page) -> None:
    """The network is back, and nothing waits for it any more."""
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(by(page, "sync-mark")).not_to_have_attribute("data-state", "saved", timeout=20_000)
    page.wait_for_timeout(600)


def signed(stage: Stage, waybill: str) -> dict[str, object]:
    """What the desk is told of a sign-off."""
    timeline = stage.call("GET", f"/api/v1/dispatch/tasks/{task_id(waybill)}")["timeline"]
    [said] = [one["payload"] for one in timeline if one["type"] == "task.delivered"]
    return dict(said)
