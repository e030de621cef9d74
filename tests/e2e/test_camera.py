"""A phone's eye on another phone's screen: hand-over and rescue by camera, without a network; and when it is blind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from server.demo.supervise import Supervisor
from tests.browser import CHROMIUM, FLAGS
from tests.e2e.conftest import PHONE
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, enrol, frames, row, wait_ready_offline, wedge
from tests.e2e.test_handover import FIRST, SECOND, THIRD, WAYBILLS, orders
from tests.scan.drawing import draw, film

WIDE, HIGH = 640, 640
# Six pictures of ten a second: held up as long as the app holds its own codes up.
HELD = 6

LAMP = """
const has = MediaStreamTrack.prototype.getCapabilities;
MediaStreamTrack.prototype.getCapabilities = function () { return { ...has.call(this), torch: true }; };
const wish = MediaStreamTrack.prototype.applyConstraints;
window.lamp = [];
MediaStreamTrack.prototype.applyConstraints = function (wishes) {
  const torch = wishes?.advanced?.[0]?.torch;
  if (torch === undefined) return wish.call(this, wishes);
  window.lamp.push(torch);
  return Promise.resolve();
};
"""
"""Chromium's fake camera has no lamp: what a phone's track says of it, and what it is told, stands in for one."""
TAKEN = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.taken = false;
navigator.mediaDevices.getUserMedia = (wishes) =>
  window.taken ? Promise.reject(new DOMException('in use', 'NotReadableError')) : open(wishes);
"""
"""Only one browser runs here: that another app holds the camera is said as Chromium says it."""


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS)
    return made


@contextmanager
def _seeing(playwright: Playwright, file: Path, shown: list[str]) -> Iterator[BrowserContext]:
    """A phone before whose camera codes are held up one after the other."""
    drawn = draw(*[("QRCode", code) for code in shown])
    scenes = [(HELD, [(code, WIDE // 2 - code.width // 2, HIGH // 2 - code.height // 2)]) for code in drawn]
    film(file, scenes, width=WIDE, height=HIGH)
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={file}"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*FLAGS, *camera])
    context = browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="zh-CN", has_touch=True
    )
    context.set_default_timeout(15_000)
    context.add_init_script(LAMP + TAKEN)
    yield context
    context.close()
    browser.close()


def test_p28_p11_a_hand_over_and_a_rescue_are_read_by_the_camera(
    stage: Stage, browser: Browser, playwright: Playwright, tmp_path: Path
) -> None:
    giver = browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="zh-CN"
    ).new_page()
    giver.set_default_timeout(15_000)
    enrol(giver, stage.url, stage.enrolment_code("阿良"))
    expect(row(giver, FIRST)).to_be_visible()
    by(giver, "shift-start").click()
    expect(by(giver, "shift-start")).to_have_count(0)
    wait_ready_offline(giver)
    giver.context.set_offline(True)
    offer, rescue = _offer(giver), _rescue(giver, stage.task(THIRD)["id"])
    with _seeing(playwright, tmp_path / "camera.y4m", [*offer, *rescue]) as taker:
        page = taker.new_page()
        enrol(page, stage.url, stage.enrolment_code("Bei"))
        wait_ready_offline(page)
        taker.set_offline(True)
        page.evaluate("location.hash = '#/handover'")
        by(page, "hand-take").click()
        _cannot_see_and_then_can(taker, page)
        # Rescue codes pass before the eye as well: they are none of this, and what was collected stays.
        expect(by(page, "hand-row")).to_have_count(2, timeout=60_000)
        by(page, "hand-accept").click()
        expect(by(page, "hand-took")).to_contain_text("2 件")
        page.evaluate("location.hash = '#/rescue'")
        by(page, "rescue-camera").click()
        expect(by(page, "carried")).to_have_attribute("data-state", "waiting", timeout=60_000)
        taker.set_offline(False)
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(by(page, "carried")).to_have_attribute("data-state", "taken", timeout=30_000)
    noted = stage.call("GET", f"/api/v1/dispatch/tasks/{stage.task(THIRD)['id']}")
    assert [note["text"] for note in noted["notes"]] == ["门卫代收点在东门"]
    assert stage.task(SECOND)["courier"]["name"] == "Bei"
    giver.context.close()


def _offer(giver: Page) -> list[str]:
    """Two parcels held up for a colleague."""
    by(giver, "menu-open").click()
    by(giver, "menu-handover").click()
    by(giver, "hand-give").click()
    for waybill in (FIRST, SECOND):
        wedge(giver, waybill)
    expect(by(giver, "hand-count")).to_have_text("2")
    by(giver, "hand-show").click()
    return frames(giver)


def _rescue(giver: Page, task: str) -> list[str]:
    """What he has recorded without a signal, held up."""
    giver.evaluate(f"location.hash = '#/task/{task}'")
    by(giver, "note-open").first.click()
    by(giver, "note-input").fill("门卫代收点在东门")
    by(giver, "note-save").click()
    expect(by(giver, "note-input")).to_have_count(0)
    expect(by(giver, "saved-toast").first).to_be_visible()
    giver.evaluate("location.hash = '#/rescue'")
    by(giver, "rescue-show").click()
    return frames(giver)


def _cannot_see_and_then_can(taker: BrowserContext, page: Page) -> None:
    """Refused, then in use by another app: each is said, and tried again by one press. Then there is light."""
    expect(by(page, "camera-trouble")).to_have_attribute("data-trouble", "refused")
    taker.grant_permissions(["camera"])
    page.evaluate("window.taken = true")
    by(page, "camera-retry").click()
    expect(by(page, "camera-trouble")).to_have_attribute("data-trouble", "busy")
    page.evaluate("window.taken = false")
    by(page, "camera-retry").click()
    expect(by(page, "camera")).to_have_attribute("data-state", "on", timeout=30_000)
    by(page, "torch").click()
    expect(by(page, "torch")).to_have_attribute("aria-pressed", "true")
    by(page, "torch").click()
    expect(by(page, "torch")).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("window.lamp") == [True, False]
