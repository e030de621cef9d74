"""What the worker runs: a handler for each outbox topic, and jobs that come round by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.core.outbox import Claimed

Handler = Callable[[Claimed], None]


@dataclass(frozen=True)
class Periodic:
    """A job the worker runs every `every_ms` of server time, in an application context, never twice at once."""

    name: str
    every_ms: int
    run: Callable[[], None]
