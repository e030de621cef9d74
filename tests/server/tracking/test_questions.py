"""What the customer's page asks and tells about the handing over: a consent for one parcel, and the code."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.core import pins
from server.core.outbox import OutboxRow
from tests.server.ops.house import House
from tests.server.tracking.visitor import Visitor, said

pytestmark = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")


def test_a_courier_asks_and_one_tap_answers_at_the_door(house: House) -> None:
    task, phone = house.assigned(), house.phone()
    visitor = Visitor(house, task)
    assert "answer" not in {form.act for form in visitor.read().forms}
    assert phone.sends("task.consent_asked", f"task:{task}", {"kind": "neighbour"})["status"] == "applied"
    assert "快递员想问：这个包裹可以由邻居代收吗？" in visitor.read().text
    assert visitor.send("answer", answer="yes") == "consents"
    assert "answer" not in {form.act for form in visitor.read().forms}
    phone.pull()
    row = phone.rows()[f"task:{task}"]
    [word] = row["customer"]["consents"]
    assert (word["kind"], word["given"], word["source"], word["task"]) == (
        "neighbour",
        True,
        "customer",
        task,
    )
    assert row["task"]["asked"][0]["kind"] == "neighbour"
    named = {"kind": "neighbour", "source": "asked", "ref": word["id"], "v": word["v"], "note": None}
    phone.tape.delivered("SF1000000001", recipient="neighbour", consent=named)
    phone.tape.envelopes[-1]["v"] = 2
    assert phone.push()[-1]["status"] == "applied"
    assert house.cases() == []


def test_a_no_is_kept_and_the_same_question_can_be_asked_again(house: House) -> None:
    task, phone = house.assigned(), house.phone()
    visitor = Visitor(house, task)
    phone.sends("task.consent_asked", f"task:{task}", {"kind": "locker"})
    form = visitor.form("answer")
    assert visitor.post(form, answer="perhaps").status_code == 303
    # A form that is sent twice is one word.
    assert {said(visitor.post(form, answer="no")) for _ in range(2)} == {"consents"}
    phone.pull()
    [word] = phone.rows()[f"task:{task}"]["customer"]["consents"]
    assert (word["given"], word["v"]) == (False, 1)
    phone.sends("task.consent_asked", f"task:{task}", {"kind": "locker"})
    assert visitor.send("answer", answer="yes") == "consents"
    phone.pull()
    [word] = phone.rows()[f"task:{task}"]["customer"]["consents"]
    assert (word["given"], word["v"]) == (True, 2)


def test_a_question_makes_a_notice_and_somebody_else_s_does_not(house: House) -> None:
    task, phone, other = house.assigned(), house.phone(), house.phone(house.cast.bei)

    def asked() -> int:
        rows = house._all(select(OutboxRow).where(OutboxRow.topic == "notice"))
        return sum(1 for row in rows if row.payload["about"] == "question")

    other.sends("task.consent_asked", f"task:{task}", {"kind": "neighbour"})
    assert asked() == 0
    phone.sends("task.consent_asked", f"task:{task}", {"kind": "neighbour"})
    assert asked() == 1


def test_the_code_stands_on_the_page_until_the_parcel_is_handed_over(house: House) -> None:
    task, phone = house.assigned(pin_required=True), house.phone()
    visitor = Visitor(house, task)
    code = house.inside(lambda: pins.of_task(task))
    assert f"{code[:3]} {code[3:]}" in visitor.read().text
    phone.delivers(pin=code)
    assert f"{code[:3]} {code[3:]}" not in visitor.read().text
    plain = house.assigned("SF1000000002")
    assert "取件码" not in Visitor(house, plain).read().text
