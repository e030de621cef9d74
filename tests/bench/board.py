"""How soon a dispatcher sees a day of 50,000 tasks in a real browser, and how soon a filter shows what it leaves.

    python -m tests.bench.board [--tasks 50000] [--database sqlite] [--database postgres] [--looks 5]

First rows: from the first byte of the address until rows are on the screen, with everything already in the browser's
cache or nothing. A filter: from the press until the number of what it leaves is on the screen.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.bench.stand import Stand, stand
from tests.browser import CHROMIUM, FLAGS
from tests.people import Cast
from tests.server.dispatch.crowd import fill

GOAL_ROWS_MS, GOAL_FILTER_MS = 1000, 100
STATUSES = ("delivered", "attempt_failed", "assigned", "out_for_delivery")
# The page itself watches: asking it from outside would be part of what is measured.
_FIRST_ROWS = """
new MutationObserver((_, watch) => {
  if (!document.querySelector('[data-testid="task-row"]')) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.firstRows = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""
_FILTERED = """
(button) => new Promise((shown) => {
  const total = document.querySelector('[data-testid="task-total"]');
  const began = performance.now();
  new MutationObserver((_, watch) => {
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => shown(performance.now() - began)));
  }).observe(total, { childList: true, subtree: true, characterData: true });
  button.click();
})
"""


def main() -> int:
    """Prints the figures; 1 when a goal was missed."""
    read = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    read.add_argument("--tasks", type=int, default=50_000)
    read.add_argument("--database", action="append", choices=["sqlite", "postgres"])
    read.add_argument("--looks", type=int, default=5)
    asked = read.parse_args()
    reached = True
    for database in asked.database or ["sqlite", "postgres"]:
        with stand(database, lambda cast: _crowd(cast, asked.tasks)) as doorstep:
            reached &= _measure(database, doorstep, asked.tasks, asked.looks)
    return 0 if reached else 1


def _crowd(cast: Cast, tasks: int) -> None:
    with cast.app.app_context():
        fill(cast.home.id, [cast.liang.id, cast.bei.id], tasks, old=tasks // 2)


def _measure(database: str, doorstep: Stand, tasks: int, looks: int) -> bool:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        cold = [_first_rows(_open(browser.new_context(), doorstep), doorstep) for _ in range(looks)]
        page = _open(browser.new_context(), doorstep)
        warm = [_first_rows(page, doorstep) for _ in range(looks + 1)][1:]
        filters = _filters(page, looks)
        browser.close()
    print(f"{database}, {tasks} tasks of the day and {tasks // 2} older ones, {looks} looks each")
    for name, took in (("first rows, empty cache", cold), ("first rows", warm), ("a filter", filters)):
        print(f"  {name:24} p50 {statistics.median(took):5.0f} ms, max {max(took):5.0f} ms", flush=True)
    return statistics.median(cold) <= GOAL_ROWS_MS and statistics.median(filters) <= GOAL_FILTER_MS


def _open(context: BrowserContext, doorstep: Stand) -> Page:
    """A page of a browser in which Dora is logged in."""
    base = f"http://127.0.0.1:{doorstep.port}"
    name, _, value = doorstep.log_in()["Cookie"].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": base}])
    page = context.new_page()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.add_init_script(_FIRST_ROWS)
    page.set_default_timeout(30_000)
    return page


def _first_rows(page: Page, doorstep: Stand) -> float:
    page.goto(f"http://127.0.0.1:{doorstep.port}/dispatch")
    page.get_by_test_id("task-row").first.wait_for()
    page.wait_for_timeout(100)
    return float(page.evaluate("window.firstRows"))


def _filters(page: Page, looks: int) -> list[float]:
    page.get_by_test_id("filter-open").click()
    took = []
    for at in range(2 * looks):
        # Each press of the same button narrows, and the next one widens again.
        button = page.get_by_test_id(f"status-{STATUSES[at // 2 % len(STATUSES)]}")
        took.append(float(button.evaluate(_FILTERED)))
        page.wait_for_timeout(300)
    return took


if __name__ == "__main__":
    sys.exit(main())
