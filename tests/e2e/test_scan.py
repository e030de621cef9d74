"""One scan engine on a phone without a signal: camera, scanner, keyboard; verdicts are said, bad codes are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from server.demo.supervise import Supervisor
from tests.browser import CHROMIUM, FLAGS
from tests.e2e.conftest import PHONE
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, enrol, row, sign_off, wait_ready_offline, wedge
from tests.e2e.test_screens import looks
from tests.e2e.test_story import WAYBILLS, orders
from tests.scan.drawing import Grey, draw, film

MINE, TWIN, THIRD, FOURTH, RECALLED = WAYBILLS[:5]
OTHERS = WAYBILLS[5]
STRANGER = "ZT7311234567"


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS[:5])
    made.assign("Bei", OTHERS)
    return made


def _middle(picture: Grey) -> tuple[Grey, int, int]:
    return picture, 320 - picture.width // 2, 240 - picture.height // 2


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """A phone whose camera sees one parcel after the other, and once two codes on one label."""
    mine, twin, third, stranger = draw(
        ("Code128", MINE), ("QRCode", TWIN), ("Code128", THIRD), ("Code128", STRANGER)
    )
    seen = tmp_path / "camera.y4m"
    label = [(stranger, 190, 190), (third, 190, 310)]
    film(seen, [(8, [_middle(mine)]), (2, []), (8, [_middle(twin)]), (2, []), (8, label), (2, [])])
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        headless=True,
        args=[
            *FLAGS,
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={seen}",
        ],
    )
    context = browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        has_touch=True,
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()
    browser.close()


def _picture(page: Page, name: str, language: str = "zh") -> None:
    looks(page, name, languages=[language])


def _said(page: Page) -> str:
    return by(page, "verdict").first.get_attribute("data-verdict") or ""


def _scan(page: Page, code: str, verdict: str) -> None:
    wedge(page, code)
    expect(page.locator(f'[data-testid="verdict"][data-waybill="{code}"]').first).to_have_attribute(
        "data-verdict", verdict
    )


def test_codes_come_in_by_camera_scanner_and_hand_without_a_signal(
    stage: Stage, phone: BrowserContext
) -> None:
    page = phone.new_page()
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    enrol(page, stage.url, stage.enrolment_code("阿良"))
    expect(row(page, MINE)).to_be_visible()
    cancelled = {
        "type": "task.cancelled",
        "entity": f"task:{stage.task(RECALLED)['id']}",
        "payload": {"reason": "寄件人拦截"},
    }
    assert [one["status"] for one in stage.operations(cancelled)] == ["applied"]
    wait_ready_offline(page)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator(f'[data-waybill="{RECALLED}"][data-status="assigned"]')).to_have_count(
        0, timeout=20_000
    )
    phone.set_offline(True)
    page.reload()
    expect(row(page, MINE)).to_be_visible()

    _a_refused_camera_is_told_and_typing_goes_on(page)
    _one_parcel_at_a_time(phone, page)
    _one_after_the_other(page)
    by(page, "scan-done").click()
    expect(by(page, "scan-screen")).to_have_count(0)
    _by_scanner_over_the_list(page)
    _of_another_route_and_signed(page, stage.task(TWIN)["id"])
    _in_english(page)
    assert all(address.startswith((stage.url, "blob:", "data:")) for address in asked), asked


def _a_refused_camera_is_told_and_typing_goes_on(page: Page) -> None:
    by(page, "scan-open").click()
    expect(by(page, "camera-trouble")).to_have_attribute("data-trouble", "refused")
    _picture(page, "scan-1-refused")
    # Two digits swapped: the parcel that is meant is offered, the one typed may be checked all the same.
    by(page, "scan-input").fill(FOURTH[:-2] + FOURTH[-1] + FOURTH[-2])
    expect(by(page, "scan-guess").first).to_contain_text(FOURTH)
    _picture(page, "scan-2-typed")
    by(page, "scan-guess").first.click()
    expect(by(page, "verdict").first).to_have_attribute("data-waybill", FOURTH)
    by(page, "scan-close").click()


def _one_parcel_at_a_time(phone: BrowserContext, page: Page) -> None:
    phone.grant_permissions(["camera"])
    by(page, "scan-open").click()
    expect(by(page, "camera")).to_have_attribute("data-state", "on", timeout=30_000)
    expect(by(page, "scan-go")).to_be_visible(timeout=30_000)
    assert by(page, "verdict").first.get_attribute("data-waybill") in {MINE, TWIN, THIRD}
    assert _said(page) == "mine"
    _picture(page, "scan-3-single")
    by(page, "scan-undo").click()
    expect(page.locator('[data-testid="scan-last"][data-undone="true"]')).to_have_count(1)


def _one_after_the_other(page: Page) -> None:
    """Each is taken once while it is in sight; of the label's two codes the one on the list is the parcel."""
    page.get_by_test_id("scan-batch").check(force=True)
    count = by(page, "scan-count")
    expect(count).to_have_attribute("data-count", "3", timeout=30_000)
    read = page.locator('[data-testid="scan-last"], [data-testid="verdict"]')
    expect(read.filter(has_text=STRANGER[-4:])).to_have_count(0)
    expect(page.locator('[data-testid="scan-last"][data-verdict="mine"]').first).to_be_visible()
    _picture(page, "scan-4-batch")
    taken = int(count.get_attribute("data-count") or 0)
    # A code that is already taken may come into sight again meanwhile: the camera rests while this is looked at.
    page.evaluate(
        "document.querySelector('[data-testid=camera]').srcObject.getTracks().forEach(t => t.stop())"
    )
    by(page, "scan-undo").click()
    expect(page.locator('[data-testid="scan-last"][data-undone="true"]').first).to_be_visible()
    assert int(count.get_attribute("data-count") or 0) <= taken


