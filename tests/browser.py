"""The browser of the tests: Debian's Chromium, and one Playwright for the whole run (it can be started only once)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
APPS = Path(__file__).parents[1] / "pwa" / "dist"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, once the browser and the built web apps are there."""
    if not Path(CHROMIUM).exists():
        pytest.fail(
            "the browser tests need Debian's chromium: type `make test`, which installs it, or see README"
        )
    if not (APPS / "index.html").exists() or not (APPS / "dispatch.html").exists():
        pytest.fail("the web apps are not built: type `make build`")
    with sync_playwright() as made:
        yield made
