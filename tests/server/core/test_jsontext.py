"""The fast writer of JSON says what Python's own would have said, and refuses what that would have refused."""

from __future__ import annotations

import enum
import json
import math
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.jsontext import compact, plain_hash
from sync.canonical import MAX_INTEGER, body_hash, canonical, sha256_hex


def python(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def nested(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


ANY_TEXT = st.text(st.characters(), max_size=8)
"""With lone surrogates, which `st.text()` alone leaves out."""
WHOLE = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | ANY_TEXT
FINITE = st.floats(allow_nan=False, allow_infinity=False)
CLEAN_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
CLEAN = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | CLEAN_TEXT
ASCII_KEYS = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=6)


@given(nested(WHOLE, ANY_TEXT))
def test_the_text_is_the_one_python_writes(value: object) -> None:
    assert compact(value) == python(value)


@given(nested(WHOLE | FINITE, ANY_TEXT))
def test_a_fraction_may_be_spelt_otherwise_and_is_the_same_number(value: object) -> None:
    text = compact(value)
    assert json.loads(text) == value
    assert [float(one) for one in json.loads(compact([1e16, 1e-7, -0.0, 0.1]))] == [1e16, 1e-7, -0.0, 0.1]


@given(nested(CLEAN, ASCII_KEYS))
def test_the_hash_is_the_one_of_the_protocol_before_and_after_a_column(value: object) -> None:
    assert plain_hash(value) == sha256_hex(canonical(value))
    envelope = {"op_id": "1", "payload": value}
    assert body_hash(json.loads(compact(envelope))) == body_hash(envelope) == plain_hash(envelope)


@pytest.mark.parametrize(
    "value",
    [
        2**63 - 1,
        2**64 - 1,
        2**64,
        -(2**63) - 1,
        10**30,
        "\ud800",
        "好\udfff",
        "\ud83d" + "\ude00",
        {"\ud800": 1},
    ],
    ids=ascii,
)
def test_what_the_fast_writer_can_not_is_written_as_python_would(value: object) -> None:
    assert compact([value, "好"]) == python([value, "好"])


def test_keys_that_are_no_texts_and_rows_that_are_tuples_are_written_as_python_would() -> None:
    for value in ({1: "a"}, {None: 1, True: 2}, (1, (2, 3))):
        assert compact(value) == python(value)


@dataclass
class Parcel:
    waybill: str


REFUSED = [
    datetime(2026, 5, 4, tzinfo=UTC),
    date(2026, 5, 4),
    time(9),
    Parcel("SF1"),
    Decimal("12.50"),
    b"SF1",
    {"SF1"},
]


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
def test_what_python_refuses_is_refused(value: object) -> None:
    for write in (python, compact, plain_hash):
        with pytest.raises(TypeError):
            write({"payload": [value]})


@pytest.mark.parametrize("beside", [1, 2**64, "\ud800"], ids=ascii)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_becomes_null_on_either_way(value: float, beside: object) -> None:
    assert compact({"a": [value], "b": beside}) == python({"a": [None], "b": beside})


class Colour(enum.Enum):
    RED = "red"


def test_two_types_get_through_as_their_text() -> None:
    """Nothing can tell the fast writer to refuse them; where they are let in, what comes back is a text."""
    one = uuid.UUID(int=7)
    assert json.loads(compact([one, Colour.RED])) == [str(one), "red"]
