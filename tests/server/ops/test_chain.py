"""Each operation of a handheld names the hash of the one before it: a break is marked, never refused (P4).

An operation that comes again from another place of a log is the same operation (P16).
"""

from __future__ import annotations

from typing import Any

import pytest

from server.core.ids import uuid7
from server.ops.models import Operation
from sync.canonical import body_hash
from tests.builders import task_id
from tests.server.ops.house import House, Phone


def notes(house: House, number: int) -> tuple[Phone, list[dict[str, Any]]]:
    """A handheld and so many notes on its tape, not yet pushed."""
    task = house.assigned()
    phone = house.phone()
    return phone, [
        phone.tape.record("task.noted", f"task:{task}", {"text": f"n{one}"}) for one in range(number)
    ]


def marked(house: House) -> list[int | None]:
    return [row.seq for row in house.log() if row.breaks_chain]


def at_place(phone: Phone, op: dict[str, Any], seq: int, prev: str | None) -> dict[str, Any]:
    """The same operation, restamped."""
    return {**op, "incarnation": phone.tape.incarnation, "seq": seq, "prev": prev}


@pytest.mark.parametrize("sizes", [(5,), (1, 4), (2, 2, 1)])
def test_p4_a_whole_chain_is_whole_however_it_was_cut(house: House, sizes: tuple[int, ...]) -> None:
    phone, ops = notes(house, 5)
    done = 0
    for size in sizes:
        phone.exchange(ops[done : done + size], done + 1)
        done += size
    assert (marked(house), house.audit()) == ([], [])


def test_p4_a_break_is_applied_and_marked_and_the_next_one_goes_on_from_it(house: House) -> None:
    phone, ops = notes(house, 3)
    broken = {**ops[1], "prev": "0" * 64}
    after = {**ops[2], "prev": body_hash(broken)}
    results = phone.exchange([ops[0], broken, after])["results"]
    assert [result["status"] for result in results] == ["applied"] * 3
    assert marked(house) == [2]
    [finding] = house.audit()
    assert (finding.kind, finding.about) == ("chain", f"{phone.handheld.device}/{phone.tape.incarnation}")
    assert "1 operations" in finding.said and "first seq 2" in finding.said


def test_p4_the_first_one_has_no_predecessor_and_the_last_of_a_batch_is_remembered(house: House) -> None:
    phone, ops = notes(house, 2)
    phone.exchange([{**ops[0], "prev": "1" * 64}])
    assert marked(house) == [1]
    phone.exchange([ops[1]], 2)
    assert marked(house) == [1, 2]


def test_p4_what_is_sent_again_is_not_held_against_the_head(house: House) -> None:
    phone, ops = notes(house, 4)
    phone.exchange(ops[:2])
    phone.exchange(ops[:2])
    phone.exchange(ops[:3])
    phone.exchange(ops[:1])
    phone.exchange(ops[3:], 4)
    assert marked(house) == []


def test_p4_a_stub_stands_for_the_operation_that_could_not_travel(house: House) -> None:
    phone, ops = notes(house, 3)
    kept = ("op_id", "type", "v", "author", "device", "incarnation", "seq", "prev", "entity", "at")
    stub = {key: ops[1][key] for key in kept} | {
        "parked": {"code": "too_large", "body_hash": body_hash(ops[1])}
    }
    results = phone.exchange([ops[0], stub, ops[2]])["results"]
    assert [result["status"] for result in results] == ["applied", "quarantined", "applied"]
    assert marked(house) == []


def test_p4_what_can_be_no_operation_breaks_no_other(house: House) -> None:
    """Its successor names it by a hash nobody here can take of what came; that is said and nothing else happens."""
    phone, ops = notes(house, 2)
    results = phone.exchange([17, ops[1]])["results"]
    assert [result["status"] for result in results] == ["quarantined", "applied"]
    assert marked(house) == [2]


def test_p16_the_same_operation_at_another_place_gets_the_first_answer(house: House) -> None:
    phone, ops = notes(house, 2)
    before = phone.exchange(ops)["results"]
    phone.tape.incarnation = uuid7()
    again = [at_place(phone, ops[0], 1, None)]
    again.append(at_place(phone, ops[1], 2, body_hash(again[0])))
    answer = phone.exchange(again)
    assert [{**one, "seq": None} for one in answer["results"]] == [{**one, "seq": None} for one in before]
    assert (answer["head_seq"], house.count(Operation), house.parked()) == (2, 4, [])
    assert house.cases() == []
    assert phone.exchange(again)["results"] == answer["results"]


def test_p16_from_another_handheld_of_the_same_courier_as_well(house: House) -> None:
    task = house.assigned()
    old, new = house.phone(), house.phone()
    op = old.tape.record("task.noted", f"task:{task}", {"text": "once"})
    old.push()
    moved = {**at_place(new, op, 1, None), "device": new.handheld.device}
    [result] = new.exchange([moved])["results"]
    assert (result["status"], len(house.log(type="task.noted"))) == ("applied", 1)


def test_p16_other_content_under_the_same_id_is_still_parked(house: House) -> None:
    phone, [op] = notes(house, 1)
    phone.push()
    phone.tape.incarnation = uuid7()
    [result] = phone.exchange([at_place(phone, {**op, "payload": {"text": "other"}}, 1, None)])["results"]
    assert (result["status"], result["code"]) == ("quarantined", "id_reuse")


def test_p16_nobody_is_answered_for_what_somebody_else_recorded(house: House) -> None:
    phone, [op] = notes(house, 1)
    phone.push()
    other = house.phone(house.cast.bei)
    stolen = {**at_place(other, op, 1, None), "device": other.handheld.device}
    [result] = other.exchange([stolen])["results"]
    assert (result["status"], result["code"]) == ("quarantined", "id_reuse")


def test_p16_what_was_quarantined_is_not_put_before_a_person_twice(house: House) -> None:
    phone = house.phone()
    house.assigned()
    op = phone.tape.record("task.levitated", f"task:{task_id('SF1000000001')}", {})
    [before] = phone.push()
    phone.tape.incarnation = uuid7()
    [again] = phone.exchange([at_place(phone, op, 1, None)])["results"]
    assert (before["code"], again["code"], len(house.cases())) == ("unknown_type", "unknown_type", 1)


def test_p16_what_was_forbidden_is_answered_again_to_the_same_handheld_alone(house: House) -> None:
    phone, entity = house.phone(), f"shift:{uuid7()}"
    op = phone.tape.record("shift.started", entity, {"station": house.cast.away.id, "tasks": 1})
    [before] = phone.push()
    phone.tape.incarnation = uuid7()
    [again] = phone.exchange([at_place(phone, op, 1, None)])["results"]
    assert (before["code"], again["code"], len(house.cases())) == ("forbidden", "forbidden", 1)
    other = house.phone()
    [elsewhere] = other.exchange([{**at_place(other, op, 1, None), "device": other.handheld.device}])[
        "results"
    ]
    assert (elsewhere["code"], len(house.cases())) == ("id_reuse", 2)


def test_p11_nobody_begins_a_shift_at_another_station(house: House) -> None:
    phone, entity = house.phone(), f"shift:{uuid7()}"
    phone.sends("shift.started", entity, {"station": house.cast.away.id, "tasks": 1})
    assert [one.code for one in house.parked()] == ["forbidden"]
    assert house.record(entity) is None
