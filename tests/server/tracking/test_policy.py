"""What is picked out for a customer, as plain data: bands of time, steps, the timeline, consents."""

from __future__ import annotations

from typing import Any

import pytest

from server.ops.queries import LoggedOperation
from server.tracking import policy
from server.tracking.policy import Band, Facts
from tests.conftest import NINE_IN_HANGZHOU as NINE

MINUTE = 60_000
HOUR = 60 * MINUTE
CUSTOMER = "customer-1"


def logged(op_type: str, at: int = NINE, **over: Any) -> LoggedOperation:
    given: dict[str, Any] = {
        "op_id": f"{op_type}@{at}",
        "type": op_type,
        "author": "courier-1",
        "device_id": None,
        "at": at,
        "received_at": at,
        "skew_ms": None,
        "status": "applied",
        "payload": {"courier": "courier-1"},
        "conflict": None,
        "voided_by": None,
    }
    return LoggedOperation(**{**given, **over})


def facts(*log: LoggedOperation, now: int = NINE, heard: int | None = None, **task: Any) -> Facts:
    record = {
        "kind": "delivery",
        "status": "out_for_delivery",
        "customer": CUSTOMER,
        "window_start": NINE + HOUR,
        "window_end": NINE + 2 * HOUR,
        "outcome": None,
        **task,
    }
    customer = {"requests": [], "consents": []}
    return Facts(record, "SF1", customer, None, log, (), heard, None, "Asia/Shanghai", now)


@pytest.mark.parametrize(
    ("silence", "widened"), [(0, 0), (10, 0), (11, 20), (20, 20), (23, 30), (115, 120), (600, 120)]
)
def test_silence_widens_the_band_by_whole_tens_and_not_without_end(silence: int, widened: int) -> None:
    """Minutes of silence -> minutes the band's end moves."""
    found = policy.band(facts(now=NINE, heard=NINE - silence * MINUTE))
    assert found is not None
    assert found.end == NINE + 2 * HOUR + widened * MINUTE
    assert (found.widened, found.silent) == (widened * MINUTE, silence if widened else 0)


def test_a_courier_who_has_not_set_out_may_be_silent() -> None:
    found = policy.band(facts(heard=NINE - 5 * HOUR, status="assigned"))
    assert found == Band(NINE + HOUR, NINE + 2 * HOUR, NINE + 2 * HOUR, 0, 0, late=False)


def test_a_pickup_s_courier_is_under_way_shortly_before() -> None:
    pickup: dict[str, Any] = {"kind": "pickup", "status": "assigned"}
    assert policy.under_way(facts(now=NINE, **pickup))
    assert not policy.under_way(facts(now=NINE - 3 * HOUR, **pickup))
    assert not policy.under_way(facts(window_start=None, **pickup))


def test_late_is_said_after_the_widened_end_and_shows_the_promise() -> None:
    heard = NINE + 2 * HOUR - 5 * MINUTE
    in_time = policy.band(facts(now=NINE + 2 * HOUR + 10 * MINUTE, heard=heard))
    assert in_time is not None and not in_time.late
    late = policy.band(facts(now=NINE + 4 * HOUR + 10 * MINUTE, heard=heard))
    assert late == Band(NINE + HOUR, NINE + 2 * HOUR, NINE + 2 * HOUR, 0, 135, late=True)


@pytest.mark.parametrize(
    "status", ["arrived", "delivered", "attempt_failed", "held", "returned", "cancelled"]
)
def test_there_is_no_band_once_it_does_not_matter(status: str) -> None:
    assert policy.band(facts(status=status)) is None
    assert policy.band(facts(window_start=None, window_end=None)) is None


