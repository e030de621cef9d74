"""How fast the board is, beside a request that looks up nothing but who asks: so a slow machine is slow at both.

DOORSTEP_SCALE=50000 prints what the desk promises: a first page within a second, a filter within a tenth.
"""

from __future__ import annotations

import os
import time
from typing import Any

from tests.people import Desk
from tests.server.dispatch.crowd import fill
from tests.server.ops.house import House

NUMBER = int(os.environ.get("DOORSTEP_SCALE", "2000"))
BOARD = "/api/v1/dispatch"
# Times what a request takes that looks up nothing, which is 4 ms where the promises hold.
PAGE, FILTER = 60, 25
QUERIES: dict[str, tuple[str, int]] = {
    "first page": ("tasks?limit=200", PAGE),
    "last page": (f"tasks?limit=200&offset={NUMBER - 200}", PAGE),
    "page of 50": ("tasks?limit=50", FILTER),
    "waybill part": ("tasks?q=00777&limit=50", FILTER),
    "phone part": ("tasks?q=80000012&limit=50", FILTER),
    "name": ("tasks?q=王一明&limit=50", FILTER),
    "address": ("tasks?q=文三路 77 号&limit=50", FILTER),
    "nothing": ("tasks?q=nowhere&limit=50", FILTER),
    "status": ("tasks?status=delivered,attempt_failed&limit=50", FILTER),
    "status and text": ("tasks?status=assigned&q=123&limit=50", FILTER),
    "unassigned": ("tasks?courier=none&limit=50", FILTER),
    "merchant": ("tasks?merchant=商户7&limit=50", FILTER),
    "late": ("tasks?window=late&limit=50", FILTER),
    "soon": ("tasks?window=soon&limit=50", FILTER),
    "requests": ("tasks?request=true&limit=50", FILTER),
    "conflicts": ("tasks?conflict=true&limit=50", FILTER),
    "by updated": ("tasks?sort=updated&dir=desc&limit=50", FILTER),
    "by window": ("tasks?sort=window_end&limit=50", FILTER),
    "by status": ("tasks?sort=status&limit=50", FILTER),
    "by waybill": ("tasks?sort=waybill&dir=desc&limit=50", FILTER),
    "by courier": ("tasks?sort=courier&limit=50", FILTER),
    "summary": ("summary", FILTER),
    "couriers": ("couriers", FILTER),
    "all ids": ("tasks/ids", PAGE),
    "map": ("map", PAGE),
}


def test_the_board_is_fast(house: House) -> None:
    """At the suite's size no more than at fifty thousand, to be sure."""
    couriers = [house.cast.liang.id, house.cast.bei.id]
    house.inside(lambda: fill(house.cast.home.id, couriers, NUMBER, old=NUMBER // 2))
    took = {name: _timed(house, path) for name, (path, _) in QUERIES.items()}
    if NUMBER > 2000:
        lines = (f"{ms:8.1f} ms {of:6.1f} {total:>6}  {name}" for name, (ms, total, of) in took.items())
        print("\n" + "\n".join(lines))
    slow = {name: one for name, one in took.items() if one[2] > QUERIES[name][1]}
    assert not slow, slow
    assert took["first page"][1] == NUMBER
    assert took["all ids"][1] == NUMBER
    assert 0 < took["waybill part"][1] < NUMBER
    assert 0 < took["address"][1] < NUMBER


def _timed(house: House, path: str) -> tuple[float, Any, float]:
    """The middle one of three, ms; how many it found in all; how many times that of a request that looks up nothing."""
    desk = house.desk()
    pairs = []
    for _ in range(3):
        nothing, _ = _ms(desk, "/api/v1/session")
        ms, answer = _ms(desk, f"{BOARD}/{path}")
        pairs.append((ms / nothing, ms))
    of, ms = sorted(pairs)[1]
    return ms, answer.get("total", ""), of


def _ms(desk: Desk, path: str) -> tuple[float, dict[str, Any]]:
    began = time.perf_counter()
    answer = desk.get(path)
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, answer.text
    return took, dict(answer.json)
