"""The exchange as pure functions: reading a body, cutting batches, keeping the count (P14 to P18).

The server and the handheld both decide by these; neither reads anything but what it is given.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

PROTOCOL: Final = 1
MAX_OPERATIONS: Final = 100
MAX_BATCH_BYTES: Final = 256 * 1024
MAX_BODY_BYTES: Final = 4 * MAX_BATCH_BYTES
# Longer literals than this cannot be in range; they are cut so that no number can cost more than its place in the body.
_LONGEST_NUMBER: Final = 40
_BEYOND: Final = 10**_LONGEST_NUMBER


class UnreadableError(ValueError):
    """A body nobody can read: no UTF-8, no JSON, a key twice, nested without end, or no object."""


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What to do with a push: `known` operations are answered from the ledger, then `fresh` ones are consumed."""

    action: str
    known: int
    fresh: int
    expected_seq: int


def parse(raw: bytes) -> dict[str, Any]:
    """Read an exchange body.

    Raises UnreadableError only for what cannot be read as an object at all; everything an operation may hold is let
    through and judged later, so that its content never refuses the batch (P18). A number that no double could hold
    comes through as one that is out of range.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_no_number,
        )
    except RecursionError as error:
        raise UnreadableError("The body is nested too deeply.") from error
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(value, dict):
        raise UnreadableError("The body is no JSON object.")
    return value


def slice_batch(sizes: Sequence[int]) -> int:
    """How many of the waiting operations make the next batch, given the bytes of each one's canonical JSON.

    At most MAX_OPERATIONS and MAX_BATCH_BYTES; one that is larger than a whole batch travels alone, since it must reach
    the server to be judged.
    """
    total = 0
    for count, size in enumerate(sizes[:MAX_OPERATIONS]):
        total += size
        if total > MAX_BATCH_BYTES and count:
            return count
    return min(len(sizes), MAX_OPERATIONS)


def narrowed(count: int) -> int:
    """The size of the next try after a batch could not be read: half, until the culprit stands alone (P18)."""
    return max(1, count // 2)


def plan_push(head_seq: int, from_seq: int, count: int) -> PushPlan:
    """What to do with `count` operations from `from_seq`, when `head_seq` is the last one consumed (P15, P16).

    A gap consumes nothing. An overlap answers what it knows again and consumes the rest.
    """
    expected = head_seq + 1
    if from_seq > expected:
        return PushPlan("gap", 0, 0, expected)
    known = min(count, expected - from_seq)
    action = "overlap" if known else "accept"
    return PushPlan(action, known, count - known, expected + count - known)


def astray(cursor: int, begun: bool, ver: int, floor: int) -> str | None:
    """Why a cursor means nothing in a scope, so that its walk begins anew from nothing; None when it does (P29).

    Ahead of the scope's version, or of a scope nobody knows: the database is another one. Below its floor: removals
    the reader has not seen are forgotten. A walk that has `begun` goes on: should the floor have passed it, the digest
    tells.
    """
    if cursor > ver:
        return "ahead"
    return "floor" if not begun and 0 < cursor < floor else None


def forgot(epoch_before: str | None, head_before: int, epoch: str, head: int) -> str | None:
    """Why a handheld has to tell a server again what it had told it before; None when it need not (P31).

    Both are about the same local database: the server announces another life of its own, or it has less of this
    database than it once said.
    """
    if epoch_before is not None and epoch_before != epoch:
        return "epoch"
    return "head" if head < head_before else None


def position_code(op: object, device: str, incarnation: str, seq: int) -> str | None:
    """`position_mismatch` for an operation that claims another place than the one it came in, else None.

    The place in the push decides (P15): a claim cannot take the number of another operation.
    """
    place = {"device": device, "incarnation": incarnation, "seq": seq}
    if isinstance(op, dict) and all(_same(op.get(key), value) for key, value in place.items()):
        return None
    return "position_mismatch"


def _same(claimed: object, actual: object) -> bool:
    # True is 1 to Python and not to the wire.
    return type(claimed) is type(actual) and claimed == actual


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise UnreadableError("A key stands twice in one object.")
    return value


def _integer(literal: str) -> int:
    if len(literal) > _LONGEST_NUMBER:
        return -_BEYOND if literal.startswith("-") else _BEYOND
    return int(literal)


def _decimal(literal: str) -> float | int:
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        return _BEYOND if value > 0 else -_BEYOND
    return value


def _no_number(literal: str) -> NoReturn:
    raise UnreadableError(f"{literal} is no JSON.")
