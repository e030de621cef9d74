"""How quick the courier's app is on a slow handheld: a real Chromium with its processor slowed down six times.

    make bench-handheld, or: python -m tests.bench.handheld [--tasks 400] [--times 20] [--measured FILE]

    first load   on 400 kbit/s and nothing in the cache: how long until a code can be typed, and what has come over
                 the line by then; before the list, when all that works without a signal has come as well
    cold start   offline, the browser opened anew: from the address until the list is on the screen
    wedge        offline: from the scanner's first key until the verdict is on the screen; the next parcel comes when a
                 hand has it, not before
    camera       offline: from the first picture with the next parcel's code in it until its verdict is on the screen
                 (tests/bench/camera.py: what is seen, and how the decoder's worker is made as slow as the page)
    save         offline: from the click that signs off until the strict write is through
    sign-off     the same until "saved" is on the screen
    lighthouse   performance and accessibility of the sign-in and of the list, when Lighthouse can be had

The page itself watches for what is to appear, and says so after it has been painted: asking it from outside would be
part of what is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from tests.bench import camera
from tests.bench.stand import Stand, stand
from tests.bench.station import Carried, furnish
from tests.browser import CHROMIUM, FLAGS
from tests.e2e.stage import free_port
from tests.e2e.steps import BURST, by, draw, wait_ready_offline
from tests.simulation.measured import put

SLOWER = 6
# No hand has the next parcel before, nor goes from the signature to the button.
NEXT_MS = 500
LINE_BYTES_S = 400_000 // 8
HEADING = "## The handheld (`make bench-handheld`)"
LIGHTHOUSE = "lighthouse@12.8.2"
ROW = '[data-testid="task-row"]'
VERDICT = '[data-testid="verdict"]'
GOALS: dict[str, tuple[str, float]] = {
    "first_load_kb": ("at most", 120),
    "cold_start_ms": ("at most", 2_000),
    "wedge_p95_ms": ("at most", 150),
    "camera_p50_ms": ("at most", 1_200),
    "save_p95_ms": ("at most", 50),
    "lighthouse_signin_performance": ("at least", 95),
    "lighthouse_signin_accessibility": ("at least", 95),
    "lighthouse_list_performance": ("at least", 95),
    "lighthouse_list_accessibility": ("at least", 95),
}
_SHOWN = """
new MutationObserver((_, watch) => {
  if (!document.querySelector('[data-testid="task-row"]')) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => console.debug('first row', performance.now())));
}).observe(document, { childList: true, subtree: true });
const opened = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (stores, mode, options) {
  const made = opened.call(this, stores, mode, options);
  if (options?.durability === 'strict') made.addEventListener('complete', () => { window.kept ??= performance.now(); });
  return made;
};
"""
# From the event that asks for it until what answers it has been painted.
_ANSWERED = """
([event, answer, before]) => {
  let began;
  window.begins = (at) => { began ??= Number(at) || performance.now(); window.kept = undefined; };
  if (event) addEventListener(event, window.begins, { capture: true, once: true });
  window.answered = new Promise((done) => {
    const watch = new MutationObserver(() => {
      const shown = document.querySelector(answer);
      if (!shown || shown.dataset.waybill === before || began === undefined) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => done([performance.now() - began, window.kept - began])));
    });
    watch.observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
  });
}
"""


@dataclass
class Seen:
    """What was measured, ms each but where the name says kB."""

    first_kb: float = 0.0
    listed_kb: float = 0.0
    first_ms: float = 0.0
    cold: list[float] = field(default_factory=list)
    wedge: list[float] = field(default_factory=list)
    camera: list[float] = field(default_factory=list)
    save: list[float] = field(default_factory=list)
    sign_off: list[float] = field(default_factory=list)


class Phone:
    """One courier's browser, opened and closed as a person does, with what it stores kept between."""

    def __init__(self, playwright: Playwright, folder: Path, url: str) -> None:
        self._playwright, self._folder, self.url = playwright, folder, url

    def opened(self, look: Callable[[BrowserContext, Page], None], *flags: str) -> None:
        """A look with the app's browser opened anew."""
        context = self._playwright.chromium.launch_persistent_context(
            str(self._folder),
            executable_path=CHROMIUM,
            headless=True,
            args=[*FLAGS, *flags],
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": 390, "height": 844},
            has_touch=True,
            is_mobile=True,
        )
        context.set_default_timeout(60_000)
        try:
            page = context.pages[0]
            page.add_init_script(_SHOWN)
            look(context, page)
        finally:
            context.close()


