"""What the server made of the day, read from its database with plain SQL, against the file and what was sent."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, text

from server.day.dayfile import Day, Pickup, Tally, tally
from server.day.replay import Told

# A case is an answer, too: the operation stands in the log and waits for a person.
_TOOK_EFFECT = ("applied", "merged", "conflict")


@dataclass(frozen=True)
class Ledger:
    """The database at the end of the day: (op_id, status) of the log, op_ids that were parked, records by id.

    `wishes` are (op_id, text) of what came from customers' pages, `kept_wishes` the texts their records hold.
    """

    operations: list[tuple[str, str]]
    parked: set[str]
    tasks: dict[str, dict[str, Any]]
    scans: dict[str, int]
    wishes: list[tuple[str, str]]
    kept_wishes: set[str]
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
        pages = connection.execute(
            text(
                "SELECT op_id, envelope FROM operations WHERE type = 'customer.request_set' AND device_id IS NULL"
            )
        )
        wishes = [(row[0], str(_object(row[1])["payload"]["text"])) for row in pages]
        customers = [_object(row[0]) for row in connection.execute(text("SELECT record FROM customers"))]
        cases = Counter(row[0] for row in connection.execute(text("SELECT status FROM conflicts")))
    return Ledger(
        operations=operations,
        parked=parked,
        tasks=tasks,
        scans={parcel: record["scans"] for parcel, record in parcels.items()},
        wishes=wishes,
        kept_wishes={request["text"] for customer in customers for request in customer["requests"]},
        conflicts_opened=cases.total(),
        conflicts_undecided=cases["open"],
    )


def judge(day: Day, told: Told, sent: Iterable[str], ledger: Ledger) -> Verdict:
    """Compares. `sent` are the op_ids of everything sent by anybody, import included."""
    expected = set(sent) | {op_id for op_id, wish in ledger.wishes if wish in told.wishes}
    stored = Counter(op_id for op_id, _ in ledger.operations)
    effective = {op_id for op_id, status in ledger.operations if status in _TOOK_EFFECT}
    lost = (expected - stored.keys() - ledger.parked) | (set(told.wishes) - ledger.kept_wishes)
    doubled = sum(count - 1 for op_id, count in stored.items()) + _doubled_effects(told, ledger)
    seen, done = server_tally(ledger), truth(day, told)
    complaints = [
        *_when(lost, f"{len(lost)} operations were sent and are not in the log"),
        *_when(doubled, f"{doubled} operations took effect twice"),
        *_when(ledger.parked, f"{len(ledger.parked)} operations were parked as senseless"),
        *_when(expected - lost - ledger.parked - effective, "some operations were stored and took no effect"),
        *_when(stored.keys() - expected, "the log holds operations nobody sent"),
        *_when(len(told.op_ids) != len(set(told.op_ids)), "two operations were recorded with one id"),
        *_when(len(ledger.tasks) != len(day.pickups), f"{len(ledger.tasks)} tasks, {len(day.pickups)} rows"),
        *_when(seen != done, f"the server says {seen}, the file {done}"),
        *_when(misplaced(day, told, ledger), "pickups are early, in time or late that were not"),
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


def truth(day: Day, told: Told) -> Tally:
    """The counts straight from the file, of the pickups that were made: a cancelled one nobody went to is none."""
    return tally(
        (one.picked_up, one.window_start, one.window_end)
        for one in day.pickups
        if told.doers.get(one.reference, one.courier) is not None
    )


def misplaced(day: Day, told: Told, ledger: Ledger) -> int:
    """How many pickups the server puts into another class than the file does, whatever the handheld's clock said."""
    by_reference = {record["reference"]: record for record in ledger.tasks.values()}
    wrong = 0
    for one in day.pickups:
        record = by_reference.get(one.reference)
        if record is None or told.doers.get(one.reference, one.courier) is None:
            continue
        at = (record["outcome"] or {}).get("at")
        wrong += at is None or _class(at, one) != _class(one.picked_up, one)
    return wrong


def _class(at: int, one: Pickup) -> tuple[bool, bool]:
    return at < one.window_start, at > one.window_end


def server_tally(ledger: Ledger) -> Tally:
    """Pickups by their window, from the server's records: the capture time of the outcome against the task's window."""
    return tally(
        (task["outcome"]["at"], task["window_start"], task["window_end"])
        for task in ledger.tasks.values()
        if task["status"] == "picked_up" and task["outcome"]
    )


def _doubled_effects(told: Told, ledger: Ledger) -> int:
    """Scans counted on a parcel beyond those recorded (the one effect that adds up, and so shows a repetition), and
    wishes that were written down twice."""
    scans = sum(max(0, count - told.scans[parcel]) for parcel, count in ledger.scans.items())
    return scans + len(ledger.wishes) - len({wish for _, wish in ledger.wishes})


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
