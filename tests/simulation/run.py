"""Many seeds on a few processes, each with a server and a Node process of its own."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Self

from tests.simulation.handhelds import Engines
from tests.simulation.house import House
from tests.simulation.machine import Machine
from tests.simulation.planted import plant
from tests.simulation.scenario import DAYS, Step, scenario
from tests.simulation.station import COURIERS
from tests.simulation.world import Outcome, World

WORKERS = 2


@dataclass
class Stage:
    """What one process plays all its seeds on."""

    house: House
    engines: Engines
    machine: Machine
    bug: str | None

    def play(self, seed: str, steps: Sequence[Step], crew: int = COURIERS) -> Outcome:
        return World(seed, steps, self.house, self.engines, self.machine, bug=self.bug, crew=crew).run()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder in memory, where there is some."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="doorstep-simulation-", dir=memory if memory.is_dir() else None) as made:
        yield Path(made)


@contextmanager
def stage(bug: str | None = None) -> Iterator[Stage]:
    """A stage of one's own; the bug stays in this process."""
    with folder() as where, Engines() as engines:
        yield _staged(bug, where, engines)


def _staged(bug: str | None, where: Path, engines: Engines) -> Stage:
    plant(bug)
    machine = Machine()
    return Stage(House(where, machine), engines, machine, bug)


@dataclass
class Figures:
    """The sums of a run; `failed` is the lowest failing seed."""

    seeds: int = 0
    operations: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    traces: dict[int, str] = field(default_factory=dict)
    failed: Outcome | None = None

    def add(self, seed: int, outcome: Outcome) -> Self:
        self.seeds += 1
        self.operations += outcome.operations
        self.fired.update(outcome.fired)
        self.traces[seed] = outcome.trace
        if outcome.violation is not None and (self.failed is None or seed < int(self.failed.seed)):
            self.failed = outcome
        return self

    @property
    def trace(self) -> str:
        """One hash over all seeds, whatever order they ran in."""
        whole = sha256()
        for seed in sorted(self.traces):
            whole.update(f"{seed} {self.traces[seed]}\n".encode())
        return whole.hexdigest()[:16]

    def line(self) -> str:
        """The one line a run says of itself."""
        violation = (self.failed.violation if self.failed else None) or ""
        lost = int(violation[:3] in ("I1:", "I10", "I11"))
        doubled, diverged = int(violation.startswith("I2")), int(violation[:2] in ("I5", "I6", "I7"))
        return (
            f"seeds={self.seeds} device_days={self.seeds * COURIERS * DAYS} operations={self.operations} "
            f"lost={lost} doubled={doubled} diverged={diverged} trace={self.trace}"
        )


def run(
    seeds: Sequence[int], bug: str | None = None, workers: int = WORKERS, until: float | None = None
) -> Figures:
    """Plays seeds until one fails, all are through, or the moment `until` (of time.monotonic) has come."""
    figures = Figures()
    with folder() as where, processes().Pool(min(workers, len(seeds)), prepare, (bug, where)) as pool:
        for seed, outcome in pool.imap_unordered(_play, seeds):
            figures.add(seed, outcome)
            if figures.failed is not None or (until is not None and time.monotonic() > until):
                break
    return figures


def processes() -> ForkServerContext:
    """Where pools come from: a process that has loaded the server once and copies itself for whoever is to play."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


_here: list[Stage] = []


def prepare(bug: str | None, where: Path) -> None:
    """Gives a process of a pool its stage. Its folder is the pool's; its engines end when their input does."""
    _here.append(_staged(bug, Path(mkdtemp(dir=where)), Engines()))


def here() -> Stage:
    """The stage of this process."""
    return _here[0]


def _play(seed: int) -> tuple[int, Outcome]:
    return seed, here().play(str(seed), scenario(seed))
