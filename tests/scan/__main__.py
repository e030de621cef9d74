"""What the handheld's decoder reads of a folder of pictures: `python -m tests.scan FOLDER [--manifest FILE]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import CHROMIUM, FLAGS
from tests.scan.evaluation import evaluate, pictures
from tests.scan.reader import ready


def main(arguments: list[str]) -> int:
    """Read, count, print; 2 when there is nothing to read."""
    parser = argparse.ArgumentParser(prog="scan-eval")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--manifest", type=Path)
    asked = parser.parse_args(arguments)
    manifest = asked.manifest or asked.folder / "manifest.csv"
    if not manifest.is_file():
        print(f"scan-eval: there is no {manifest}; it needs the columns file and expected", file=sys.stderr)
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        try:
            with ready(browser) as reader:
                report = evaluate(reader, pictures(asked.folder, manifest))
        finally:
            browser.close()
    print("\n".join(report.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
