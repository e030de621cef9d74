"""F8: what could not be written was never promised."""

from __future__ import annotations

from tests.faults import disk
from tests.faults.site import Site


def test_f8_a_full_disk_costs_no_promise_and_heals_by_itself() -> None:
    outcome = disk.full("sqlite", 2.0)
    print(outcome)
    assert outcome.wrong == []


def test_f8_a_disk_that_fails_costs_no_promise(sqlite_site: Site, strace: None) -> None:
    outcome = disk.failing(sqlite_site, 30)
    print(outcome)
    assert outcome.wrong == []
