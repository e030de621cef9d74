"""How many exchanges are worked on at once: a storm is told when to come again before it costs anything (P18, F15).

Handhelds that lost the same server at the same moment come back together. What is too much is refused before the first
look into the database, so that those who are in get through; each is told another moment, and the storm comes apart.
"""

import secrets
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, request

from server.core import metrics
from server.core.errors import Code, Problem
from sync.protocol import MAX_BODY_BYTES

P = ParamSpec("P")
R = TypeVar("R")

SOONEST_S = 5
LATEST_S = 20
_GATE = "doorstep_exchanges"


def open_gate(extensions: dict[str, object], places: int) -> None:
    """Set up how many exchanges this process works on at once."""
    extensions[_GATE] = threading.BoundedSemaphore(places)


def admitted(view: Callable[P, R]) -> Callable[P, R]:
    """Lets a view run while there is a place for it, else answers 503 with Retry-After.

    It goes above the guard, which looks into the database. The body is read first: whoever sends slowly takes no place.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if (request.content_length or 0) <= MAX_BODY_BYTES:
            request.get_data(cache=True)
        gate: threading.BoundedSemaphore = current_app.extensions[_GATE]
        if not gate.acquire(blocking=False):
            metrics.EXCHANGES_REFUSED.inc()
            raise Problem(Code.BUSY, retry_after=SOONEST_S + secrets.randbelow(LATEST_S - SOONEST_S + 1))
        try:
            return view(*args, **kwargs)
        finally:
            gate.release()

    return guarded
