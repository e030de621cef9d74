"""What the server made of the day, read from its database with plain SQL, against the file and what was sent."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, text

from server.day.dayfile import Day, Tally, tally
from server.day.replay import Told

# A case is an answer, too: the operation stands in the log and waits for a person.
_TOOK_EFFECT = ("applied", "merged", "conflict")


@dataclass(frozen=True)
class Ledger:
    """The database at the end of the day: (op_id, status) of the log, op_ids that were parked, records by id."""

    operations: list[tuple[str, str]]
    parked: set[str]
    tasks: dict[str, dict[str, Any]]
    scans: dict[str, int]
    conflicts_opened: int
    conflicts_undecided: int


@dataclass(frozen=True)
class Verdict:
    """The figures, and in words whatever does not hold; `ok` when nothing."""

    operations_applied: int
    lost: int
    doubled: int
    tally: Tally
    conflicts_opened: int
    conflicts_undecided: int
    complaints: list[str]


def read_ledger(database_url: str) -> Ledger:
    """Reads everything the oracle looks at, in one snapshot."""
    engine = create_engine(database_url)
    try:
        return _read(engine)
    finally:
        engine.dispose()


def _read(engine: Engine) -> Ledger:
    with engine.connect() as connection:
        operations = [
            (row[0], row[1]) for row in connection.execute(text("SELECT op_id, status FROM operations"))
        ]
        parked = {
            row[0] for row in connection.execute(text("SELECT op_id FROM quarantine WHERE op_id IS NOT NULL"))
        }
        tasks = {row[0]: _object(row[1]) for row in connection.execute(text("SELECT id, record FROM tasks"))}
        parcels = {
            row[0]: _object(row[1]) for row in connection.execute(text("SELECT id, record FROM parcels"))
        }
        cases = Counter(row[0] for row in connection.execute(text("SELECT status FROM conflicts")))
    return Ledger(
        operations=operations,
        parked=parked,
        tasks=tasks,
        scans={parcel: record["scans"] for parcel, record in parcels.items()},
        conflicts_opened=cases.total(),
        conflicts_undecided=cases["open"],
    )


def judge(day: Day, told: Told, sent: Iterable[str], ledger: Ledger) -> Verdict:
    """Compares. `sent` are the op_ids of everything sent by anybody, import included."""
    expected = set(sent)
    stored = Counter(op_id for op_id, _ in ledger.operations)
    effective = {op_id for op_id, status in ledger.operations if status in _TOOK_EFFECT}
    lost = expected - stored.keys() - ledger.parked
    doubled = sum(count - 1 for op_id, count in stored.items()) + _doubled_effects(told, ledger)
    seen = server_tally(ledger)
    complaints = [
        *_when(lost, f"{len(lost)} operations were sent and are not in the log"),
        *_when(doubled, f"{doubled} operations took effect twice"),
        *_when(ledger.parked, f"{len(ledger.parked)} operations were parked as senseless"),
        *_when(expected - lost - ledger.parked - effective, "some operations were stored and took no effect"),
        *_when(stored.keys() - expected, "the log holds operations nobody sent"),
        *_when(len(told.op_ids) != len(set(told.op_ids)), "two operations were recorded with one id"),
        *_when(len(ledger.tasks) != len(day.pickups), f"{len(ledger.tasks)} tasks, {len(day.pickups)} rows"),
        *_when(seen != day.tally(), f"the server says {seen}, the file {day.tally()}"),
        *_when(ledger.conflicts_undecided, "open cases are left"),
        *_when(_wrong_pickups(told, ledger), "pickups that are not the ones recorded"),
    ]
    return Verdict(
        operations_applied=len(expected & effective - ledger.parked),
        lost=len(lost),
        doubled=doubled,
        tally=seen,
        conflicts_opened=ledger.conflicts_opened,
        conflicts_undecided=ledger.conflicts_undecided,
        complaints=complaints,
    )


def server_tally(ledger: Ledger) -> Tally:
    """Pickups by their window, from the server's records: the capture time of the outcome against the task's window."""
    return tally(
        (task["outcome"]["at"], task["window_start"], task["window_end"])
        for task in ledger.tasks.values()
        if task["status"] == "picked_up" and task["outcome"]
    )


def _doubled_effects(told: Told, ledger: Ledger) -> int:
    """Scans counted on a parcel beyond those recorded: the one effect that adds up, and so shows a repetition."""
    return sum(max(0, count - told.scans[parcel]) for parcel, count in ledger.scans.items())


def _wrong_pickups(told: Told, ledger: Ledger) -> int:
    outcomes: dict[str, str | None] = {
        task: (record["outcome"] or {}).get("op_id") for task, record in ledger.tasks.items()
    }
    missed = sum(told.scans[parcel] > ledger.scans.get(parcel, 0) for parcel in told.scans)
    return missed + sum(outcomes.get(task) != op_id for task, op_id in told.picked_up.items())


def _when(condition: object, complaint: str) -> list[str]:
    return [complaint] if condition else []


def _object(value: Any) -> dict[str, Any]:
    """SQLite hands JSON over as text, PostgreSQL as an object."""
    loaded = json.loads(value) if isinstance(value, str) else value
    return dict(loaded)
