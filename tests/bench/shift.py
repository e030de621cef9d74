"""The workload `shift`: the handhelds of a whole station against the real server, beside a raw floor of the same run.

    make bench, or: python -m tests.bench.shift [--database sqlite] [--devices 200] [--tasks 150] [--measured FILE]

    pull    every handheld pulls its whole list for the first time
    push    every handheld pushes an operation for each of its tasks, 25 at a time
    delta   five tasks of each handheld change at the desk; every handheld pulls what is new
    storm   all handhelds at once push a delivery of each task, 100 at a time, and pull
    replay  every handheld pushes its last batch again
    idle    ten thousand handhelds that ask every thirty seconds
    synced  twenty pushes under strace, which counts the syncs of the disk

Every operation is validated, merged, logged, put into its scope and answered after COMMIT. Processor time is that of
the application and its database, not of the driver; the driver's own is shown beside it, so that it can be seen
whether it was in the way. The worker that tells customers of it all does not run: in the floor nobody does either.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import psutil

from tests.bench import floor
from tests.bench.stand import Stand, stand
from tests.bench.station import Carried, furnish
from tests.bench.wire import Wire
from tests.faults.tracing import family, traced
from tests.simulation.measured import put

CLIENTS = 8
BATCH, QUEUED = 25, 100
CHANGED = 5
IDLE_RATE, IDLE_S = 333, 8
SYNCED = 20
HEADING = "## The shift (`make bench`)"
GOALS: dict[str, tuple[str, float]] = {
    "push_ops_s": ("at least", 5_000),
    "push_cpu_ms_op": ("at most", 0.3),
    "push_p99_ms": ("at most", 150),
    "push_of_floor": ("at least", 0.4),
    "fsyncs_per_push": ("at most", 1.1),
    "pull_docs_s": ("at least", 100_000),
    "delta_cpu_ms_request": ("at most", 2.0),
    "storm_s": ("at most", 6),
    "storm_device_p99_s": ("at most", 5),
    "storm_5xx": ("at most", 0),
    "idle_cpu_of_two_cores": ("at most", 0.6),
}


@dataclass
class Phase:
    """What one phase took: wall s, processor s of server and driver, ms of each request, and what went wrong."""

    wall_s: float = 0.0
    server_s: float = 0.0
    driver_s: float = 0.0
    took: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    done: int = 0
    put_off: int = 0

    def percentile(self, part: float) -> float:
        """Of the requests, ms."""
        return sorted(self.took)[max(0, -(-int(len(self.took) * part) // 100) - 1)] if self.took else 0.0


class Measure:
    """Runs phases against one Doorstep."""

    def __init__(self, doorstep: Stand, handhelds: list[Carried]) -> None:
        self._doorstep, self._handhelds = doorstep, handhelds

    def phase(self, work: Callable[[Wire, Carried, Phase], None], clients: int = CLIENTS) -> Phase:
        """Every handheld's `work` once, by so many at a time."""
        seen, turn = Phase(), count()
        driver, before = psutil.Process(), self._server_s()
        own = sum(driver.cpu_times()[:2])
        threads = [
            threading.Thread(target=self._client, args=(work, seen, turn), daemon=True)
            for _ in range(clients)
        ]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen.wall_s = time.perf_counter() - began
        seen.server_s = self._server_s() - before
        seen.driver_s = sum(driver.cpu_times()[:2]) - own
        return seen

    def _client(self, work: Callable[[Wire, Carried, Phase], None], seen: Phase, turn: Iterator[int]) -> None:
        wire = Wire(self._doorstep.port)
        while (at := next(turn)) < len(self._handhelds):
            work(wire, self._handhelds[at], seen)
        wire.close()

    def _server_s(self) -> float:
        used = self._doorstep.processor_s()
        used.pop("machine")
        return sum(used.values())


def _ask(wire: Wire, handheld: Carried, seen: Phase, body: bytes) -> Any:
    """One exchange; whoever is sent away comes again when he was told to, as a handheld does."""
    began = time.perf_counter()
    status, answer, wait = wire.post("/api/v1/exchange", body, handheld.headers)
    while status in (429, 503) and wait is not None:
        seen.put_off += 1
        time.sleep(wait)
        status, answer, wait = wire.post("/api/v1/exchange", body, handheld.headers)
    seen.took.append((time.perf_counter() - began) * 1000)
    if status != 200:
        seen.wrong.append(f"HTTP {status}: {answer[:200]!r}")
        return None
    return orjson.loads(answer)


