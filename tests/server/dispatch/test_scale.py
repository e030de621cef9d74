"""How fast the board is. Small in the suite; DOORSTEP_SCALE=50000 measures what the desk promises and prints it."""

from __future__ import annotations

import os
import time
from typing import Any

from tests.server.dispatch.crowd import fill
from tests.server.ops.house import House

NUMBER = int(os.environ.get("DOORSTEP_SCALE", "2000"))
BOARD = "/api/v1/dispatch"
PAGE_MS, FILTER_MS = 1000, 100
QUERIES: dict[str, tuple[str, int]] = {
    "first page": ("tasks?limit=200", PAGE_MS),
    "last page": (f"tasks?limit=200&offset={NUMBER - 200}", PAGE_MS),
    "page of 50": ("tasks?limit=50", FILTER_MS),
    "waybill part": ("tasks?q=00777&limit=50", FILTER_MS),
    "phone part": ("tasks?q=80000012&limit=50", FILTER_MS),
    "name": ("tasks?q=王一明&limit=50", FILTER_MS),
    "address": ("tasks?q=文三路 77 号&limit=50", FILTER_MS),
    "nothing": ("tasks?q=nowhere&limit=50", FILTER_MS),
    "status": ("tasks?status=delivered,attempt_failed&limit=50", FILTER_MS),
    "status and text": ("tasks?status=assigned&q=123&limit=50", FILTER_MS),
    "unassigned": ("tasks?courier=none&limit=50", FILTER_MS),
    "merchant": ("tasks?merchant=商户7&limit=50", FILTER_MS),
    "late": ("tasks?window=late&limit=50", FILTER_MS),
    "soon": ("tasks?window=soon&limit=50", FILTER_MS),
    "requests": ("tasks?request=true&limit=50", FILTER_MS),
    "conflicts": ("tasks?conflict=true&limit=50", FILTER_MS),
    "by updated": ("tasks?sort=updated&dir=desc&limit=50", FILTER_MS),
    "by window": ("tasks?sort=window_end&limit=50", FILTER_MS),
    "by status": ("tasks?sort=status&limit=50", FILTER_MS),
    "by waybill": ("tasks?sort=waybill&dir=desc&limit=50", FILTER_MS),
    "by courier": ("tasks?sort=courier&limit=50", FILTER_MS),
    "summary": ("summary", FILTER_MS),
    "couriers": ("couriers", FILTER_MS),
    "all ids": ("tasks/ids", PAGE_MS),
    "map": ("map", PAGE_MS),
}


def test_the_board_is_fast(house: House) -> None:
    """First page within a second, a filter within a tenth; at the suite's size with the same bounds, to be sure."""
    couriers = [house.cast.liang.id, house.cast.bei.id]
    house.inside(lambda: fill(house.cast.home.id, couriers, NUMBER, old=NUMBER // 2))
    took = {name: _ms(house, path) for name, (path, _) in QUERIES.items()}
    if NUMBER > 2000:
        print("\n" + "\n".join(f"{ms:8.1f} ms  {total:>6}  {name}" for name, (ms, total) in took.items()))
    slow = {name: ms for name, (ms, _) in took.items() if ms > QUERIES[name][1]}
    assert not slow, slow
    assert took["first page"][1] == NUMBER
    assert took["all ids"][1] == NUMBER
    assert 0 < took["waybill part"][1] < NUMBER
    assert 0 < took["address"][1] < NUMBER


def _ms(house: House, path: str) -> tuple[float, Any]:
    """The middle one of three, and how many it found in all."""
    desk, times = house.desk(), []
    for _ in range(3):
        began = time.perf_counter()
        answer = desk.get(f"{BOARD}/{path}")
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    return sorted(times)[1], answer.json.get("total", "")
