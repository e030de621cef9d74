"""What `make simulate` and `make soak` type."""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

from tests.simulation import measured, shrink
from tests.simulation.planted import BUGS, ELSEWHERE
from tests.simulation.run import WORKERS, Figures, run
from tests.simulation.scenario import scenario


def main(argv: Sequence[str]) -> int:
    """Exit status 1 when anything did not hold, 2 for a bug nobody knows."""
    asked = _arguments(argv)
    if asked.bug == "list":
        print("\n".join(BUGS))
        return 0
    if asked.bug in ELSEWHERE:
        print(ELSEWHERE[asked.bug])
        return 0
    if asked.bug and asked.bug not in BUGS:
        print(f"There is no bug {asked.bug}; BUG=list names them.")
        return 2
    began = time.monotonic()
    until = began + asked.hours * 3600 if asked.hours else None
    figures = run(range(asked.first, asked.first + asked.seeds), asked.bug, asked.workers, until)
    print(figures.line())
    print(f"faults={json.dumps(dict(sorted(figures.fired.items())))}")
    took = time.monotonic() - began
    _explain(figures, asked)
    if asked.measured:
        measured.write(asked.measured, figures, asked.first, took)
    return 0 if figures.failed is None else 1


def _explain(figures: Figures, asked: argparse.Namespace) -> None:
    failed = figures.failed
    if failed is None:
        return
    print(f"seed={failed.seed} {failed.violation}")
    if asked.shrink <= 0:
        return
    kept = shrink.shrink(failed, scenario(int(failed.seed)), asked.bug, seconds=asked.shrink)
    print(shrink.told(kept))
    if asked.keep:
        print(f"kept as {shrink.keep(asked.keep, kept)}")


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first one")
    parser.add_argument("--bug", default=None, help="plant this bug; `list` names them")
    parser.add_argument("--workers", type=int, default=WORKERS, help="how many processes")
    parser.add_argument("--hours", type=float, default=0, help="stop after so many hours even so")
    parser.add_argument("--shrink", type=float, default=120, help="seconds to spend on shrinking a failure")
    parser.add_argument("--keep", default=None, help="keep the shrunk failure as this regression")
    parser.add_argument("--measured", type=Path, default=None, help="write the figures into this document")
    asked = parser.parse_args(argv)
    asked.bug = asked.bug or None
    return asked
