"""What a seed has in store: two days of work and of everything that can go wrong, as a flat list of steps.

A step says all about itself, so that any part of the list is a scenario too: that is what shrinking a failure rests on.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from tests.simulation.machine import DAY, HOUR, MINUTE, SECOND, drawn
from tests.simulation.station import COURIERS

DAYS = 2
WORK = 9 * HOUR
DESK = {
    "order": 3.0,
    "assign": 2.0,
    "reassign": 4.0,
    "cancel": 1.5,
    "window": 1.0,
    "reattempt": 1.0,
    "decide": 2.0,
    "undo": 1.0,
    "accept": 1.0,
    "edit": 1.0,
    "wish": 2.0,
    "dispute": 1.0,
    "expire": 1.0,
}
LINE = {
    "lost_request": 2.0,
    "lost_answer": 3.0,
    "doubled": 2.0,
    "echo": 3.0,
    "delayed": 1.5,
    "late_answer": 1.0,
    "refused": 3.0,
    "torn_blob": 1.0,
    "crash": 4.0,
}


@dataclass(frozen=True)
class Step:
    """One thing that happens `at` ms after the start; `seed` is what its own chance is drawn from."""

    at: int
    do: str
    seed: str
    who: int | None = None
    args: dict[str, Any] = field(default_factory=dict)

    def told(self) -> str:
        hours, rest = divmod(self.at // SECOND, 3600)
        when = f"day {hours // 24 + 1} {9 + hours % 24:02d}:{rest // 60:02d}:{rest % 60:02d}"
        who = "" if self.who is None else f" courier{self.who}"
        return f"{when}{who} {self.do}" + "".join(f" {name}={value}" for name, value in self.args.items())


def scenario(seed: int) -> list[Step]:
    """The steps of a seed, in order."""
    random = Random(f"doorstep/{seed}")
    steps: list[Step] = []

    def add(at: int, do: str, who: int | None = None, **args: Any) -> None:
        steps.append(Step(at, do, f"{seed}/{len(steps)}", who, args))

    visits = [(at, who) for who in range(COURIERS) for at in _visits(random)]
    for at, who in visits:
        add(at, "visit", who, jobs=random.randint(2, 4), stay=random.choice((2, 2, 2, 10, 45)) * SECOND)
    for _ in range(random.randint(7, 12)):
        add(_moment(random), "desk", what=drawn(random, DESK))
    for _ in range(random.randint(8, 16)):
        at, who = random.choice(visits)
        name = drawn(random, LINE)
        add(max(0, at - MINUTE), "line", who, **_line(random, name), carrying=random.random() < 0.6)
    for _ in range(random.randint(4, 8)):
        at, who = random.choice(visits)
        fuse = {"tasks": int(random.expovariate(1 / 60)) + 1, "kept": random.random() < 0.5}
        add(at + random.randint(0, 20) * SECOND, "kill", who, **fuse, back=random.choice((1, 5, 60)) * SECOND)
    for _ in range(random.randint(1, 3)):
        at, who = random.choice(visits)
        add(max(0, at - HOUR), "offline", who, hours=random.choice((1, 2, 4, 27)))
    for _ in range(random.randint(2, 5)):
        at, who = random.choice(visits)
        skew = random.choice((-DAY, -HOUR, -6 * MINUTE, 0, 6 * MINUTE, HOUR, DAY))
        add(at + random.randint(0, 15) * SECOND, "clock", who, skew=skew)
    for _ in range(random.randint(0, 2)):
        at, who = random.choice(visits)
        add(at + random.randint(0, 10) * SECOND, "slow", who, stride=random.randint(1, 6))
    _storage(random, visits, add)
    _turns(random, visits, add)
    _rescues(Random(f"doorstep/{seed}/rescue"), visits, steps, add)
    return sorted(steps, key=lambda step: (step.at, int(step.seed.partition("/")[2])))


def _storage(random: Random, visits: Sequence[tuple[int, int]], add: Any) -> None:
    """Faults of whole storages, on either side, are rare; so are second tabs."""
    if random.random() < 0.4:
        at, who = random.choice(visits)
        add(at + MINUTE, "image", who)
        add(min(at + random.randint(1, 20) * HOUR, DAY + WORK), "rollback", who)
    if random.random() < 0.15:
        at, who = random.choice(visits)
        add(at + MINUTE, "evict", who)
    if random.random() < 0.4:
        at, who = random.choice(visits)
        add(at + SECOND, "tab", who, alone=random.random() < 0.5)
    if random.random() < 0.4:
        # A copy made while a handheld is talking has half of what it says.
        at = random.choice(visits)[0] + random.randint(0, 3 * SECOND)
        add(at, "backup")
        add(min(at + random.randint(1, 20) * HOUR, DAY + WORK), "restore")


def _turns(random: Random, visits: Sequence[tuple[int, int]], add: Any) -> None:
    """So is what befalls whole handhelds, or those who work with them."""
    last = DAY + WORK
    if random.random() < 0.35:
        at, who = random.choice(visits)
        how = random.choice(("time", "desk", "courier"))
        add(at + random.randint(0, 3 * SECOND), "log_out", who, how=how)
        again = random.choice([visit for visit, whose in visits if whose == who])
        courier = random.choice((None, random.randrange(COURIERS)))
        add(min(max(again, at) + random.randint(1, 40) * MINUTE, last), "log_in", who, courier=courier)
    if random.random() < 0.2:
        at, who = random.choice(visits)
        add(at + random.randint(0, 3 * SECOND), "revoke", who)
    if random.random() < 0.2:
        at, who = random.choice(visits)
        add(max(0, at - MINUTE), "old", who)
        add(min(at + random.randint(1, 20) * HOUR, last), "upgrade", who)
    if random.random() < 0.2:
        at, who = random.choice(visits)
        add(max(0, at - HOUR), "offline", who, hours=2)
        add(at + random.randint(1, 20) * SECOND, "spare", who)
        add(min(at + random.randint(1, 20) * HOUR, last), "back", who)
    if random.random() < 0.25:
        at, who = random.choice(visits)
        add(max(0, at - MINUTE), "line", who, fault="late_answer", by=5 * MINUTE, carrying=True)
        add(at + random.randint(1, 60) * SECOND, "worker", who, frozen=random.random() < 0.7)
    if random.random() < 0.25:
        _manifests(random, visits, add)
    if random.random() < 0.1:
        add(last, "months", days=random.choice((15, 95)))
    for _ in range(random.randint(0, 1)):
        add(_moment(random), "desk", what="sign_off")


def _manifests(random: Random, visits: Sequence[tuple[int, int]], add: Any) -> None:
    """The worker publishes now and then, and parcels are scanned that lie about."""
    for at, who in random.sample(visits, 3):
        add(max(0, at - random.randint(0, 14) * HOUR), "publish")
        add(at + random.choice((2, 20, 4_000)) * SECOND, "verdict", who)


def _rescues(random: Random, visits: Sequence[tuple[int, int]], steps: Sequence[Step], add: Any) -> None:
    """A colleague takes along what a handheld without a network has not sent; drawn apart, so that all else stays.

    Where the server goes back to a copy nothing breaks: what came before the file would be nowhere.
    """
    if random.random() < 0.3:
        at, who = random.choice(visits)
        by = random.choice([one for one in range(COURIERS) if one != who])
        broken = random.random() < 0.5 and all(step.do not in ("restore", "rollback") for step in steps)
        add(max(0, at - MINUTE), "offline", who, hours=random.choice((1, 4)))
        add(at + random.randint(5, 90) * SECOND, "rescue", who, by=by, broken=broken)


def _visits(random: Random) -> list[int]:
    """When a courier takes the handheld out: some times a day, never twice within two minutes."""
    slots = [
        day * DAY + slot * 20 * MINUTE
        for day in range(DAYS)
        for slot in random.sample(range(27), random.randint(1, 2))
    ]
    return sorted(slot + random.randint(0, 15) * MINUTE for slot in slots)


def _moment(random: Random) -> int:
    return random.randrange(DAYS) * DAY + random.randrange(WORK)


def _line(random: Random, name: str) -> dict[str, Any]:
    if name == "doubled":
        return {"fault": name, "by": random.randint(1, 3_000)}
    if name == "echo":
        return {"fault": name, "by": random.choice((MINUTE, HOUR, 3 * HOUR, 25 * HOUR))}
    if name in ("delayed", "late_answer"):
        return {"fault": name, "by": random.choice((2, 20, 45, 300)) * SECOND}
    if name == "refused":
        return {"fault": name, "with": random.choice(("401", "429", "500", "503", "hotel"))}
    if name == "crash":
        at = random.choice(("commit.before", "commit.after", "exchange.answer"))
        return {"fault": name, "point": at, "down": random.choice((1, 10, 120)) * SECOND}
    return {"fault": name}


def as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [asdict(step) for step in steps]


def from_json(steps: Sequence[dict[str, Any]]) -> list[Step]:
    return [Step(**step) for step in steps]
