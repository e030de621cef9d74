"""The way back from quarantine: a dispatcher lets count what a revoked handheld had handed in (P34, P18)."""

from __future__ import annotations

from typing import Any

from server.core.ids import uuid7
from tests.server.ops.house import WAYBILL, House, Phone
from tests.server.ops.test_shift_audit import whole

SHIFT = "018f0000-0000-7000-8000-00000000000a"


def taken_away(house: House, *waybills: str) -> Phone:
    """A handheld that delivered these, was revoked before it could say so, and then handed all of it in."""
    for waybill in waybills:
        house.assigned(waybill)
    phone = house.phone()
    phone.exchange()
    for waybill in waybills:
        phone.tape.delivered(waybill)
    return handed_in(house, phone)


def handed_in(house: House, phone: Phone) -> Phone:
    assert house.desk().post(f"/api/v1/devices/{phone.handheld.device}/revoke").status_code == 204
    assert {result["code"] for result in phone.push()} == {"device_revoked"}
    return phone


def let_count(house: House, **over: Any) -> list[dict[str, Any]]:
    """Decides every open case of what a revoked handheld handed in, in the order of its log; answers the results."""
    places = {row.result["conflict"]: row.seq for row in house.parked(code="device_revoked")}
    found = sorted((case["id"] for case in house.cases() if case["id"] in places), key=places.__getitem__)
    return [house.decide(case, "mine", **over) for case in found]


def test_p34_what_is_let_through_counts_as_its_authors_and_in_its_place(house: House) -> None:
    phone = taken_away(house, WAYBILL)
    [case] = house.cases()
    assert case["outcomes"] == ["mine", "noted"]
    house.clock.now += 3_600_000
    assert [result["status"] for result in let_count(house)] == ["applied"]
    [op] = house.log(type="task.delivered")
    place = (op.author, op.device_id, op.incarnation, op.seq)
    assert place == (house.cast.liang.id, phone.handheld.device, phone.tape.incarnation, 1)
    assert (op.status, op.envelope, op.at) == (
        "applied",
        phone.tape.envelopes[0],
        phone.tape.envelopes[0]["at"],
    )
    record = house.record(op.entity) or {}
    assert (record["status"], record["outcome"]["author"]) == ("delivered", house.cast.liang.id)
    assert house.cases() == []


def test_p34_it_is_kept_who_let_it_through_and_why(house: House) -> None:
    taken_away(house, WAYBILL)
    [before] = house.parked()
    assert (before.released_at, before.released_by) == (None, None)
    let_count(house, reason="he had delivered it")
    [kept] = house.parked()
    assert (kept.released_by, kept.raw, kept.code) == (house.cast.dora.id, before.raw, "device_revoked")
    [decision] = house.log(type="conflict.decided")
    assert (decision.author, decision.envelope["payload"]["reason"]) == (
        house.cast.dora.id,
        "he had delivered it",
    )
    assert kept.released_at == decision.received_at


def test_p34_it_is_judged_like_anything_that_comes_late(house: House) -> None:
    """Meanwhile another courier was given the task and delivered it himself: a case, as for any two reports."""
    taken_away(house, WAYBILL)
    [op] = [row.raw for row in house.parked()]
    assert op
    task = house.cases()[0]["task"]
    house.reassign(task, house.cast.liang, house.cast.bei)
    assert house.phone(house.cast.bei).delivers()["status"] == "applied"
    let_count(house)
    assert {case["kind"] for case in house.cases()} == {"contradiction"}
    assert [row.status for row in house.log(type="task.delivered")] == ["applied", "conflict"]


def test_p34_the_courier_is_told_on_the_handheld_he_has_now(house: House) -> None:
    taken_away(house, WAYBILL)
    let_count(house)
    spare = house.phone()
    spare.pull()
    told = [(notice["kind"], notice["status"], notice["outcome"]) for notice in spare.notices()]
    assert sorted(told) == [("decided", None, "mine"), ("settled", "applied", None)]


def test_p34_what_was_let_through_answers_for_itself_from_then_on(house: House) -> None:
    phone = taken_away(house, WAYBILL)
    let_count(house)
    [again] = phone.exchange(phone.tape.envelopes, 1)["results"]
    assert (again["status"], again["code"], again["seq"]) == ("applied", None, 1)
    spare = house.phone()
    moved = {**phone.tape.envelopes[0], "device": spare.handheld.device}
    moved |= {"incarnation": spare.tape.incarnation}
    [elsewhere] = spare.exchange([moved])["results"]
    assert (elsewhere["status"], len(house.log(type="task.delivered")), len(house.parked())) == (
        "applied",
        1,
        1,
    )


def test_p34_letting_through_is_undone_and_done_again(house: House) -> None:
    taken_away(house, WAYBILL)
    [case] = house.cases()
    task = case["task"]
    for _ in range(2):
        let_count(house)
        assert house.status(task) == "delivered"
        [decision] = house.log(type="conflict.decided")[-1:]
        undone = house.tell("conflict.undone", f"conflict:{case['id']}", {"decision": decision.op_id})
        assert undone["status"] == "applied"
        assert (house.status(task), [one["id"] for one in house.cases()]) == ("assigned", [case["id"]])
    let_count(house)
    assert (house.status(task), len(house.log(type="task.delivered"))) == ("delivered", 1)


