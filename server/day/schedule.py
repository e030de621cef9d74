"""When everything happens on a replayed day: pure, the same for the same file and seed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from random import Random

from server.day.dayfile import ZONE, Day, Pickup

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Shift:
    """One courier's day: from start to end, and the spans [from, to) without a network, a third of it altogether."""

    courier: str
    start: int
    end: int
    offline: tuple[tuple[int, int], ...]

    def online_at(self, at: int) -> bool:
        """Whether the handheld has a network at a moment; outside of the shift it has."""
        return not any(start <= at < end for start, end in self.offline)


@dataclass(frozen=True)
class Work:
    """One thing a courier does with one pickup."""

    at: int
    courier: str
    kind: str
    pickup: Pickup


@dataclass(frozen=True)
class Plan:
    """The whole day in virtual time (ms). `opens` is before anything else, `closes` after everything."""

    opens: int
    closes: int
    shifts: dict[str, Shift]
    accepts: dict[int, list[Pickup]]
    work: dict[int, list[Work]]


def plan_day(day: Day, seed: int) -> Plan:
    """Who does what when. Acceptances are grouped by minute, as a dispatcher's desk sends them."""
    by_courier: dict[str, list[Pickup]] = defaultdict(list)
    accepts: dict[int, list[Pickup]] = defaultdict(list)
    work: dict[int, list[Work]] = defaultdict(list)
    for pickup in day.pickups:
        by_courier[pickup.courier].append(pickup)
        accepts[pickup.accepted - pickup.accepted % MINUTE_MS].append(pickup)
        work[pickup.arrived].append(Work(pickup.arrived, pickup.courier, "arrive", pickup))
        work[pickup.picked_up].append(Work(pickup.picked_up, pickup.courier, "pick_up", pickup))
    shifts = {courier: _shift(courier, pickups, seed) for courier, pickups in by_courier.items()}
    first = min(*accepts, *(shift.start for shift in shifts.values()))
    last = max(*accepts, *(shift.end for shift in shifts.values()))
    return Plan(first - HOUR_MS, last + HOUR_MS, shifts, dict(accepts), dict(work))


def _shift(courier: str, pickups: list[Pickup], seed: int) -> Shift:
    """From the first acceptance or arrival on the day of the first pickup to the last pickup.

    Orders accepted days before do not stretch the shift: the handheld finds them when the shift starts.
    """
    first = min(pickup.picked_up for pickup in pickups)
    midnight = datetime.fromtimestamp(first / 1000, ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    accepted = [pickup.accepted for pickup in pickups if pickup.accepted >= int(midnight.timestamp()) * 1000]
    start = min([pickup.arrived for pickup in pickups] + accepted)
    end = max(pickup.picked_up for pickup in pickups)
    return Shift(courier, start, end, offline_spans(start, end, Random(f"{seed}/{courier}")))


def offline_spans(start: int, end: int, random: Random) -> tuple[tuple[int, int], ...]:
    """One to three spans, together a third of the time from start to end, anywhere in it."""
    third = (end - start) // 3
    if third == 0:
        return ()
    count = random.randint(1, 3)
    lengths = _split(third, count, random)
    gaps = _split(end - start - third, count + 1, random)
    spans: list[tuple[int, int]] = []
    at = start
    for gap, length in zip(gaps, lengths, strict=False):
        spans.append((at + gap, at + gap + length))
        at += gap + length
    return tuple((a, b) for a, b in spans if b > a)


def _split(total: int, parts: int, random: Random) -> list[int]:
    cuts = sorted(random.randint(0, total) for _ in range(parts - 1))
    return [after - before for before, after in zip([0, *cuts], [*cuts, total], strict=True)]
