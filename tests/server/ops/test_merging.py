"""Two people change the plan at once: fields merge three ways, the same field is put before a person (P20, P23)."""

from __future__ import annotations

from typing import Any

import pytest

from server.core.db import transaction
from server.core.records import RecordChange, StaleRecordError
from server.ops.owners import OWNERS
from tests.builders import AT, order, order_draft
from tests.server.ops.house import House

HOUR = 3_600_000
SEEN = {"window_start": AT + HOUR, "window_end": AT + 2 * HOUR}


def window(house: House, task: str, start: int, end: int, **over: Any) -> dict[str, Any]:
    payload = {"window_start": AT + start * HOUR, "window_end": AT + end * HOUR}
    return house.tell("task.window_changed", f"task:{task}", payload, base=SEEN, **over)


def test_p20_different_fields_merge(house: House) -> None:
    task = house.assigned()
    assert window(house, task, 3, 4, base_rev=2)["status"] == "applied"
    result = house.reassign(task, house.cast.liang, house.cast.bei, base_rev=2, by=house.cast.ada)
    assert result["status"] == "merged"
    record = house.record(f"task:{task}")
    assert (record["courier"], record["window_start"]) == (house.cast.bei.id, AT + 3 * HOUR)
    assert house.cases() == []


def test_p20_one_end_of_a_window_each_merges(house: House) -> None:
    task = house.assigned()
    assert window(house, task, 1, 5)["status"] == "applied"
    assert window(house, task, 0, 2, by=house.cast.chen)["status"] in ("applied", "merged")
    record = house.record(f"task:{task}")
    assert (record["window_start"], record["window_end"]) == (AT, AT + 5 * HOUR)


def test_p20_the_same_field_to_the_same_value_is_no_dispute(house: House) -> None:
    task = house.assigned()
    window(house, task, 3, 4)
    assert window(house, task, 3, 4, by=house.cast.chen)["status"] == "merged"
    assert house.cases() == []


def test_p20_the_same_field_to_different_values_keeps_theirs_and_both_in_a_case(house: House) -> None:
    task = house.assigned()
    window(house, task, 3, 4)
    result = window(house, task, 5, 6, by=house.cast.chen)
    assert result["status"] == "conflict"
    assert house.record(f"task:{task}")["window_start"] == AT + 3 * HOUR
    case = house.case(result["conflict"])
    assert (case["kind"], case["suggested"], case["fields"]) == (
        "field",
        "theirs",
        ["window_start", "window_end"],
    )
    assert (case["mine"]["window_start"], case["theirs"]["window_start"]) == (AT + 5 * HOUR, AT + 3 * HOUR)
    assert case["base"] == SEEN
    assert (case["mine_author_name"], case["theirs_author_name"]) == ("陈晨", "Dora")


def test_p20_two_dispatchers_give_the_task_to_two_couriers(house: House) -> None:
    task = house.order()
    first = {"courier": house.cast.liang.id, "sequence": 1}
    second = {"courier": house.cast.bei.id, "sequence": 1}
    house.tell("task.assigned", f"task:{task}", first, base={"courier": None})
    result = house.tell("task.assigned", f"task:{task}", second, base={"courier": None}, by=house.cast.ada)
    assert result["status"] == "conflict"
    assert house.record(f"task:{task}")["courier"] == house.cast.liang.id
    assert house.listed(f"courier:{house.cast.bei.id}") == {}


@pytest.mark.parametrize("finish", ["delivered", "cancelled"])
def test_p20_the_plan_of_a_finished_task_is_not_changed_behind_its_back(house: House, finish: str) -> None:
    task = house.assigned()
    if finish == "delivered":
        house.phone().delivers()
    else:
        house.cancel(task)
    before = house.record(f"task:{task}")
    result = window(house, task, 3, 4)
    assert (result["status"], house.case(result["conflict"])["kind"]) == ("conflict", "state")
    assert house.record(f"task:{task}") == before


def test_p20_cancelling_what_is_cancelled_changes_nothing(house: House) -> None:
    task = house.assigned()
    house.cancel(task, reason="first")
    assert house.cancel(task, reason="second")["status"] == "merged"
    assert house.record(f"task:{task}")["cancelled"]["reason"] == "first"


def test_p20_an_order_sent_again_under_another_id_changes_nothing(house: House) -> None:
    task = house.assigned(cod_minor=700)
    before = house.record(f"task:{task}")
    [again] = house.desk().submit(order_draft(house.cast.home.id, cod_minor=700))
    assert again["status"] == "merged"
    assert house.record(f"task:{task}") == before


def test_p20_a_waybill_of_another_order_is_parked(house: House) -> None:
    house.order()
    [other] = house.desk().submit(order_draft(house.cast.home.id, reference="another"))
    assert (other["status"], other["code"]) == ("quarantined", "waybill_taken")


def test_p20_requests_of_a_customer_merge_by_field_too(house: House) -> None:
    given = order(house.cast.home.id)
    house.assigned()
    customer, request = given["customer"]["id"], given["requests"][0]
    seen = {"text": request["text"], "active": True}

    def wish(text: str, active: bool, **over: Any) -> dict[str, Any]:
        payload = {"request": request["id"], "kind": request["kind"], "text": text, "active": active}
        return house.tell("customer.request_set", f"customer:{customer}", payload, base=seen, **over)

    assert wish("call twice", True)["status"] == "applied"
    assert wish(request["text"], False, by=house.cast.chen)["status"] in ("applied", "merged")
    [now] = house.record(f"customer:{customer}")["requests"]
    assert (now["text"], now["active"]) == ("call twice", False)
    clash = wish("never call", True, by=house.cast.chen)
    assert clash["status"] == "conflict"
    case = house.case(clash["conflict"])
    assert (case["kind"], case["entity"]) == ("field", f"customer:{customer}")


def test_p23_a_record_that_moved_since_it_was_read_is_not_overwritten(house: House) -> None:
    task = house.assigned()
    record = house.record(f"task:{task}")

    def write(before: int) -> None:
        with transaction():
            OWNERS["task"].write([RecordChange(task, before, before + 1, {**record, "merchant": "changed"})])

    with pytest.raises(StaleRecordError):
        house.inside(lambda: write(1))
    assert house.record(f"task:{task}") == record
    house.inside(lambda: write(2))
    assert house.record(f"task:{task}")["merchant"] == "changed"
