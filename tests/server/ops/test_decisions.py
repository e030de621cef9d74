"""A decision is an operation: it changes the record, and reaches the holder and whoever lost (P22)."""

from __future__ import annotations

import pytest

from server.core.ids import uuid7
from server.payments import queries as payments
from tests.builders import AT, order
from tests.server.ops.house import WAYBILL, House, Phone

HOUR = 3_600_000


def cancelled_and_signed(house: House) -> tuple[str, str, Phone]:
    """A parcel that was cancelled while 阿良 signed it out of reach: task, case, handheld."""
    task = house.assigned()
    phone = house.phone()
    house.cancel(task)
    return task, phone.delivers()["conflict"], phone


@pytest.mark.parametrize(
    ("outcome", "status"), [("mine", "delivered"), ("theirs", "cancelled"), ("noted", "delivered")]
)
def test_p22_each_outcome_does_what_it_says(house: House, outcome: str, status: str) -> None:
    task, case, _ = cancelled_and_signed(house)
    assert house.decide(case, outcome)["status"] == "applied"
    assert house.status(task) == status
    decided = house.case(case)
    assert (decided["status"], decided["decision"]["outcome"]) == ("decided", outcome)
    assert decided["decided_by_name"] == "Dora"
    assert house.cases() == [] and len(house.cases("decided")) == 1


def test_p22_the_handheld_learns_of_the_decision_by_name_reason_and_waybill(house: House) -> None:
    task, case, phone = cancelled_and_signed(house)
    phone.pull()
    assert phone.rows()[f"task:{task}"]["conflict"] == case
    house.decide(case, "theirs", "signed by a stranger")
    phone.pull()
    assert phone.rows()[f"task:{task}"]["task"]["status"] == "cancelled"
    assert phone.rows()[f"task:{task}"]["conflict"] is None
    [notice] = phone.notices()
    assert notice == {
        "id": notice["id"],
        "at": notice["at"],
        "kind": "decided",
        "conflict": case,
        "task": task,
        "waybill": WAYBILL,
        "op_id": phone.tape.envelopes[0]["op_id"],
        "outcome": "theirs",
        "reason": "signed by a stranger",
        "case_kind": "cancelled",
        "status": None,
        "by_name": "Dora",
    }


def test_p22_both_couriers_are_told_the_present_holder_and_the_author_of_the_losing_operation(
    house: House,
) -> None:
    task = house.assigned()
    lost, holder, third = house.phone(), house.phone(house.cast.bei), house.phone(house.cast.far_courier)
    house.reassign(task, house.cast.liang, house.cast.bei)
    case = lost.delivers()["conflict"]
    house.decide(case, "theirs", by=house.cast.chen)
    for phone in (lost, holder, third):
        phone.pull()
    assert [notice["by_name"] for notice in lost.notices()] == ["陈晨"]
    assert [notice["conflict"] for notice in holder.notices()] == [case]
    assert third.notices() == []
    assert lost.notices()[0]["id"] != holder.notices()[0]["id"]
    assert house.status(task) == "assigned"
    assert holder.rows()[f"task:{task}"]["task"]["status"] == "assigned"
    assert f"task:{task}" not in lost.rows()


