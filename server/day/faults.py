"""What goes wrong on a rough day: pure, the same for the same file and seed.

Nothing here does anything; `server.day.replay` carries it out and `server.day.line` spoils the requests.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from server.day.dayfile import Day, Pickup
from server.day.schedule import HOUR_MS, MINUTE_MS, Plan, Shift, offline_spans

# Where in an exchange a handheld may be killed: before it, with an answer nothing is stored of, half-way through.
FAILPOINTS = ("exchange.before", "exchange.answered", "results.absorbed", "pull.staged", "pull.swapped")
_DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class Skews:
    """How far a handheld's clock is off: `first` ms from the start, `then` ms from the moment `since` it is set."""

    first: int = 0
    since: int | None = None
    then: int = 0

    def at(self, now: int) -> int:
        """The difference at a moment of true time, ms."""
        return self.then if self.since is not None and now >= self.since else self.first


@dataclass(frozen=True)
class Faults:
    """Everything that goes wrong, by moment of true time (ms) where it has one. A plain day has none of it."""

    skews: Mapping[str, Skews] = field(default_factory=dict)
    handheld_kills: Mapping[int, list[tuple[str, str]]] = field(default_factory=dict)
    server_kills: tuple[int, ...] = ()
    reassigned: Mapping[int, list[tuple[Pickup, str]]] = field(default_factory=dict)
    cancelled: Mapping[int, list[Pickup]] = field(default_factory=dict)
    requests: Mapping[int, list[Pickup]] = field(default_factory=dict)

    @property
    def moments(self) -> set[int]:
        """When the day has to stop for one of them."""
        sources = (self.handheld_kills, self.reassigned, self.cancelled, self.requests)
        return set(self.server_kills).union(*sources)

    @property
    def disturbed(self) -> set[str]:
        """Orders somebody meddles with."""
        moved = {one.reference for some in self.reassigned.values() for one, _ in some}
        return moved | {one.reference for some in self.cancelled.values() for one in some}

    def skew(self, courier: str, now: int) -> int:
        """How far a courier's clock is off at a moment of true time, ms."""
        return self.skews.get(courier, _TRUE).at(now)


_TRUE = Skews()
NONE = Faults()


def roughen(day: Day, plan: Plan, seed: int) -> tuple[Plan, Faults]:
    """A plan with hours without signal, and everything else that is to go wrong."""
    random = Random(f"rough/{seed}")
    shifts = {who: _longer_offline(shift, random) for who, shift in plan.shifts.items()}
    reassigned, cancelled, requests = _meddling(day, random)
    faults = Faults(
        skews={who: _skews(shift, random) for who, shift in shifts.items()},
        handheld_kills=_kills(shifts, random),
        server_kills=_outages(plan, random),
        reassigned=reassigned,
        cancelled=cancelled,
        requests=requests,
    )
    return replace(plan, shifts=shifts), faults


def _longer_offline(shift: Shift, random: Random) -> Shift:
    """Every third courier is without signal for two thirds of the day and not for one."""
    if random.random() > 1 / 3 or shift.end - shift.start < HOUR_MS:
        return shift
    inside = offline_spans(shift.start, shift.end, Random(random.random()))
    at, spans = shift.start, []
    for start, end in inside:
        spans.append((at, start))
        at = end
    spans.append((at, shift.end))
    return replace(shift, offline=tuple((a, b) for a, b in spans if b > a))


def _skews(shift: Shift, random: Random) -> Skews:
    """Four in ten clocks are right; the others are off by minutes or by up to a day, and some of them are set."""
    lot = random.random()
    if lot < 0.4:
        return _TRUE
    most = 10 * MINUTE_MS if lot < 0.7 else _DAY_MS
    off = random.randint(-most, most)
    if lot < 0.9 or shift.end <= shift.start:
        return Skews(off)
    return Skews(off, random.randint(shift.start, shift.end), random.choice((0, -off)))


def _kills(shifts: Mapping[str, Shift], random: Random) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for who, shift in shifts.items():
        for _ in range(random.choice((0, 0, 1, 1, 2))):
            at = random.randint(shift.start + 1, max(shift.start + 1, shift.end))
            found[at].append((who, random.choice(FAILPOINTS)))
    return dict(found)


def _outages(plan: Plan, random: Random) -> tuple[int, ...]:
    """The server dies twice, each time in the thick of the day."""
    busy = sorted(plan.work)
    thirds = (busy[len(busy) // 4 : len(busy) // 2], busy[len(busy) // 2 : 3 * len(busy) // 4])
    return tuple(random.choice(some) for some in thirds if some)


def _meddling(
    day: Day, random: Random
) -> tuple[dict[int, list[tuple[Pickup, str]]], dict[int, list[Pickup]], dict[int, list[Pickup]]]:
    """The dispatcher gives orders to somebody else and cancels some, customers change what they ask for."""
    reassigned: dict[int, list[tuple[Pickup, str]]] = defaultdict(list)
    cancelled: dict[int, list[Pickup]] = defaultdict(list)
    requests: dict[int, list[Pickup]] = defaultdict(list)
    couriers = day.couriers
    for pickup in day.pickups:
        lot = random.random()
        at = random.randint(pickup.accepted, max(pickup.accepted, pickup.picked_up)) + MINUTE_MS
        if lot < 0.04 and len(couriers) > 1:
            other = random.choice([who for who in couriers if who != pickup.courier])
            reassigned[at].append((pickup, other))
        elif lot < 0.07:
            cancelled[at].append(pickup)
        elif lot < 0.11:
            requests[at].append(pickup)
    return dict(reassigned), dict(cancelled), dict(requests)
