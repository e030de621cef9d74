"""The rough day: its plan, its bad line, and an oracle that sees through wrong clocks."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from server.day.dayfile import Day, read_day
from server.day.faults import FAILPOINTS, Skews, roughen
from server.day.line import ODDS, Line
from server.day.oracle import Ledger, judge
from server.day.replay import Told
from server.day.schedule import Plan, plan_day
from tests.server.day.test_day import KEYS, doorstep
from tests.server.day.test_parts import FIRST, SECOND, THIRD, day_of

DAY_MS = 86_400_000


@pytest.fixture
def crowd(tmp_path: Path) -> tuple[Day, Plan]:
    """Two hundred couriers with one pickup each."""
    row = FIRST.replace("05-01 08:00:00", "05-01 06:30:00")
    rows = [
        row.replace("1,Ulm,7", f"{n},Ulm,c{n}").replace(
            "05-01 09:00:00,05-01 08", f"05-01 09:{n % 60:02}:00,05-01 08"
        )
        for n in range(1, 201)
    ]
    day = day_of(tmp_path, *rows)
    return day, plan_day(day, 1)


def test_what_goes_wrong_depends_on_file_and_seed_alone(crowd: tuple[Day, Plan]) -> None:
    assert roughen(*crowd, 1) == roughen(*crowd, 1)
    assert roughen(*crowd, 1) != roughen(*crowd, 2)


def test_a_rough_day_has_all_of_it(crowd: tuple[Day, Plan]) -> None:
    plan, faults = roughen(*crowd, 3)
    off = [abs(one.first) for one in faults.skews.values()]
    assert off.count(0) in range(50, 110) and max(off) > DAY_MS // 2 and max(off) <= DAY_MS
    assert any(one.since is not None for one in faults.skews.values())
    kills = [failpoint for some in faults.handheld_kills.values() for _, failpoint in some]
    assert set(kills) == set(FAILPOINTS)
    assert len(faults.server_kills) == 2
    assert faults.reassigned and faults.cancelled and faults.requests
    dark = [(sum(b - a for a, b in one.offline), one.end - one.start) for one in plan.shifts.values()]
    assert sum(off * 3 >= length * 2 - 3 for off, length in dark) in range(30, 110)


def test_a_clock_that_is_set_is_off_by_something_else_from_then_on() -> None:
    skews = Skews(5, since=100, then=-7)
    assert [skews.at(now) for now in (99, 100, 101)] == [5, -7, -7]


# --- the line ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[tuple[int, list[str]]]:
    """A server that writes down which requests reached it; its port and the list."""
    seen: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], seen
    server.shutdown()
    server.server_close()


def _send(line: Line, name: str) -> bool:
    """Whether an answer came back."""
    request = urllib.request.Request(f"{line.url}/{name}", data=b"{}", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bool(answer.read() == b"ok")
    except (OSError, urllib.error.URLError):
        return False


def test_a_good_line_passes_everything_once(heard: tuple[int, list[str]]) -> None:
    port, seen = heard
    with Line(port, 1) as line:
        assert all(_send(line, str(n)) for n in range(20))
        assert not line.fired
    assert seen == [f"/{n}" for n in range(20)]


def test_a_bad_line_does_each_of_its_faults_and_counts_them(heard: tuple[int, list[str]]) -> None:
    port, seen = heard
    with Line(port, 1, spoil=True) as line:
        answered = [_send(line, str(n)) for n in range(300)]
        line.spoil = False
        for n in range(300, 345):
            _send(line, str(n))
        fired = line.fired
    assert {fault for fault, _ in ODDS} == set(fired)
    assert answered.count(False) == fired["lost_request"] + fired["lost_answer"]
    missing = {f"/{n}" for n in range(300)} - set(seen)
    assert len(missing) == fired["lost_request"]
    assert len(seen) - len(set(seen)) == fired["doubled"] + fired["late_copy"]
    assert [name for name in seen if seen.count(name) == 1] != sorted(seen), "late copies come out of order"


# --- the oracle -------------------------------------------------------------------------------------------------------


def ledger_of(day: Day, *, off: int = 0, **over: Any) -> tuple[Told, Ledger]:
    """What the server holds after a day without a fault, its capture times off by `off` ms."""
    tasks = {
        one.reference: {
            "reference": one.reference,
            "status": "picked_up",
            "window_start": one.window_start,
            "window_end": one.window_end,
            "outcome": {"op_id": f"op{one.row}", "at": one.picked_up + off},
        }
        for one in day.pickups
    }
    told = Told(op_ids=[f"op{one.row}" for one in day.pickups])
    told.picked_up = {one.reference: f"op{one.row}" for one in day.pickups}
    made = Ledger([(op_id, "applied") for op_id in told.op_ids], set(), tasks, {}, [], set(), 0, 0)
    return told, replace(made, **over)


def test_the_true_day_holds(tmp_path: Path) -> None:
    day = day_of(tmp_path, FIRST, SECOND, THIRD)
    told, ledger = ledger_of(day)
    assert judge(day, told, told.op_ids, ledger).complaints == []


@pytest.mark.parametrize("off", [DAY_MS, -DAY_MS, 3_600_000, -3_600_000])
def test_times_as_a_wrong_clock_had_them_are_seen(tmp_path: Path, off: int) -> None:
    """The planted bug: records keep the handheld's time as it came."""
    day = day_of(tmp_path, FIRST, SECOND, THIRD)
    told, ledger = ledger_of(day, off=off)
    assert (
        "pickups are early, in time or late that were not" in judge(day, told, told.op_ids, ledger).complaints
    )


