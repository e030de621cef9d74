"""F14: transactions that commit in another order than they began, against a reader's cursor, by the thousand.

tests/server/ops/test_late_commit.py forces single interleavings and looks at what waits for what; here chance makes
them, so that there can be as many as anybody likes. Only PostgreSQL has two writers at once.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from unittest import mock

from sqlalchemy import delete, text

from server.core.db import db, transaction
from server.core.ids import uuid7
from server.handheld.pull import pull
from server.ops import scopes
from server.ops.models import Scope, ScopeEntity
from server.ops.scopes import Move
from tests.faults.oracle import Outcome
from tests.faults.site import Site, dice
from tests.server.ops.test_late_commit import naive_move, naive_standings, naive_version

WRITERS = 4
_LONGEST_S = 0.004


class Race:
    """Writers to one scope, and a reader who goes on from his cursor; what was written and what was read."""

    def __init__(self, site: Site, number: int, until: float) -> None:
        self._site, self._number, self._until = site, number, until
        self.scope = f"courier:{uuid7()}"
        self._lock = threading.Lock()
        self._open = 0
        self.begun = self.overlapping = 0
        self.written: set[str] = set()
        self.read: set[str] = set()
        self._cursor = 0

    def run(self) -> None:
        """All at once; the last look is taken when nobody writes any more."""
        writers = [
            threading.Thread(target=self._write, args=(which,), daemon=True) for which in range(WRITERS)
        ]
        for thread in writers:
            thread.start()
        while any(thread.is_alive() for thread in writers):
            self._look()
        for thread in writers:
            thread.join()
        self._look()

    def _write(self, which: int) -> None:
        random = dice("F14", which)
        with self._site.cast.app.app_context():
            while self._next():
                entity = f"task:{uuid7()}"
                with transaction():
                    scopes.move([Move(self.scope, entity, True)], scopes.project({entity: {"id": entity}}))
                    time.sleep(random.uniform(0, _LONGEST_S))
                with self._lock:
                    self._open -= 1
                    self.written.add(entity)
            db.session.remove()

    def _next(self) -> bool:
        with self._lock:
            if self.begun >= self._number or (self._until and time.monotonic() > self._until):
                return False
            self.begun += 1
            self.overlapping += self._open > 0
            self._open += 1
            return True

    def _look(self) -> None:
        with self._site.cast.app.app_context():
            [page] = pull([self.scope], {self.scope: self._cursor}, {}, 1000).pages
            self.read |= {row["entity"] for row in page["rows"]}
            self._cursor = page["to"]
            db.session.remove()


def interleavings(site: Site, number: int, *, bug: str = "", until: float = 0.0) -> Outcome:
    """F14: nothing that was committed is skipped by a cursor; `sequence-cursor` is the bug it is there for."""
    outcome = Outcome("F14 late commits", site.database)
    race = Race(site, number, until)
    with _sequence_cursor(site) if bug == "sequence-cursor" else contextlib.nullcontext():
        race.run()
    site.inside(lambda: _forget(race.scope))
    skipped = race.written - race.read
    outcome.figures |= {"commits": race.begun, "interleaved": race.overlapping, "skipped": len(skipped)}
    outcome.wrong += [f"skipped: {entity}" for entity in skipped]
    if not race.overlapping:
        outcome.wrong.append("no two transactions were open at once")
    return outcome


def _forget(scope: str) -> None:
    """A scope nobody has must not stand in the way of whoever audits the database next."""
    with transaction() as session:
        session.execute(delete(ScopeEntity).where(ScopeEntity.scope == scope))
        session.execute(delete(Scope).where(Scope.id == scope))


@contextlib.contextmanager
def _sequence_cursor(site: Site) -> Iterator[None]:
    """Versions from one sequence for all, with nothing locked: they become visible in another order than they have."""

    def make() -> None:
        with db.engine.begin() as connection:
            connection.execute(text("CREATE SEQUENCE IF NOT EXISTS naive"))

    site.inside(make)
    with (
        mock.patch.object(scopes, "move", naive_move),
        mock.patch.object(scopes, "version", naive_version),
        mock.patch.object(scopes, "standings", naive_standings),
    ):
        yield
