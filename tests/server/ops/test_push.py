"""A handheld's push: its place in the log decides, and a first answer is the answer for ever (P15, P16, P18)."""

from __future__ import annotations

import json

from server.core.ids import uuid7
from server.ops.models import Operation, Quarantined
from tests.builders import Tape, draft, order_draft, task_id
from tests.server.ops.house import WAYBILL, House, Phone

VOCABULARY = {"applied", "merged", "conflict", "quarantined", "deferred"}


def note(phone: Phone, task: str, text: str = "门口有狗") -> dict:
    return phone.tape.record("task.noted", f"task:{task}", {"text": text})


def test_p18_each_operation_ends_in_one_word_of_five(house: House) -> None:
    one, two, three = (house.assigned(f"SF{number}") for number in (1, 2, 3))
    house.cancel(two)
    phone = house.phone()
    phone.tape.delivered("SF1")
    phone.tape.delivered("SF2")
    phone.tape.record("task.out_for_delivery", f"task:{one}", {})
    phone.tape.record("task.teleported", f"task:{three}", {})
    phone.tape.delivered("SF-NEVER-ANNOUNCED")
    results = phone.push()
    assert [result["status"] for result in results] == [
        "applied",
        "conflict",
        "merged",
        "quarantined",
        "deferred",
    ]
    assert {result["status"] for result in results} == VOCABULARY
    assert [result["seq"] for result in results] == [1, 2, 3, 4, 5]
    assert phone.acked == 5


