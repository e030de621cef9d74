"""What a scope holds in two numbers, so that a copy of it can be compared without sending it (P30).

How many rows are present, and the sum modulo 2^48 of a hash over entity and revision of each. A sum does not ask for
the rows in any order, and a row that changes is taken off and put on without a look at the others.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MODULUS: Final = 2**48
_HASHED_BYTES: Final = 6


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows are present, and the sum of their hashes."""

    count: int
    sum: int


EMPTY: Final = Digest(0, 0)


def row_hash(entity: str, rev: int) -> int:
    """The first 48 bits of the SHA-256 of `entity`, a line feed and `rev` in decimal."""
    return int.from_bytes(hashlib.sha256(f"{entity}\n{rev}".encode()).digest()[:_HASHED_BYTES], "big")


def digest(rows: Iterable[tuple[str, int]]) -> Digest:
    """The digest of the present rows of a scope, given as (entity, rev)."""
    return moved(EMPTY, (), rows)


def moved(before: Digest, gone: Iterable[tuple[str, int]], come: Iterable[tuple[str, int]]) -> Digest:
    """The digest after rows have gone and come; one whose revision has changed has done both."""
    count, total = before.count, before.sum
    for entity, rev in gone:
        count, total = count - 1, total - row_hash(entity, rev)
    for entity, rev in come:
        count, total = count + 1, total + row_hash(entity, rev)
    return Digest(count, total % MODULUS)
