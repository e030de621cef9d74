"""In CI a skipped test is a failure unless the allow-list below names it with a reason.

A skip says "this machine cannot show it". On the machine that guards the main line that is only true for the few
things written here; any other skip is a test that silently stopped guarding something.
"""

import os
from fnmatch import fnmatch

import pytest

ALLOWED_SKIPS: dict[str, str] = {
    "tests/e2e/test_reading.py::test_public_pictures*": (
        "the public pictures of codes are no part of the project; where they lie beside it, the test runs"
    ),
    "tests/server/day/test_day.py::test_a_day_of_real_pickups_arrives_exactly_once*": (
        "the public pickup data is no part of the project; where it lies beside it, the test runs"
    ),
    "tests/server/notifications/test_vectors.py::*": (
        "the RFCs' push vectors are no part of the project; where they lie beside it, the tests run"
    ),
}
"""Pattern of a test's node id -> why a CI machine may be unable to run it. Each entry is an exception."""


def allowed_reason(node_id: str) -> str | None:
    """The reason the allow-list gives for skipping `node_id`, or None when it may not be skipped."""
    return next((reason for pattern, reason in ALLOWED_SKIPS.items() if fnmatch(node_id, pattern)), None)


def in_ci() -> bool:
    """Whether this run guards the main line (CI=true, as CI services set it)."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def _reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """What the skip said for itself; pytest keeps it as (path, line, message)."""
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def _refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip nobody allowed into a failure that says where to allow it."""
    if in_ci() and report.skipped and not hasattr(report, "wasxfail") and not allowed_reason(report.nodeid):
        report.outcome = "failed"
        report.longrepr = (
            f"{report.nodeid} was skipped in CI: {_reason_of(report)}\n"
            "Make it run, or name it with a reason in ALLOWED_SKIPS (tests/plugins/no_skips.py)."
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):  # type: ignore[no-untyped-def]  # hook signature is pytest's
    """A skip inside a test or one of its fixtures."""
    report = yield
    _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):  # type: ignore[no-untyped-def]  # hook signature is pytest's
    """A skip of a whole module (pytest.skip(allow_module_level=True), importorskip)."""
    report = yield
    _refuse(report)
    return report
