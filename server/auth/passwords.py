"""Password hashing: argon2id at about 60 ms on a small server; the library's default takes five times that."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 8
MAX_LENGTH = 200
TIME_COST = 2
MEMORY_KIB = 32_768


class _Hashing:
    by: PasswordHasher = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=1)


_hashing = _Hashing()


def weaken_for_tests() -> None:
    """Hash in under a millisecond. Called by create_app with DOORSTEP_ENV=test only."""
    _hashing.by = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    _decoy.cache_clear()


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters and salt in it."""
    return _hashing.by.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """True when the password is right. An unknown user costs the same time as a wrong password."""
    try:
        _hashing.by.verify(stored or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """True when the hash was made with other parameters than today's."""
    return _hashing.by.check_needs_rehash(stored)


@cache
def _decoy() -> str:
    return _hashing.by.hash("nobody has this password")
