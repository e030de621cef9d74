"""What people do on the screens, in the words of the trade; each step ends when the screen shows its effect."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from playwright.sync_api import Locator, Page, expect


def picture(width: int = 64, height: int = 48) -> bytes:
    """A PNG of grey stripes, so that the camera has something to show."""
    rows = b"".join(b"\0" + bytes((x * 4 + y * 8) % 256 for x in range(width)) for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def by(page: Page, testid: str) -> Locator:
    return page.get_by_test_id(testid)


def row(page: Page, waybill: str) -> Locator:
    return page.locator(f'[data-testid="task-row"][data-waybill="{waybill}"]')


def enrol(page: Page, url: str, code: str) -> None:
    """Types the one-time code on a new handheld and waits for the list."""
    page.goto(url)
    by(page, "enrol-code").fill(code)
    by(page, "enrol-submit").click()
    expect(by(page, "sync-mark")).to_be_visible()


def enrol_by_link(page: Page, url: str, code: str) -> None:
    """Opens what the code's picture says, as a phone's camera does, and waits for the list."""
    page.goto(f"{url}/#enrol={code}")
    expect(by(page, "enrol-code")).to_have_value(code)
    by(page, "enrol-submit").click()
    expect(by(page, "sync-mark")).to_be_visible()


READY = """
() => Promise.race([
  navigator.serviceWorker.ready.then(() => null),
  new Promise((_, fail) => setTimeout(() => fail(new Error('no service worker')), 30_000)),
])
"""


def wait_ready_offline(page: Page) -> None:
    """Until the service worker controls the page and has everything it needs without a network."""
    # A promise is kept by `evaluate`; to `wait_for_function` it is as good as its answer.
    page.evaluate(READY)
    page.reload()
    page.wait_for_function("!!navigator.serviceWorker.controller")


def wedge(page: Page, code: str) -> None:
    """A hardware scanner: a burst of keys and Enter, with no field in focus.

    Sent key by key from outside, it comes as slowly as a person types once the machine is busy; a scanner's own keys
    have the time at which it pressed them.
    """
    page.evaluate(BURST, code)


BURST = """
(code) => {
  document.activeElement?.blur();
  for (const key of [...code, 'Enter'])
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
}
"""


def frames(page: Page) -> list[str]:
    """The codes a handheld holds up one after the other."""
    code = by(page, "rescue-code")
    first = code.get_attribute("data-frame") or ""
    count = int(first[12:15])
    shown = {first[9:12]: first}
    for _ in range(2 * count if count > 1 else 0):
        frame = code.get_attribute("data-frame") or ""
        shown[frame[9:12]] = frame
        page.get_by_label("下一个码").click()
    assert len(shown) == count, shown.keys()
    assert len({frame[3:9] for frame in shown.values()}) == 1, "codes of two wholes"
    return list(shown.values())


def draw(page: Page) -> None:
    """A signature of three strokes on the pad."""
    pad = by(page, "signature-pad")
    pad.scroll_into_view_if_needed()
    box: Any = pad.bounding_box()
    left, top, width, height = box["x"], box["y"], box["width"], box["height"]
    for start in (0.2, 0.4, 0.6):
        page.mouse.move(left + width * start, top + height * 0.3)
        page.mouse.down()
        page.mouse.move(left + width * (start + 0.1), top + height * 0.7, steps=4)
        page.mouse.move(left + width * (start + 0.2), top + height * 0.4, steps=4)
        page.mouse.up()


def sign_off(page: Page, *, cash: bool = False) -> None:
    """Signs the task on the screen off to the recipient, with a signature, and cash where it is due."""
    by(page, "recipient-self").click()
    draw(page)
    if cash:
        by(page, "cod-cash").click()
    by(page, "primary").click()
    expect(by(page, "saved-toast").first).to_be_visible()
    expect(by(page, "signature-pad")).to_have_count(0)


def close_sheet(page: Page) -> None:
    """Escape, and until the sheet has given its history entry back: an address typed before that is taken back."""
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.wait_for_function("() => !history.state?.sheet")


def log_in(page: Page, url: str, username: str, password: str) -> None:
    """Logs in at the desk and waits for the board."""
    page.goto(url + "/dispatch")
    by(page, "login-user").fill(username)
    by(page, "login-password").fill(password)
    by(page, "login-submit").click()
    expect(by(page, "task-row").first).to_be_visible()
