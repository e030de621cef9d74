"""The same operation many times at once: one effect, one answer, no error (P16, F13)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from server.ops import oplog
from server.payments import queries as payments
from tests.builders import draft, order_draft, task_id
from tests.people import Desk
from tests.server.ops.house import House, Phone
from tests.server.ops.threads import together

AT_ONCE = 20
# So many rounds through each of the two doors; twice that on each database.
ROUNDS = int(os.environ.get("DOORSTEP_RACE_ROUNDS", "10"))


def answers_of(at_once: list[tuple[int, Any]]) -> list[Any]:
    assert {status for status, _ in at_once} == {200}, at_once
    return [body["results"] for _, body in at_once]


def from_the_desk(desk: Desk, operation: dict[str, Any]) -> Callable[[], tuple[int, Any]]:
    def send() -> tuple[int, Any]:
        response = desk.post("/api/v1/operations", json={"operations": [operation]})
        return response.status_code, response.json

    return send


def from_the_street(phone: Phone, body: dict[str, Any]) -> Callable[[], tuple[int, Any]]:
    """Each thread has a client of its own, as each retry has a connection of its own."""
    client = phone.handheld.client.application.test_client()
    headers = phone.handheld.headers

    def send() -> tuple[int, Any]:
        response = client.post("/api/v1/exchange", json=body, headers=headers)
        return response.status_code, response.json

    return send


def test_p16_f13_the_same_operation_twenty_times_at_once_from_the_desk_has_one_effect(house: House) -> None:
    """Rounds go over orders (a new record), notes (an old one) and senseless things (the quarantine)."""
    desks = [house.cast.desk(house.cast.dora) for _ in range(AT_ONCE)]
    task = house.assigned()
    for number in range(ROUNDS):
        made = order_draft(house.cast.home.id, f"SF{number}", cod_minor=100)
        noted = draft("task.noted", f"task:{task}", {"text": f"note {number}"})
        senseless = draft("task.vanished", f"task:{task}", {})
        operation = (made, noted, senseless)[number % 3]
        answers = answers_of(together([from_the_desk(desk, operation) for desk in desks]))
        assert all(answer == answers[0] for answer in answers), answers
        expected = "quarantined" if number % 3 == 2 else "applied"
        assert answers[0][0]["status"] == expected
        found = [*house.log(op_id=operation["op_id"]), *house.parked(op_id=operation["op_id"])]
        assert len(found) == 1
    orders = len(range(0, ROUNDS, 3))
    notes = [note["text"] for note in house.record(f"task:{task}")["notes"]]
    assert len(notes) == len(set(notes)) == len(range(1, ROUNDS, 3))
    assert house.inside(lambda: payments.balance("due")) == 100 * orders
    assert len(house.cases()) == len(range(2, ROUNDS, 3))
    assert all(house.status(task_id(f"SF{number}")) == "created" for number in range(0, ROUNDS, 3))


def test_p16_f13_the_oracle_sees_a_server_that_takes_every_arrival_for_a_new_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: `no-dedupe`. The database still minds, so that what is left of the race are other answers."""
    monkeypatch.setattr(oplog, "answers", lambda *_: oplog.Answers())
    desks = [house.cast.desk(house.cast.dora) for _ in range(4)]
    operation = draft("task.noted", f"task:{house.assigned()}", {"text": "once"})
    at_once = together([from_the_desk(desk, operation) for desk in desks])
    with pytest.raises(AssertionError):
        assert [answer[0]["status"] for answer in answers_of(at_once)] == ["applied"] * len(desks)


def test_p16_f13_the_same_exchange_twenty_times_at_once_has_one_effect(house: House) -> None:
    """A payment, a sign-off and something senseless: booked, counted and parked once; equal answers for all."""
    phone = house.phone()
    for number in range(ROUNDS):
        task = house.assigned(f"SF{number}", cod_minor=100, phone=f"139{number:08d}")
        payment = {"task": task, "amount_minor": 100, "currency": "CNY", "method": "cash"}
        phone.tape.record("payment.collected", f"obligation:{task}", payment)
        phone.tape.delivered(f"SF{number}")
        phone.tape.record("task.vanished", f"task:{task}", {})
        body = phone.tape.exchange(3 * number + 1) | {"limit": 1}
        answers = answers_of(together([from_the_street(phone, body) for _ in range(AT_ONCE)]))
        assert all(json.dumps(answer) == json.dumps(answers[0]) for answer in answers), answers
        assert [result["status"] for result in answers[0]] == ["applied", "applied", "quarantined"]
    assert len(house.log(device_id=phone.handheld.device)) == 2 * ROUNDS
    assert [row.seq for row in house.parked()] == [3 * number + 3 for number in range(ROUNDS)]
    assert house.inside(lambda: payments.balance(f"cash:{phone.courier.id}")) == 100 * ROUNDS
    assert house.inside(lambda: payments.balance("due")) == 0
    assert phone.exchange()["head_seq"] == 3 * ROUNDS


def test_p16_f13_one_operation_by_both_ways_in_and_from_two_handhelds_at_once(house: House) -> None:
    """The same id with different bodies: one stands, the others are parked, whoever comes first."""
    task = house.assigned()
    phones = [house.phone() for _ in range(4)]
    shared = draft("task.noted", f"task:{task}", {"text": "from the desk"})
    for phone in phones:
        phone.tape.record(
            "task.noted", f"task:{task}", {"text": phone.handheld.device}, op_id=shared["op_id"]
        )
    work = [from_the_street(phone, phone.tape.exchange()) for phone in phones]
    work.append(from_the_desk(house.cast.desk(house.cast.dora), shared))
    results = [answer[0] for answer in answers_of(together(work))]
    assert sorted(result["status"] for result in results) == ["applied"] + ["quarantined"] * 4
    assert {result["code"] for result in results if result["status"] == "quarantined"} == {"id_reuse"}
    assert len(house.record(f"task:{task}")["notes"]) == 1
    assert len(house.log(op_id=shared["op_id"])) == 1 and len(house.parked()) == 4
