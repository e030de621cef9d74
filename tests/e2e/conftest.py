"""Real browsers on a real server. Chromium is Debian's; nothing is mocked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

from server.demo.supervise import Supervisor
from tests.browser import CHROMIUM, FLAGS
from tests.e2e.stage import supervised

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
OpenBrowser = Callable[..., BrowserContext]


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with supervised() as made:
        yield made


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One browser for a file whose tests open contexts of their own."""
    made = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
    yield made
    made.close()


@pytest.fixture
def open_browser(playwright: Playwright, tmp_path: Path) -> Iterator[OpenBrowser]:
    """Opens a browser with a profile of its own: `open_browser("phone")`, `open_browser("desk", locale="en-GB")`."""
    opened: list[BrowserContext] = []

    def open_one(
        kind: str, *, name: str | None = None, locale: str = "zh-CN", dark: bool = False
    ) -> BrowserContext:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / (name or kind)),
            executable_path=CHROMIUM,
            headless=True,
            args=FLAGS,
            locale=locale,
            timezone_id="Asia/Shanghai",
            viewport=PHONE if kind == "phone" else DESK,
            has_touch=kind == "phone",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()