@pytest.mark.parametrize(
    ("kind", "status", "states"),
    [
        ("delivery", "created", "now next next next next"),
        ("delivery", "assigned", "done now next next next"),
        ("delivery", "arrived", "done done done now next"),
        ("delivery", "delivered", "done done done done done"),
        ("delivery", "attempt_failed", "done done done problem next"),
        ("delivery", "held", "done problem next next next"),
        ("delivery", "returned", "done done done problem next"),
        ("delivery", "cancelled", "done problem next next next"),
        ("pickup", "created", "now next next next"),
        ("pickup", "arrived", "done done now next"),
        ("pickup", "picked_up", "done done done done"),
        ("pickup", "attempt_failed", "done done problem next"),
        ("pickup", "cancelled", "done problem next next"),
    ],
)
def test_the_step_line(kind: str, status: str, states: str) -> None:
    assert " ".join(state for _, state in policy.steps(facts(kind=kind, status=status))) == states


def keys(found: Facts) -> list[str]:
    return [event.key for event in reversed(policy.events(found))]


def test_the_house_s_comings_and_goings_stay_in_the_house() -> None:
    log = [
        logged("order.imported", NINE, payload={}),
        logged("task.assigned", NINE + 1),
        logged("task.reassigned", NINE + 2, payload={"courier": "courier-2"}),
        logged("parcel.scanned", NINE + 3, payload={}),
        logged("task.noted", NINE + 4, payload={"text": "x"}),
        logged("task.out_for_delivery", NINE + 5, payload={}),
        logged("task.reassigned", NINE + 6, payload={"courier": "courier-3"}),
    ]
    assert keys(facts(*log)) == ["ordered.delivery", "planned", "out_for_delivery", "replanned"]


def test_what_did_not_count_is_not_told_and_what_was_withdrawn_is() -> None:
    refused = {"reason": "NOT_HOME"}
    log = [
        logged("task.attempt_failed", NINE + 1, status="conflict", payload=refused),
        logged("task.out_for_delivery", NINE + 2, status="merged", payload={}),
        logged("task.delivered", NINE + 3, payload={"recipient": "self"}, voided_by="x"),
    ]
    found = policy.events(facts(*log))
    assert [(event.key, event.void) for event in found] == [("delivered.self", True)]


def test_a_disputed_outcome_that_stands_is_told() -> None:
    done = logged("task.delivered", status="conflict", payload={"recipient": "self"})
    stands = {"op_id": done.op_id, "recipient": "self", "reason": None, "at": NINE}
    assert keys(facts(done, status="delivered", outcome=stands)) == ["delivered.self"]


def test_times_are_the_server_s_and_never_of_the_future() -> None:
    """A clock an hour slow is moved on; one that claims a time after its arrival is held to that."""
    slow = logged("task.arrived", NINE - HOUR, skew_ms=HOUR, received_at=NINE + MINUTE)
    fast = logged("task.arrived", NINE + 9 * HOUR, received_at=NINE)
    assert (policy.moment(slow), policy.moment(fast)) == (NINE, NINE)


def test_a_dispute_stands_until_something_new_happens() -> None:
    said = logged(
        "operation.corrected", NINE + 1, author=CUSTOMER, status="conflict", payload={"corrects": "x"}
    )
    assert policy.dispute(facts(said)) == said
    assert policy.band(facts(said)) is None
    assert policy.steps(facts(said))[-1][1] == "problem"
    again = logged("task.reattempt_planned", NINE + 2)
    assert policy.dispute(facts(said, again)) is None
    taken_back = logged(
        "operation.corrected", NINE + 1, author=CUSTOMER, payload={"corrects": "x"}, voided_by="y"
    )
    assert policy.dispute(facts(taken_back)) is None
    by_staff = logged("operation.corrected", NINE + 1, payload={"corrects": "x"})
    assert policy.dispute(facts(by_staff)) is None
    assert keys(facts(by_staff)) == []


def test_the_newest_word_on_a_consent_counts() -> None:
    said = [
        {"kind": "locker", "given": False, "at": 2},
        {"kind": "locker", "given": True, "at": 1},
        {"kind": "notices", "given": False, "at": 3},
    ]
    assert policy.consents({"consents": said}) == {
        "reception": False,
        "neighbour": False,
        "locker": False,
        "station": False,
        "notices": False,
    }
    assert policy.consents({"consents": []})["notices"] is True
