"""P35: whatever a handheld's clock says, the record has the true time."""

from typing import Any

import pytest

from server.ops.capture import Contact, captured_at, learned

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOON = 1_777_867_200_000
"""When the deed was done, by the server's clock."""
BOOT, OTHER_BOOT = "018f0000-0000-7000-8000-000000000001", "018f0000-0000-7000-8000-000000000002"


def op(at: int, mono: int | None = 5_000_000, boot: str | None = BOOT) -> dict[str, Any]:
    return {"at": at, "mono": mono, "boot": boot}


@pytest.mark.parametrize("skew", [0, 5 * MINUTE, -5 * MINUTE, DAY, -DAY, 7 * HOUR + 123])
def test_a_clock_that_is_always_off_by_the_same_is_set_right(skew: int) -> None:
    contact = Contact(NOON + 2 * HOUR, NOON + 2 * HOUR - skew, 5_000_000 + 2 * HOUR, BOOT)
    for before in (None, skew, skew + 20_000):
        assert captured_at(op(NOON - skew), contact, before, NOON - HOUR) == NOON


@pytest.mark.parametrize("journey", [0, 800, 29_000])
def test_what_may_be_the_journey_of_the_message_is_no_skew(journey: int) -> None:
    contact = Contact(NOON + MINUTE + journey, NOON + MINUTE)
    assert captured_at(op(NOON), contact, None, None) == NOON


@pytest.mark.parametrize("skew", [-20_000, -1_000, 0, 9_000, 29_000, 7 * HOUR])
def test_a_clock_off_by_seconds_is_told_from_slow_journeys(skew: int) -> None:
    """The fastest message of a morning says how far it is off; a slow one in the evening changes nothing."""
    known: int | None = None
    for journey in (14_000, 2_500, 120, 80, 31_000, 900):
        known = learned(skew + journey, known)
    assert known is not None and 0 <= known - skew < 1_000
    contact = Contact(NOON + HOUR + 25_000, NOON + HOUR - skew, 5_000_000 + HOUR, BOOT)
    assert 0 <= captured_at(op(NOON - skew), contact, known, NOON - MINUTE) - NOON < 5_000


def test_a_clock_put_right_by_seconds_is_followed() -> None:
    known = -20_000
    for _ in range(30):
        known = learned(100, known)
    assert -1_000 < known <= 100
    assert learned(-20_000, known) == -20_000, "what is less is believed at once"


@pytest.mark.parametrize("skew", [HOUR, -HOUR, 2 * MINUTE])
def test_a_clock_that_was_set_is_believed_at_once(skew: int) -> None:
    assert learned(skew, 0) == skew
    assert learned(skew + 9_000, skew) < skew + 2_000, "a slow journey is no setting"


@pytest.mark.parametrize("set_by", [DAY, -DAY, HOUR])
def test_a_clock_set_while_the_work_waits_is_seen_through_by_the_one_that_only_runs(set_by: int) -> None:
    contact = Contact(NOON + HOUR, NOON + HOUR + set_by, 5_000_000 + HOUR, BOOT)
    assert captured_at(op(NOON), contact, 0, NOON - MINUTE) == NOON


@pytest.mark.parametrize("set_by", [DAY, -DAY, 9 * HOUR])
def test_set_and_started_anew_the_skew_that_fits_between_the_contacts_is_taken(set_by: int) -> None:
    contact = Contact(NOON + HOUR, NOON + HOUR + set_by, 1_000, OTHER_BOOT)
    done_before_it_was_set = captured_at(op(NOON), contact, 0, NOON - MINUTE)
    done_after_it_was_set = captured_at(op(NOON + set_by), contact, 0, NOON - MINUTE)
    assert (done_before_it_was_set, done_after_it_was_set) == (NOON, NOON)


def test_nothing_is_made_later_than_the_contact_that_brought_it() -> None:
    contact = Contact(NOON, NOON - DAY, 9, OTHER_BOOT)
    assert captured_at(op(NOON + DAY), contact, 0, NOON - HOUR) == NOON


def test_a_handheld_that_does_not_tell_its_time_is_taken_at_its_word() -> None:
    assert captured_at(op(NOON), Contact(NOON + DAY, None), 0, None) == NOON
