"""A failing seed, reduced to the steps that matter, and kept so that it is never forgotten."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.run import stage
from tests.simulation.scenario import Step, as_json, from_json
from tests.simulation.world import Outcome

REGRESSIONS = Path(__file__).parent / "regressions"


@dataclass(frozen=True)
class Kept:
    """A failure with as few steps as it takes. `invariant` is what broke, e.g. I1."""

    seed: str
    invariant: str
    steps: list[Step]
    outcome: Outcome


def shrink(failed: Outcome, steps: Sequence[Step], bug: str | None, seconds: float) -> Kept:
    """Plays parts of the scenario again as long as the same invariant breaks (delta debugging), for so long at most."""
    invariant = _invariant(failed)
    until = time.monotonic() + seconds
    with stage(bug) as here:
        best = failed

        def still_fails(some: Sequence[Step]) -> bool:
            nonlocal best
            outcome = here.play(failed.seed, some)
            if outcome.violation is None or _invariant(outcome) != invariant:
                return False
            best = outcome
            return True

        fewest = minimal(list(steps), still_fails, lambda: time.monotonic() > until)
    return Kept(failed.seed, invariant, fewest, best)


def minimal(
    steps: list[Step], still_fails: Callable[[Sequence[Step]], bool], enough: Callable[[], bool]
) -> list[Step]:
    """ddmin: ever smaller pieces are left out, whichever can be."""
    size = max(1, len(steps) // 2)
    while steps and not enough():
        shorter = None
        for start in range(0, len(steps), size):
            rest = steps[:start] + steps[start + size :]
            if enough():
                break
            if still_fails(rest):
                shorter = rest
                break
        if shorter is not None:
            steps = shorter
            size = min(size, max(1, len(steps)))
        elif size == 1:
            break
        else:
            size = max(1, size // 2)
    return steps


def told(kept: Kept) -> str:
    """The steps that matter, and everything that happened with them."""
    steps = "\n".join(f"  {step.told()}" for step in kept.steps)
    history = "\n".join(f"  {line}" for line in kept.outcome.history)
    return f"seed {kept.seed}: {kept.invariant} breaks with these {len(kept.steps)} steps:\n{steps}\nand so:\n{history}"


def keep(name: str, kept: Kept) -> Path:
    """Writes a regression that tests/simulation/test_regressions.py replays from now on."""
    REGRESSIONS.mkdir(exist_ok=True)
    file = REGRESSIONS / f"{name}.json"
    found = {"seed": kept.seed, "violation": str(kept.outcome.violation)[:100], "steps": as_json(kept.steps)}
    file.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return file


def regression(file: Path) -> tuple[str, list[Step]]:
    """Seed and steps of a kept one."""
    found = json.loads(file.read_text(encoding="utf-8"))
    return found["seed"], from_json(found["steps"])


def _invariant(outcome: Outcome) -> str:
    return str(outcome.violation).partition(":")[0]
