"""F12: what was sent before comes again: whole, in part, out of order, 8 and 91 days later. Nothing changes."""

from __future__ import annotations

import time
from pathlib import Path

import orjson

from server.core import clock as server_clock
from server.wiring import PERIODIC
from tests.faults.kills import on_the_street
from tests.faults.oracle import Outcome, changed, digest, sound
from tests.faults.site import Site, dice
from tests.faults.street import Courier, ask, complaints

DAY_MS = 86_400_000
LATER_DAYS = (0, 8, 91)


class ServersClock:
    """The file a server of tests reads its time from; it stands at `start` until it is moved."""

    def __init__(self, site: Site) -> None:
        self.file: Path = site.folder / "clock"
        self.start = server_clock.system()
        self.set(self.start)

    def set(self, now: int) -> None:
        """Moves the server's time; replaced in one step, so that nobody reads half a number."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(now), encoding="ascii")
        fresh.replace(self.file)
        self.now = now


def replays(site: Site, number: int, *, bug: str = "", until: float = 0.0) -> Outcome:
    """Records the exchanges of a small day, and plays them again and again, some as they were and some torn."""
    outcome = Outcome("F12 replays", site.database)
    clock = ServersClock(site)
    site.serve(bug, DOORSTEP_CLOCK_FILE=str(clock.file))
    couriers = on_the_street(site, 2, site.port)
    bodies = [body for courier in couriers for body in _a_day(courier)]
    random, again, done = dice("F12", site.database, bug), 0, 0
    for days in LATER_DAYS:
        clock.set(clock.start + days * DAY_MS)
        if days:
            site.inside(lambda: _work_of_the_night(clock.now))
        before = site.inside(digest)
        for _ in range(max(1, number // len(LATER_DAYS))):
            courier, body, results = random.choice(bodies)
            torn, kept = _torn(body, random.choice(("whole", "head", "tail")))
            answer = ask(site.port, torn, courier.carried.headers)
            done += 1
            if answer.status != 200:
                outcome.wrong.append(f"HTTP {answer.status} to a replay")
            elif answer.told["results"] != [results[at] for at in kept]:
                again += 1
            if until and time.monotonic() > until:
                break
        moved = changed(before, site.inside(digest))
        outcome.wrong += [f"{days} days later {name} had changed" for name in moved]
    if again:
        outcome.wrong.append(f"{again} replays were answered otherwise than at first")
    outcome.figures |= {"replays": done, "days later": "0, 8, 91", "state changes": len(outcome.wrong)}
    outcome.wrong += complaints(couriers) + ([] if bug else sound(site, couriers))
    return outcome


def _a_day(courier: Courier) -> list[tuple[Courier, bytes, list[object]]]:
    """Exchanges of a courier who notes, fails, delivers and says something senseless, with their answers."""
    kept, tape = [], courier.carried.tape
    courier.batch = 6
    for waybill in courier.carried.waybills[1:]:
        courier.note("first")
        tape.failed(waybill)
        tape.delivered(waybill)
        tape.record("task.vanished", f"task:{tape.envelopes[-1]['entity'].partition(':')[2]}", {})
        courier.note("last")
    while courier.waiting:
        answer = courier.push()
        assert answer.status == 200, answer
        kept.append((courier, courier.bodies[-1], answer.told["results"]))
    return kept


def _torn(body: bytes, part: str) -> tuple[bytes, list[int]]:
    """A recorded body as it may come again, whole or from or to its middle; and which of its operations are in it."""
    message = orjson.loads(body)
    operations, first = message["push"]["operations"], message["push"]["from_seq"]
    half = len(operations) // 2
    kept = list(
        {"whole": range(len(operations)), "head": range(half), "tail": range(half, len(operations))}[part]
    )
    torn = {"from_seq": first + (kept or [0])[0], "operations": [operations[at] for at in kept]}
    message["push"] = torn if kept else None
    return orjson.dumps(message), kept


def _work_of_the_night(now: int) -> None:
    """What the worker does every day, at that moment: tombstones, logins and pieces are forgotten."""
    server_clock.use(lambda: now)
    try:
        for job in PERIODIC:
            job.run()
    finally:
        server_clock.use(server_clock.system)
