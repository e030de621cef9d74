"""Deadlines by kind and tier, owners by role and load, and the window of an undo."""

from __future__ import annotations

import pytest

from server.conflicts.policy import HOUR_MS, UNDO_MS, Candidate, choose_owner, due_at, undo_until
from sync.tables import CASE_KINDS

DORA, CHEN, ADA = Candidate("d", "dispatcher", 3), Candidate("c", "csr", 9), Candidate("a", "admin", 0)
LIANG = Candidate("l", "courier", 0)


@pytest.mark.parametrize(
    ("kind", "tier", "hours"),
    [
        ("cancelled", "casual", 1),
        ("cancelled", "key", 0.25),
        ("disputed", "monthly", 0.5),
        ("second_payment", "casual", 2),
        ("request_late", "key", 0.5),
        ("field", "casual", 4),
        ("field", "monthly", 2),
        ("field", "key", 1),
        ("never heard of", "never heard of", 4),
    ],
)
def test_p22_a_case_is_due_by_its_kind_and_its_customers_tier(kind: str, tier: str, hours: float) -> None:
    assert due_at(kind, 1_000, tier) == 1_000 + int(hours * HOUR_MS)


def test_p22_a_better_tier_never_waits_longer() -> None:
    for kind in CASE_KINDS:
        waits = [due_at(kind, 0, tier) for tier in ("key", "monthly", "casual")]
        assert waits == sorted(waits) and waits[0] >= 15 * 60_000
        assert due_at(kind, 0) == waits[-1]


def test_p22_what_a_customer_said_goes_to_customer_service_and_the_rest_to_a_dispatcher() -> None:
    everybody = [ADA, CHEN, DORA, LIANG]
    customers = {"disputed", "request_late", "no_consent", "wrong_code", "partial", "problem"}
    for kind in customers:
        assert choose_owner(kind, everybody) == "c"
    for kind in set(CASE_KINDS) - customers:
        assert choose_owner(kind, everybody) == "d"


def test_p22_a_missing_role_is_passed_over_and_a_courier_owns_no_case() -> None:
    assert choose_owner("cancelled", [ADA, CHEN]) == "c"
    assert choose_owner("disputed", [ADA, DORA]) == "d"
    assert choose_owner("disputed", [ADA]) == "a"
    assert choose_owner("disputed", [LIANG]) is None
    assert choose_owner("disputed", []) is None


def test_p22_the_least_burdened_gets_it_and_ties_go_by_id() -> None:
    one, two, three = (Candidate(name, "dispatcher", n) for name, n in (("z", 1), ("y", 1), ("x", 2)))
    assert choose_owner("cancelled", [one, two, three]) == "y"
    assert choose_owner("cancelled", [three, two, one]) == "y"


def test_a_decision_can_be_undone_for_ten_minutes() -> None:
    assert UNDO_MS == 10 * 60_000
    assert undo_until(5) == 5 + UNDO_MS