def test_p22_who_lost_is_told_also_when_the_task_is_somebody_elses_by_now(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    first, second = house.phone(), house.phone(house.cast.bei)
    payment = {"task": task, "amount_minor": 1000, "currency": "CNY", "method": "cash"}
    first.sends("payment.collected", f"obligation:{task}", payment)
    house.reassign(task, house.cast.liang, house.cast.bei)
    case = second.sends("payment.collected", f"obligation:{task}", payment)["conflict"]
    house.decide(case, "mine", "the first note was a mistake")
    for phone in (first, second):
        phone.pull()
        assert [(notice["conflict"], notice["outcome"]) for notice in phone.notices()] == [(case, "mine")]
    assert house.inside(lambda: payments.balance(f"cash:{house.cast.liang.id}")) == 0


def test_p22_of_two_reports_the_chosen_one_stands(house: House) -> None:
    """B said nobody was home, A had delivered: A outranks; the desk believes B."""
    task = house.assigned()
    lost, holder = house.phone(), house.phone(house.cast.bei)
    house.reassign(task, house.cast.liang, house.cast.bei)
    holder.fails()
    case = lost.delivers()["conflict"]
    assert house.status(task) == "delivered"
    house.decide(case, "theirs")
    record = house.record(f"task:{task}")
    assert (record["status"], record["outcome"]["author"]) == ("attempt_failed", house.cast.bei.id)


def test_p22_a_decision_for_mine_takes_their_fact_back(house: House) -> None:
    task = house.assigned()
    lost, holder = house.phone(), house.phone(house.cast.bei)
    house.reassign(task, house.cast.liang, house.cast.bei)
    holder.delivers(recipient="self")
    case = lost.fails()["conflict"]
    house.decide(case, "mine")
    record = house.record(f"task:{task}")
    assert (record["status"], record["outcome"]["author"]) == ("attempt_failed", house.cast.liang.id)
    entries = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json["timeline"]
    assert {entry["type"]: entry["voided"] for entry in entries}["task.delivered"] is True


def test_p20_a_contested_field_decided_for_mine_takes_mine(house: House) -> None:
    task = house.assigned()
    seen = {"window_start": AT + HOUR, "window_end": AT + 2 * HOUR}
    ours = {"window_start": AT + 5 * HOUR, "window_end": AT + 6 * HOUR}
    house.tell(
        "task.window_changed", f"task:{task}", {"window_start": AT, "window_end": AT + HOUR}, base=seen
    )
    clash = house.tell("task.window_changed", f"task:{task}", ours, base=seen, by=house.cast.chen)
    house.decide(clash["conflict"], "mine")
    record = house.record(f"task:{task}")
    assert {name: record[name] for name in ours} == ours


def test_p20_a_contested_request_of_a_customer_decided_for_mine_reaches_the_door(house: House) -> None:
    given = order(house.cast.home.id)
    task = house.assigned()
    customer, request = given["customer"]["id"], given["requests"][0]
    seen = {"text": request["text"], "active": True}
    house.assigned("SF2", requests=[])

    def wish(text: str) -> dict:
        payload = {"request": request["id"], "kind": request["kind"], "text": text, "active": True}
        return house.tell("customer.request_set", f"customer:{customer}", payload, base=seen)

    wish("ring once")
    clash = wish("do not ring at all")
    house.decide(clash["conflict"], "mine")
    [now] = house.record(f"customer:{customer}")["requests"]
    assert now["text"] == "do not ring at all"
    phone = house.phone()
    phone.pull()
    texts = [row["customer"]["requests"][0]["text"] for row in phone.rows().values()]
    assert texts == ["do not ring at all"] * 2
    assert f"task:{task}" in phone.rows()


def test_p22_a_case_is_decided_once(house: House) -> None:
    task, case, phone = cancelled_and_signed(house)
    house.decide(case, "mine", "first")
    assert house.decide(case, "theirs", "second")["status"] == "merged"
    assert house.status(task) == "delivered"
    assert house.case(case)["decision"]["reason"] == "first"
    phone.pull()
    assert len(phone.notices()) == 1


def test_p22_only_what_is_offered_can_be_decided(house: House) -> None:
    phone = house.phone()
    task = house.assigned()
    case = phone.sends("task.unheard_of", f"task:{task}", {})["conflict"]
    result = house.decide(case, "mine")
    assert (result["status"], result["code"]) == ("quarantined", "outcome_not_offered")
    assert house.decide(case, "noted")["status"] == "applied"


def test_p22_a_case_of_another_station_does_not_exist_there(house: House) -> None:
    _, case, _ = cancelled_and_signed(house)
    result = house.decide(case, "theirs", by=house.cast.far_dispatcher)
    assert (result["status"], result["code"]) == ("quarantined", "forbidden")
    assert house.case(case)["status"] == "open"
    assert house.desk(house.cast.far_dispatcher).get(f"/api/v1/dispatch/conflicts/{case}").status_code == 404


def test_p22_a_case_nobody_opened_cannot_be_decided(house: House) -> None:
    assert house.decide(uuid7(), "noted")["code"] == "unknown_entity"


def test_p21_deciding_against_a_second_payment_gives_it_back_and_only_it(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    payment = {"task": task, "amount_minor": 1000, "currency": "CNY", "method": "cash"}
    phone.sends("payment.collected", f"obligation:{task}", payment)
    case = phone.sends("payment.collected", f"obligation:{task}", {**payment, "method": "qr"})["conflict"]
    assert house.case(case)["suggested"] == "theirs"
    house.decide(case, "theirs", "paid twice by mistake")
    accounts = {name: f"{name}:{phone.courier.id}" for name in ("cash", "qr")}
    assert house.inside(lambda: payments.balance(accounts["cash"])) == 1000
    assert house.inside(lambda: payments.balance(accounts["qr"])) == 0
    assert house.inside(lambda: payments.balance("due")) == 0
    assert house.inside(payments.unbalanced_transfers) == []
    assert house.record(f"obligation:{task}")["collected"]["method"] == "cash"


def test_p21_deciding_for_the_second_payment_gives_the_first_back(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    payment = {"task": task, "amount_minor": 1000, "currency": "CNY", "method": "cash"}
    phone.sends("payment.collected", f"obligation:{task}", payment)
    case = phone.sends("payment.collected", f"obligation:{task}", {**payment, "method": "qr"})["conflict"]
    house.decide(case, "mine")
    assert house.inside(lambda: payments.balance(f"cash:{phone.courier.id}")) == 0
    assert house.record(f"obligation:{task}")["collected"]["method"] == "qr"


def test_p22_two_cases_about_one_operation_take_it_back_once(house: House) -> None:
    """Cancelled and unsettled at once: whatever is decided twice has its effect once."""
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    house.cancel(task)
    phone.delivers()
    cases = {case["kind"]: case["id"] for case in house.cases()}
    assert set(cases) == {"cancelled", "unsettled"}
    house.decide(cases["cancelled"], "theirs")
    house.decide(cases["unsettled"], "theirs")
    assert house.status(task) == "cancelled"
    assert house.log(type="task.delivered")[0].voided_by == house.log(type="conflict.decided")[0].op_id


def test_p22_a_decision_and_the_work_after_it_in_one_request_follow_each_other(house: House) -> None:
    task, case, _ = cancelled_and_signed(house)
    from tests.builders import draft

    payload = {"courier": house.cast.bei.id, "window_start": None, "window_end": None}
    results = house.desk().submit(
        draft("conflict.decided", f"conflict:{case}", {"outcome": "theirs", "reason": "it came back"}),
        draft("task.noted", f"task:{task}", {"text": "kept at the station"}),
        draft("task.reattempt_planned", f"task:{task}", payload, base={"courier": house.cast.liang.id}),
    )
    assert [result["status"] for result in results] == ["applied", "applied", "conflict"]
    assert house.status(task) == "cancelled"
    assert [note["text"] for note in house.record(f"task:{task}")["notes"]] == ["kept at the station"]