def _by_scanner_over_the_list(page: Page) -> None:
    wedge(page, "https://example.com/welcome")
    expect(by(page, "no-number")).to_have_attribute("data-trouble", "address")
    _picture(page, "scan-5-address")
    wedge(page, "RB123456786GB")
    expect(by(page, "verdict").first).to_have_attribute("data-verdict", "unknown")
    expect(by(page, "verdict").first).to_contain_text("校验位")
    # Over a sheet: heard and pressed all the same.
    by(page, "menu-open").click()
    _scan(page, FOURTH, "duplicate")
    expect(page.locator("dialog[open] [aria-live=assertive]")).to_contain_text(FOURTH[-4:])
    by(page, "verdict-undo").click()
    expect(by(page, "verdict")).to_have_count(0)
    _scan(page, FOURTH, "duplicate")
    by(page, "verdict-open").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    by(page, "back").click()
    wedge(page, RECALLED)
    expect(by(page, "recall-acknowledge")).to_be_visible()
    _picture(page, "scan-6-recalled")
    by(page, "recall-acknowledge").click()
    expect(by(page, "recall-acknowledge")).to_have_count(0)


def _of_another_route_and_signed(page: Page, twin: str) -> None:
    """The first is known from the station's list; the second he has signed off himself, unheard as yet."""
    _scan(page, OTHERS, "other_route")
    _picture(page, "scan-9-other")
    page.evaluate(f"location.hash = '#/task/{twin}'")
    sign_off(page)
    _scan(page, TWIN, "signed")
    _picture(page, "scan-10-signed")


def _in_english(page: Page) -> None:
    page.evaluate("localStorage.setItem('doorstep.language', 'en')")
    page.reload()
    expect(by(page, "sync-mark")).to_be_visible()
    wedge(page, STRANGER)
    expect(by(page, "verdict").first).to_contain_text("Unknown")
    by(page, "scan-open").click()
    expect(by(page, "scan-count")).not_to_have_attribute("data-count", "0", timeout=30_000)
    _picture(page, "scan-7-batch", "en")
    by(page, "scan-type").click()
    by(page, "scan-input").fill("RB123456786GB")
    expect(page.locator("#app, dialog").filter(has_text="the last one should be 5").first).to_be_attached()
    _picture(page, "scan-8-typed", "en")