def test_p15_a_gap_consumes_nothing_and_names_the_place_expected(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    for number in range(4):
        note(phone, task, f"note {number}")
    answer = phone.exchange(phone.tape.envelopes[2:], from_seq=3)
    assert answer["results"] == []
    assert (answer["head_seq"], answer["expected_seq"]) == (0, 1)
    assert house.log(type="task.noted") == [] and house.parked() == []
    assert phone.push()[-1]["status"] == "applied"
    assert [op.seq for op in house.log(type="task.noted")] == [1, 2, 3, 4]


def test_p15_an_overlap_is_answered_from_the_log_and_the_rest_consumed(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    note(phone, task, "one")
    note(phone, task, "two")
    first = phone.push()
    note(phone, task, "three")
    answer = phone.exchange(phone.tape.envelopes, from_seq=1)
    assert answer["results"][:2] == first
    assert answer["head_seq"] == 3
    assert [note["text"] for note in house.record(f"task:{task}")["notes"]] == ["one", "two", "three"]


def test_p16_the_first_answer_comes_again_byte_for_byte(house: House) -> None:
    one, two = house.assigned("SF1"), house.assigned("SF2")
    house.cancel(two)
    phone = house.phone()
    phone.tape.delivered("SF1")
    phone.tape.delivered("SF2")
    phone.tape.record("nonsense.type", f"task:{one}", {"any": ["thing", None]})
    phone.tape.delivered("SF-NEVER-ANNOUNCED")
    first = json.dumps(phone.push())
    house.tell("task.noted", f"task:{one}", {"text": "the world has moved on"})
    for _ in range(2):
        again = phone.exchange(phone.tape.envelopes, from_seq=1)
        assert json.dumps(again["results"]) == first
    assert house.count(Operation) == 3 + 5 + 1
    assert house.count(Quarantined) == 1
    assert len(house.cases()) == 2


def test_p16_the_desk_gets_its_first_answer_again_whatever_the_clock_says(house: House) -> None:
    order = order_draft(house.cast.home.id)
    response = [house.desk().post("/api/v1/operations", json={"operations": [order]}) for _ in range(3)]
    assert len({answer.text for answer in response}) == 1
    assert response[0].json["results"][0]["status"] == "applied"
    assert len(house.log()) == 1


def test_p16_the_same_operation_twice_in_one_request_has_one_effect_and_one_answer(house: House) -> None:
    task = house.assigned()
    twin = draft("task.noted", f"task:{task}", {"text": "only once"})
    results = house.desk().submit(twin, twin, twin)
    assert results == [results[0]] * 3
    assert house.desk().submit(twin) == [results[0]]
    assert len(house.record(f"task:{task}")["notes"]) == 1


def test_p16_the_same_id_with_another_body_is_parked_and_the_first_stands(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    original = note(phone, task, "the truth")
    note(phone, task, "another story")
    phone.tape.envelopes[1]["op_id"] = original["op_id"]
    first, reused = phone.push()
    assert (first["status"], reused["status"], reused["code"]) == ("applied", "quarantined", "id_reuse")
    assert phone.acked == 2
    assert [note["text"] for note in house.record(f"task:{task}")["notes"]] == ["the truth"]
    [parked] = house.parked()
    assert "another story" in parked.raw
    assert reused["conflict"] in {case["id"] for case in house.cases()}
    assert phone.exchange(phone.tape.envelopes, 1)["results"] == [first, reused]


def test_p16_an_id_used_in_one_batch_for_two_bodies_parks_the_second(house: House) -> None:
    task = house.assigned()
    one = draft("task.noted", f"task:{task}", {"text": "one"})
    other = {**one, "payload": {"text": "other"}}
    results = house.desk().submit(one, other)
    assert [(result["status"], result["code"]) for result in results] == [
        ("applied", None),
        ("quarantined", "id_reuse"),
    ]
    assert house.desk().submit(other, one) == [results[1], results[0]]


def test_p16_another_operation_at_a_used_place_is_parked_once(house: House) -> None:
    """A handheld whose storage went back in time writes a second history over the first (storage rollback)."""
    task = house.assigned()
    phone = house.phone()
    note(phone, task, "first history")
    phone.push()
    rewritten = Tape(house.cast.liang.id, phone.handheld.device)
    rewritten.incarnation = phone.tape.incarnation
    rewritten.record("task.noted", f"task:{task}", {"text": "second history"})
    results = [phone.exchange(rewritten.envelopes, 1) for _ in range(3)]
    assert {result["results"][0]["code"] for result in results} == {"seq_reuse"}
    assert results[0]["results"] == results[1]["results"] == results[2]["results"]
    assert {result["head_seq"] for result in results} == {1}
    assert len(house.parked(code="seq_reuse")) == 1
    assert len(house.cases()) == 1
    assert [note["text"] for note in house.record(f"task:{task}")["notes"]] == ["first history"]
    assert phone.exchange(phone.tape.envelopes, 1)["results"][0]["status"] == "applied"


def test_p16_what_was_refused_for_its_place_counts_once_it_has_one(house: House) -> None:
    """The handheld whose storage went back offers its second history again, in a chain of its own."""
    task = house.assigned()
    phone = house.phone()
    note(phone, task, "first history")
    phone.push()
    rewritten = Tape(house.cast.liang.id, phone.handheld.device)
    rewritten.incarnation = phone.tape.incarnation
    rewritten.record("task.noted", f"task:{task}", {"text": "second history"})
    assert phone.exchange(rewritten.envelopes, 1)["results"][0]["code"] == "seq_reuse"
    [refused] = rewritten.envelopes
    own = uuid7()
    again = {**refused, "incarnation": own, "prev": None}
    phone.tape.incarnation = own
    for _ in range(2):
        [result] = phone.exchange([again], 1)["results"]
        assert (result["op_id"], result["status"]) == (refused["op_id"], "applied")
    assert [note["text"] for note in house.record(f"task:{task}")["notes"]] == [
        "first history",
        "second history",
    ]
    assert len(house.parked(code="seq_reuse")) == 1


def test_p16_a_place_taken_by_something_parked_is_taken_too(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.record("task.beamed_up", f"task:{task}", {})
    parked = phone.push()
    for text in ("second history", "third history"):
        other = Tape(house.cast.liang.id, phone.handheld.device)
        other.incarnation = phone.tape.incarnation
        other.record("task.noted", f"task:{task}", {"text": text})
        [result] = phone.exchange(other.envelopes, 1)["results"]
        assert (result["status"], result["code"]) == ("quarantined", "seq_reuse")
    assert [row.seq for row in house.parked()] == [1, None, None]
    assert len({case["id"] for case in house.cases()}) == 3
    assert phone.exchange(phone.tape.envelopes, 1)["results"] == parked


def test_p15_the_place_in_the_push_decides_not_what_the_operation_claims(house: House) -> None:
    task = house.assigned()
    for claim in ({"seq": 7}, {"device": house.cast.dora.id}, {"incarnation": house.cast.dora.id}):
        phone = house.phone()
        note(phone, task)
        note(phone, task, "after it")
        phone.tape.envelopes[0].update(claim)
        wrong, right = phone.push()
        assert (wrong["status"], wrong["code"]) == ("quarantined", "position_mismatch"), claim
        assert right["status"] == "applied"
        assert phone.acked == 2
    assert [row.seq for row in house.parked()] == [1, 1, 1]


def test_p11_data_recorded_by_another_user_is_parked_not_applied(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL)
    phone.tape.envelopes[0]["author"] = house.cast.bei.id
    [result] = phone.push()
    assert (result["status"], result["code"]) == ("quarantined", "forbidden")
    assert house.status(task) == "assigned"
    assert house.cast.bei.id in house.parked()[0].raw


def test_p18_a_courier_may_not_plan_nor_decide(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.record("task.cancelled", f"task:{task}", {"reason": "tired"})
    phone.tape.record("task.assigned", f"task:{task}", {"courier": house.cast.bei.id, "sequence": None})
    assert [result["code"] for result in phone.push()] == ["forbidden", "forbidden"]
    assert house.record(f"task:{task}")["courier"] == house.cast.liang.id


def test_p18_a_task_of_another_station_is_out_of_reach_for_handheld_and_desk(house: House) -> None:
    task = house.assigned()
    far = house.phone(house.cast.far_courier)
    assert far.delivers()["code"] == "forbidden"
    result = house.cancel(task, by=house.cast.far_dispatcher)
    assert (result["status"], result["code"]) == ("quarantined", "forbidden")
    [order] = house.desk(house.cast.far_dispatcher).submit(order_draft(house.cast.away.id))
    assert order["code"] == "forbidden"
    assert house.status(task) == "assigned"
    mine = house.phone()
    mine.pull()
    assert mine.rows()[f"task:{task}"]["conflict"] is None
    assert house.cases() == []
    assert {case["kind"] for case in house.cases(by=house.cast.far_dispatcher)} == {"quarantined"}


def test_p2_the_desk_may_only_assign_to_couriers_of_its_station(house: House) -> None:
    task = house.order()
    for stranger in (house.cast.far_courier, house.cast.dora):
        payload = {"courier": stranger.id, "sequence": None}
        result = house.tell("task.assigned", f"task:{task}", payload, base={"courier": None})
        assert result["code"] == "unknown_courier"
    assert house.record(f"task:{task}")["courier"] is None


def test_p2_nothing_the_desk_names_wrongly_waits_it_is_parked(house: House) -> None:
    result = house.cancel(task_id("SF-NEVER"))
    assert (result["status"], result["code"]) == ("quarantined", "unknown_entity")


def test_p6_an_unknown_type_or_version_is_kept_with_a_case_and_others_pass(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    note(phone, task, "before")
    phone.tape.record("task.beamed_up", f"task:{task}", {"by": "a newer app"})
    phone.tape.record("task.noted", f"task:{task}", {"text": "future"}, v=2)
    note(phone, task, "after")
    results = phone.push()
    assert [result["code"] for result in results] == [None, "unknown_type", "unknown_version", None]
    assert [note["text"] for note in house.record(f"task:{task}")["notes"]] == ["before", "after"]
    assert {case["kind"] for case in house.cases()} == {"quarantined"}
    assert {case["id"] for case in house.cases()} == {result["conflict"] for result in results[1:3]}
    assert ["a newer app" in row.raw for row in house.parked(code="unknown_type")] == [True]


def test_p3_no_answer_ever_changes_what_was_recorded(house: House) -> None:
    phone = house.phone()
    house.assigned()
    phone.delivers()
    [row] = house.log(type="task.delivered")
    assert row.envelope == phone.tape.envelopes[0]


def test_p14_a_hundred_operations_are_one_batch_and_a_hundred_and_one_too_large(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    for number in range(101):
        note(phone, task, f"note {number}")
    body = phone.tape.exchange()
    response = phone.send(body)
    assert (response.status_code, response.json["code"]) == (413, "too_large")
    answer = phone.exchange(phone.tape.envelopes[:100], 1)
    assert answer["head_seq"] == 100
    assert {result["status"] for result in answer["results"]} == {"applied"}
