"""F4 and F5: the server killed, and PostgreSQL killed, while couriers push through a bad line."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from server.day.line import ODDS_WITH_CUTS, Line
from tests.faults.oracle import Outcome, judge
from tests.faults.site import Site, dice
from tests.faults.street import Courier, busy

# One kill in so many takes all of the server and not only the process that answers; one in so many strikes it again
# while it starts.
_WHOLE, _STARTING = 10, 3
_PATIENCE_S = 30.0
_HEALED_WITHIN_S = 10.0


@contextmanager
def rough_street(site: Site, seed: object, walkers: int) -> Iterator[list[Courier]]:
    """Couriers who push through a line with every fault; it is good when the storm is over."""
    with Line(site.port, int(dice(seed).random() * 1e6), spoil=True, odds=ODDS_WITH_CUTS) as line:
        couriers = on_the_street(site, walkers, line.door)
        try:
            with busy(couriers, seed):
                yield couriers
        finally:
            line.spoil = False
            for courier in couriers:
                courier.port = site.port


def on_the_street(site: Site, number: int, port: int) -> list[Courier]:
    """The couriers of a site whose logs are still empty; each is taken once."""
    fresh = [one for one in site.couriers if not one.tape.envelopes][:number]
    assert len(fresh) == number, "the site has no couriers left"
    return [Courier(one, port) for one in fresh]


def _in_the_thick(couriers: Sequence[Courier], seconds: float) -> None:
    """Waits until somebody has been promised something more, and then a moment longer."""
    before, until = sum(one.seen[200] for one in couriers), time.monotonic() + _PATIENCE_S
    while sum(one.seen[200] for one in couriers) == before and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(seconds)


def server_kills(site: Site, kills: int, *, bug: str = "", walkers: int = 3, until: float = 0.0) -> Outcome:
    """F4: SIGKILL at random moments; `until` (monotonic) ends it early."""
    outcome = Outcome("F4 server killed", site.database)
    site.serve(bug)
    random, readies = dice("kills", site.database, bug, kills), list[float]()
    with rough_street(site, f"F4{bug}", walkers) as couriers:
        for number in range(kills):
            if number % _STARTING == 1:
                time.sleep(random.uniform(0, 0.5))
            else:
                _in_the_thick(couriers, random.uniform(0, 0.15))
            if number % _WHOLE == _WHOLE - 1:
                site.kill()
                readies.append(site.again())
            elif number % _STARTING == 0:
                site.strike_worker()
            else:
                readies.append(site.kill_worker())
            if (until and time.monotonic() > until) or any(courier.wrong for courier in couriers):
                break
    pushed = sum(courier.seen[200] for courier in couriers)
    outcome.figures |= {"kills": number + 1, "pushes answered": pushed}
    outcome.figures["ready, median s"] = round(statistics.median(readies or [0.0]), 2)
    outcome.figures["ready, longest s"] = round(max(readies, default=0.0), 2)
    judge(site, couriers, outcome, bug)
    return outcome


def postgres_kills(site: Site, kills: int, *, bug: str = "", walkers: int = 3, until: float = 0.0) -> Outcome:
    """F5: the postmaster and all its children at once; the server stays up and says when to come again."""
    outcome = Outcome("F5 PostgreSQL killed", site.database)
    site.serve(bug)
    random, healed, refused = dice("F5", bug, kills), list[float](), 0
    couriers = on_the_street(site, walkers, site.port)
    with busy(couriers, f"F5{bug}", pause_s=0.01):
        for _ in range(kills):
            _in_the_thick(couriers, random.uniform(0, 0.15))
            site.kill_postgres()
            before = sum(courier.seen[503] for courier in couriers)
            time.sleep(random.uniform(0.3, 0.8))
            refused += sum(courier.seen[503] for courier in couriers) - before
            began = time.monotonic()
            site.start_postgres()
            site.wait_ready()
            healed.append(time.monotonic() - began)
            if (until and time.monotonic() > until) or any(courier.wrong for courier in couriers):
                break
    if not refused:
        outcome.wrong.append("nobody was refused: it was not shown what a handheld is told")
    outcome.wrong += [f"healed after {one:.1f} s" for one in healed if one > _HEALED_WITHIN_S]
    outcome.figures |= {"kills": len(healed), "pushes answered": sum(one.seen[200] for one in couriers)}
    outcome.figures |= {"refused with 503": refused, "healed, longest s": round(max(healed), 2)}
    judge(site, couriers, outcome, bug)
    return outcome
