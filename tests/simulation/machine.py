"""Time and chance of the server's process while it is part of a simulation: both belong to the seed."""

import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from random import Random
from typing import Any, TypeVar
from unittest.mock import patch

from server.core import clock

_T = TypeVar("_T")

START = 1_777_856_400_000
"""Monday 4 May 2026, 09:00 at the station."""
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Machine:
    """Where virtual time stands, and the chance the server draws from."""

    def __init__(self) -> None:
        self.now = START
        self._random = Random()

    def begin(self, seed: str) -> None:
        self.now = START
        self._random.seed(seed)

    @contextmanager
    def owned(self) -> Iterator[None]:
        """While this is open, `secrets`, `uuid4` and the server's clock ask this machine."""
        draw = self._random
        stands_in: dict[str, Any] = {
            "randbits": draw.getrandbits,
            "choice": lambda some: some[draw.randrange(len(some))],
            "token_bytes": lambda n=32: draw.randbytes(n),
            "token_hex": lambda n=32: draw.randbytes(n).hex(),
            "token_urlsafe": lambda n=32: draw.randbytes(n).hex(),
        }
        with ExitStack() as owned:
            for name, drawn in stands_in.items():
                owned.enter_context(patch.object(secrets, name, drawn))
            owned.enter_context(
                patch.object(uuid, "uuid4", lambda: uuid.UUID(bytes=draw.randbytes(16), version=4))
            )
            clock.use(lambda: self.now)
            try:
                yield
            finally:
                clock.use(clock.system)


def drawn(random: Random, weighted: Mapping[_T, float]) -> _T:
    """One of several, as often as its weight says."""
    return random.choices(list(weighted), list(weighted.values()))[0]
