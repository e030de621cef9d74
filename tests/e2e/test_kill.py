"""What the screen called saved is there after the browser is killed (P7, F6)."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from server.demo.supervise import Supervisor
from tests.browser import CHROMIUM, FLAGS
from tests.e2e.proxy import Line
from tests.e2e.stage import Stage, free_port, set_up
from tests.e2e.steps import by, enrol, row, wait_ready_offline
from tests.e2e.test_story import WAYBILLS, orders

KILLS = 20
WATCHED = """
    window.written = [];
    const begin = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (...given) {
      const tx = begin.apply(this, given);
      if (tx.mode === 'readwrite' && [...tx.objectStoreNames].includes('outbox'))
        window.written.push({ stores: [...tx.objectStoreNames], durability: tx.durability });
      return tx;
    };
"""


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor) -> Stage:
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS)
    return made


@contextmanager
def browser(playwright: Playwright, profile: Path) -> Iterator[tuple[Page, int]]:
    """A Chromium of our own on a profile, so that we know its pid; killed at the end if it still lives."""
    port = free_port()
    command = [
        CHROMIUM,
        "--headless",
        *FLAGS,
        f"--remote-debugging-port={port}",
        f"--user-data-dir={profile}",
    ]
    command += ["--lang=zh-CN", "--window-size=390,844", "about:blank"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/json/version")
        connection = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        context = connection.contexts[0]
        context.set_default_timeout(20_000)
        yield context.pages[0] if context.pages else context.new_page(), process.pid
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def test_p7_what_was_called_saved_survives_twenty_kills(
    stage: Stage, playwright: Playwright, tmp_path: Path
) -> None:
    line = Line(stage.port)
    profile = tmp_path / "profile"
    with browser(playwright, profile) as (page, _):
        enrol(page, line.url, stage.enrolment_code("阿良"))
        expect(row(page, WAYBILLS[0])).to_be_visible()
        wait_ready_offline(page)
    line.cut()
    task = stage.task(WAYBILLS[0])["id"]
    for number in range(1, KILLS + 1):
        with browser(playwright, profile) as (page, pid):
            page.add_init_script(WATCHED)
            page.goto(f"{line.url}/#/task/{task}")
            by(page, "note-open").first.click()
            by(page, "note-input").fill(f"note {number}")
            by(page, "note-save").click()
            expect(by(page, "saved-toast").first).to_be_visible()
            written = page.evaluate("window.written")
            os.kill(pid, signal.SIGKILL)
        # A kill leaves the kernel's memory alone; only what was written strictly outlives the phone's battery.
        assert written, "no write was seen"
        assert {one["durability"] for one in written} == {"strict"}, written
    with browser(playwright, profile) as (page, _):
        page.goto(f"{line.url}/#/outbox")
        expect(page.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(KILLS)
        line.mend()
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(page.locator('[data-testid="outbox-item"][data-state="saved"]')).to_have_count(
            0, timeout=30_000
        )
    notes = stage.call("GET", f"/api/v1/dispatch/tasks/{task}")["notes"]
    assert [note["text"] for note in notes] == [f"note {number}" for number in range(1, KILLS + 1)]
    line.cut()
