"""Operations that came before what they are about: stored, waiting, settled when it arrives, and told (P18)."""

from __future__ import annotations

from server.core.ids import uuid7
from sync.canonical import derive
from tests.builders import draft, order, order_draft, parcel_id, task_id
from tests.server.ops.house import SHA, WAYBILL, House, Phone


def picks_up(phone: Phone, waybill: str = WAYBILL) -> dict:
    payload = {"pieces": 1, "weight_g": 900, "photos": [SHA], "waybill": None}
    return phone.sends("task.picked_up", f"task:{task_id(waybill, 'pickup')}", payload)


def test_p18_a_pickup_nobody_announced_waits_and_advances_the_log(house: House) -> None:
    phone = house.phone()
    result = picks_up(phone)
    assert (result["status"], result["code"], result["conflict"]) == ("deferred", "awaiting_entity", None)
    assert phone.acked == 1
    assert result["applied_at"] == {"scope": phone.scope, "ver": 0}
    [row] = house.log(type="task.picked_up")
    assert (row.status, row.awaits) == ("deferred", f"task:{task_id(WAYBILL, 'pickup')}")
    assert house.cases() == []


def test_p18_it_is_settled_when_the_order_arrives_and_the_courier_is_told(house: House) -> None:
    phone = house.phone()
    picks_up(phone)
    task = house.order(kind="pickup")
    [row] = house.log(type="task.picked_up")
    assert (row.status, row.awaits) == ("conflict", None)
    assert house.status(task) == "picked_up"
    assert house.record(f"task:{task}")["outcome"]["op_id"] == phone.tape.envelopes[0]["op_id"]
    phone.pull()
    [notice] = phone.notices()
    [case] = house.cases()
    assert (notice["kind"], notice["status"]) == ("settled", "conflict")
    assert (notice["op_id"], notice["task"]) == (phone.tape.envelopes[0]["op_id"], task)
    assert (notice["waybill"], notice["conflict"]) == (WAYBILL, case["id"])
    assert (case["kind"], case["mine_author_name"]) == ("reassigned", "阿良")


def test_p18_its_evidence_is_bound_to_the_task_once_it_is_settled(house: House) -> None:
    phone = house.phone()
    picks_up(phone)
    task = house.order(kind="pickup")
    detail = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json
    assert detail["proofs"] == [{"sha": SHA, "kind": "photo", "state": "pending"}]


def test_p27_what_was_settled_later_says_which_version_of_its_authors_list_covers_it(house: House) -> None:
    phone = house.phone()
    picks_up(phone)
    house.order(kind="pickup")
    [row] = house.log(type="task.picked_up")
    assert row.result["applied_at"]["scope"] == phone.scope


def test_p16_the_handheld_asking_again_gets_what_it_was_settled_as(house: House) -> None:
    phone = house.phone()
    picks_up(phone)
    house.order(kind="pickup")
    [again] = phone.exchange(phone.tape.envelopes, 1)["results"]
    assert again["status"] == "conflict"
    assert len(house.log(type="task.picked_up")) == 1


def test_p18_several_that_wait_are_settled_in_their_order(house: House) -> None:
    phone = house.phone()
    task = task_id(WAYBILL)
    phone.tape.record("task.noted", f"task:{task}", {"text": "one"})
    phone.tape.record("task.noted", f"task:{task}", {"text": "two"})
    wrong = phone.tape.failed(WAYBILL)
    correction = {"corrects": wrong["op_id"], "error": "did_not_occur", "note": None}
    phone.tape.record("operation.corrected", f"task:{task}", correction)
    assert {result["status"] for result in phone.push()} == {"deferred"}
    house.order()
    record = house.record(f"task:{task}")
    assert [note["text"] for note in record["notes"]] == ["one", "two"]
    assert (record["status"], record["attempts"]) == ("created", 0)
    phone.pull()
    assert len(phone.notices()) == 4


