"""How long an order file takes while handhelds push: the product as processes, on SQLite and on PostgreSQL.

    python -m tests.bench.orders [--rows 50000] [--database sqlite] [--database postgres] [--runs 1]

Both databases lie on this machine's disk and sync every commit, as they do for anybody who runs Doorstep. The file goes
through the desk's own addresses; five handhelds record a delivery a second each and push it, as they do in the street;
a desk asks every half second how far the import is. Pushes are measured alone first, so that what the import costs
them can be told from what this machine costs them.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self

from server.auth import service as auth
from server.auth.policy import UserView
from server.core.db import transaction
from tests.bench.stand import Stand, stand
from tests.builders import Tape, assign_draft, order_draft
from tests.people import PASSWORD, Cast

HANDHELDS = 5
LISTED = 300
WARM_UP_S, ALONE_S = 5, 20
PATIENCE_S = 600
GOAL_S, GOAL_MS = 60, 500
_HEADER = (
    "kind,reference,waybill,pieces,weight_kg,goods,name,phone,address,community,building,unit,room,"
    "longitude,latitude,window_start,window_end,cod_yuan,requests\n"
)
# The desk's address refuses longer lists.
_AT_ONCE = 100


@dataclass
class Carried:
    """A handheld outside: its log, what makes a request its own, and how far it has pulled."""

    number: int
    tape: Tape
    headers: dict[str, str]
    cursors: dict[str, int] = field(default_factory=dict)


@dataclass
class Figures:
    """Answers to pushes in ms, and what was not answered as it should be."""

    took: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def p95(self) -> float:
        return sorted(self.took)[max(0, -(-len(self.took) * 95 // 100) - 1)]

    def __str__(self) -> str:
        middle, most = statistics.median(self.took), max(self.took)
        wrong = f", {len(self.wrong)} WRONG ({self.wrong[0]})" if self.wrong else ""
        return (
            f"{len(self.took)} pushes, p50 {middle:.0f} ms, p95 {self.p95:.0f} ms, max {most:.0f} ms{wrong}"
        )


class Street:
    """Handhelds that push a delivery a second each, until it is left."""

    def __init__(self, doorstep: Stand, handhelds: list[Carried]) -> None:
        self.figures = Figures()
        self._doorstep = doorstep
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._walk, args=(handheld,), daemon=True) for handheld in handhelds
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _walk(self, handheld: Carried) -> None:
        due = time.monotonic() + handheld.number / HANDHELDS
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += 1
            self._push(handheld)

    def _push(self, handheld: Carried) -> None:
        tape = handheld.tape
        place, tape.at = len(tape.envelopes), _now() - 1_000
        tape.delivered(_listed(handheld.number, place))
        body = tape.exchange(place + 1, handheld.cursors) | {"sent_at": _now()}
        began = time.perf_counter()
        status, answer, _ = self._doorstep.call(
            "POST",
            "/api/v1/exchange",
            json.dumps(body).encode(),
            **handheld.headers,
        )
        self.figures.took.append((time.perf_counter() - began) * 1000)
        if status != 200 or [one["status"] for one in answer["results"]] != ["applied"]:
            self.figures.wrong.append(f"HTTP {status}: {answer}")
            return
        handheld.cursors |= {page["scope"]: page["to"] for page in answer["pull"]["scopes"]}


def main() -> int:
    """Prints the figures; 1 when a goal was missed."""
    read = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    read.add_argument("--rows", type=int, default=50_000)
    read.add_argument("--database", action="append", choices=["sqlite", "postgres"])
    read.add_argument("--runs", type=int, default=1)
    asked = read.parse_args()
    reached = True
    for database in asked.database or ["sqlite", "postgres"]:
        for _ in range(asked.runs):
            reached &= measure(database, asked.rows)
    return 0 if reached else 1


def measure(database: str, rows: int) -> bool:
    """One run on a fresh database; whether the goals were reached."""
    load, file = os.getloadavg()[0], _file(rows)
    handhelds: list[Carried] = []
    with stand(database, lambda cast: handhelds.extend(_outside(cast))) as doorstep:
        with Street(doorstep, handhelds):
            time.sleep(WARM_UP_S)
        with Street(doorstep, handhelds) as alone:
            time.sleep(ALONE_S)
        before = doorstep.processor_s()
        with Street(doorstep, handhelds) as beside:
            upload_s, import_s, looks = _import(doorstep, file)
        used = {name: after - before[name] for name, after in doorstep.processor_s().items()}
    ratio = beside.figures.p95 / alone.figures.p95
    whole = upload_s + import_s
    print(f"{database}, {rows} rows (load {load:.2f} before)")
    print(
        f"  import        {whole:.1f} s: {upload_s:.1f} s brought and looked at, {import_s:.1f} s imported, "
        f"{rows / whole:.0f} rows/s, {looks} steps seen on the progress bar"
    )
    others = used.pop("machine") - sum(used.values())
    own = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in used.items())
    print(f"  processor     {own}; all else on this machine {others:.0f} s")
    print(f"  pushes alone  {alone.figures}")
    print(f"  pushes beside {beside.figures}; p95 beside / p95 alone = {ratio:.1f}", flush=True)
    wrong = alone.figures.wrong + beside.figures.wrong
    return not wrong and whole < GOAL_S * rows / 50_000 and beside.figures.p95 <= GOAL_MS


def _import(doorstep: Stand, file: bytes) -> tuple[float, float, int]:
    """Brings a file and waits until its tasks are there; seconds of both, and how many different steps were seen."""
    web = doorstep.log_in()
    began = time.monotonic()
    status, seen, _ = doorstep.call(
        "POST", "/api/v1/orders/files?name=bench.csv", file, **web, Content_Type="application/octet-stream"
    )
    assert status == 201, seen
    brought = time.monotonic()
    wish = {"mapping": seen["mapping"], "merchant": "bench"}
    asked = json.dumps(wish).encode()
    status, batch, _ = doorstep.call("POST", f"/api/v1/orders/files/{seen['id']}/imports", asked, **web)
    assert status == 202, batch
    steps: set[tuple[Any, ...]] = set()
    while time.monotonic() - brought < PATIENCE_S:
        status, state, _ = doorstep.call("GET", f"/api/v1/orders/imports/{batch['id']}", **web)
        assert status == 200 and state["status"] in ("waiting", "staged", "accepted", "applied"), state
        steps.add((state["status"], state["done"]))
        if state["status"] == "applied":
            return brought - began, time.monotonic() - brought, len(steps)
        time.sleep(0.5)
    raise TimeoutError(f"not imported within {PATIENCE_S} s: {state}")


def _file(rows: int) -> bytes:
    """A merchant's day: two customers in three are new, one is a key account with a hundredth of all orders, a fifth
    pays at the door, a tenth asks for something."""
    out = io.StringIO(_HEADER)
    out.seek(0, io.SEEK_END)
    write = csv.writer(out)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    for at in range(rows):
        who = 0 if at % 100 == 0 else at * 2 // 3
        write.writerow(
            (
                "pickup" if at % 5 == 0 else "delivery",
                f"B-{at}",
                f"BENCH{at:08d}",
                1 + at % 3,
                f"{0.2 + at % 50 / 10:.1f}",
                "日用品",
                f"王{chr(0x4E00 + who % 5000)}明",
                f"129{who:08d}",
                f"杭州市西湖区文三路 {who % 999} 号 {who % 30} 幢 {who % 9} 单元 {who % 700} 室",
                f"文三小区 {who % 80}",
                who % 30,
                who % 9,
                who % 700,
                f"{120 + at % 9000 / 100_000:.5f}",
                f"{30 + at % 8000 / 100_000:.5f}",
                f"{day} {9 + at % 8:02d}:00",
                f"{day} {11 + at % 8:02d}:00",
                f"{at % 400}.50" if at % 5 == 1 else "0",
                f"call_first: 到 {who % 9} 单元先打电话" if at % 10 == 3 else "",
            )
        )
    return out.getvalue().encode()


def _outside(cast: Cast) -> list[Carried]:
    """Couriers with a handheld and a full list each."""
    with cast.app.app_context(), transaction():
        couriers = [_courier(cast, number) for number in range(HANDHELDS)]
    handhelds = []
    for number, courier in enumerate(couriers):
        device = cast.handheld(courier)
        _hand_out(cast, courier, number)
        handhelds.append(Carried(number, Tape(courier.id, device.device), device.headers))
    return handhelds


def _courier(cast: Cast, number: int) -> UserView:
    return auth.create_user(cast.home.id, f"bench{number}", f"Bench {number}", "courier", password=PASSWORD)


def _hand_out(cast: Cast, courier: UserView, number: int) -> None:
    waybills = [_listed(number, at) for at in range(LISTED)]
    desk = cast.desk(cast.dora)
    orders = [
        order_draft(cast.home.id, waybill, phone=f"1300{number}{at:06d}")
        for at, waybill in enumerate(waybills)
    ]
    for drafts in (orders, [assign_draft(waybill, courier.id) for waybill in waybills]):
        for start in range(0, LISTED, _AT_ONCE):
            results = desk.submit(*drafts[start : start + _AT_ONCE])
            assert {one["status"] for one in results} == {"applied"}, results[0]


def _listed(handheld: int, at: int) -> str:
    return f"LISTED{handheld:02d}{at:06d}"


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    sys.exit(main())
