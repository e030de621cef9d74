"""The bus: how a higher feature hears of a lower one without being imported by it.

`server/wiring.py` is the one table of who reacts. INSIDE reactors run in the transaction of the change and see
the batch; AFTER reactors become outbox rows in the same transaction and are run by the worker after commit.
Events are frozen dataclasses in the past tense (a feature's `events.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from flask import Flask, current_app

from server.core import outbox

E = TypeVar("E")
B = TypeVar("B")
ROUNDS = 3


@dataclass(frozen=True)
class Message:
    """What an AFTER reactor hands to the worker; `key` is what the receiver may dedupe on."""

    key: str
    payload: dict[str, Any] = field(default_factory=dict)
    due_at: int | None = None


class UnquietError(RuntimeError):
    """INSIDE reactors still made events after the last round: two of them answer each other."""


class Bus(Generic[B]):
    """`B` is the batch INSIDE reactors work on (the pipeline's); they change it and return further events."""

    def __init__(self) -> None:
        self._inside: dict[type[Any], list[Callable[[Any, B], Iterable[object] | None]]] = defaultdict(list)
        self._after: dict[type[Any], list[tuple[str, Callable[[Any], Message | None]]]] = defaultdict(list)

    def inside(self, event: type[E], react: Callable[[E, B], Iterable[object] | None]) -> None:
        """Register a reactor that runs in the transaction of the change."""
        self._inside[event].append(react)

    def after(self, event: type[E], topic: str, make: Callable[[E], Message | None]) -> None:
        """Register work for the worker after commit; `make` may return None for "not this one"."""
        self._after[event].append((topic, make))

    def react(self, events: Iterable[object], batch: B) -> list[object]:
        """Run INSIDE reactors until quiet; returns all events, the given ones first.

        :raises UnquietError: after three rounds that still made events.
        """
        seen: list[object] = []
        fresh = list(events)
        for _ in range(ROUNDS):
            seen += fresh
            fresh = [
                made
                for event in fresh
                for reactor in self._inside.get(type(event), ())
                for made in reactor(event, batch) or ()
            ]
            if not fresh:
                return seen
        raise UnquietError(f"still {sorted({type(e).__name__ for e in fresh})} after {ROUNDS} rounds")

    def enqueue(self, events: Iterable[object]) -> int:
        """Write the outbox rows of AFTER reactors into the open transaction; returns how many."""
        made = [(topic, make(event)) for event in events for topic, make in self._after.get(type(event), ())]
        rows = [outbox.row_of(topic, one.key, one.payload, one.due_at) for topic, one in made if one]
        outbox.enqueue_rows(rows)
        return len(rows)


def install(app: Flask, bus: Bus[Any]) -> None:
    """Give the app its bus."""
    app.extensions["doorstep_bus"] = bus


def current_bus() -> Bus[Any]:
    """The bus of the running app."""
    return cast("Bus[Any]", current_app.extensions["doorstep_bus"])
