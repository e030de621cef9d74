"""How many exchanges are let in at once: a storm is told when to come again before it costs anything (P18, F15).

Handhelds that lost the same server at the same moment come back together. What is too much is refused before the first
look into the database, so that those who are in get through; each is told another moment, one behind the other, as far
apart as serving one takes: a few wait a moment, a crowd comes apart over a minute.

Of those who are in, a few are at work and the others wait for them. Python runs one thread at a time: while some wait
for the database, one more has all it can use, and whoever comes on top of that only takes turns away.
"""

import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, request

from server.core import metrics
from server.core.errors import Code, Problem
from sync.protocol import MAX_BODY_BYTES

P = ParamSpec("P")
R = TypeVar("R")

SOONEST_S = 1
LATEST_S = 60
# What a handheld brings that comes back after hours takes about so long: some two hundred operations.
EACH_S = 0.2
AT_WORK = 3
_GATE = "doorstep_exchanges"


@dataclass
class Gate:
    """The places, and the moment (monotonic, s) the last one who found none was told."""

    places: threading.BoundedSemaphore
    at_work: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_WORK))
    _told: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def another_moment(self) -> int:
        """In how many seconds to come again; any late one for those of a crowd too large to be put in a row."""
        now = time.monotonic()
        with self._lock:
            self._told = min(max(self._told + EACH_S, now + SOONEST_S), now + LATEST_S)
            wait = math.ceil(self._told - now)
        return wait if wait < LATEST_S else LATEST_S // 2 + secrets.randbelow(LATEST_S // 2 + 1)


def open_gate(extensions: dict[str, object], places: int) -> None:
    """Set up how many exchanges this process works on at once."""
    extensions[_GATE] = Gate(threading.BoundedSemaphore(places))


def admitted(view: Callable[P, R]) -> Callable[P, R]:
    """Lets a view run when there is a place for it and its turn has come; without a place, 503 with Retry-After.

    It goes above the guard, which looks into the database. The body is read first: whoever sends slowly takes no place.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if (request.content_length or 0) <= MAX_BODY_BYTES:
            request.get_data(cache=True)
        gate: Gate = current_app.extensions[_GATE]
        if not gate.places.acquire(blocking=False):
            metrics.EXCHANGES_REFUSED.inc()
            raise Problem(Code.BUSY, retry_after=gate.another_moment())
        try:
            with gate.at_work:
                return view(*args, **kwargs)
        finally:
            gate.places.release()

    return guarded
