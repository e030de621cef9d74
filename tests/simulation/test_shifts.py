"""What `doorstep audit --shift` says of simulated shifts: each adds up after quiet, a broken one is named (P32)."""

from collections.abc import Iterator

import pytest

from server.core.db import read
from server.ops.shift_audit import ShiftAudit, audit_shift
from tests.simulation.run import Stage, stage
from tests.simulation.scenario import Step, scenario

SEEDS = (16, 5, 7, 12)
TAKEN = ("rollback", "evict", "restore")
"""What takes away what was counted: a shift it befell may not add up, and the audit is there to say so."""


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.fixture(scope="module")
def told(here: Stage) -> dict[str, ShiftAudit]:
    """The audits of all shifts of the seeds, nothing of which was taken away; the last seed's stay where they are."""
    found: dict[str, ShiftAudit] = {}
    for seed in SEEDS:
        steps: list[Step] = [step for step in scenario(seed) if step.do not in TAKEN]
        assert here.play(str(seed), steps).violation is None
        rows = here.house.rows(
            "SELECT DISTINCT entity FROM operations WHERE type LIKE 'shift.%' ORDER BY entity"
        )
        shifts = [str(row["entity"]).partition(":")[2] for row in rows]
        found |= {shift: audited(here, shift) for shift in shifts}
    return found


def audited(here: Stage, shift: str) -> ShiftAudit:
    with here.house.app.app_context(), here.machine.owned(), read():
        found = audit_shift(shift)
    assert found is not None
    return found


def test_p32_every_shift_adds_up_after_quiet(told: dict[str, ShiftAudit]) -> None:
    """Among them shifts on revoked handhelds and on spare ones."""
    lines = [audit.line for audit in told.values()]
    assert len(lines) >= 8
    assert [line for line in lines if not line.endswith("chain whole")] == []


def test_p32_a_break_in_the_ledger_is_named(here: Stage, told: dict[str, ShiftAudit]) -> None:
    """One body of the last seed is changed behind everybody's back, in the middle of a shift."""
    rows = here.house.rows("SELECT * FROM operations WHERE type = 'shift.started'")
    began = next(row for row in rows if told[row["entity"].partition(":")[2]].confirmed > 3)
    [bent] = here.house.rows(
        "SELECT op_id, seq FROM operations WHERE device_id = ? AND incarnation = ? AND seq > ? ORDER BY seq LIMIT 1",
        began["device_id"],
        began["incarnation"],
        began["seq"],
    )
    here.house.write(
        "UPDATE operations SET envelope = replace(envelope, '\"at\":', '\"at\":1') WHERE op_id = ?",
        bent["op_id"],
    )
    said = audited(here, began["entity"].partition(":")[2]).line
    assert f"BROKEN: seq {bent['seq']} operation {bent['op_id']} does not fit its hash" in said
