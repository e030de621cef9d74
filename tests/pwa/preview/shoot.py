"""Pictures of every handheld screen: `python tests/pwa/preview/shoot.py [name...]` after building the preview.

Writes PNGs to build/shots; with --axe it also runs axe-core on each and prints what is serious.
"""

import functools
import http.server
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[3]
SITE = ROOT / "build" / "preview"
SHOTS = ROOT / "build" / "shots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]

Step = Callable[[Page], None]


def click(*names: str) -> Step:
    def run(page: Page) -> None:
        for name in names:
            page.get_by_test_id(name).first.click()
            page.wait_for_timeout(60)

    return run


def row(waybill: str, *then: str) -> Step:
    def run(page: Page) -> None:
        page.locator(f'[data-testid=task-row][data-waybill="{waybill}"]').click()
        click(*then)(page)

    return run


def sign(page: Page) -> None:
    click("next-open", "recipient-self")(page)
    pad = page.get_by_test_id("signature-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 90)
    page.mouse.down()
    for at in range(12):
        page.mouse.move(box["x"] + 60 + at * 16, box["y"] + 90 + (-1) ** at * 30, steps=3)
    page.mouse.up()
    click("cod-cash")(page)
    page.wait_for_timeout(200)


def saved(page: Page) -> None:
    sign(page)
    click("primary")(page)
    page.wait_for_timeout(250)


def typed(code: str) -> Step:
    def run(page: Page) -> None:
        click("scan-open")(page)
        for one in ("SF1428805599020", code):
            page.get_by_test_id("scan-input").fill(one)
            page.keyboard.press("Enter")
            page.wait_for_timeout(150)

    return run


def wedge(code: str) -> Step:
    def run(page: Page) -> None:
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)

    return run


def nothing(_page: Page) -> None:
    return None


def scroll(step: Step, by: int) -> Step:
    def run(page: Page) -> None:
        step(page)
        page.locator("main").first.evaluate(f"node => node.scrollTop = {by}")
        page.wait_for_timeout(100)

    return run


# name: (scene, what to do)
SCREENS: dict[str, tuple[str, Step]] = {
    "enrol": ("enrol", nothing),
    "fresh": ("fresh", nothing),
    "load": ("load", nothing),
    "load-scan": ("load", wedge("SF1428805599012")),
    "today": ("work", nothing),
    "today-list": ("work", scroll(nothing, 560)),
    "today-problems": ("work", click("filter-problems")),
    "trouble": ("trouble", nothing),
    "offline": ("offline", nothing),
    "revoked": ("revoked", nothing),
    "empty": ("empty", nothing),
    "waiting": ("waiting", nothing),
    "done": ("done", nothing),
    "huge": ("huge", scroll(nothing, 900)),
    "door": ("work", click("next-open")),
    "asked": ("asked", nothing),
    "asked-list": ("asked", scroll(nothing, 700)),
    "asked-door": ("asked", click("next-open")),
    "propose": ("work", click("next-open", "propose-open", "propose-no_ring")),
    "propose-days": ("work", click("next-open", "propose-open", "propose-weekdays_only")),
    "proposed": (
        "work",
        click("next-open", "propose-open", "propose-fragile", "propose-scope-always", "propose-save"),
    ),
    "door-signed": ("work", sign),
    "door-reception": ("work", row("SF1428805600385", "recipient-reception")),
    "door-locker": ("work", row("SF1428805600741", "recipient-locker")),
    "door-stopped": ("work", row("SF1428805601777")),
    "door-failed": ("work", lambda page: (click("filter-problems")(page), row("SF1428805601444")(page))[0]),
    "saved": ("work", saved),
    "problem": ("work", click("next-open", "problem-open")),
    "problem-chosen": ("work", click("next-open", "problem-open", "reason-REFUSED_DAMAGED")),
    "problem-call": ("work", click("next-open", "problem-open", "reason-NO_ANSWER")),
    "pickup": ("work", row("YT7786120044519")),
    "scan": ("load", typed("SF1499999999999")),
    "scan-unknown": ("work", wedge("ZT0000111122223")),
    "scan-other": ("work", wedge("SF1499999999999")),
    "scan-recalled": ("work", wedge("SF1428805601777")),
    "outbox": ("trouble", click("outbox-open")),
    "close": ("work", click("menu-open", "menu-close")),
    "close-apart": ("apart", click("menu-open", "menu-close")),
    "close-backlog": ("backlog", click("menu-open", "menu-close")),
    "close-named": ("named", click("menu-open", "menu-close")),
    "close-begun": ("begun", click("menu-open", "menu-close")),
    "close-fresh": ("fresh", click("menu-open", "menu-close")),
    "outbox-backlog": ("backlog", click("outbox-open")),
    "menu": ("work", click("menu-open")),
    "settings": ("work", click("menu-open", "menu-settings")),
}

LOOKS = [
    ("zh", "light", 390, 844),
    ("en", "light", 360, 780),
    ("zh", "dark", 390, 844),
]


def serve() -> http.server.ThreadingHTTPServer:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def serious(page: Page) -> list[str]:
    page.add_script_tag(path=str(AXE))
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)"
    )
    return [
        f"{violation['impact']} {violation['id']}: {violation['nodes'][0]['html'][:140]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]


def note(errors: list[str], error: Error) -> None:
    errors.append(str(error))


def overflow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def main(arguments: list[str]) -> None:
    axe = "--axe" in arguments
    wanted = [name for name in arguments if not name.startswith("--")] or list(SCREENS)
    SHOTS.mkdir(parents=True, exist_ok=True)
    server = serve()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for lang, theme, width, height in LOOKS:
            for name in wanted:
                scene, step = SCREENS[name]
                page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=1.5)
                errors: list[str] = []
                page.on("pageerror", functools.partial(note, errors))
                page.goto(f"http://127.0.0.1:{server.server_port}/?scene={scene}&lang={lang}&theme={theme}")
                page.wait_for_timeout(150)
                step(page)
                page.wait_for_timeout(250)
                page.screenshot(path=str(SHOTS / f"{name}-{lang}-{theme}.png"))
                problems = (
                    errors
                    + (["overflows sideways"] if overflow(page) else [])
                    + (serious(page) if axe else [])
                )
                for problem in problems:
                    print(f"{name} {lang} {theme}: {problem}")
                page.close()
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])
