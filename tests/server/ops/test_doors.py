"""A courier's day on both databases: weak attempts, codes, parcels that change hands on the road."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from server.core import pins
from tests.server.ops.house import House, Phone
from tests.server.stories.day import shift

one_database = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")


def gives(phone: Phone, task: str, to: str) -> dict[str, Any]:
    return phone.tape.record("task.handed_over", f"task:{task}", {"to": to})


def takes(phone: Phone, task: str, giver: str) -> dict[str, Any]:
    payload = {"from": giver, "kind": "delivery", "waybill": None}
    return phone.tape.record("task.taken_over", f"task:{task}", payload)


def disputes(house: House) -> list[dict[str, Any]]:
    return [one for one in house.cases() if one["kind"] == "handover"]


@one_database
def test_p19_an_attempt_that_cannot_show_what_its_reason_demands_is_marked_at_the_desk(house: House) -> None:
    task, phone = house.assigned(), house.phone()
    phone.tape.record("task.called", f"task:{task}", {"channel": "call", "result": "not_answered"})
    phone.tape.failed("SF1000000001", "NO_ANSWER")
    assert [one["status"] for one in phone.push()] == ["applied", "applied"]
    record = house.record(f"task:{task}")
    assert record is not None and "calls" not in record
    assert record["outcome"]["evidence"] == {
        "calls": 1,
        "dwell_s": None,
        "photos": 0,
        "note": False,
        "missing": ["calls"],
    }
    timeline = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json["timeline"]
    said = {one["type"]: one["payload"] for one in timeline}
    assert said["task.attempt_failed"]["missing_calls"] is True
    assert said["task.called"] == {"channel": "call", "result": "not_answered"}


@one_database
def test_p24_the_row_of_a_secured_parcel_tells_a_typing_error_and_never_the_code(house: House) -> None:
    task, phone = house.assigned(pin_required=True), house.phone()
    phone.pull()
    pin = phone.rows()[f"task:{task}"]["pin"]
    code = house.inside(lambda: pins.of_task(task))
    assert len(code) == 6 and code.isdecimal()
    assert code not in str(phone.rows()) and code not in str(house.record(f"task:{task}"))

    def slow(typed: str) -> str:
        salt = bytes.fromhex(pin["salt"])
        return hashlib.pbkdf2_hmac("sha256", typed.encode(), salt, pin["iterations"]).hex()

    assert slow(code) == pin["digest"] != slow("000000" if code != "000000" else "111111")
    assert phone.delivers(pin=code)["status"] == "applied"
    assert house.cases() == []
    shown = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json["timeline"]
    assert code not in str(shown)
    phone.pull()
    assert "pin" not in phone.rows()[f"task:{task}"]


@one_database
def test_p19_signed_together_the_desk_sees_it(house: House) -> None:
    first, second = house.assigned(), house.assigned("SF1000000002")
    phone, both = house.phone(), "11111111-0000-7000-8000-000000000000"
    for waybill in ("SF1000000001", "SF1000000002"):
        phone.tape.delivered(waybill, signature="ab" * 32, together=both)
    assert [one["status"] for one in phone.push()] == ["applied", "applied"]
    for task in (first, second):
        detail = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json
        assert detail["timeline"][-1]["payload"]["together"] is True
        assert [one["sha"] for one in detail["proofs"]] == ["ab" * 32]


@pytest.mark.parametrize("giver_first", [True, False])
def test_p28_a_hand_over_on_the_road_leaves_one_list_and_enters_the_other(
    house: House, giver_first: bool
) -> None:
    task, li, bei = house.assigned(), house.phone(), house.phone(house.cast.bei)
    li.pull()
    bei.pull()
    gives(li, task, bei.courier.id)
    takes(bei, task, li.courier.id)
    first, second = (li, bei) if giver_first else (bei, li)
    for phone in (first, second):
        assert [one["status"] for one in phone.push()] == ["applied"]
        assert house.listed(li.scope)[f"task:{task}"] == (False, "handed_over")
        assert house.listed(bei.scope)[f"task:{task}"] == (True, None)
    bei.pull()
    assert bei.rows()[f"task:{task}"]["task"]["handover"]["giver"] == li.courier.id
    assert bei.delivers()["status"] == "applied"
    shift(house, li)
    shift(house, bei)
    assert house.cases() == []


@pytest.mark.parametrize("who_tells", ["giver", "taker"])
@pytest.mark.parametrize("who_closes", ["giver", "taker"])
def test_p19_a_hand_over_of_one_side_is_a_case_at_either_one_s_close(
    house: House, who_tells: str, who_closes: str
) -> None:
    task, li, bei = house.assigned(), house.phone(), house.phone(house.cast.bei)
    teller = li if who_tells == "giver" else bei
    _ = gives(li, task, bei.courier.id) if who_tells == "giver" else takes(bei, task, li.courier.id)
    assert [one["status"] for one in teller.push()] == ["applied"]
    assert disputes(house) == []
    shift(house, li if who_closes == "giver" else bei)
    [case] = disputes(house)
    assert case["mine_author"] == teller.courier.id
    # The other one's close finds it open already.
    shift(house, bei if who_closes == "giver" else li)
    assert [one["id"] for one in disputes(house)] == [case["id"]]


@one_database
def test_p19_a_hand_over_and_the_close_in_one_batch_are_a_case_too(house: House) -> None:
    task, li = house.assigned(), house.phone()
    gives(li, task, house.cast.bei.id)
    entity = f"shift:{li.tape.incarnation}"
    li.tape.record("shift.started", entity, {"station": house.cast.home.id, "tasks": 1})
    closed = {"recorded": 2, "confirmed": 2, "waiting": 0, "cash_minor": 0}
    li.tape.record("shift.closed", entity, closed)
    assert [one["status"] for one in li.push()] == ["applied"] * 3
    assert len(disputes(house)) == 1


@one_database
def test_p3_a_hand_over_by_mistake_is_taken_back(house: House) -> None:
    task, li = house.assigned(), house.phone()
    given = gives(li, task, house.cast.bei.id)
    li.push()
    wrong = {"corrects": given["op_id"], "error": "did_not_occur", "note": None}
    assert li.sends("operation.corrected", f"task:{task}", wrong)["status"] == "applied"
    record = house.record(f"task:{task}")
    assert record is not None and "handover" not in record
    assert record["courier"] == li.courier.id
    assert house.listed(li.scope)[f"task:{task}"] == (True, None)
    shift(house, li)
    assert disputes(house) == []


@one_database
def test_p18_nobody_hands_over_to_somebody_who_does_not_work_here(house: House) -> None:
    task, li = house.assigned(), house.phone()
    gives(li, task, "99999999-0000-7000-8000-000000000000")
    [result] = li.push()
    assert (result["status"], result["code"]) == ("quarantined", "unknown_courier")
