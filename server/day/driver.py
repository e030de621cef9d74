"""One replayed day from the file to the figures."""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from server.app import create_app
from server.auth import queries as auth
from server.auth import service as auth_service
from server.core.config import ROOT, Settings
from server.core.db import read, transaction
from server.day.dayfile import Day, read_day
from server.day.desk import Desk
from server.day.evening import Evening
from server.day.faults import NONE, roughen
from server.day.handhelds import Handhelds
from server.day.house import House, HouseError, fresh_house
from server.day.line import Line
from server.day.oracle import Verdict, judge, read_ledger
from server.day.replay import Names, Replay
from server.day.rough import Roughness
from server.day.schedule import plan_day
from sync.canonical import derive

STATION = "DAY"
DISPATCHER = "day-dispatcher"
MERCHANT = "lade"
BUNDLE = ROOT / "build" / "handheld.mjs"


@dataclass(frozen=True)
class Figures:
    """What the day prints: one JSON object, in this order."""

    tasks: int
    couriers: int
    operations_sent: int
    operations_applied: int
    lost: int
    doubled: int
    picked_up: int
    in_window: int
    early: int
    late: int
    conflicts_opened: int
    conflicts_undecided: int
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """The figures, whatever does not hold, and on a rough day which faults fired, how often."""

    figures: Figures
    complaints: list[str]
    faults: dict[str, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """The figures as they are printed."""
        return asdict(self.figures) | ({} if self.faults is None else {"faults": self.faults})


def replay_day(
    file: Path,
    *,
    year: int,
    seed: int,
    database: str,
    rough: bool,
    say: Callable[[str], None],
    tick: Callable[[int], None],
) -> Outcome:
    """Replays the day in `file` on a fresh `database` (see `fresh_house`).

    A `rough` one has everything go wrong that `server.day.faults` knows.

    Raises:
        UnusableDayError: the file is no recorded day.
        HouseError: something did not start, or the import refused the file (status 2).
    """
    began = time.monotonic()
    day = read_day(file, year)
    if not BUNDLE.exists():
        raise HouseError(f"{BUNDLE.relative_to(ROOT)} is missing: build the web apps first (make build)", 2)
    outcome: Outcome | None = None
    with fresh_house(database) as house:
        verdict, sent, fired = _replay(house, day, file, seed, rough, say, tick)
        figures = _figures(day, len(sent), verdict, time.monotonic() - began)
        outcome = Outcome(figures, verdict.complaints, fired if rough else None)
    if outcome is None:
        raise HouseError("stopped", 130)
    return outcome


def _replay(
    house: House,
    day: Day,
    file: Path,
    seed: int,
    rough: bool,
    say: Callable[[str], None],
    tick: Callable[[int], None],
) -> tuple[Verdict, set[str], dict[str, int]]:
    """From the empty database to the oracle's verdict; also the op_ids of everything anybody sent, and the faults."""
    plan, faults = plan_day(day, seed), NONE
    if rough:
        plan, faults = roughen(day, plan, seed)
    house.set_clock(plan.opens)
    say("preparing the database")
    house.run("db", "upgrade")
    password = secrets.token_urlsafe(18)
    names = _people(house, day, password)
    say(f"importing {len(day.pickups)} orders")
    _import(house, day, file)
    house.serve()
    with Line(house.port, seed) as line, Handhelds(BUNDLE, house.folder / "handhelds.log") as handhelds:
        base_url = line.url if rough else house.base_url
        desk = Desk(base_url, DISPATCHER, password)
        desk.log_in()
        troubles = Roughness(house, faults, seed) if rough else None
        replay = Replay(plan, names, desk, handhelds, house.set_clock, tick, faults, troubles)
        say(f"enrolling {len(names.users)} handhelds")
        _enrol(replay, base_url, plan.opens, seed)
        line.spoil = rough
        replay.run()
        line.spoil = False
        left = Evening(replay, desk, house.set_clock, plan.closes).run()
    told = replay.told
    say(
        f"{told.offline} operations recorded without signal, {told.unlisted} pickups worked unlisted, "
        f"{told.exchanges} exchanges, {told.failed_exchanges} of them failed"
    )
    imported = [derive("import", "order.imported", MERCHANT, one.reference) for one in day.pickups]
    sent = {*told.op_ids, *desk.sent, *imported}
    ledger = read_ledger(house.database_url)
    verdict = judge(day, told, sent, ledger)
    if left:
        verdict.complaints.append(f"{left} handhelds were never told that the server has everything")
    skewed = sum(one.first != 0 for one in faults.skews.values())
    fired = Counter(
        {"clocks_off": skewed, "clocks_set": sum(one.since is not None for one in faults.skews.values())}
    )
    sent |= {op_id for op_id, wish in ledger.wishes if wish in told.wishes}
    return verdict, sent, dict(sorted((line.fired + told.fired + fired).items()))


def _import(house: House, day: Day, file: Path) -> None:
    try:
        house.run(
            "orders",
            "import",
            str(file.absolute()),
            "--station",
            STATION,
            "--year",
            str(day.year),
            "--lang",
            "en",
        )
    except HouseError as error:
        raise HouseError(f"the import refused the file: {error}", 2) from error


def _figures(day: Day, sent: int, verdict: Verdict, seconds: float) -> Figures:
    return Figures(
        tasks=len(day.pickups),
        couriers=len(day.couriers),
        operations_sent=sent,
        operations_applied=verdict.operations_applied,
        lost=verdict.lost,
        doubled=verdict.doubled,
        picked_up=verdict.tally.picked_up,
        in_window=verdict.tally.in_window,
        early=verdict.tally.early,
        late=verdict.tally.late,
        conflicts_opened=verdict.conflicts_opened,
        conflicts_undecided=verdict.conflicts_undecided,
        seconds=round(seconds, 1),
    )


def _people(house: House, day: Day, password: str) -> Names:
    """The station, its dispatcher and one user per courier of the file."""
    app = create_app(Settings.from_env(house.environment()), live=False)
    with app.app_context():
        with transaction():
            station = auth_service.create_station(STATION, "Replayed day")
            auth_service.create_user(station.id, DISPATCHER, "Dispatcher", "dispatcher", password=password)
            for courier in day.couriers:
                auth_service.create_user(station.id, courier, f"Courier {courier}", "courier")
        with read():
            users = {user.username: user.id for user in auth.users_of(station.id, "courier")}
    return Names(station.id, users, {one.reference: f"LP{one.reference}" for one in day.pickups})


def _enrol(replay: Replay, base_url: str, now: int, seed: int) -> None:
    users, handhelds = replay.names.users, replay.handhelds
    opened = {"baseUrl": base_url, "app": "day/1", "seed": seed}
    handhelds.all([replay.command(who, now, "open", opened) for who in users])
    codes = [replay.desk.enrolment_code(user) for user in users.values()]
    handhelds.all(
        [
            replay.command(who, now, "enrol", {"code": code, "label": f"Handheld {who}"})
            for who, code in zip(users, codes, strict=True)
        ]
    )