def test_p34_deciding_twice_lets_nothing_through_twice(house: House) -> None:
    taken_away(house, WAYBILL)
    [case] = house.cases()
    results = [house.decide(case["id"], "mine")["status"] for _ in range(2)]
    assert (results, len(house.log(type="task.delivered"))) == (["applied", "merged"], 1)


def test_p34_noted_leaves_it_where_it_is(house: House) -> None:
    taken_away(house, WAYBILL)
    [case] = house.cases()
    assert house.decide(case["id"], "noted")["status"] == "applied"
    assert (house.log(type="task.delivered"), house.status(case["task"])) == ([], "assigned")
    assert house.parked()[0].released_at is None


def test_p34_only_a_dispatcher_lets_through(house: House) -> None:
    taken_away(house, WAYBILL)
    [case] = house.cases()
    refused = house.decide(case["id"], "mine", by=house.cast.chen)
    assert (refused["status"], refused["code"]) == ("quarantined", "forbidden")
    far = house.decide(case["id"], "mine", by=house.cast.far_dispatcher)
    assert (far["status"], far["code"]) == ("quarantined", "forbidden")
    assert house.log(type="task.delivered") == []
    assert house.decide(case["id"], "mine", by=house.cast.ada)["status"] == "applied"


def test_p18_what_cannot_be_understood_cannot_be_let_through(house: House) -> None:
    """It is offered for what was handed in too late, and for nothing else."""
    house.assigned()
    phone = house.phone()
    phone.sends("task.levitated", phone.tape.delivered(WAYBILL)["entity"], {})
    [case] = [case for case in house.cases() if case["mine"]["code"] == "unknown_type"]
    assert case["outcomes"] == ["noted"]
    assert house.decide(case["id"], "mine")["code"] == "outcome_not_offered"


def test_p34_what_makes_no_sense_any_more_stays_in_quarantine_and_says_why(house: House) -> None:
    house.assigned()
    phone = house.phone()
    phone.exchange()
    gone = phone.tape.delivered(WAYBILL)
    phone.tape.record(
        "operation.corrected",
        gone["entity"],
        {"corrects": uuid7(), "error": "did_not_occur", "note": None},
    )
    handed_in(house, phone)
    assert [result["status"] for result in let_count(house)] == ["applied", "applied"]
    codes = {row.seq: (row.code, row.released_at is None) for row in house.parked()}
    assert codes == {1: ("device_revoked", False), 2: ("unknown_operation", True)}
    assert [row.type for row in house.log(device_id=phone.handheld.device)] == ["task.delivered"]


def test_p34_a_released_shift_is_whole_and_clears_the_list(house: House) -> None:
    task = house.assigned("SF1")
    phone = house.phone()
    phone.exchange()
    phone.tape.record("shift.started", f"shift:{SHIFT}", {"station": house.cast.home.id, "tasks": 1})
    phone.tape.delivered("SF1")
    counts = {"recorded": 2, "confirmed": 0, "waiting": 2, "cash_minor": 0}
    phone.tape.record("shift.closed", f"shift:{SHIFT}", counts)
    handed_in(house, phone)
    let_count(house)
    assert house.listed(f"courier:{house.cast.liang.id}")[f"task:{task}"] == (False, "shift_closed")
    assert "recorded 2, confirmed 2, waiting 0, refused 0; chain whole" in whole(house)


def test_p35_the_time_is_put_right_by_what_is_known_of_the_handhelds_clock(house: House) -> None:
    house.assigned()
    phone = house.phone()
    phone.exchange(sent_at=house.clock.now - 3_600_000)
    phone.tape.delivered(WAYBILL)
    recorded = phone.tape.envelopes[0]["at"] = house.clock.now - 3_600_000
    assert house.desk().post(f"/api/v1/devices/{phone.handheld.device}/revoke").status_code == 204
    phone.exchange(phone.tape.envelopes, 1, sent_at=house.clock.now - 3_600_000)
    let_count(house)
    [op] = house.log(type="task.delivered")
    assert 3_500_000 < (op.skew_ms or 0) < 3_700_000
    assert (house.record(op.entity) or {})["outcome"]["at"] == recorded + (op.skew_ms or 0)


def test_p35_what_was_known_of_the_clock_when_it_came_counts_and_not_what_is_known_when_it_is_let_through(
    house: House,
) -> None:
    """The handheld's clock was an hour behind; later contacts of the same log say something else."""
    house.assigned()
    phone = house.phone()
    phone.exchange(sent_at=house.clock.now - 3_600_000)
    done = house.clock.now + 60_000
    phone.tape.delivered(WAYBILL)
    phone.tape.envelopes[0]["at"] = done - 3_600_000
    assert house.desk().post(f"/api/v1/devices/{phone.handheld.device}/revoke").status_code == 204
    house.clock.now = done + 60_000
    phone.exchange(phone.tape.envelopes, 1, sent_at=house.clock.now - 3_600_000)
    [parked] = house.parked()
    assert parked.skew_ms is not None and abs(parked.skew_ms - 3_600_000) < 2_000
    house.clock.now += 600_000
    phone.exchange(sent_at=house.clock.now)
    let_count(house)
    [op] = house.log(type="task.delivered")
    record = house.record(op.entity) or {}
    assert abs(record["outcome"]["at"] - done) < 2_000