def _slow(page: Page) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def first_load(phone: Phone, code: str, seen: Seen) -> None:
    """Enrols on a slow line; what the worker fetches for later runs beside it and counts for nothing."""

    def look(context: BrowserContext, page: Page) -> None:
        cdp = context.new_cdp_session(page)
        cdp.send("Network.enable")
        line = {
            "offline": False,
            "latency": 100,
            "downloadThroughput": LINE_BYTES_S,
            "uploadThroughput": LINE_BYTES_S,
        }
        cdp.send("Network.emulateNetworkConditions", line)
        came: dict[str, str] = {}
        total = [0.0]
        listed = [False]
        cdp.on(
            "Network.responseReceived", lambda said: came.update({said["requestId"]: said["response"]["url"]})
        )

        def finished(said: dict[str, Any]) -> None:
            # What the courier is to do is data; of the decoder nothing comes before he opens the camera.
            if not listed[0] and not re.search(r"/api/|\.wasm", came.get(said["requestId"], "")):
                total[0] += said["encodedDataLength"]

        cdp.on("Network.loadingFinished", finished)
        began = time.perf_counter()
        page.goto(f"{phone.url}/#enrol={code}", wait_until="commit")
        by(page, "enrol-submit").wait_for()
        seen.first_ms = (time.perf_counter() - began) * 1000
        seen.first_kb = total[0] / 1024
        with page.expect_console_message(lambda said: said.text.startswith("first row")):
            by(page, "enrol-submit").click()
        listed[0] = True
        seen.listed_kb = total[0] / 1024
        line["downloadThroughput"] = line["uploadThroughput"] = -1
        cdp.send("Network.emulateNetworkConditions", line)
        wait_ready_offline(page)
        page.locator(ROW).first.wait_for()

    phone.opened(look)


def cold_start(phone: Phone, seen: Seen) -> None:
    """The app opened with no network at all."""

    def look(context: BrowserContext, page: Page) -> None:
        context.set_offline(True)
        _slow(page)
        with page.expect_console_message(lambda said: said.text.startswith("first row")) as said:
            page.goto(phone.url, wait_until="commit")
        seen.cold.append(float(said.value.text.split()[-1]))

    phone.opened(look)


def at_the_door(phone: Phone, waybills: Sequence[str], seen: Seen) -> None:
    """Scans, and plain sign-offs in two taps, with no network."""

    def look(context: BrowserContext, page: Page) -> None:
        context.set_offline(True)
        page.goto(phone.url)
        page.locator(ROW).first.wait_for()
        _slow(page)
        page.wait_for_timeout(3 * NEXT_MS)
        before = ""
        for waybill in waybills:
            seen.wedge.append(_scanned(page, waybill, before))
            before = waybill
        page.keyboard.press("Escape")
        for waybill in waybills:
            shown, kept = _signed_off(page, waybill)
            seen.sign_off.append(shown)
            seen.save.append(kept)

    phone.opened(look)


def before_the_camera(phone: Phone, folder: Path, waybills: Sequence[str], times: int, seen: Seen) -> None:
    """Parcels held up one after the other, with no network."""
    shown = folder / "parcels.y4m"
    camera.parcels(shown, waybills)

    def look(context: BrowserContext, page: Page) -> None:
        context.grant_permissions(["camera"])
        page.goto(phone.url)
        page.locator(ROW).first.wait_for()
        if not page.evaluate(camera.SLOWED, SLOWER):
            raise RuntimeError("the phone keeps no decoder that could be slowed down")
        context.set_offline(True)
        _slow(page)
        camera.open_eye(page)
        before = ""
        for _ in range(times):
            page.evaluate(_ANSWERED, [None, VERDICT, before])
            camera.await_parcel(page)
            seen.camera.append(float(page.evaluate("window.answered")[0]))
            before = page.locator(VERDICT).first.get_attribute("data-waybill") or ""

    phone.opened(look, "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={shown}")


def _scanned(page: Page, waybill: str, before: str) -> float:
    page.wait_for_timeout(NEXT_MS)
    page.evaluate("document.activeElement && document.activeElement.blur()")
    page.evaluate(_ANSWERED, [None, VERDICT, before])
    page.evaluate(f"(code) => {{ window.begins(); ({BURST})(code); }}", waybill)
    return float(page.evaluate("window.answered")[0])


def _signed_off(page: Page, waybill: str) -> tuple[float, float]:
    """Until "saved" is on the screen, and until it is on the disk, ms."""
    page.goto(page.url.partition("#")[0] + "#/")
    page.locator(f'{ROW}[data-waybill="{waybill}"]').click()
    by(page, "recipient-self").click()
    draw(page)
    page.locator('[data-testid="saved-toast"]').first.wait_for(state="detached")
    page.wait_for_timeout(NEXT_MS)
    page.evaluate(_ANSWERED, ["click", '[data-testid="saved-toast"]', None])
    by(page, "primary").click()
    shown, kept = page.evaluate("window.answered")
    return float(shown), float(kept)


