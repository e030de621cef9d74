"""A handheld killed at every single step of a small round, and at every half done commit both ways.

Random kills seldom hit the one step between two writes that ought to be one; here each step has its turn.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.simulation.machine import MINUTE, SECOND
from tests.simulation.run import WORKERS, Stage, folder, here, prepare, processes
from tests.simulation.scenario import Step
from tests.simulation.world import Outcome

MOST = 2_000
"""More steps than the round has: a kill after so many never comes."""


NEVER = 100_000
"""More steps than the round has."""


@dataclass(frozen=True)
class Swept:
    """How many kills there were by kind, and what the first one that broke something broke."""

    kills: Counter[str]
    failed: Outcome | None = None


def small_round(*, restore: bool) -> list[Step]:
    """One courier, two visits: a deed, changes of plan, a lost answer; at will the server forgets the plan."""
    plans = [
        _step(n, "desk", nobody=True, what=what)
        for n, what in enumerate(("reassign", "window", "cancel") * 3)
    ]
    first = _step(SECOND, "visit", jobs=1, stay=2 * SECOND)
    again = [
        _step(2 * MINUTE, "line", fault="lost_answer", carrying=True),
        _step(3 * MINUTE, "visit", jobs=1, stay=33 * SECOND),
    ]
    if restore:
        return [_step(0, "backup", nobody=True), *plans, first, _step(MINUTE, "restore", nobody=True), *again]
    return [first, *(replace(plan, at=MINUTE) for plan in plans), *again]


def places(stage: Stage, steps: Sequence[Step]) -> list[int]:
    """After which steps of the handheld a kill would leave something else behind than one step before."""
    outcome = stage.play("sweep", _killed(steps, NEVER, kept=False), crew=1)
    if outcome.violation is not None:
        raise RuntimeError(f"the small round does not hold by itself: {outcome.violation}")
    return outcome.places


def sweep(stage: Stage, steps: Sequence[Step], at: Iterable[int]) -> Swept:
    """Kills at these places, at half done commits twice; stops where something breaks."""
    kills: Counter[str] = Counter()
    for place in at:
        for kept in (False, True):
            outcome = stage.play("sweep", _killed(steps, place, kept), crew=1)
            half_done = outcome.fired["kill_half_done"] > 0
            kills[
                "half done, kept" if half_done and kept else "half done, lost" if half_done else "killed"
            ] += 1
            if outcome.violation is not None:
                return Swept(kills, outcome)
            if not half_done:
                break
    return Swept(kills)


def sweep_all(*, restore: bool, workers: int = WORKERS) -> Swept:
    """The whole round on a few processes, each with every so manieth place."""
    with folder() as where, processes().Pool(workers, prepare, (None, where)) as pool:
        parts = pool.map(_part, [(restore, n, workers) for n in range(workers)], chunksize=1)
    kills = sum((part.kills for part in parts), Counter[str]())
    return Swept(kills, next((part.failed for part in parts if part.failed), None))


def _part(asked: tuple[bool, int, int]) -> Swept:
    restore, first, every = asked
    steps = small_round(restore=restore)
    return sweep(here(), steps, places(here(), steps)[first::every])


def _killed(steps: Sequence[Step], place: int, kept: bool) -> list[Step]:
    kill = _step(SECOND, "kill", tasks=place, kept=kept, back=SECOND)
    first = next(n for n, step in enumerate(steps) if step.do == "visit") + 1
    return [*steps[:first], kill, *steps[first:]]


def _step(at: int, do: str, *, nobody: bool = False, **args: object) -> Step:
    return Step(at, do, f"sweep/{at}/{do}", None if nobody else 0, dict(args))
