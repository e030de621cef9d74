"""Writes the demo day through the same doors as a real one: people, intake, the one write path.

Safe to repeat: people are made once, a day's orders are known by their references, and only what nobody has yet is
assigned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from server.auth import queries as auth
from server.auth import service as auth_service
from server.auth.policy import Role, StationView, UserView
from server.core.clock import day_of, now_ms
from server.core.db import read, transaction
from server.core.ids import uuid7
from server.demo.generate import SEED, order_rows, orders_csv
from server.demo.words import COURIERS
from server.intake import applying
from server.intake import service as intake
from server.intake.mapping import choose_mapping
from server.intake.policy import Intake, Order, read_orders
from server.intake.table import Table, read_table
from server.ops import pipeline
from server.ops.batch import Writer
from server.tasks import queries as tasks

STATION = "HZ01"
# Known to everybody who reads this file, therefore only ever set with DOORSTEP_ENV=demo.
PASSWORD = "doorstep-demo"  # noqa: S105
DESK: tuple[tuple[str, str, Role], ...] = (
    ("dora", "Dora 杜若", "dispatcher"),
    ("chris", "Chris 程曦", "csr"),
    ("ada", "Ada 安达", "admin"),
)
_DEPOT_E7 = (1_200_830_000, 303_030_000)
_AT_ONCE = 200


@dataclass(frozen=True)
class Login:
    """A demo person and how to get in; couriers have no password, they enrol a handheld."""

    username: str
    name: str
    role: str
    password: str | None


@dataclass(frozen=True)
class Seeded:
    """What a start found or made."""

    station: StationView
    day: date
    new_orders: int
    logins: tuple[Login, ...]


@dataclass(frozen=True)
class Stop:
    """A door on the way: task, end of its window (ms), place in 1e-7 degrees."""

    task: str
    window_end: int
    lng_e7: int
    lat_e7: int


def seed_day(folder: Path, seed: int = SEED) -> Seeded:
    """Station, people and today's orders, most of them assigned in route order.

    Args:
        folder: where the generated order file is kept, so that a curious person can look at it.
    """
    station, users = _people()
    today = date.fromisoformat(day_of(now_ms(), station.timezone))
    file = folder / f"orders-{today.isoformat()}.csv"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(orders_csv(order_rows(today, seed)), encoding="utf-8")
    table = read_table(file)
    report = _import(table, station, users, today)
    _assign(table, station, users, today)
    logins = [Login(name, users[name].name, role, PASSWORD) for name, _, role in DESK]
    logins += [Login(name, users[name].name, "courier", None) for name, _, _ in COURIERS]
    return Seeded(station, today, report, tuple(logins))


def enrolment_codes(seeded: Seeded, key: str) -> list[tuple[str, str]]:
    """A fresh one-time code per courier, (courier's name, code)."""
    with transaction():
        couriers = auth.users_of(seeded.station.id, "courier")
        return [(one.name, auth_service.issue_code(one, issued_by=None, key=key).code) for one in couriers]


def route(stops: Iterable[Stop]) -> list[Stop]:
    """The order in which a courier goes: by the end of the window, within one window always to the nearest door."""
    windows: dict[int, list[Stop]] = {}
    for stop in stops:
        windows.setdefault(stop.window_end, []).append(stop)
    here, way = _DEPOT_E7, list[Stop]()
    for _, left in sorted(windows.items()):
        while left:
            nearest = min(left, key=lambda stop: (_distance(here, stop), stop.task))
            left.remove(nearest)
            way.append(nearest)
            here = (nearest.lng_e7, nearest.lat_e7)
    return way


def _people() -> tuple[StationView, dict[str, UserView]]:
    with transaction():
        station = auth.station_by_code(STATION) or auth_service.create_station(
            STATION, "杭州西 Hangzhou West (demo)"
        )
        for username, name, role in DESK:
            if auth.user_by_username(username) is None:
                auth_service.create_user(station.id, username, name, role, password=PASSWORD)
        for username, name, lang in COURIERS:
            if auth.user_by_username(username) is None:
                auth_service.create_user(station.id, username, name, "courier", lang=lang)
    with read():
        return station, {user.username: user for user in auth.users_of(station.id)}


def _import(table: Table, station: StationView, users: dict[str, UserView], today: date) -> int:
    person = intake.Person(users["ada"].id, station.id, "admin")
    applying.resume(station.id)
    request = intake.Request(table, choose_mapping(table.header), None, today.year, person)
    report = intake.accept(request)
    if report.batch_id:
        applying.apply(report.batch_id)
    return report.new


def _assign(table: Table, station: StationView, users: dict[str, UserView], today: date) -> None:
    """What a dispatcher would do at six in the morning."""
    dora, at = users["dora"], now_ms()
    by_courier = _stops(table, station, today)
    with read():
        statuses = tasks.statuses(stop.task for stops in by_courier.values() for stop in stops)
    operations: list[dict[str, Any]] = []
    for courier, stops in by_courier.items():
        for number, stop in enumerate(route(stops), start=1):
            if statuses.get(stop.task) == "created":
                operations.append(_assignment(stop.task, users[courier].id, number, dora.id, at))
    writer = Writer(dora.id, station.id, "dispatcher")
    for start in range(0, len(operations), _AT_ONCE):
        pipeline.submit(writer, operations[start : start + _AT_ONCE])


def _stops(table: Table, station: StationView, today: date) -> dict[str, list[Stop]]:
    couriers = {number: row["courier"] for number, row in table.rows.items()}
    orders, _ = read_orders(
        table, Intake(station.id, None, today.year, choose_mapping(table.header), {}, station.id)
    )
    by_courier: dict[str, list[Stop]] = {}
    for order in orders:
        if couriers[order.row]:
            by_courier.setdefault(couriers[order.row], []).append(_stop(order))
    return by_courier


def _stop(order: Order) -> Stop:
    address = order.payload["address"]
    return Stop(order.task_id, order.payload["window_end"], address["lng_e7"], address["lat_e7"])


def _assignment(task: str, courier: str, sequence: int, author: str, at: int) -> dict[str, Any]:
    return {
        "op_id": uuid7(),
        "type": "task.assigned",
        "v": 1,
        "author": author,
        "device": None,
        "incarnation": None,
        "seq": None,
        "prev": None,
        "app": "demo/1",
        "entity": f"task:{task}",
        "base_rev": None,
        "base": {"courier": None},
        "payload": {"courier": courier, "sequence": sequence},
        "blobs": [],
        "at": at,
        "mono": None,
        "boot": None,
    }


def _distance(here: tuple[int, int], stop: Stop) -> int:
    """Squared, in flat 1e-7 degrees: good enough to say which of two doors in one district is nearer."""
    return (here[0] - stop.lng_e7) ** 2 + (here[1] - stop.lat_e7) ** 2
