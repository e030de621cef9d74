"""What changed at a station, read from the end of the log: what to look at again, never what it looks like now.

Positions in the log are given out before they are committed, so that a row may appear behind one that was read
before. Whoever reads on therefore reads a short stretch behind him again, as far back as rows may still be appearing.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.conflicts import queries as conflict_queries
from server.ops import queries as op_queries
from server.ops.queries import Logged
from server.tasks import queries as task_queries

LATE_MS = 15_000
"""How long a row may take from its place in the log to its commit."""
BACK = 2_000
"""How many places back are read again."""
MOST_ROWS = 5_000
MOST_TASKS = 200
"""From here on "all" is shorter."""


@dataclass
class Look:
    """What to look at again. `tasks` None: all of them."""

    tasks: set[str] | None = field(default_factory=set)
    couriers: bool = False
    cases: bool = False

    @classmethod
    def all(cls) -> "Look":
        """Everything there is."""
        return cls(None, couriers=True, cases=True)

    def add(self, ids: Iterable[str]) -> None:
        """These tasks too."""
        if self.tasks is not None:
            self.tasks.update(ids)

    @property
    def empty(self) -> bool:
        """Nothing to look at."""
        return self.tasks is not None and not self.tasks and not self.couriers and not self.cases

    def body(self, position: int, at: int) -> dict[str, Any]:
        """As it goes to the desk; `position` is how far the log was read, `at` server time in ms."""
        many = self.tasks is None or len(self.tasks) > MOST_TASKS
        return {
            "position": position,
            "tasks": None if many or self.tasks is None else sorted(self.tasks),
            "couriers": self.couriers,
            "cases": self.cases,
            "at": at,
        }


def read_on(
    position: int, now: int, station_id: str | None = None, seen: Collection[int] = ()
) -> list[Logged]:
    """Rows after a position, and rows behind it that are young enough to have appeared since; inside a `read()`."""
    back = op_queries.since(
        max(0, position - BACK), MOST_ROWS, station_id, until=position, received=now - LATE_MS
    )
    return [row for row in back if row.position not in seen] + op_queries.since(
        position, MOST_ROWS, station_id
    )


def look_at(rows: Sequence[Logged]) -> Look:
    """What operations of one station ask the desk to look at; inside a `read()`."""
    look = Look()
    if len(rows) >= MOST_ROWS:
        return Look.all()
    customers: set[str] = set()
    cases: set[str] = set()
    for row in rows:
        kind, _, identity = row.entity.partition(":")
        look.couriers = look.couriers or kind in ("task", "shift", "obligation", "message")
        look.cases = look.cases or kind == "conflict" or row.conflict is not None
        if row.task_id is not None:
            look.add([row.task_id])
        if kind == "customer":
            customers.add(identity)
        elif kind == "conflict":
            cases.add(identity)
    look.add(_tasks_of(customers, conflict_queries.entities_of(cases)))
    return look


def _tasks_of(customers: Iterable[str], entities: Iterable[str]) -> set[str]:
    """The tasks of customers that changed and of cases that were decided."""
    found = set()
    people = set(customers)
    for entity in entities:
        kind, _, identity = entity.partition(":")
        if kind in ("task", "obligation"):
            found.add(identity)
        elif kind == "customer":
            people.add(identity)
    return found | {one.id for one in task_queries.kin((), (), people)}
