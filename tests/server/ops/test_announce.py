"""What the world is told is written in the transaction of the fact: one event for each thing somebody waits for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.core.db import db, transaction
from server.core.outbox import OutboxRow
from tests.builders import draft, request_draft
from tests.server.ops.house import WAYBILL, House
from tests.server.ops.test_undo import customer_of, disputes, undo


def told(house: House) -> list[dict[str, Any]]:
    """The notices that wait in the outbox, oldest first; taken out of it, so that the next look sees new ones."""

    def look() -> list[dict[str, Any]]:
        with transaction() as session:
            rows = session.scalars(
                select(OutboxRow).where(OutboxRow.topic == "notice").order_by(OutboxRow.id)
            ).all()
            found = [row.payload for row in rows]
            for row in rows:
                db.session.delete(row)
        return found

    return list(house.inside(look))


def kinds(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["about"]) for row in rows]


def test_each_state_a_customer_waits_for_is_told_once(house: House) -> None:
    task = house.assigned()
    told(house)
    phone = house.phone()
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    phone.sends("task.arrived", f"task:{task}", {})
    phone.delivers()
    assert kinds(told(house)) == ["status", "status"]
    phone.exchange(phone.tape.envelopes, 1)
    assert told(house) == []


def test_what_did_not_come_to_stand_is_not_told(house: House) -> None:
    house.assigned()
    first, second = house.phone(), house.phone(house.cast.bei)
    first.delivers()
    told(house)
    assert second.fails()["status"] == "conflict"
    assert kinds(told(house)) == []


def test_an_outcome_taken_back_in_the_same_exchange_is_never_told(house: House) -> None:
    task = house.assigned()
    told(house)
    phone = house.phone()
    wrong = phone.tape.delivered(WAYBILL)
    said = {"corrects": wrong["op_id"], "error": "did_not_occur", "note": None}
    phone.tape.record("operation.corrected", f"task:{task}", said)
    phone.push()
    assert told(house) == []


def test_a_withdrawal_is_told_and_so_is_its_undoing(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    delivery = phone.tape.delivered(WAYBILL)["op_id"]
    phone.push()
    told(house)
    case = disputes(house, task, delivery)["conflict"]
    assert "withdrawal" in kinds(told(house))
    house.decide(case, "theirs")
    assert "status" in kinds(told(house))
    undo(house, case)
    assert "withdrawal" in kinds(told(house))


def test_a_courier_is_told_what_others_do_to_his_list_in_one_message(house: House) -> None:
    one, two = house.order("SF1"), house.order("SF2")
    told(house)
    drafts = [
        draft(
            "task.assigned",
            f"task:{task}",
            {"courier": house.cast.liang.id, "sequence": None},
            base={"courier": None},
        )
        for task in (one, two)
    ]
    house.desk().submit(*drafts)
    [new] = told(house)
    assert (new["change"], sorted(new["tasks"])) == ("new", sorted([one, two]))
    house.reassign(one, house.cast.liang, house.cast.bei)
    assert sorted(row["change"] for row in told(house)) == ["new", "removed"]
    house.cancel(two)
    assert [row["change"] for row in told(house)] == ["changed"]


def test_a_new_request_wakes_the_courier_and_his_own_deeds_do_not(house: House) -> None:
    task = house.assigned()
    told(house)
    house.desk().submit(request_draft(customer_of(house, task)))
    assert [row["change"] for row in told(house)] == ["changed"]
    phone = house.phone()
    phone.sends("task.noted", f"task:{task}", {"text": "back door"})
    assert told(house) == []
