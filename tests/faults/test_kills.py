"""F4, F5: whatever is killed, what was promised is there, once."""

from __future__ import annotations

from tests.faults import kills
from tests.faults.site import Site


def test_f4_a_server_that_is_killed_keeps_its_promises_on_sqlite(sqlite_site: Site) -> None:
    outcome = kills.server_kills(sqlite_site, 10)
    print(outcome)
    assert outcome.wrong == []


def test_f4_a_server_that_is_killed_keeps_its_promises_on_postgresql(postgres_site: Site) -> None:
    outcome = kills.server_kills(postgres_site, 10)
    print(outcome)
    assert outcome.wrong == []


def test_f5_a_postgresql_that_is_killed_costs_a_moment_and_no_operation(postgres_site: Site) -> None:
    outcome = kills.postgres_kills(postgres_site, 2)
    print(outcome)
    assert outcome.wrong == []
