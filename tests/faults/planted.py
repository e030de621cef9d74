"""The server with a bug on purpose: `python -m tests.faults.planted BUG serve`. No test of faults is believed before it
has seen the bug that it is there for. Nothing of this can be reached from the product.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import IO, Any

from flask import current_app

from server.core.ids import uuid7

HASTE_S = 0.3
_SLICE = 50


def main(bug: str) -> None:
    """Breaks this process for good, then runs the command as typed."""
    BUGS[bug]()
    from server.cli import main as doorstep

    doorstep()


def _ack_before_commit() -> None:
    """F4, F5, F8: the answer leaves before the commit, and nobody hears of a commit that failed."""
    from server.ops import pipeline

    def hasty(real: Callable[..., Any]) -> Callable[..., Any]:
        def in_one_transaction(work: Callable[[], Any]) -> Any:
            answered, done = threading.Event(), list[Any]()
            app = current_app._get_current_object()  # type: ignore[attr-defined]

            def noted() -> Any:
                done.append(work())
                answered.set()
                time.sleep(HASTE_S)
                return done[-1]

            def later() -> None:
                try:
                    with app.app_context():
                        real(noted)
                finally:
                    answered.set()

            threading.Thread(target=later, daemon=True).start()
            answered.wait()
            if not done:
                raise RuntimeError("the work itself failed")
            return done[-1]

        return in_one_transaction

    _replace(pipeline, "in_one_transaction", hasty)


def _counts_again() -> None:
    """F12: what comes a second time is taken for something new."""
    from server.handheld import api

    known: set[str] = set()

    def push(real: Callable[..., Any]) -> Callable[..., Any]:
        def pushed(writer: Any, from_seq: int, raws: Any, **said: Any) -> Any:
            ids = {raw["op_id"] for raw in raws}
            if not ids or not ids <= known:
                known.update(ids)
                return real(writer, from_seq, raws, **said)
            fresh = {"incarnation": uuid7(), "prev": None}
            anew = [{**raw, **fresh, "op_id": uuid7(), "seq": n} for n, raw in enumerate(raws, start=1)]
            writer = replace(writer, incarnation=fresh["incarnation"])
            return real(writer, 1, anew, **said | {"last_seq": len(anew)})

        return pushed

    _replace(api, "push", push)


def _impatient() -> None:
    """F24: no turnstile, and whoever finds the file busy gives up at once."""
    from server.core import engines

    engines.BUSY_MS = engines.LOOK_MS = 0
    _replace(engines, "_take_turn", lambda _real: lambda *_: False)


def _crowded() -> None:
    """F15: a crowd is refused with 500, and every exchange leaves a file open."""
    from server.core.errors import Code, Problem
    from server.handheld import admission, api

    left: list[IO[bytes]] = []

    def refuse(_real: Any) -> Callable[..., Problem]:
        return lambda *_, **__: Problem(Code.INTERNAL)

    def push(real: Callable[..., Any]) -> Callable[..., Any]:
        def pushed(*asked: Any, **said: Any) -> Any:
            left.append(open("/dev/null", "rb"))  # noqa: SIM115, PTH123  # left open: that is the bug
            return real(*asked, **said)

        return pushed

    _replace(admission, "Problem", refuse)
    _replace(api, "push", push)


def _synchronous_off() -> None:
    """Durability: SQLite is told not to wait for the disk."""
    from sqlalchemy import Engine, event

    from server.core import db

    def guard(real: Callable[[Engine], None]) -> Callable[[Engine], None]:
        def guarded(engine: Engine) -> None:
            real(engine)
            event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))

        return guarded

    _replace(db, "guard_sqlite", guard)


def _journal_deleted() -> None:
    """Durability: SQLite's own default, by which the end of the journal may not be on the disk yet."""
    from server.core import engines

    _replace(engines, "journal_mode_for", lambda _real: lambda _version: "delete")


def _clocks_believed() -> None:
    """F17: what a batch holds is decided in the order of the handheld's clock, and no skew is noticed."""
    from server.ops import push
    from tests.simulation.planted import plant

    plant("device-clock-order")
    _replace(push, "captured_at", lambda _real: lambda op, *_: int(op["at"]))


def _backlog_first() -> None:
    """F10: for as long as somebody brings large slices, small pushes wait."""
    from server.handheld import api

    large: deque[float] = deque([0.0], maxlen=1)

    def push(real: Callable[..., Any]) -> Callable[..., Any]:
        def pushed(writer: Any, from_seq: int, raws: Any, **said: Any) -> Any:
            if len(raws) >= _SLICE:
                large.append(time.monotonic())
            elif raws:
                while time.monotonic() < large[-1] + 1:
                    time.sleep(0.01)
            return real(writer, from_seq, raws, **said)

        return pushed

    _replace(api, "push", push)


def _cursed() -> None:
    """F11: an operation nobody foresaw; whatever is written of a task with such a note fails."""
    from server.ops.owners import OWNERS

    def write(real: Callable[..., Any]) -> Callable[..., Any]:
        def written(changes: Any) -> Any:
            for change in changes:
                if any("cursed" in note["text"] for note in change.record["notes"]):
                    raise RuntimeError("a bug in this one")
            return real(changes)

        return written

    _replace(OWNERS["task"], "write", write)


def _cursed_and_stopped() -> None:
    """F11: and the batch it came in fails as a whole."""
    from server.ops import pipeline

    _cursed()

    def alone(_real: Any) -> Callable[..., Any]:
        def fails(*_: Any) -> Any:
            raise RuntimeError("nobody goes on without it")

        return fails

    _replace(pipeline, "_alone", alone)


BUGS: dict[str, Callable[[], None]] = {
    "ack-before-commit": _ack_before_commit,
    "counts-again": _counts_again,
    "impatient": _impatient,
    "crowded": _crowded,
    "synchronous-off": _synchronous_off,
    "journal-deleted": _journal_deleted,
    "clocks-believed": _clocks_believed,
    "backlog-first": _backlog_first,
    "cursed": _cursed,
    "cursed-and-stopped": _cursed_and_stopped,
}


def _replace(where: Any, name: str, make: Callable[[Any], Any]) -> None:
    setattr(where, name, make(getattr(where, name)))


if __name__ == "__main__":
    main(sys.argv.pop(1))