def test_two_wrongs_that_cancel_out_in_the_counts_are_seen(tmp_path: Path) -> None:
    day = day_of(tmp_path, SECOND, THIRD)
    told, ledger = ledger_of(day)
    late, early = (ledger.tasks[one.reference]["outcome"] for one in day.pickups)
    late["at"], early["at"] = day.pickups[0].window_start - 1, day.pickups[1].window_end + 1
    verdict = judge(day, told, told.op_ids, ledger)
    assert verdict.tally == day.tally()
    assert verdict.complaints == ["pickups are early, in time or late that were not"]


def test_a_cancelled_pickup_nobody_went_to_is_none_and_one_that_was_made_counts(tmp_path: Path) -> None:
    day = day_of(tmp_path, FIRST, SECOND, THIRD)
    told, ledger = ledger_of(day)
    left = day.pickups[0]
    ledger.tasks[left.reference] |= {"status": "cancelled", "outcome": None}
    told.picked_up.pop(left.reference)
    assert judge(day, told, told.op_ids, ledger).complaints
    told.doers[left.reference] = None
    assert judge(day, told, told.op_ids, ledger).complaints == []


@pytest.mark.parametrize(
    ("wishes", "kept", "lost", "doubled"),
    [
        ([("w1", "门口")], {"门口"}, 0, 0),
        ([], set(), 1, 0),
        ([("w1", "门口"), ("w2", "门口")], {"门口"}, 0, 1),
    ],
)
def test_a_customers_wish_is_kept_once(
    tmp_path: Path, wishes: list[tuple[str, str]], kept: set[str], lost: int, doubled: int
) -> None:
    day = day_of(tmp_path, FIRST)
    told, ledger = ledger_of(day, wishes=wishes, kept_wishes=kept)
    told.wishes.append("门口")
    ledger.operations.extend((op_id, "applied") for op_id, _ in wishes)
    verdict = judge(day, told, told.op_ids, ledger)
    assert (verdict.lost, verdict.doubled) == (lost, doubled)


# --- the whole of it --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bundle")
def test_a_rough_day_arrives_exactly_once_and_every_pickup_keeps_its_class(generated: Path) -> None:
    done = doorstep(str(generated), "--seed", "6", "--faults", "rough")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert list(figures) == [*KEYS, "faults"]
    assert (figures["lost"], figures["doubled"], figures["conflicts_undecided"]) == (0, 0, 0)
    assert figures["faults"]["server_killed"] == 2
    assert figures["tasks"] == len(read_day(generated, 2026).pickups)
    line = {"lost_request", "lost_answer", "doubled", "delayed"}
    assert line <= set(figures["faults"])
