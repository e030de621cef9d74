"""Threads that start together, and a gate that holds one transaction open just before it commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from server.ops import write as writing

T = TypeVar("T")
PATIENCE_S = 20.0
# How long a writer is watched that ought to wait; one that ought not to has all the patience there is.
WATCHED_S = 0.5


def together(work: Sequence[Callable[[], T]]) -> list[T]:
    """Runs all of it at once; answers in order, and raises what any of it raised."""
    barrier = threading.Barrier(len(work))

    def run(one: Callable[[], T]) -> T:
        barrier.wait(PATIENCE_S)
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result(PATIENCE_S * 3) for future in [pool.submit(run, one) for one in work]]


class Held:
    """A piece of work in a thread of its own whose transaction stays open until `let_go`."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self._go = threading.Event()
        self._pool = ThreadPoolExecutor(2)
        self.first: Any = None
        self.second: Any = None

    def wait_here(self) -> None:
        """Called by the held thread, inside its transaction."""
        self.arrived.set()
        assert self._go.wait(PATIENCE_S), "nobody let it go"

    def start(self, work: Callable[[], Any]) -> None:
        """Begins the work that will be held, and comes back when its transaction is about to commit."""
        self.first = self._pool.submit(work)
        assert self.arrived.wait(PATIENCE_S), "it never came to the gate"

    def then(self, work: Callable[[], Any], patience_s: float = WATCHED_S) -> bool:
        """Begins other work; answers whether it has to wait."""
        self.second = self._pool.submit(work)
        done = threading.Event()
        self.second.add_done_callback(lambda _: done.set())
        return not done.wait(patience_s)

    def let_go(self) -> tuple[Any, Any]:
        """Lets the held transaction commit; answers what both works came to."""
        self._go.set()
        try:
            return self.first.result(PATIENCE_S), self.second.result(PATIENCE_S)
        finally:
            self._pool.shutdown()


@contextmanager
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Holds the first transaction that has taken its scope versions; those after it pass."""
    held, taken = Held(), threading.Lock()
    move = writing.scopes.move

    def moves(*given: Any, **named: Any) -> Any:
        versions = move(*given, **named)
        if taken.acquire(blocking=False):
            held.wait_here()
        return versions

    monkeypatch.setattr(writing.scopes, "move", moves)
    yield held
    monkeypatch.setattr(writing.scopes, "move", move)