def _pull(wire: Wire, handheld: Carried, seen: Phase) -> None:
    """Pages until every scope is final."""
    ceilings: dict[str, int] = {}
    while True:
        answer = _ask(wire, handheld, seen, handheld.asking(ceilings))
        if answer is None:
            return
        pages = answer["pull"]["scopes"]
        seen.done += sum(len(page["rows"]) for page in pages)
        handheld.cursors |= {page["scope"]: page["to"] for page in pages}
        if all(page["final"] for page in pages):
            return
        ceilings = {page["scope"]: page["ceiling"] for page in pages}


def _pushing(size: int, *, again: bool = False) -> Callable[[Wire, Carried, Phase], None]:
    def push(wire: Wire, handheld: Carried, seen: Phase) -> None:
        batches = handheld.batches[-1:] if again else handheld.cut(size)
        for body, number in batches:
            answer = _ask(wire, handheld, seen, body)
            if answer is None:
                return
            ended = {one["status"] for one in answer["results"]}
            if len(answer["results"]) != number or not ended <= {"applied", "merged"}:
                seen.wrong.append(f"{number} operations ended as {ended}")
            seen.done += number
            handheld.cursors |= {page["scope"]: page["to"] for page in answer["pull"]["scopes"]}

    return push


def _idle(doorstep: Stand, handhelds: Sequence[Carried]) -> Phase:
    """Asks that find nothing, at a fixed rate."""
    seen, lock, turn = Phase(), threading.Lock(), count()
    measure = Measure(doorstep, list(handhelds))
    before, began = measure._server_s(), time.perf_counter()

    def client() -> None:
        wire = Wire(doorstep.port)
        while True:
            with lock:
                number = next(turn)
            wait = began + number / IDLE_RATE - time.perf_counter()
            if number >= IDLE_RATE * IDLE_S:
                return wire.close()
            if wait > 0:
                time.sleep(wait)
            handheld = handhelds[number % len(handhelds)]
            _ask(wire, handheld, seen, handheld.asking({}))

    threads = [threading.Thread(target=client, daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen.wall_s = time.perf_counter() - began
    seen.server_s = measure._server_s() - before
    return seen


def run(database: str, devices: int, tasks: int) -> dict[str, Any]:
    """All phases on a fresh database; figures by name."""
    handhelds: list[Carried] = []
    with stand(database, lambda cast: handhelds.extend(furnish(cast, devices, tasks))) as doorstep:
        worker = psutil.Process(doorstep.processes.pop("worker"))
        worker.terminate()  # it tells customers of what was pushed, in its own time
        while worker.status() != psutil.STATUS_ZOMBIE:  # whoever started it reaps it
            time.sleep(0.05)
        raw = floor.measure(doorstep.database_url, devices * tasks // BATCH, BATCH, CLIENTS)
        measure = Measure(doorstep, handhelds)
        phases = {"pull": measure.phase(_pull)}
        for handheld in handhelds:
            handheld.record_departures()
        phases["push"] = measure.phase(_pushing(BATCH))
        furnish_changes(doorstep, handhelds)
        phases["delta"] = measure.phase(_pull)
        for handheld in handhelds:
            handheld.record_deliveries()
        phases["storm"] = measure.phase(_stormily, clients=devices)
        phases["replay"] = measure.phase(_pushing(BATCH, again=True))
        phases["idle"] = _idle(doorstep, handhelds)
        fsyncs = _fsyncs_of_a_push(doorstep, handhelds[:SYNCED])
    return _figures(database, phases, raw) | {"fsyncs_per_push": fsyncs}


def _fsyncs_of_a_push(doorstep: Stand, handhelds: Sequence[Carried]) -> float | None:
    """How often the disk is waited for; None where there is no strace to count it."""
    if shutil.which("strace") is None:
        return None
    wire, seen = Wire(doorstep.port), Phase()
    for handheld in handhelds:
        handheld.record_notes(BATCH)
    heads = [psutil.Process(pid) for pid in doorstep.processes.values()]
    with traced(family(*heads)) as trace:
        for handheld in handhelds:
            _pushing(BATCH)(wire, handheld, seen)
    wire.close()
    return round(trace.fsyncs() / len(handhelds), 2)


def furnish_changes(doorstep: Stand, handhelds: Sequence[Carried]) -> None:
    """The desk changes the window of some tasks of each handheld."""
    session = doorstep.log_in()
    for handheld in handhelds:
        body = json.dumps({"operations": handheld.changes(CHANGED)}).encode()
        status, answer, _ = doorstep.call("POST", "/api/v1/operations", body, **session)
        if status != 200 or {one["status"] for one in answer["results"]} != {"applied"}:
            raise RuntimeError(f"the desk was refused: {answer}")


def _stormily(wire: Wire, handheld: Carried, seen: Phase) -> None:
    began = time.perf_counter()
    mine = Phase()
    _pushing(QUEUED)(wire, handheld, mine)
    _pull(wire, handheld, mine)
    seen.took.append((time.perf_counter() - began) * 1000)
    seen.wrong += mine.wrong
    seen.put_off += mine.put_off
    seen.done += len(handheld.waybills)


def _figures(database: str, phases: dict[str, Phase], raw: floor.Floor) -> dict[str, Any]:
    push, pull, delta, storm = (phases[name] for name in ("push", "pull", "delta", "storm"))
    idle, replay = phases["idle"], phases["replay"]
    rate = push.done / push.wall_s
    return {
        "database": database,
        "floor_ops_s": round(raw.ops_s),
        "floor_cpu_ms_op": round(raw.cpu_ms_op, 3),
        "push_ops_s": round(rate),
        "push_of_floor": round(rate / raw.ops_s, 2),
        "push_cpu_ms_op": round(push.server_s * 1000 / push.done, 3),
        "push_p50_ms": round(statistics.median(push.took)),
        "push_p99_ms": round(push.percentile(99)),
        "pull_docs_s": round(pull.done / pull.wall_s),
        "pull_cpu_ms_doc": round(pull.server_s * 1000 / pull.done, 4),
        "delta_cpu_ms_request": round(delta.server_s * 1000 / len(delta.took), 2),
        "delta_rows": delta.done,
        "storm_s": round(storm.wall_s, 1),
        "storm_ops_s": round(storm.done / storm.wall_s),
        "storm_device_p99_s": round(storm.percentile(99) / 1000, 1),
        "storm_put_off": storm.put_off,
        "storm_5xx": sum(wrong.startswith("HTTP 5") for wrong in storm.wrong),
        "replay_cpu_ms_op": round(replay.server_s * 1000 / max(1, replay.done), 3),
        "idle_requests_s": round(len(idle.took) / idle.wall_s),
        "idle_cpu_of_two_cores": round(idle.server_s / idle.wall_s / 2, 2),
        "driver_cpu_of_push": round(push.driver_s / push.wall_s, 2),
        "wrong": [one for phase in phases.values() for one in phase.wrong][:5],
    }


def main() -> int:
    """Prints a table and one JSON object; 1 when something was answered as it should not be."""
    read = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    read.add_argument("--database", action="append", choices=["sqlite", "postgres"])
    read.add_argument("--devices", type=int, default=200)
    read.add_argument("--tasks", type=int, default=150)
    read.add_argument("--measured", type=Path, help="write the figures into this document")
    asked = read.parse_args()
    load, databases = os.getloadavg()[0], asked.database or ["sqlite", "postgres"]
    found = [run(name, asked.devices, asked.tasks) for name in databases]
    about = {**_circumstances(load), "devices": asked.devices, "tasks": asked.tasks}
    print(_table(found), file=sys.stderr)
    print(json.dumps(about | dict(zip(databases, found, strict=True))))
    if asked.measured:
        told = ", ".join(f"{name} {value}" for name, value in about.items())
        put(asked.measured, HEADING, f"{HEADING}\n\n{told}.\n\n{_table(found)}")
    return 1 if any(one["wrong"] for one in found) else 0


def _circumstances(load: float) -> dict[str, Any]:
    """When, on what, and how fast that is today: a plain loop of Python tells machines apart."""
    commit = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False
    )
    began = time.process_time()
    for _ in range(10_000_000):
        pass
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit.stdout.strip() or "unknown",
        "cores": os.cpu_count(),
        "load_before": round(load, 2),
        "loop_s": round(time.process_time() - began, 2),
    }


def _table(found: Sequence[dict[str, Any]]) -> str:
    """The figures side by side, in Markdown."""
    lines = [
        f"| | {' | '.join(one['database'] for one in found)} | goal |",
        "|---|" + "---|" * (len(found) + 1),
    ]
    for name in found[0]:
        if name not in ("database", "wrong"):
            values = " | ".join(str(one[name]) for one in found)
            lines.append(f"| {name} | {values} | {' '.join(map(str, GOALS.get(name, ('', ''))))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