def lighthouse(url: str, shown: str, *how: str) -> dict[str, float]:
    """Scores of what the app's page shows; nothing when Lighthouse is not there and cannot be fetched."""
    if not shutil.which("npx"):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "told.json"
        asked = [
            "--only-categories=performance,accessibility",
            "--output=json",
            f"--output-path={out}",
            "--quiet",
        ]
        done = subprocess.run(
            ["npx", "--yes", LIGHTHOUSE, url, *asked, *how],
            env=os.environ | {"CHROME_PATH": CHROMIUM},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if not out.exists():
            print(f"Lighthouse did not run: {done.stderr[-300:]}", file=sys.stderr)
            return {}
        told = json.loads(out.read_text())["categories"]
    return {
        f"lighthouse_{shown}_{name}": round(told[name]["score"] * 100)
        for name in ("performance", "accessibility")
    }


def looked_over(phone: Phone) -> dict[str, float]:
    """Both pages by Lighthouse: the sign-in in a browser of its own, the list in the courier's."""
    scores = lighthouse(phone.url, "signin", f"--chrome-flags={' '.join(FLAGS)} --headless")
    port = free_port()

    def look(_context: BrowserContext, _page: Page) -> None:
        scores.update(lighthouse(phone.url, "list", f"--port={port}", "--disable-storage-reset"))

    phone.opened(look, f"--remote-debugging-port={port}")
    return scores


def run(tasks: int, times: int) -> dict[str, Any]:
    """All figures by name."""
    carried: list[Carried] = []
    seen = Seen()
    with (
        stand("sqlite", lambda cast: carried.extend(furnish(cast, 1, tasks))) as doorstep,
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory(prefix="doorstep-handheld-") as folder,
    ):
        phone = Phone(playwright, Path(folder), f"http://127.0.0.1:{doorstep.port}")
        first_load(phone, _code(doorstep), seen)
        for _ in range(5):
            cold_start(phone, seen)
        at_the_door(phone, carried[0].waybills[:times], seen)
        before_the_camera(
            phone, Path(folder), carried[0].waybills[times : times + 4], max(10, times // 2), seen
        )
        scores = looked_over(phone)
    spans = {"wedge": seen.wedge, "camera": seen.camera, "save": seen.save, "sign_off": seen.sign_off}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "slower": SLOWER,
        "tasks": tasks,
        "first_load_kb": round(seen.first_kb, 1),
        "before_the_list_kb": round(seen.listed_kb, 1),
        "first_load_ms": round(seen.first_ms),
        "cold_start_ms": round(statistics.median(seen.cold)),
        **{f"{name}_p50_ms": round(statistics.median(took)) for name, took in spans.items()},
        **{f"{name}_p95_ms": round(_p95(took)) for name, took in spans.items()},
        **scores,
    }


def _code(doorstep: Stand) -> str:
    dora = doorstep.log_in()
    _, told, _ = doorstep.call("GET", "/api/v1/dispatch/couriers", **dora)
    courier = next(one["id"] for one in told["couriers"] if one["name"] == "Shift 0")
    _, made, _ = doorstep.call(
        "POST", "/api/v1/devices/codes", json.dumps({"courier": courier}).encode(), **dora
    )
    return str(made["code"])


def _p95(took: Sequence[float]) -> float:
    return sorted(took)[max(0, -(-len(took) * 95 // 100) - 1)]


def table(figures: dict[str, Any]) -> str:
    """The figures beside their goals, for people."""
    lines = ["| | measured | goal |", "|---|---|---|"]
    for name, value in figures.items():
        if name in ("date", "slower", "tasks"):
            continue
        word, goal = GOALS.get(name, ("", ""))
        lines.append(f"| {name} | {value} | {word} {goal} |")
    return "\n".join(lines)


def missed(figures: dict[str, Any]) -> list[str]:
    """Goals that were not reached, or not measured."""
    return [
        name
        for name, (word, goal) in GOALS.items()
        if name not in figures or (figures[name] > goal if word == "at most" else figures[name] < goal)
    ]


def main() -> int:
    """Prints one JSON object and a table; 1 when a goal was missed."""
    read = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    read.add_argument("--tasks", type=int, default=400)
    read.add_argument("--times", type=int, default=20)
    read.add_argument("--measured", type=Path)
    asked = read.parse_args()
    figures = run(asked.tasks, asked.times)
    print(json.dumps(figures))
    print(table(figures), file=sys.stderr)
    if asked.measured:
        said = (
            f"{figures['date']}, Chromium with its processor slowed down {SLOWER} times, {asked.tasks} tasks, "
            f"{asked.times} scans and sign-offs, the server on the same machine."
        )
        put(asked.measured, HEADING, f"{HEADING}\n\n{said}\n\n{table(figures)}")
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
