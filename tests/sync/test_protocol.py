"""Reading a body, where only Python's way of reading JSON could be tricked; the rest are vectors."""

import pytest

from sync.protocol import MAX_OPERATIONS, UnreadableError, parse, slice_batch
from sync.upcast import upcast
from sync.validate import validate
from tests.sync.making.cast import op


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":2}',
        b'{"push":{"operations":[{"b":{"c":1,"c":1}}]}}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":' + b"[" * 100_000,
        b'{"a":Infinity}',
        b'"text"',
        b"null",
    ],
    ids=["twice", "twice-inside", "no-utf8", "bom", "endless", "infinity", "text", "null"],
)
def test_p18_a_body_nobody_can_read_is_refused(raw: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse(raw)


@pytest.mark.parametrize(
    "literal", ["9" * 5000, "-" + "9" * 5000, "1e999", "-1e999", "1.5", "1e3", "9007199254740992"]
)
def test_p18_a_number_nobody_can_hold_is_let_through_and_quarantines_its_operation(literal: str) -> None:
    body = parse(b'{"at":' + literal.encode() + b"}")
    assert [problem.code for problem in validate(op("task.arrived") | body)] == ["out_of_range"]


def test_p14_a_backlog_goes_in_slices() -> None:
    waiting = [400] * 10_000
    sent = 0
    while waiting:
        count = slice_batch(waiting)
        assert 0 < count <= MAX_OPERATIONS
        waiting = waiting[count:]
        sent += 1
    assert sent == 100


def test_p6_old_versions_are_lifted_step_by_step() -> None:
    def lift(envelope: dict[str, object]) -> dict[str, object]:
        version = envelope["v"]
        assert isinstance(version, int)
        return {**envelope, "v": version + 1, "payload": {"lifted": version}}

    steps = {("task.arrived", 1): lift, ("task.arrived", 2): lift}
    old = op("task.arrived")
    lifted = upcast(old, steps)
    assert (lifted["v"], lifted["payload"]) == (3, {"lifted": 2})
    assert old["v"] == 1
    assert upcast({"type": ["task.arrived"], "v": 1}, steps) == {"type": ["task.arrived"], "v": 1}
