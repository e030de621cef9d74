"""One replayed day from the file to the figures."""

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from server.app import create_app
from server.auth import queries as auth
from server.auth import service as auth_service
from server.core.config import ROOT, Settings
from server.core.db import read, transaction
from server.day.dayfile import Day, read_day
from server.day.desk import Desk
from server.day.evening import Evening
from server.day.handhelds import Command, Handhelds
from server.day.house import House, HouseError, fresh_house
from server.day.oracle import Verdict, judge, read_ledger
from server.day.replay import Names, Replay
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
    """The figures and whatever does not hold."""

    figures: Figures
    complaints: list[str]

    def as_json(self) -> dict[str, int | float]:
        """The figures as they are printed."""
        return asdict(self.figures)


def replay_day(
    file: Path,
    *,
    year: int,
    seed: int,
    database: str,
    say: Callable[[str], None],
    tick: Callable[[int], None],
) -> Outcome:
    """Replays the day in `file` on a fresh `database` (see `fresh_house`).

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
        verdict, sent = _replay(house, day, file, seed, say, tick)
        outcome = Outcome(_figures(day, len(sent), verdict, time.monotonic() - began), verdict.complaints)
    if outcome is None:
        raise HouseError("stopped", 130)
    return outcome


def _replay(
    house: House, day: Day, file: Path, seed: int, say: Callable[[str], None], tick: Callable[[int], None]
) -> tuple[Verdict, set[str]]:
    """From the empty database to the oracle's verdict; also the op_ids of everything anybody sent."""
    plan = plan_day(day, seed)
    house.set_clock(plan.opens)
    say("preparing the database")
    house.run("db", "upgrade")
    password = secrets.token_urlsafe(18)
    names = _people(house, day, password)
    say(f"importing {len(day.pickups)} orders")
    _import(house, day, file)
    house.serve()
    with Handhelds(BUNDLE, house.folder / "handhelds.log") as handhelds:
        desk = Desk(house.base_url, DISPATCHER, password)
        desk.log_in()
        say(f"enrolling {len(names.users)} handhelds")
        _enrol(house, names, desk, handhelds, plan.opens, seed)
        replay = Replay(plan, names, desk, handhelds, house.set_clock, tick)
        replay.run()
        left = Evening(replay, desk, house.set_clock, plan.closes).run()
    told = replay.told
    say(
        f"{told.offline} operations recorded without signal, {told.unlisted} pickups worked unlisted, "
        f"{told.exchanges} exchanges, {told.failed_exchanges} of them failed"
    )
    imported = [derive("import", "order.imported", MERCHANT, one.reference) for one in day.pickups]
    sent = {*told.op_ids, *desk.sent, *imported}
    verdict = judge(day, told, sent, read_ledger(house.database_url))
    if left:
        verdict.complaints.append(f"{left} handhelds were never told that the server has everything")
    return verdict, sent


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
    app = create_app(Settings.from_env(house.environment()))
    with app.app_context():
        with transaction():
            station = auth_service.create_station(STATION, "Replayed day")
            auth_service.create_user(station.id, DISPATCHER, "Dispatcher", "dispatcher", password=password)
            for courier in day.couriers:
                auth_service.create_user(station.id, courier, f"Courier {courier}", "courier")
        with read():
            users = {user.username: user.id for user in auth.users_of(station.id, "courier")}
    return Names(station.id, users, {one.reference: f"LP{one.reference}" for one in day.pickups})


def _enrol(house: House, names: Names, desk: Desk, handhelds: Handhelds, now: int, seed: int) -> None:
    couriers = list(names.users)
    opened = [
        Command(who, now, "open", {"baseUrl": house.base_url, "app": "day/1", "seed": seed})
        for who in couriers
    ]
    handhelds.all(opened)
    codes = [desk.enrolment_code(names.users[who]) for who in couriers]
    handhelds.all(
        [
            Command(who, now, "enrol", {"code": code, "label": f"Handheld {who}"})
            for who, code in zip(couriers, codes, strict=True)
        ]
    )
