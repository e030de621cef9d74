"""New builds of the app reach a phone that has work unsent: at a calm moment, by any way, and nothing is lost (F23)."""

from __future__ import annotations

import contextlib
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from server.core.db import db
from server.demo.supervise import Supervisor
from server.ops.models import Operation
from tests.e2e.builds import Builds
from tests.e2e.conftest import OpenBrowser
from tests.e2e.proxy import Line
from tests.e2e.stage import Stage, set_up
from tests.e2e.steps import by, draw, enrol, row, wait_ready_offline
from tests.e2e.test_story import WAYBILLS, orders

SIGNED, NOTED, TYPED = WAYBILLS[:3]
QUEUED = 1_000
# The app of these builds thinks itself put away sooner than a courier's does: four times the test waits for longer.
PUT_AWAY_MS = 200
GLANCE_MS = 1_000
HALF_A_BUILD = 300_000


class Thin(Line):
    """It carries the app and, while `deaf`, nothing of the API; after `left` more bytes, if said, it is cut."""

    deaf = False
    left: int | None = None

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (chunk := source.recv(65536)) and self._carries(chunk):
                sink.sendall(chunk)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _carries(self, chunk: bytes) -> bool:
        if self.deaf and b" /api/" in chunk[:400]:
            return False
        if self.left is None:
            return True
        self.left -= len(chunk)
        if self.left < 0:
            self.left = None
            self.cut()
            return False
        return True


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    made = Builds(tmp_path / "builds")
    for number in (1, 2, 6):
        made.make(number, _soon_put_away)
    made.make(7, _soon_put_away, _database(2, readable_from=1))
    made.make(9, _soon_put_away, _database(3, readable_from=3))
    made.make(11, lambda text: text.replace("getElementById(`app`)", "getElementById(`ruin`)"))
    made.serve(1)
    return made


def _soon_put_away(text: str) -> str:
    return re.sub(r"(===`calm`\?\w+\(\):\w+\(\)\)\}),\w+\)", rf"\1,{PUT_AWAY_MS})", text)


def _database(version: int, *, readable_from: int) -> Any:
    """A build whose database is of a later version, and what it lets older code do with it."""

    def changed(text: str) -> str:
        text = re.sub(r"(try\{return await \w+\(\w+,\w+),1\)", rf"\1,{version})", text)
        return text.replace("put(1,`readable_from`)", f"put({readable_from},`readable_from`)")

    return changed


