"""F12, F17: what comes again or with a wrong time changes nothing that stands."""

from __future__ import annotations

from tests.faults import clocks, replays
from tests.faults.site import Site


def test_f12_replays_change_nothing_on_sqlite(sqlite_site: Site) -> None:
    outcome = replays.replays(sqlite_site, 90)
    print(outcome)
    assert outcome.wrong == []


def test_f12_replays_change_nothing_on_postgresql(postgres_site: Site) -> None:
    outcome = replays.replays(postgres_site, 60)
    print(outcome)
    assert outcome.wrong == []


def test_f17_clocks_that_jump_move_nothing_and_are_flagged(sqlite_site: Site) -> None:
    outcome = clocks.jumps(sqlite_site, 20)
    print(outcome)
    assert outcome.wrong == []
