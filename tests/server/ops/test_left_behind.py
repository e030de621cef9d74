"""A handheld that died in the middle of a shift and was replaced: what it had told of is asked after (P32)."""

from __future__ import annotations

from typing import Any

from server.core.ids import uuid7
from tests.server.ops.house import House, Phone


def dead_with(house: House, arrived: int, told: int) -> Phone:
    """A handheld of which so many operations arrived, and that had told of more."""
    task = house.assigned()
    phone = house.phone()
    for one in range(told):
        phone.tape.record("task.noted", f"task:{task}", {"text": f"note {one}"})
    phone.exchange(phone.tape.envelopes[:arrived], 1, last_seq=told)
    return phone


def closes(house: House, phone: Phone) -> None:
    """The courier begins and hands in on this handheld."""
    shift = f"shift:{uuid7()}"
    phone.tape.record("shift.started", shift, {"station": house.cast.home.id, "tasks": 1})
    counts = {"recorded": 1, "confirmed": 1, "waiting": 0, "cash_minor": 0}
    phone.tape.record("shift.closed", shift, counts)
    assert phone.push()[-1]["status"] == "applied"


def lost(house: House) -> list[dict[str, Any]]:
    return [case for case in house.cases() if case["kind"] == "device_lost"]


def listed(house: House, phone: Phone) -> dict[str, Any]:
    devices = house.desk().get("/api/v1/devices").json["devices"]
    return next(dict(one) for one in devices if one["id"] == phone.handheld.device)


def test_p32_a_dead_handheld_is_asked_after_when_its_courier_hands_in_on_a_spare(house: House) -> None:
    dead = dead_with(house, 2, 6)
    spare = house.phone()
    spare.exchange(last_seq=0)
    assert lost(house) == [], "it may only be out of signal"
    closes(house, spare)
    [case] = lost(house)
    mine = case["mine"]
    assert (mine["first_seq"], mine["last_seq"], mine["operations"], mine["arrived"]) == (3, 6, 4, 0)
    assert (mine["incarnation"], case["mine_author"]) == (dead.tape.incarnation, house.cast.liang.id)
    row = listed(house, dead)
    assert (row["lost"], row["lost_case"]) == (4, case["id"])
    assert listed(house, spare)["lost"] == 0


def test_p32_it_is_asked_once_however_many_shifts_go_by(house: House) -> None:
    dead_with(house, 0, 3)
    spare = house.phone()
    closes(house, spare), closes(house, spare)
    [case] = lost(house)
    house.decide(case["id"], "noted")
    closes(house, spare)
    assert lost(house) == []


def test_p32_what_the_dead_one_brings_when_it_starts_again_counts_and_is_said_in_the_case(
    house: House,
) -> None:
    dead = dead_with(house, 2, 6)
    closes(house, house.phone())
    answer = dead.exchange(dead.tape.envelopes[2:4], 3, last_seq=6)
    assert [result["status"] for result in answer["results"]] == ["applied", "applied"]
    [case] = lost(house)
    assert (case["mine"]["operations"], case["mine"]["arrived"]) == (4, 2)
    assert house.case(case["id"])["mine"]["arrived"] == 2
    assert listed(house, dead)["lost"] == 2
    dead.exchange(dead.tape.envelopes[4:], 5, last_seq=6)
    assert lost(house)[0]["mine"]["arrived"] == 4
    row = listed(house, dead)
    assert (row["lost"], row["waiting"], len(house.log(type="task.noted"))) == (0, 0, 6)


def test_p32_nothing_is_asked_of_a_handheld_that_brought_everything_or_is_another_couriers(
    house: House,
) -> None:
    dead_with(house, 2, 2)
    other = house.phone(house.cast.bei)
    other.exchange(last_seq=5)
    closes(house, house.phone())
    assert lost(house) == []


def test_p32_a_revoked_handheld_that_is_still_draining_is_asked_after_too(house: House) -> None:
    dead = dead_with(house, 2, 6)
    assert house.desk().post(f"/api/v1/devices/{dead.handheld.device}/revoke").status_code == 204
    closes(house, house.phone())
    assert [case["mine"]["operations"] for case in lost(house)] == [4]
