"""Named points at which a test or the simulator may stop the server by raising. Nothing happens in production."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Name = Literal["commit.before", "commit.after", "exchange.answer"]


def _pass(_name: Name) -> None:
    """What happens there in production: nothing."""


class _Point:
    reached: Callable[[Name], None] = staticmethod(_pass)


def reach(name: Name) -> None:
    """The server has come to this point."""
    _Point.reached(name)


def use(reached: Callable[[Name], None] | None) -> None:
    """Have somebody told of every point; None ends it."""
    _Point.reached = staticmethod(reached or _pass)
