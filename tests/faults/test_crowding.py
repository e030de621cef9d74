"""F10, F11, F24: nobody stands in another's way."""

from __future__ import annotations

from tests.faults import crowding
from tests.faults.site import Site


def test_f24_eight_writers_on_sqlite_never_hear_that_the_database_is_locked(sqlite_site: Site) -> None:
    outcome = crowding.writers(sqlite_site, 4)
    print(outcome)
    assert outcome.wrong == []


def test_f10_a_long_queue_drains_in_slices_while_others_push(sqlite_site: Site) -> None:
    outcome = crowding.backlog(sqlite_site, 1_000)
    print(outcome)
    assert outcome.wrong == []
