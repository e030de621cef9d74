"""The quick look never lets through what the rules refuse."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.jsontext import plain_hash
from server.intake.policy import Order, envelope
from server.intake.sound import sound
from sync.canonical import body_hash
from sync.validate import validate
from tests.builders import order

STATION = "00000000-0000-7000-8000-000000000001"
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.sampled_from(["x" * 600, "a\x00b", "\ud800", "a\nb", "", "delivery", STATION]),
    st.just([]),
    st.just({}),
)
PLACES = [
    *[(name,) for name in order(STATION)],
    *[("customer", name) for name in ("id", "name", "phone")],
    *[("address", name) for name in ("text", "community", "room", "lng_e7", "lat_e7", "more")],
    ("requests", 0, "kind"),
    ("requests", 0, "text"),
]


def changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    payload = order(STATION)
    at: Any = payload
    for part in place[:-1]:
        at = at[part]
    at[place[-1]] = value
    return payload


def refused(payload: dict[str, Any]) -> bool:
    made = Order(2, payload)
    return bool(validate(envelope(made, STATION, 0), None))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), VALUES)
def test_what_passes_is_sound_by_the_rules_too(place: tuple[Any, ...], value: Any) -> None:
    payload = changed(place, value)
    if sound(payload):
        assert not refused(payload)


@pytest.mark.parametrize(("place", "value"), [(("waybill",), "ds 1"), (("pieces",), 0), (("window_end",), 1)])
def test_what_is_wrong_does_not_pass(place: tuple[Any, ...], value: Any) -> None:
    assert not sound(changed(place, value))


def test_a_good_order_passes_and_hashes_as_the_protocol_does() -> None:
    made = envelope(Order(2, order(STATION)), STATION, 5)
    assert sound(made["payload"])
    assert plain_hash(made) == body_hash(made)