@pytest.fixture
def stage(tmp_path: Path, supervisor: Supervisor, builds: Builds, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("DOORSTEP_DIST", str(builds.served))
    made = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    made.assign("阿良", *WAYBILLS)
    return made


def test_f23_builds_come_and_go_over_unsent_work(
    stage: Stage, builds: Builds, open_browser: OpenBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Thin(stage.port)
    page = open_browser("phone").pages[0]
    enrol(page, line.url, stage.enrolment_code("阿良"))
    expect(row(page, SIGNED)).to_be_visible()
    wait_ready_offline(page)
    expect(row(page, SIGNED)).to_be_visible()
    line.deaf = True
    _works_all_day(page, [stage.task(waybill)["id"] for waybill in WAYBILLS[3:]])

    _never_in_a_sign_off(page, builds, stage.task(SIGNED)["id"])
    _over_skipped_builds_and_half_a_one(page, builds, line)
    _back_to_code_that_knows_the_database(page, builds)
    _back_to_code_that_does_not(page, builds)
    recorded = _recall_of_a_build_that_does_not_start(page, builds, stage, monkeypatch)
    _recall_leaves_a_page_that_works(page, builds, stage, monkeypatch)

    line.deaf = False
    _all_sent(page)
    with stage.inside():
        sent = db.session.scalars(select(Operation.op_id).where(Operation.device_id.is_not(None))).all()
        assert sorted(sent) == sorted(recorded), "each once"
    line.cut()


# The engine of the app on the page, as its screens have it: by taps a thousand operations would take an hour.
FEED = """
async ([tasks, count]) => {
  const chunks = [...document.querySelectorAll('link[rel=modulepreload]')].map((one) => import(one.href));
  const shared = (await Promise.all(chunks)).flatMap((one) => Object.values(one));
  const { engine } = shared.find((one) => one && typeof one === 'object' && 'practise' in one);
  for (let from = 0; from < count; from += 100)
    await engine.submit(Array.from({ length: 100 }, (_, at) => ({
      type: 'task.noted', entity: `task:${tasks[at % tasks.length]}`, payload: { text: `${from + at}` },
    })));
}
"""
# How far the queue is, asked of the disk itself; a journal's keys are the ids of its operations.
_ASKED = """
new Promise((done) => {
  const request = indexedDB.open('doorstep');
  request.onsuccess = () => {
    const rows = request.result.transaction('journal').objectStore('journal').%s();
    rows.onsuccess = () => { request.result.close(); done(rows.result); };
  };
})
"""
OPEN, COUNT, IDS = (_ASKED % how for how in ("getAll", "count", "getAllKeys"))
APP_CACHES = "caches.keys().then((names) => names.filter((one) => one.startsWith('doorstep-app')).join())"


def _recorded(page: Page) -> list[str]:
    """Ids of all that this phone has recorded."""
    ids: list[str] = page.evaluate(IDS)
    return ids


def _works_all_day(page: Page, tasks: list[str]) -> None:
    page.evaluate(FEED, [tasks, QUEUED])
    assert len(_recorded(page)) == QUEUED
    expect(by(page, "sync-mark")).to_contain_text(str(QUEUED))


def _until(page: Page, promised: str) -> None:
    """Until a promise keeps something true: `wait_for_function` takes the promise itself for true."""
    for _ in range(300):
        if page.evaluate(promised):
            return
        page.wait_for_timeout(100)
    raise AssertionError(promised)


def _until_recorded(page: Page, count: int) -> None:
    _until(page, f"({COUNT}).then((recorded) => recorded >= {count})")


def _all_sent(page: Page) -> None:
    """The signal is told of until it is heard: the page has only just been loaded and waits for its next try."""
    for _ in range(30):
        page.evaluate("window.dispatchEvent(new Event('online'))")
        if page.evaluate(f"({OPEN}).then((rows) => rows.length > 0 && rows.every((one) => one.acked_at))"):
            return
        page.wait_for_timeout(1_000)
    raise AssertionError("the queue does not go")


def _is(page: Page, number: int) -> None:
    """Build `number` shows the list, or whatever it shows."""
    expect(page.locator(f'script[src^="/assets/{number}/"]')).to_have_count(1, timeout=20_000)


def _ask(page: Page) -> None:
    """What the app does by itself when it is looked at again."""
    page.evaluate("navigator.serviceWorker.ready.then((one) => one.update()).catch(() => undefined)")


def _fetched(page: Page) -> None:
    _until(page, "navigator.serviceWorker.getRegistration().then((one) => !!one.waiting)")


def _put_away(page: Page) -> None:
    page.evaluate(
        """() => { Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true });
          document.dispatchEvent(new Event('visibilitychange')); }"""
    )


def _take_out(page: Page) -> None:
    page.evaluate(
        "() => { delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange')); }"
    )


def _let_in(page: Page, number: int) -> None:
    page.get_by_role("button", name="更新", exact=True).first.click()
    _is(page, number)


def _comes_in(page: Page, builds: Builds, number: int) -> None:
    """Served, fetched, and let in by the courier; what was recorded is still there."""
    before = _recorded(page)
    builds.serve(number)
    _ask(page)
    _let_in(page, number)
    assert _recorded(page) == before


def _never_in_a_sign_off(page: Page, builds: Builds, task: str) -> None:
    page.evaluate(f"location.hash = '#/task/{task}'")
    by(page, "recipient-self").click()
    draw(page)
    builds.serve(2)
    _ask(page)
    _fetched(page)
    _put_away(page)
    page.wait_for_timeout(GLANCE_MS)
    _take_out(page)
    _is(page, 1)
    # Neither has the worker gone over the page's head: what the page has not loaded yet would be gone.
    assert page.evaluate("navigator.serviceWorker.getRegistration().then((one) => !!one.waiting)")
    by(page, "primary").click()
    expect(by(page, "saved-toast").first).to_be_visible()
    expect(by(page, "signature-pad")).to_have_count(0)
    # The way back from a slip is still open: it is not cut off either.
    _put_away(page)
    page.wait_for_timeout(GLANCE_MS)
    expect(by(page, "toast-undo")).to_be_visible()
    _is(page, 1)
    _let_in(page, 2)
    _until_recorded(page, QUEUED + 1)


def _over_skipped_builds_and_half_a_one(page: Page, builds: Builds, line: Thin) -> None:
    builds.serve(6)
    line.left = HALF_A_BUILD
    _ask(page)
    for _ in range(200):
        if line.left is None:
            break
        page.wait_for_timeout(50)
    assert line.left is None, "the line was not cut in the middle"
    _until(page, "navigator.serviceWorker.getRegistration().then((one) => !one.installing)")
    page.reload()
    expect(row(page, NOTED)).to_be_visible()
    _is(page, 2)
    line.mend()
    _comes_in(page, builds, 6)


def _back_to_code_that_knows_the_database(page: Page, builds: Builds) -> None:
    _comes_in(page, builds, 7)
    _note(page, row(page, NOTED).first.get_attribute("data-waybill") or NOTED)
    _comes_in(page, builds, 1)
    expect(row(page, NOTED)).to_be_visible()
    _note(page, NOTED)


def _note(page: Page, waybill: str) -> None:
    before = len(_recorded(page))
    row(page, waybill).first.click()
    by(page, "note-open").first.click()
    by(page, "note-input").fill("门卫代收点在东门")
    by(page, "note-save").click()
    expect(by(page, "note-input")).to_have_count(0)
    _until_recorded(page, before + 1)
    page.evaluate("location.hash = '#/'")
    expect(row(page, waybill)).to_be_visible()


def _back_to_code_that_does_not(page: Page, builds: Builds) -> None:
    """It says so and touches nothing; the newer code comes in at once, there being nothing to interrupt."""
    _comes_in(page, builds, 9)
    _comes_in(page, builds, 2)
    expect(by(page, "broken")).to_have_attribute("data-why", "outdated")
    expect(by(page, "broken")).to_contain_text("已记录的都还在")
    before = _recorded(page)
    builds.serve(9)
    _ask(page)
    _is(page, 9)
    expect(row(page, NOTED)).to_be_visible()
    assert _recorded(page) == before


def _recall_of_a_build_that_does_not_start(
    page: Page, builds: Builds, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    before = _recorded(page)
    _comes_in(page, builds, 11)
    expect(page.locator("#app")).to_be_empty()
    builds.make(13, _soon_put_away, _database(3, readable_from=3))
    builds.serve(13)
    monkeypatch.setenv("DOORSTEP_RECALL", "first")
    stage.restart()
    page.reload()
    _is(page, 13)
    expect(row(page, NOTED)).to_be_visible()
    assert _recorded(page) == before
    assert page.evaluate(APP_CACHES) == "doorstep-app-first"
    return before


def _recall_leaves_a_page_that_works(
    page: Page, builds: Builds, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.evaluate(f"location.hash = '#/task/{stage.task(TYPED)['id']}'")
    by(page, "note-open").first.click()
    by(page, "note-input").fill("还没写完")
    builds.make(14, _soon_put_away, _database(3, readable_from=3))
    builds.serve(14)
    monkeypatch.setenv("DOORSTEP_RECALL", "second")
    stage.restart()
    _ask(page)
    _until(page, f"{APP_CACHES}.then((names) => names === 'doorstep-app-second')")
    page.wait_for_timeout(GLANCE_MS)
    expect(by(page, "note-input")).to_have_value("还没写完")
    _is(page, 13)
    page.evaluate("location.hash = '#/'")
    page.keyboard.press("Escape")
    _put_away(page)
    _is(page, 14)
