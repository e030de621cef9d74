"""The desk's list of handhelds: counts from the server's answers and what each told, and what differs (P32, P34)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import insert

from server.auth import service
from server.auth.models import Device
from server.core.db import db, transaction
from server.core.ids import uuid7
from server.ops.models import DeviceHead
from tests.builders import task_id
from tests.server.ops.house import House, Phone
from tests.server.statements import heard

SHIFT = "018f0000-0000-7000-8000-00000000000a"


def listed(house: House, phone: Phone) -> dict[str, Any]:
    devices = house.desk().get("/api/v1/devices").json["devices"]
    return next(dict(one) for one in devices if one["id"] == phone.handheld.device)


def counts(row: dict[str, Any]) -> tuple[int, int, int | None, int]:
    return row["recorded"], row["confirmed"], row["waiting"], row["refused"]


def notes(phone: Phone, number: int) -> None:
    for one in range(number):
        phone.tape.record("task.noted", f"task:{task_id('SF1')}", {"text": f"note {one}"})


def begins(house: House, phone: Phone) -> None:
    phone.tape.at = house.clock.now
    phone.tape.record("shift.started", f"shift:{SHIFT}", {"station": house.cast.home.id, "tasks": 1})


def working(house: House, before: int = 0) -> Phone:
    """A handheld with so many notes of another day, and a shift with two that arrived and three that wait."""
    house.assigned("SF1")
    phone = house.phone()
    notes(phone, before)
    begins(house, phone)
    notes(phone, 2)
    phone.push()
    phone.exchange(last_seq=before + 6)
    return phone


def revoke(house: House, phone: Phone) -> None:
    assert house.desk().post(f"/api/v1/devices/{phone.handheld.device}/revoke").status_code == 204


def release(house: House, phone: Phone, **body: Any) -> Any:
    path = f"/api/v1/devices/{phone.handheld.device}/release"
    return house.desk().post(path, json={"reason": "he had delivered them", **body})


def test_p32_a_handheld_nobody_heard_of_yet_has_counted_nothing(house: House) -> None:
    row = listed(house, house.phone())
    assert (counts(row), row["shift"], row["since"]) == ((0, 0, None, 0), None, None)
    assert (row["lost"], row["lost_case"], row["releasable"], row["skew_ms"]) == (0, None, 0, None)


@pytest.mark.parametrize("before", [0, 4])
def test_p32_counts_are_those_of_the_shift_that_began_on_it(house: House, before: int) -> None:
    row = listed(house, working(house, before))
    assert counts(row) == (6, 3, 3, 0)
    assert (row["shift"]["id"], row["shift"]["status"], row["shift"]["here"]) == (SHIFT, "open", True)
    assert row["shift"]["told"] is None
    assert row["since"] == row["shift"]["started_at"]


def test_p32_what_was_refused_is_confirmed_and_counted_apart(house: House) -> None:
    phone = working(house)
    notes(phone, 1)
    phone.tape.record("task.levitated", f"task:{task_id('SF1')}", {})
    phone.push()
    phone.exchange(last_seq=5)
    assert counts(listed(house, phone)) == (5, 5, 0, 1)


def test_p32_a_closed_shift_shows_what_the_handheld_counted_beside(house: House) -> None:
    phone = working(house)
    told = {"recorded": 4, "confirmed": 3, "waiting": 1}
    phone.tape.record("shift.closed", f"shift:{SHIFT}", {**told, "cash_minor": 0})
    phone.push()
    phone.exchange(last_seq=4)
    row = listed(house, phone)
    assert (counts(row), row["shift"]["told"], row["shift"]["status"]) == ((3, 3, 0, 0), told, "closed")


def test_p32_a_spare_handheld_counts_for_itself(house: House) -> None:
    first = working(house)
    spare = house.phone()
    notes(spare, 2)
    spare.push()
    spare.exchange(last_seq=2)
    row = listed(house, spare)
    assert (counts(row), row["since"]) == ((2, 2, 0, 0), None)
    assert (row["shift"]["id"], row["shift"]["here"]) == (SHIFT, False)
    assert counts(listed(house, first)) == (6, 3, 3, 0)


def test_p32_what_was_moved_into_a_new_log_is_counted_once(house: House) -> None:
    phone = working(house)
    before, phone.tape.incarnation = phone.tape.envelopes, uuid7()
    phone.tape.envelopes, phone.acked = [], 0
    for op in before[1:]:
        kept = {name: op[name] for name in ("op_id", "at", "mono", "boot")}
        phone.tape.record(op["type"], op["entity"], op["payload"], **kept)
    notes(phone, 1)
    phone.push()
    phone.exchange(last_seq=5)
    row = listed(house, phone)
    assert counts(row) == (6, 4, 2, 0)
    assert row["lost"] == 3, "the old log had been told to go on to 6"


def test_p32_lost_operations_are_named_with_their_case_until_it_is_decided(house: House) -> None:
    phone = working(house)
    phone.exchange(last_seq=4)
    [case] = house.cases()
    row = listed(house, phone)
    assert (row["lost"], row["lost_case"], counts(row)) == (2, case["id"], (4, 3, 1, 0))
    house.decide(case["id"], "noted")
    assert listed(house, phone)["lost"] == 0


def test_p35_the_clock_of_a_handheld_is_told_by_how_much_it_is_off(house: House) -> None:
    phone = house.phone()
    phone.exchange(sent_at=house.clock.now - 600_000)
    assert 595_000 < listed(house, phone)["skew_ms"] < 605_000


def test_p34_what_a_revoked_handheld_handed_in_is_let_count_in_one_go(house: House) -> None:
    phone = working(house)
    revoke(house, phone)
    phone.tape.delivered("SF1")
    notes(phone, 1)
    phone.push()
    phone.exchange(last_seq=5)
    row = listed(house, phone)
    assert (counts(row), row["releasable"], row["state"]) == ((5, 5, 0, 2), 2, "drained")
    answer = release(house, phone)
    assert (answer.status_code, answer.json) == (200, {"released": 2, "refused": 0, "left": 0})
    row = listed(house, phone)
    assert (counts(row), row["releasable"]) == ((5, 5, 0, 0), 0)
    assert house.status(task_id("SF1")) == "delivered"
    assert [op.seq for op in house.log(device_id=phone.handheld.device)] == [1, 2, 3, 4, 5]
    assert {op.envelope["payload"]["reason"] for op in house.log(type="conflict.decided")} == {
        "he had delivered them"
    }
    assert release(house, phone).json == {"released": 0, "refused": 0, "left": 0}


def test_p34_what_somebody_decided_to_leave_out_stays_out(house: House) -> None:
    phone = working(house)
    revoke(house, phone)
    notes(phone, 2)
    phone.push()
    first = min(house.cases(), key=lambda case: house.parked(op_id=case["op_id"])[0].seq)
    house.decide(first["id"], "noted")
    assert listed(house, phone)["releasable"] == 1
    assert release(house, phone).json == {"released": 1, "refused": 0, "left": 0}
    assert [op.seq for op in house.log(device_id=phone.handheld.device)] == [1, 2, 3, 5]


def test_p34_what_cannot_count_is_said(house: House) -> None:
    phone = working(house)
    revoke(house, phone)
    wrong = {"corrects": uuid7(), "error": "did_not_occur", "note": None}
    phone.tape.record("operation.corrected", f"task:{task_id('SF1')}", wrong)
    notes(phone, 1)
    phone.push()
    assert release(house, phone).json == {"released": 1, "refused": 1, "left": 0}


def test_p34_what_somebody_who_has_left_recorded_is_let_count_from_a_handheld_in_use(house: House) -> None:
    phone = working(house)
    notes(phone, 1)
    phone.handheld.session = log_in_anew(house, phone)
    house.inside(lambda: leaves(house.cast.liang.id))
    assert phone.push()[0]["code"] == "device_revoked"
    assert (listed(house, phone)["state"], listed(house, phone)["releasable"]) == ("working", 1)
    assert release(house, phone).json == {"released": 1, "refused": 0, "left": 0}


def log_in_anew(house: House, phone: Phone) -> str:
    """Bei works with the handheld from now on."""
    code = house.desk().post("/api/v1/devices/codes", json={"courier": house.cast.bei.id}).json["code"]
    return str(phone.handheld.post("/api/v1/devices/login", json={"code": code}).json["session"])


def leaves(user: str) -> None:
    with transaction():
        service.disable_user(user)


def test_p34_only_for_a_handheld_of_the_station_and_only_with_a_reason(house: House) -> None:
    phone = working(house)
    answer = release(house, phone, reason="")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    path = f"/api/v1/devices/{phone.handheld.device}/release"
    for person, status in ((house.cast.chen, 403), (house.cast.far_dispatcher, 404)):
        assert house.desk(person).post(path, json={"reason": "x"}).status_code == status


def test_p32_two_hundred_handhelds_cost_as_many_looks_as_two(house: House) -> None:
    """The list is read again with every change at the station: what it costs may not grow with the handhelds."""
    house.phone(), house.desk()
    few = looks(house)
    rows = [
        {"id": uuid7(), "station_id": house.cast.home.id, "user_id": house.cast.liang.id, "head_seq": 7}
        | {"credential_hash": f"{one:064d}", "enrolled_at": one, "incarnation": uuid7()}
        for one in range(200)
    ]
    heads = [
        {"device_id": row["id"], "incarnation": row["incarnation"], "head_seq": 7, "known_seq": 7}
        | {"first_heard": 1, "last_heard": 1, "lost_reported": 0}
        for row in rows
    ]

    def many() -> None:
        with db.engine.begin() as connection:
            connection.execute(insert(Device), rows)
            connection.execute(insert(DeviceHead), heads)

    house.inside(many)
    began = time.perf_counter()
    assert looks(house) == few
    assert time.perf_counter() - began < 2


def looks(house: House) -> int:
    """How many statements one reading of the list takes."""
    with heard(house.app) as said:
        assert house.desk().get("/api/v1/devices").status_code == 200
    return len([one for one in said if one.lstrip().upper().startswith("SELECT")])