def test_p18_a_payment_waits_for_its_obligation_and_is_booked_when_it_comes(house: House) -> None:
    task = task_id(WAYBILL)
    phone = house.phone()
    payment = {"task": task, "amount_minor": 500, "currency": "CNY", "method": "cash"}
    assert phone.sends("payment.collected", f"obligation:{task}", payment)["status"] == "deferred"
    house.order(cod_minor=500)
    assert house.record(f"obligation:{task}")["status"] == "settled"
    from server.payments import queries

    assert house.inside(lambda: queries.balance(f"cash:{phone.courier.id}")) == 500
    assert house.inside(lambda: queries.balance("due")) == 0


def test_p18_the_station_is_asked_when_it_is_settled_not_only_when_it_came(house: House) -> None:
    """A courier of another station cannot reach a task by naming it before it exists."""
    far = house.phone(house.cast.far_courier)
    task = task_id(WAYBILL)
    far.tape.record("task.noted", f"task:{task}", {"text": "from afar"})
    far.tape.delivered(WAYBILL)
    assert [result["status"] for result in far.push()] == ["deferred", "deferred"]
    house.order()
    record = house.record(f"task:{task}")
    assert (record["status"], record["notes"]) == ("created", [])
    assert {row.status for row in house.log(device_id=far.handheld.device)} == {"quarantined"}
    assert house.cases() == []
    assert [case["kind"] for case in house.cases(by=house.cast.far_dispatcher)] == ["quarantined"] * 2
    far.pull()
    assert [notice["status"] for notice in far.notices()] == ["quarantined"] * 2
    assert all(result["status"] == "quarantined" for result in far.exchange(far.tape.envelopes, 1)["results"])


def test_p18_a_courier_cannot_change_a_customer_he_named_before_there_was_one(house: House) -> None:
    phone = house.phone()
    customer = order(house.cast.home.id)["customer"]["id"]
    wish = {"request": uuid7(), "kind": "no_ring", "text": "never ring", "active": True}
    result = phone.sends("customer.request_set", f"customer:{customer}", wish)
    assert result["status"] == "deferred"
    house.order()
    assert [wish["kind"] for wish in house.record(f"customer:{customer}")["requests"]] == ["call_first"]
    assert house.log(type="customer.request_set")[0].status == "quarantined"


def test_p18_a_shift_that_ends_before_it_began_waits_for_its_beginning(house: House) -> None:
    phone = house.phone()
    shift = f"shift:{uuid7()}"
    counts = {"recorded": 0, "confirmed": 0, "waiting": 0, "cash_minor": 0}
    assert phone.sends("shift.closed", shift, counts)["status"] == "deferred"
    begun = {"station": house.cast.home.id, "tasks": 0}
    assert phone.sends("shift.started", shift, begun)["status"] == "applied"
    assert house.record(shift)["status"] == "closed"


def test_p18_a_parcel_scanned_before_its_order_keeps_its_scans(house: House) -> None:
    phone = house.phone()
    scan = {"code": WAYBILL, "waybill": WAYBILL, "source": "wedge", "verdict": "unknown", "task": None}
    assert phone.sends("parcel.scanned", f"parcel:{parcel_id(WAYBILL)}", scan)["status"] == "applied"
    task = house.assigned()
    phone.pull()
    parcel = phone.rows()[f"task:{task}"]["parcel"]
    assert (parcel["scans"], parcel["goods"], parcel["last_scan"]["verdict"]) == (1, "龙井茶", "unknown")


def test_p18_orders_of_one_import_wake_everything_that_waited_for_any_of_them(house: House) -> None:
    phone = house.phone()
    for number in range(5):
        phone.tape.record("task.noted", f"task:{task_id(f'SF{number}')}", {"text": "early"})
    phone.push()
    orders = [
        order_draft(house.cast.home.id, f"SF{number}", phone=f"1380000000{number}") for number in range(5)
    ]
    late = draft("task.noted", f"task:{task_id('SF0')}", {"text": "late"})
    assert [result["status"] for result in house.desk().submit(*orders, late)] == ["applied"] * 6
    assert {row.status for row in house.log(type="task.noted")} == {"applied"}
    assert len(house.record(f"task:{task_id('SF0')}")["notes"]) == 2
    assert derive("task", "delivery", "SF4") == task_id("SF4")
