"""Handhelds that die, are replaced and come back, and logs that are not where they belong (P32, P15)."""

from __future__ import annotations

import copy
from typing import Any

from server.core.ids import uuid7
from sync.canonical import body_hash
from tests.server.ops.house import WAYBILL, House, Phone


def restamped(phone: Phone, envelopes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same operations in a new log, as a handheld moves them that has to start one."""
    phone.tape.incarnation = uuid7()
    moved, prev = [], None
    for seq, envelope in enumerate(envelopes, start=1):
        place = {"device": phone.handheld.device, "incarnation": phone.tape.incarnation}
        moved.append({**envelope, **place, "seq": seq, "prev": prev})
        prev = body_hash(moved[-1])
    return moved


def test_p32_a_dead_handheld_comes_back_after_a_spare_one_took_over_its_round(house: House) -> None:
    """Both logs count, each by itself; what they say of one door is judged like any two reports of it (P19)."""
    same, other, only = house.assigned("SF1"), house.assigned("SF2"), house.assigned("SF3")
    dead = house.phone()
    dead.exchange(last_seq=0)
    for waybill in ("SF1", "SF3"):
        dead.tape.delivered(waybill)
    dead.tape.failed("SF2")
    spare = house.phone()
    spare.pull()
    assert len(spare.rows()) == 3
    assert [spare.delivers(waybill)["status"] for waybill in ("SF1", "SF2")] == ["applied"] * 2
    results = dead.push()
    assert [result["status"] for result in results] == ["conflict", "applied", "conflict"]
    assert [house.status(task) for task in (same, other, only)] == ["delivered"] * 3
    assert {case["kind"] for case in house.cases()} == {"contradiction"}
    heads = {one["id"]: one["head_seq"] for one in house.desk().get("/api/v1/devices").json["devices"]}
    assert heads == {dead.handheld.device: 3, spare.handheld.device: 2}


def test_p32_a_spare_handheld_does_not_hide_what_the_dead_one_still_holds(house: House) -> None:
    house.assigned()
    dead = house.phone()
    dead.exchange(last_seq=4)
    house.phone().exchange(last_seq=0)
    waiting = {one["id"]: one["waiting"] for one in house.desk().get("/api/v1/devices").json["devices"]}
    assert waiting[dead.handheld.device] == 4
    assert [case["kind"] for case in house.cases()] == []


def test_p32_what_had_arrived_before_a_new_log_took_it_along_is_answered_and_not_disputed(
    house: House,
) -> None:
    """The answer was lost, the storage went back in time, and the operation comes again from another place."""
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL)
    first = phone.push()
    moved = restamped(phone, phone.tape.envelopes)
    answer = phone.exchange(moved, 1)
    assert answer["results"] == first
    assert (answer["head_seq"], house.parked(), house.cases()) == (1, [], [])
    assert (house.status(task), len(house.log(type="task.delivered"))) == ("delivered", 1)
    changed = copy.deepcopy(moved[0])
    changed["payload"]["recipient"] = "guard"
    changed.update(seq=2, prev=body_hash(moved[0]))
    assert phone.exchange([changed], 2)["results"][0]["code"] == "id_reuse"


def test_p15_a_handheld_that_sends_another_ones_log_speaks_for_nobody_and_spoils_nothing(
    house: House,
) -> None:
    task = house.assigned()
    owner, copier = house.phone(), house.phone()
    owner.tape.delivered(WAYBILL)
    for _ in range(2):
        [refused] = copier.exchange(owner.tape.envelopes, 1)["results"]
        assert (refused["status"], refused["code"]) == ("quarantined", "position_mismatch")
    assert (house.status(task), len(house.parked())) == ("assigned", 1)
    [result] = owner.push()
    assert (result["status"], result["code"]) == ("applied", None)
    assert house.status(task) == "delivered"


def test_p15_a_copied_log_spoils_not_even_what_is_refused_for_another_reason(house: House) -> None:
    house.assigned()
    owner, copier = house.phone(), house.phone()
    owner.tape.record("task.vanished", f"task:{uuid7()}", {})
    copier.exchange(owner.tape.envelopes, 1)
    [result] = owner.push()
    assert (result["status"], result["code"]) == ("quarantined", "unknown_type")
    assert len(house.parked()) == 2
