"""Nothing is edited: a correction names an operation, and what it did is worked out again without it (P3)."""

from __future__ import annotations

from typing import Any

from server.core.ids import uuid7
from server.payments import queries as payments
from sync.requests import ordered
from tests.builders import draft, order, parcel_id
from tests.server.ops.house import WAYBILL, House, Phone


def corrects(op: dict[str, Any]) -> dict[str, Any]:
    return {"corrects": op["op_id"], "error": "did_not_occur", "note": "wrong parcel"}


def recalls(phone: Phone, op: dict[str, Any]) -> dict[str, Any]:
    """The courier corrects what was recorded."""
    return phone.sends("operation.corrected", op["entity"], corrects(op))


def test_p3_a_courier_takes_his_own_sign_off_back_and_the_log_keeps_it(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.delivers()
    wrong = phone.tape.envelopes[0]
    assert recalls(phone, wrong)["status"] == "applied"
    assert house.status(task) == "assigned"
    [row] = house.log(type="task.delivered")
    assert row.envelope == wrong
    assert row.voided_by == phone.tape.envelopes[1]["op_id"]
    phone.pull()
    assert phone.rows()[f"task:{task}"]["task"]["status"] == "assigned"


def test_p3_how_the_log_was_cut_into_batches_makes_no_difference(house: House) -> None:
    """Signed the wrong one, corrected, then nobody was home: in one exchange or in three, the same record."""
    outcomes = []
    for waybill, at_once in (("SF1", True), ("SF2", False)):
        task = house.assigned(waybill)
        phone = house.phone()
        wrong = phone.tape.delivered(waybill)
        results = [] if at_once else phone.push()
        phone.tape.record("operation.corrected", f"task:{task}", corrects(wrong))
        results += [] if at_once else phone.push()
        phone.tape.failed(waybill)
        results += phone.push()
        record = house.record(f"task:{task}")
        outcomes.append(([result["status"] for result in results], record["status"], record["attempts"]))
    assert outcomes[0] == outcomes[1] == (["applied"] * 3, "attempt_failed", 1)
    assert house.cases() == []


def test_p3_a_courier_corrects_only_what_he_recorded_himself(house: House) -> None:
    task = house.assigned()
    mine, other = house.phone(), house.phone(house.cast.bei)
    mine.delivers()
    assert recalls(other, mine.tape.envelopes[0])["code"] == "forbidden"
    assert house.status(task) == "delivered"


def test_p3_the_desk_corrects_for_the_courier(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.delivers()
    wrong = phone.tape.envelopes[0]
    assert house.tell("operation.corrected", wrong["entity"], corrects(wrong))["status"] == "applied"
    assert house.status(task) == "assigned"


def test_p3_a_correction_of_nothing_or_of_something_else_is_parked(house: House) -> None:
    task, other = house.assigned("SF1"), house.assigned("SF2")
    phone = house.phone()
    phone.delivers("SF1")
    nothing = {"op_id": uuid7(), "entity": f"task:{task}"}
    assert recalls(phone, nothing)["code"] == "unknown_operation"
    elsewhere = {**phone.tape.envelopes[0], "entity": f"task:{other}"}
    assert recalls(phone, elsewhere)["code"] == "unknown_operation"
    assert house.status(task) == "delivered"


def test_p3_what_cannot_be_taken_back_is_parked_not_half_done(house: House) -> None:
    """Orders, shifts, decisions and corrections: there is another way for each, so nothing is marked or reversed."""
    task = house.assigned(cod_minor=900)
    [imported] = house.log(type="order.imported")
    result = house.tell("operation.corrected", f"task:{task}", corrects(imported.envelope))
    assert (result["status"], result["code"]) == ("quarantined", "not_correctable")
    assert house.inside(lambda: payments.balance("due")) == 900
    phone = house.phone()
    phone.fails()
    recalls(phone, phone.tape.envelopes[0])
    assert recalls(phone, phone.tape.envelopes[1])["code"] == "not_correctable"
    shift = f"shift:{uuid7()}"
    phone.sends("shift.started", shift, {"station": house.cast.home.id, "tasks": 1})
    assert recalls(phone, phone.tape.envelopes[-1])["code"] == "not_correctable"
    assert [row.voided_by for row in house.log(type="order.imported")] == [None]


def test_p21_money_goes_back_once_however_often_it_is_corrected(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    payment = {"task": task, "amount_minor": 1000, "currency": "CNY", "method": "cash"}
    phone.sends("payment.collected", f"obligation:{task}", payment)
    wrong = phone.tape.envelopes[0]
    assert recalls(phone, wrong)["status"] == "applied"
    assert recalls(phone, wrong)["status"] == "merged"
    assert house.tell("operation.corrected", wrong["entity"], corrects(wrong))["status"] == "merged"
    assert house.record(f"obligation:{task}")["status"] == "due"
    assert house.inside(lambda: payments.balance(f"cash:{phone.courier.id}")) == 0
    assert house.inside(lambda: payments.balance("due")) == 1000
    assert house.inside(payments.unbalanced_transfers) == []


def test_p21_paid_corrected_and_paid_right_in_one_batch(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    wrong = {"task": task, "amount_minor": 1000, "currency": "CNY", "method": "qr"}
    first = phone.tape.record("payment.collected", f"obligation:{task}", wrong)
    phone.tape.record("operation.corrected", f"obligation:{task}", corrects(first))
    phone.tape.record("operation.corrected", f"obligation:{task}", corrects(first))
    phone.tape.record("payment.collected", f"obligation:{task}", {**wrong, "method": "cash"})
    phone.tape.delivered(WAYBILL)
    assert [result["status"] for result in phone.push()] == [
        "applied",
        "applied",
        "merged",
        "applied",
        "applied",
    ]
    assert house.inside(lambda: payments.balance(f"qr:{phone.courier.id}")) == 0
    assert house.inside(lambda: payments.balance(f"cash:{phone.courier.id}")) == 1000
    assert house.cases() == []


def test_p3_a_scan_taken_back_leaves_the_others(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    scan = {"code": WAYBILL, "waybill": WAYBILL, "source": "wedge", "verdict": "mine", "task": task}
    for verdict in ("mine", "duplicate", "unknown"):
        named = task if verdict == "mine" else None
        phone.sends(
            "parcel.scanned", f"parcel:{parcel_id(WAYBILL)}", {**scan, "verdict": verdict, "task": named}
        )
    assert recalls(phone, phone.tape.envelopes[2])["status"] == "applied"
    parcel = house.record(f"parcel:{parcel_id(WAYBILL)}")
    assert (parcel["scans"], parcel["last_scan"]["verdict"], parcel["goods"]) == (2, "duplicate", "龙井茶")


def test_p3_a_scan_of_an_unknown_parcel_taken_back_leaves_it_as_it_was(house: House) -> None:
    phone = house.phone()
    scan = {"code": "XX1", "waybill": "XX1", "source": "wedge", "verdict": "unknown", "task": None}
    phone.sends("parcel.scanned", f"parcel:{parcel_id('XX1')}", scan)
    phone.sends("parcel.scanned", f"parcel:{parcel_id('XX1')}", scan)
    assert recalls(phone, phone.tape.envelopes[1])["status"] == "applied"
    assert house.record(f"parcel:{parcel_id('XX1')}")["scans"] == 1


def test_p3_a_request_taken_back_is_as_it_was_ordered(house: House) -> None:
    given = order(house.cast.home.id)
    house.assigned()
    customer, request = given["customer"]["id"], given["requests"][0]
    phone = house.phone()
    wish = {
        "request": request["id"],
        "kind": request["kind"],
        "text": "typed for the wrong door",
        "active": True,
    }
    phone.sends("customer.request_set", f"customer:{customer}", wish)
    assert recalls(phone, phone.tape.envelopes[0])["status"] == "applied"
    assert house.record(f"customer:{customer}")["requests"] == [ordered(request)]


def test_p3_a_plan_taken_back_by_the_desk_goes_back_to_the_former_holder(house: House) -> None:
    task = house.assigned()
    house.reassign(task, house.cast.liang, house.cast.bei)
    [moved] = house.log(type="task.reassigned")
    result = house.tell("operation.corrected", f"task:{task}", corrects(moved.envelope))
    assert result["status"] == "applied"
    assert house.record(f"task:{task}")["courier"] == house.cast.liang.id
    assert house.listed(f"courier:{house.cast.liang.id}")[f"task:{task}"] == (True, None)
    assert house.listed(f"courier:{house.cast.bei.id}")[f"task:{task}"] == (False, "reassigned")


def test_p3_rebuilding_from_the_log_gives_the_record_that_stands(house: House) -> None:
    """A correction of a note is the smallest one: everything else must come out of the fold as it was."""
    task = house.assigned(cod_minor=300)
    phone = house.phone()
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    payment = {"task": task, "amount_minor": 300, "currency": "CNY", "method": "cash"}
    phone.sends("payment.collected", f"obligation:{task}", payment)
    phone.fails()
    before = house.record(f"task:{task}")
    [note] = house.desk().submit(draft("task.noted", f"task:{task}", {"text": "to be taken back"}))
    assert note["status"] == "applied"
    [row] = house.log(type="task.noted")
    house.tell("operation.corrected", f"task:{task}", corrects(row.envelope))
    assert house.record(f"task:{task}") == before
    assert house.record(f"obligation:{task}")["status"] == "settled"
