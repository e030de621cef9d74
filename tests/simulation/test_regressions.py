"""What once failed, shrunk to the steps that mattered: it holds now and goes on holding."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation import shrink
from tests.simulation.run import Stage, stage
from tests.simulation.scenario import scenario
from tests.simulation.world import Outcome

KEPT = sorted(shrink.REGRESSIONS.glob("*.json"))


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.mark.parametrize("file", KEPT, ids=[file.stem for file in KEPT])
def test_what_once_failed_holds(here: Stage, file: Path) -> None:
    seed, steps = shrink.regression(file)
    assert here.play(seed, steps).violation is None


def test_a_failure_is_shrunk_to_what_matters_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = scenario(3)
    needed = [steps[4], steps[20]]
    fewest = shrink.minimal(steps, lambda some: all(one in some for one in needed), lambda: False)
    assert fewest == needed

    monkeypatch.setattr(shrink, "REGRESSIONS", tmp_path)
    outcome = Outcome("3", "", 0, Counter(), "I1: lost", [], [])
    file = shrink.keep("two-steps", shrink.Kept("3", "I1", fewest, outcome))
    assert shrink.regression(file) == ("3", fewest)
