"""What the server alone needs of canonical text: hashes and storage of evidence that is not clean."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.canonical import NotCanonicalError, body_hash, canonical, evidence_hash, storable
from tests.sync.making.cast import op

UNCLEAN: list[Any] = [1.5, 2**53, float("inf"), "\ud83d", "a\x00b", {"é": 1}, {"a": [0.5, "\x00"]}]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def test_p16_the_hash_of_a_clean_operation_is_the_same_as_evidence() -> None:
    assert evidence_hash(op("task.arrived")) == body_hash(op("task.arrived"))


@pytest.mark.parametrize("value", UNCLEAN, ids=repr)
def test_p16_unclean_evidence_has_a_hash_and_knows_itself_again(value: Any) -> None:
    with pytest.raises(NotCanonicalError):
        canonical(value)
    assert evidence_hash({"payload": value}) == evidence_hash({"payload": value})
    assert evidence_hash({"payload": value}) != evidence_hash({"payload": [value]})


@given(ANYTHING)
def test_p18_evidence_can_always_be_stored_and_hashed(value: Any) -> None:
    stored = storable(value)
    text = json.dumps(stored, ensure_ascii=False, allow_nan=False)
    assert "\\u0000" not in text
    text.encode()
    assert len(evidence_hash(value)) == 64


def test_p18_clean_evidence_is_stored_as_it_is() -> None:
    assert storable(op("task.delivered")) == op("task.delivered")
