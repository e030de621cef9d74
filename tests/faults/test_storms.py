"""F14 and F15: everybody at once, and nobody is skipped, refused without a word, or left hanging."""

from __future__ import annotations

from tests.faults import cursors, storms
from tests.faults.site import Site


def test_f15_two_hundred_come_back_at_once_after_a_restart(sqlite_site: Site) -> None:
    """They wait a third of what they are told, which only makes it harder."""
    outcome = storms.storm(sqlite_site, 200, haste=0.3, again=40)
    print(outcome)
    assert outcome.wrong == []
    assert outcome.figures["503 with Retry-After"], "nobody was too many"


def test_f14_no_cursor_skips_what_commits_late(postgres_site: Site) -> None:
    outcome = cursors.interleavings(postgres_site, 400)
    print(outcome)
    assert outcome.wrong == []


def test_f14_the_oracle_sees_a_sequence_as_cursor(postgres_site: Site) -> None:
    """Planted: `sequence-cursor`, the thirteenth bug of RELIABILITY F2, which needs two writers at once."""
    outcome = cursors.interleavings(postgres_site, 400, bug="sequence-cursor")
    assert any(one.startswith("skipped") for one in outcome.wrong), outcome
