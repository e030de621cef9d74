"""A handheld whose storage is full: work is kept, what is refused is said, and nothing goes in silence (F9, P13)."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from server.demo.supervise import Supervisor
from tests.e2e.conftest import OpenBrowser
from tests.e2e.proxy import Line
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, enrol_by_link, row, wait_ready_offline
from tests.e2e.test_story import WAYBILLS, orders

FAILED, NOTED = WAYBILLS[:2]
# What the app keeps free for work is all that is left: opening and drawing it alone takes some 50 kB.
ROOM_FOR_WORK = 0


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", FAILED, NOTED)
    return made


def noise(width: int = 1200, height: int = 900) -> bytes:
    """A picture that no compression makes small."""
    rows = b"".join(b"\0" + os.urandom(width * 3) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def with_room_for(open_browser: OpenBrowser, origin: str, room: int) -> tuple[Page, CDPSession]:
    """The phone's browser, started anew: Chromium looks at a quota when a database is opened, and then not for a while.

    `room` is how many bytes more than now the app may store.
    """
    page = open_browser("phone").pages[0]
    cdp = page.context.new_cdp_session(page)
    used = int(cdp.send("Storage.getUsageAndQuota", {"origin": origin})["usage"])
    cdp.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": max(1, used + room)})
    return page, cdp


def test_f9_a_full_storage_keeps_the_work_and_says_what_it_refuses(
    stage: Stage, open_browser: OpenBrowser
) -> None:
    line = Line(stage.port)
    page = open_browser("phone").pages[0]
    enrol_by_link(page, line.url, stage.enrolment_code("阿良"))
    expect(row(page, FAILED)).to_be_visible()
    wait_ready_offline(page)
    page.context.close()
    line.cut()

    # Room for the work, none for its photo: the work is kept, and the courier is told of the photo.
    page, _ = with_room_for(open_browser, line.url, ROOM_FOR_WORK)
    page.goto(f"{line.url}/#/task/{stage.task(FAILED)['id']}")
    by(page, "problem-open").click()
    by(page, "reason-REFUSED_DAMAGED").click()
    by(page, "photo-input").first.set_input_files(
        {"name": "door.png", "mimeType": "image/png", "buffer": noise()}
    )
    expect(by(page, "problem-save")).to_be_enabled()
    expect(page.locator("img").first).to_be_visible()
    by(page, "problem-save").click()
    expect(by(page, "saved-toast").first).to_contain_text("照片没有存下")
    expect(by(page, "storage-short")).to_be_visible()
    page.context.close()

    # Room for nothing: it is said, and what was written is still in the form.
    page, cdp = with_room_for(open_browser, line.url, -1_000_000_000)
    page.goto(f"{line.url}/#/task/{stage.task(NOTED)['id']}")
    by(page, "note-open").first.click()
    by(page, "note-input").fill("门卫代收点在东门")
    by(page, "note-save").click()
    # Inside the sheet in which it was written: all else is inert, and no screen reader would say it.
    said = page.locator("dialog[open] [role=status]").get_by_test_id("saved-toast")
    expect(said.filter(has_text="存储已满")).to_be_visible()
    expect(by(page, "note-input")).to_have_value("门卫代收点在东门")

    # Room again: the same press saves it, and everything that was called saved arrives, once.
    cdp.send("Storage.overrideQuotaForOrigin", {"origin": line.url})
    by(page, "note-save").click()
    expect(by(page, "note-input")).to_have_count(0)
    page.goto(f"{line.url}/#/outbox")
    expect(page.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(2)
    line.mend()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(0, timeout=30_000)
    failed = stage.call("GET", f"/api/v1/dispatch/tasks/{stage.task(FAILED)['id']}")
    assert [one["type"] for one in failed["timeline"]].count("task.attempt_failed") == 1
    noted = stage.call("GET", f"/api/v1/dispatch/tasks/{stage.task(NOTED)['id']}")
    assert [note["text"] for note in noted["notes"]] == ["门卫代收点在东门"]
    line.cut()
