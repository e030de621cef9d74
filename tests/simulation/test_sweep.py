"""Killed at every step at which a kill leaves something else behind: nothing is lost, and nothing stays apart."""

import pytest

from tests.simulation.sweep import sweep_all


@pytest.mark.parametrize("restore", [False, True], ids=["a day", "a day with a restored server"])
def test_f1_killed_at_every_step(restore: bool) -> None:
    swept = sweep_all(restore=restore)
    assert swept.failed is None, "\n".join([*swept.failed.history, str(swept.failed.violation)])
    # A round that has become shorter sweeps less: then it is the round that wants looking at.
    assert swept.kills["killed"] >= 15
    assert swept.kills["half done, kept"] == swept.kills["half done, lost"] >= 10
