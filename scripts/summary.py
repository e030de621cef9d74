"""The last words of `make test`: what ran, what failed, what was left out.

usage: summary.py FOLDER NAME=CODE... [-- LEFT_OUT...]: each runner that was started and its exit code. Reads NAME.xml
(JUnit) from FOLDER, for vitest vitest.json. Exits 1 when anything failed, also when a runner ended badly without
counting a failure, or counted no test at all.
"""

import json
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Count:
    """How one runner ended; `failed` includes errors outside a test."""

    runner: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    code: int

    @property
    def well(self) -> bool:
        """Whether this runner showed what it is there to show."""
        return self.code == 0 and self.failed == 0 and self.passed > 0

    def __str__(self) -> str:
        words = f"{self.runner:<10}{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"{words} in {self.seconds:.0f} s" + (
            "" if self.well else f"   <- not well (exit code {self.code})"
        )


def read_pytest(file: Path, code: int, runner: str) -> Count:
    """Counts from pytest's JUnit file; none when pytest could not write it."""
    if not file.exists():
        return Count(runner, 0, 0, 0, 0, code or 1)
    suites = list(ET.parse(file).getroot().iter("testsuite"))

    def total(name: str) -> int:
        return sum(int(suite.get(name, "0")) for suite in suites)

    failed, skipped = total("failures") + total("errors"), total("skipped")
    seconds = sum(float(suite.get("time", "0")) for suite in suites)
    return Count(runner, total("tests") - failed - skipped, failed, skipped, seconds, code)


def read_vitest(file: Path, code: int) -> Count:
    """Counts from vitest's JSON file; none when vitest could not write it."""
    if not file.exists():
        return Count("vitest", 0, 0, 0, 0, code or 1)
    report = json.loads(file.read_text(encoding="utf-8"))
    results = report.get("testResults", [])
    ends = [result["endTime"] for result in results if result.get("endTime")]
    seconds = (max(ends) - report["startTime"]) / 1000 if ends else 0.0
    broken_files = sum(
        1 for result in results if result["status"] == "failed" and not result["assertionResults"]
    )
    skipped = report["numPendingTests"] + report.get("numTodoTests", 0)
    return Count(
        "vitest", report["numPassedTests"], report["numFailedTests"] + broken_files, skipped, seconds, code
    )


def _read(folder: Path, name: str, code: str) -> Count:
    if name == "vitest":
        return read_vitest(folder / "vitest.json", int(code))
    return read_pytest(folder / f"{name}.xml", int(code), name)


def main(arguments: list[str]) -> int:
    """Print the summary; its last line alone says it all."""
    runs, left_out = arguments[1:], []
    if "--" in runs:
        runs, left_out = runs[: runs.index("--")], runs[runs.index("--") + 1 :]
    counts = [_read(Path(arguments[0]), *run.split("=")) for run in runs]
    print("\nSummary")
    for count in counts:
        print(f"  {count}")
    for name in left_out:
        print(f"  not run: {name}")
    well = all(count.well for count in counts)
    passed = sum(count.passed for count in counts)
    failed = sum(count.failed for count in counts) or (0 if well else 1)
    skipped = sum(count.skipped for count in counts)
    print("  Everything that ran holds." if well else "  NOT WELL: look above for the first failure.")
    print(f"tests: {passed} passed, {failed} failed, {skipped} skipped")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
