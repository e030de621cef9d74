"""Every oracle of this folder sees the bug it is there for: the server runs with it, and the fault's own run complains.

`sequence-cursor` (F14) and PostgreSQL without a synchronous commit stand in the files of their faults. F11 is the other
way round as well: its poison is an error nobody foresaw, so the server has to be one that makes it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.day.line import Line
from tests.faults import clocks, crowding, disk, durability, kills, replays, storms
from tests.faults.oracle import Outcome, judge
from tests.faults.site import Site


def every_request_twice(site: Site, bug: str) -> Outcome:
    """A line that does nothing else: what an answer lost on the way comes to, without the luck."""
    outcome = Outcome("F4 doubled", site.database)
    site.serve(bug)
    with Line(site.port, 1, spoil=True, odds=(("doubled", 1.0),)) as line:
        [courier] = kills.on_the_street(site, 1, line.door)
        for _ in range(2):
            courier.note("again")
            courier.push()
    judge(site, [courier], outcome, bug)
    return outcome


# Bug, run, and what the run has to complain of.
Planted = tuple[str, Callable[[Site, str], Outcome], tuple[str, ...]]
PLANTED: tuple[Planted, ...] = (
    ("ack-before-commit", lambda site, bug: kills.server_kills(site, 10, bug=bug), ("lost",)),
    ("impatient", lambda site, bug: crowding.writers(site, 4, bug=bug), ("not answered with 200",)),
    ("backlog-first", lambda site, bug: crowding.backlog(site, 3_000, bug=bug), ("had to wait",)),
    ("clocks-believed", lambda site, bug: clocks.jumps(site, 6, bug=bug), ("order", "not flagged")),
    ("counts-again", every_request_twice, ("there twice",)),
    ("counts-again", lambda site, bug: replays.replays(site, 9, bug=bug), ("had changed",)),
    (
        "crowded",
        lambda site, bug: storms.storm(site, 32, bug=bug, haste=0.03, fds_s=1),
        ("HTTP 500", "left open"),
    ),
    ("cursed-and-stopped", lambda site, bug: crowding.poison(site, bug=bug), ("stopped",)),
)
TRACED: tuple[Planted, ...] = (
    ("ack-before-commit", lambda site, bug: disk.failing(site, 30, bug=bug), ("lost",)),
    ("journal-deleted", lambda site, bug: durability.synced_before_answered(site, 4, bug=bug), ("early",)),
    ("synchronous-off", lambda site, bug: durability.synced_before_answered(site, 4, bug=bug), ("early",)),
)


@pytest.mark.parametrize("planted", PLANTED, ids=[f"{n}-{one[0]}" for n, one in enumerate(PLANTED)])
def test_the_oracle_sees_the_bug_it_is_there_for(sqlite_site: Site, planted: Planted) -> None:
    seen(sqlite_site, planted)


@pytest.mark.parametrize("planted", TRACED, ids=[one[0] for one in TRACED])
def test_the_oracle_that_watches_by_strace_sees_it_too(
    sqlite_site: Site, strace: None, planted: Planted
) -> None:
    seen(sqlite_site, planted)


def seen(site: Site, planted: Planted) -> None:
    bug, run, signs = planted
    outcome = run(site, bug)
    for sign in signs:
        assert any(sign in one for one in outcome.wrong), outcome


def test_f11_poison_at_the_head_is_parked_and_what_follows_passes(sqlite_site: Site) -> None:
    outcome = crowding.poison(sqlite_site)
    print(outcome)
    assert outcome.wrong == []
