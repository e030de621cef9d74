"""The made-up day: the same for the same date and seed, and good enough to be imported."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from server.day.dayfile import read_day
from server.demo.generate import TASKS, UNASSIGNED, day_csv, order_rows, orders_csv
from server.demo.seed import Stop, route
from server.intake.mapping import choose_mapping
from server.intake.policy import Intake, read_orders
from server.intake.table import read_table

DAY = date(2026, 5, 4)
STATION = "00000000-0000-7000-8000-000000000001"


@pytest.mark.parametrize("seed", [1, 2026, 77])
def test_every_order_of_any_seed_passes_intake(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(orders_csv(order_rows(DAY, seed)), "utf-8")
    table = read_table(file)
    orders, problems = read_orders(
        table, Intake(STATION, None, 2026, choose_mapping(table.header), {}, STATION)
    )
    assert (len(orders), problems) == (TASKS, [])


def test_the_same_date_and_seed_are_the_same_day() -> None:
    assert orders_csv(order_rows(DAY)) == orders_csv(order_rows(DAY))
    assert day_csv(DAY, 3) == day_csv(DAY, 3)
    assert orders_csv(order_rows(DAY)) != orders_csv(order_rows(DAY, 5))
    assert orders_csv(order_rows(DAY)) != orders_csv(order_rows(date(2026, 5, 5)))


def test_there_is_something_of_everything() -> None:
    rows = order_rows(DAY)
    assert Counter(row["courier"] for row in rows)[""] == UNASSIGNED
    assert len({row["courier"] for row in rows}) == 5
    assert {row["kind"] for row in rows} == {"delivery", "pickup"}
    assert any(row["cod_yuan"] for row in rows) and any(row["requests"] for row in rows)
    assert any(row["name"].isascii() for row in rows) and any(not row["name"].isascii() for row in rows)
    assert any(row["address"].isascii() for row in rows)
    assert not any(row["cod_yuan"] for row in rows if row["kind"] == "pickup")


def test_telephone_numbers_reach_nobody() -> None:
    assert all(row["phone"].startswith("129") and len(row["phone"]) == 11 for row in order_rows(DAY))


def test_a_recorded_day_has_early_late_and_punctual_pickups(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(day_csv(DAY, tasks=300, couriers=20), "utf-8")
    day = read_day(file, 2026)
    counts = day.tally()
    assert (counts.picked_up, len(day.couriers)) == (300, 20)
    assert counts.early > 0 and counts.late > 0 and counts.in_window > counts.early
    assert any(one.arrived < one.picked_up - 60_000 for one in day.pickups)


def test_a_route_follows_the_windows_and_within_one_the_nearest_door() -> None:
    home = (1_200_830_000, 303_030_000)
    late = Stop("late", 2, *home)
    far = Stop("far", 1, home[0] + 900, home[1])
    near = Stop("near", 1, home[0] + 10, home[1])
    nearer_to_far = Stop("next", 1, home[0] + 800, home[1])
    assert [stop.task for stop in route([late, far, nearer_to_far, near])] == ["near", "next", "far", "late"]
