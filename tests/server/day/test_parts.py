"""The parts of the replayed day that need no server: reading the file, planning, judging."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from server.day.dayfile import Day, Tally, UnusableDayError, read_day, tally
from server.day.oracle import Ledger, judge
from server.day.replay import Told
from server.day.schedule import offline_spans, plan_day

HEADER = (
    "order_id,city,courier_id,accept_time,time_window_start,time_window_end,lng,lat,aoi_id,"
    "pickup_time,pickup_gps_time"
)
FIRST = "1,Ulm,7,05-01 08:00:00,05-01 09:00:00,05-01 11:00:00,10,48,1,05-01 09:00:00,05-01 08:50:00"
SECOND = "2,Ulm,7,05-01 09:30:00,05-01 10:00:00,05-01 11:00:00,10,48,1,05-01 11:00:01,"
THIRD = "3,Ulm,8,04-30 20:00:00,05-01 10:00:00,05-01 11:00:00,10,48,1,05-01 09:59:59,05-01 10:30:00"


def day_of(folder: Path, *rows: str, header: str = HEADER) -> Day:
    file = folder / "day.csv"
    file.write_text("\n".join([header, *rows, ""]), "utf-8")
    return read_day(file, 2026)


def test_equality_is_in_the_window() -> None:
    assert tally([(5, 5, 9), (9, 5, 9), (4, 5, 9), (10, 5, 9)]) == Tally(4, 2, 1, 1)


def test_arrival_is_the_fix_before_the_pickup_or_a_minute_before(tmp_path: Path) -> None:
    one, two, three = day_of(tmp_path, FIRST, SECOND, THIRD).pickups
    assert one.picked_up - one.arrived == 600_000
    assert two.picked_up - two.arrived == three.picked_up - three.arrived == 60_000
    assert day_of(tmp_path, FIRST, SECOND, THIRD).tally() == Tally(3, 1, 1, 1)


def test_a_29_february_moves_the_day_to_a_leap_year(tmp_path: Path) -> None:
    assert day_of(tmp_path, FIRST.replace("05-01", "02-29")).year == 2024


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        ([], HEADER, "no orders"),
        ([FIRST, FIRST], HEADER, "repeats the order_id of row 2"),
        (
            [FIRST.replace("05-01 09:00:00,05-01 08", "soon,05-01 08")],
            HEADER,
            "pickup_time “soon” is not a time",
        ),
        ([FIRST.replace("1,Ulm,7", "1,Ulm,")], HEADER, "no courier_id"),
        (["1,2"], "a,b", "lacks the columns order_id"),
        (["1,2"], HEADER, "has 2 cells"),
    ],
)
def test_a_file_that_is_no_day_is_one_sentence(
    tmp_path: Path, rows: list[str], header: str, said: str
) -> None:
    with pytest.raises(UnusableDayError, match=said):
        day_of(tmp_path, *rows, header=header)


@pytest.mark.parametrize("seed", range(200))
def test_a_handheld_is_offline_for_exactly_a_third_of_its_day(seed: int) -> None:
    start, length = 1_000_000, 60_000 * (3 + seed * 7 % 600)
    spans = offline_spans(start, start + length, Random(seed))
    assert sum(end - begin for begin, end in spans) == length // 3
    assert 1 <= len(spans) <= 3
    flat = [at for span in spans for at in span]
    assert flat == sorted(flat) and start <= flat[0] and flat[-1] <= start + length


def test_the_plan_depends_on_file_and_seed_alone(tmp_path: Path) -> None:
    day = day_of(tmp_path, FIRST, SECOND, THIRD)
    assert plan_day(day, 1) == plan_day(day, 1)
    assert plan_day(day, 1).shifts != plan_day(day, 2).shifts


def test_an_order_accepted_the_day_before_does_not_stretch_the_shift(tmp_path: Path) -> None:
    shift = plan_day(day_of(tmp_path, THIRD), 1).shifts["8"]
    assert shift.end - shift.start == 60_000


def good(day: Day) -> tuple[Told, list[str], Ledger]:
    """A day on which everything went well."""
    sent = [f"op-{kind}-{one.reference}" for one in day.pickups for kind in ("scan", "pick")]
    told = Told(op_ids=sent)
    tasks = {}
    for one in day.pickups:
        told.scans[one.reference] += 1
        told.picked_up[one.reference] = f"op-pick-{one.reference}"
        tasks[one.reference] = {
            "reference": one.reference,
            "status": "picked_up",
            "outcome": {"op_id": f"op-pick-{one.reference}", "at": one.picked_up},
            "window_start": one.window_start,
            "window_end": one.window_end,
        }
    scans = dict(Counter(one.reference for one in day.pickups))
    return told, sent, Ledger([(op, "applied") for op in sent], set(), tasks, scans, [], set(), 0, 0)


@pytest.fixture
def day(tmp_path: Path) -> Day:
    return day_of(tmp_path, FIRST, SECOND, THIRD)


def test_the_oracle_finds_nothing_where_nothing_is(day: Day) -> None:
    verdict = judge(day, *good(day))
    assert (verdict.complaints, verdict.lost, verdict.doubled, verdict.operations_applied) == ([], 0, 0, 6)
    assert verdict.tally == day.tally()


def test_the_oracle_sees_a_lost_operation(day: Day) -> None:
    told, sent, ledger = good(day)
    ledger.operations.pop()
    verdict = judge(day, told, sent, ledger)
    assert verdict.lost == 1 and verdict.complaints


def test_the_oracle_sees_an_operation_stored_twice(day: Day) -> None:
    told, sent, ledger = good(day)
    ledger.operations.append(ledger.operations[0])
    assert judge(day, told, sent, ledger).doubled == 1


def test_the_oracle_sees_an_effect_that_happened_twice(day: Day) -> None:
    told, sent, ledger = good(day)
    ledger.scans["1"] += 1
    verdict = judge(day, told, sent, ledger)
    assert verdict.doubled == 1 and verdict.complaints


def test_the_oracle_sees_an_effect_that_is_missing(day: Day) -> None:
    told, sent, ledger = good(day)
    ledger.scans["1"] = 0
    assert judge(day, told, sent, ledger).complaints


def test_the_oracle_sees_a_capture_time_that_moved(day: Day) -> None:
    told, sent, ledger = good(day)
    ledger.tasks["1"]["outcome"]["at"] -= 1
    verdict = judge(day, told, sent, ledger)
    assert verdict.tally.early == day.tally().early + 1 and verdict.complaints


def test_the_oracle_sees_an_operation_that_was_parked(day: Day) -> None:
    told, sent, ledger = good(day)
    ledger.parked.add(ledger.operations.pop()[0])
    verdict = judge(day, told, sent, ledger)
    assert (verdict.lost, verdict.operations_applied) == (0, 5) and verdict.complaints


def test_the_oracle_sees_an_operation_that_still_waits_for_another(day: Day) -> None:
    told, sent, ledger = good(day)
    ledger.operations[0] = (ledger.operations[0][0], "deferred")
    verdict = judge(day, told, sent, ledger)
    assert (verdict.lost, verdict.operations_applied) == (0, 5) and verdict.complaints


def test_the_oracle_sees_two_operations_with_one_id(day: Day) -> None:
    told, sent, ledger = good(day)
    told.op_ids.append(told.op_ids[0])
    assert judge(day, told, sent, ledger).complaints == ["two operations were recorded with one id"]


def test_the_oracle_sees_work_nobody_sent_and_cases_nobody_decided(day: Day) -> None:
    told, sent, ledger = good(day)
    ledger.operations.append(("op-stranger", "applied"))
    assert judge(day, told, sent, ledger).complaints == ["the log holds operations nobody sent"]
    told, sent, ledger = good(day)
    undecided = Ledger(ledger.operations, set(), ledger.tasks, ledger.scans, [], set(), 1, 1)
    assert judge(day, told, sent, undecided).complaints == ["open cases are left"]
