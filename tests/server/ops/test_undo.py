"""A decision can be undone, and what a customer says about a delivery can be overruled: nothing is lost on the way."""

from __future__ import annotations

from typing import Any

from server.conflicts.policy import UNDO_MS
from server.core.ids import uuid7
from server.ops import pipeline
from server.ops.batch import Writer
from server.payments import queries as payments
from tests.builders import draft, wish
from tests.server.ops.house import WAYBILL, House, Phone


def undo(house: House, case: str, **over: Any) -> dict[str, Any]:
    [decided] = [
        row for row in house.log(type="conflict.decided", entity=f"conflict:{case}") if not row.voided_by
    ][-1:]
    return house.tell("conflict.undone", f"conflict:{case}", {"decision": decided.op_id}, **over)


def customer_of(house: House, task: str) -> str:
    found = house.record(f"task:{task}")
    assert found is not None
    return str(found["customer"])


def customer_says(house: House, customer: str, made: dict[str, Any]) -> dict[str, Any]:
    """An operation from the customer's page; answers its result."""
    envelope = {
        "author": customer,
        **dict.fromkeys(("device", "incarnation", "seq", "prev", "mono", "boot")),
        "app": "tracking",
        "blobs": [],
        "at": house.clock(),
        **made,
    }
    writer = Writer(customer, house.cast.home.id, "customer")
    [result] = house.inside(lambda: pipeline.submit(writer, [envelope]))
    return dict(result)


def disputes(house: House, task: str, delivery: str, customer: str | None = None) -> dict[str, Any]:
    said = {"corrects": delivery, "error": "did_not_occur", "note": "我没有收到"}
    return customer_says(
        house, customer or customer_of(house, task), draft("operation.corrected", f"task:{task}", said)
    )


def signed_after_cancel(house: House, **over: Any) -> tuple[str, Phone, str]:
    """A task that was cancelled while its courier delivered it; answers task, handheld and case."""
    task = house.assigned(**over)
    phone = house.phone()
    house.cancel(task)
    result = phone.delivers()
    return task, phone, str(result["conflict"])


def test_an_undone_decision_gives_back_what_it_took_and_the_case_is_open_again(house: House) -> None:
    task, phone, case = signed_after_cancel(house)
    before = house.record(f"task:{task}")
    house.decide(case, "theirs")
    assert house.status(task) == "cancelled"
    assert undo(house, case)["status"] == "applied"
    assert house.record(f"task:{task}") == before
    assert [row.voided_by for row in house.log(type="task.delivered")] == [None]
    assert [one["id"] for one in house.cases()] == [case]
    phone.pull()
    assert [notice["kind"] for notice in phone.notices()] == ["decided", "undone"]
    assert phone.rows()[f"task:{task}"]["conflict"] == case
    assert house.decide(case, "mine")["status"] == "applied"
    assert house.status(task) == "delivered"


def test_p21_money_follows_a_decision_and_its_undoing(house: House) -> None:
    task = house.assigned(cod_minor=5000)
    phone = house.phone()
    paid = {"task": task, "amount_minor": 4000, "currency": "CNY", "method": "cash"}
    case = phone.sends("payment.collected", f"obligation:{task}", paid)["conflict"]
    account = f"cash:{house.cast.liang.id}"

    def held() -> int:
        return int(house.inside(lambda: payments.balance(account)))

    assert held() == 4000
    house.decide(case, "theirs")
    assert held() == 0
    undo(house, case)
    assert held() == 4000
    assert house.record(f"obligation:{task}")["status"] == "settled"


def test_a_field_that_was_won_by_decision_is_lost_again(house: House) -> None:
    task = house.assigned()
    first = house.tell(
        "task.window_changed", f"task:{task}", {"window_start": 1, "window_end": 2}, base={"window_start": 0}
    )
    assert first["status"] == "conflict"
    before = house.record(f"task:{task}")
    house.decide(first["conflict"], "mine")
    assert house.record(f"task:{task}")["window_start"] == 1
    undo(house, first["conflict"])
    assert house.record(f"task:{task}")["window_start"] == before["window_start"]


def test_only_the_present_decision_is_undone_and_only_once(house: House) -> None:
    _, _, case = signed_after_cancel(house)
    house.decide(case, "theirs")
    assert undo(house, case)["status"] == "applied"
    assert undo(house, case)["status"] == "merged"
    nothing = house.tell("conflict.undone", f"conflict:{case}", {"decision": uuid7()})
    assert nothing["status"] == "merged"


def test_after_ten_minutes_a_decision_stands(house: House) -> None:
    task, _, case = signed_after_cancel(house)
    house.decide(case, "theirs")
    house.clock.advance(ms=UNDO_MS + 60_000)
    assert undo(house, case)["code"] == "undo_expired"
    assert house.status(task) == "cancelled"


def test_a_customer_says_he_got_nothing_the_task_is_open_again_and_somebody_looks(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    delivery = phone.tape.delivered(WAYBILL)["op_id"]
    phone.push()
    result = disputes(house, task, delivery)
    assert result["status"] == "conflict"
    assert house.status(task) == "assigned"
    [case] = house.cases()
    assert (case["kind"], case["task"]) == ("disputed", task)
    phone.pull()
    assert phone.rows()[f"task:{task}"]["task"]["status"] == "assigned"

    house.decide(case["id"], "theirs", "signature looked at")
    assert house.status(task) == "delivered"
    undo(house, case["id"])
    assert house.status(task) == "assigned"
    house.decide(case["id"], "mine")
    assert house.status(task) == "assigned"


def test_saying_so_twice_opens_one_case(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    delivery = phone.tape.delivered(WAYBILL)["op_id"]
    phone.push()
    disputes(house, task, delivery)
    assert disputes(house, task, delivery)["status"] == "merged"
    assert len(house.cases()) == 1


def test_a_customer_speaks_only_of_deliveries_and_only_of_his_own(house: House) -> None:
    task = house.assigned()
    stranger = customer_of(house, house.assigned("SF2", phone="13900000009"))
    phone = house.phone()
    failure = phone.tape.failed(WAYBILL)["op_id"]
    phone.push()
    assert disputes(house, task, failure)["code"] == "forbidden"
    delivery = phone.tape.delivered(WAYBILL)["op_id"]
    phone.push()
    assert disputes(house, task, delivery, customer=stranger)["code"] == "forbidden"
    assert house.status(task) == "delivered"
    asked = draft("customer.request_set", f"customer:{stranger}", wish(source="customer"), v=2)
    assert customer_says(house, customer_of(house, task), asked)["code"] == "forbidden"
    for_another = wish(source="customer", scope="parcel", task=task)
    asked = draft("customer.request_set", f"customer:{stranger}", for_another, v=2)
    assert customer_says(house, stranger, asked)["code"] == "forbidden"
    cancel = draft("task.cancelled", f"task:{task}", {"reason": "no"})
    assert customer_says(house, customer_of(house, task), cancel)["code"] == "forbidden"


def test_a_case_has_an_owner_and_is_due_by_the_customers_tier(house: House) -> None:
    task = house.assigned()
    customer = customer_of(house, task)
    profile = {
        "kind": "company",
        "name": "王小明",
        "phone": "13800000001",
        "email": None,
        "language": None,
        "tier": "key",
        "contacts": [],
        "tags": [],
    }
    assert house.tell("customer.profile_set", f"customer:{customer}", profile)["status"] == "applied"
    phone = house.phone()
    house.cancel(task)
    phone.delivers()
    [case] = house.cases()
    assert case["due_at"] - case["opened_at"] == 15 * 60_000
    assert case["owner"] == house.cast.dora.id
