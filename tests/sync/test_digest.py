"""The digest of a scope (P30): the same however it came about, and another one for whatever differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.digest import EMPTY, MODULUS, digest, moved, row_hash

HELD = st.dictionaries(st.integers(0, 40).map(lambda number: f"task:{number}"), st.integers(0, 2**31))


@given(st.lists(HELD, min_size=1, max_size=6))
def test_p30_a_digest_that_follows_each_change_is_that_of_the_rows(states: list[dict[str, int]]) -> None:
    followed, before = EMPTY, dict[str, int]()
    for state in states:
        changed = {entity for entity in before | state if before.get(entity) != state.get(entity)}
        gone = [(entity, before[entity]) for entity in changed if entity in before]
        come = [(entity, state[entity]) for entity in changed if entity in state]
        followed, before = moved(followed, gone, come), state
    assert followed == digest(states[-1].items())


@given(HELD, HELD)
def test_p30_what_differs_has_another_digest(one: dict[str, int], other: dict[str, int]) -> None:
    assert (digest(one.items()) == digest(other.items())) == (one == other)


def test_p30_a_row_counts_by_entity_and_revision_and_stays_below_two_to_the_48() -> None:
    rows = [(f"task:{number}", rev) for number in range(200) for rev in range(3)]
    hashes = [row_hash(entity, rev) for entity, rev in rows]
    assert len(set(hashes)) == len(rows)
    assert all(0 <= one < MODULUS for one in hashes)
    assert max(hashes).bit_length() == 48


@pytest.mark.parametrize("lost", range(3))
def test_p30_a_row_less_is_seen(lost: int) -> None:
    rows = [(f"task:{number}", 1) for number in range(3)]
    assert digest(rows) != digest(rows[:lost] + rows[lost + 1 :])
