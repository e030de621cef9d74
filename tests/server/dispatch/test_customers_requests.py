"""A wish on its way: proposed at the door, accepted at the desk, on every open task while the courier is out."""

from __future__ import annotations

from typing import Any

import pytest

from server.core.ids import uuid7
from tests.builders import task_id
from tests.server.dispatch.customers import ADDRESS, ask, customer_of, ordered, set_request, wish
from tests.server.ops.house import WAYBILL, House, Phone

OTHER = "SF1000000002"
HOSTILE = "<img src=x onerror=alert(1)>"


def texts(phone: Phone, waybill: str = WAYBILL) -> dict[str, str]:
    """text -> state of the requests on a task as the handheld holds it."""
    row = phone.rows()[f"task:{task_id(waybill)}"]
    return {one["text"]: one["state"] for one in row["customer"]["requests"]}


def proposes(phone: Phone, customer: str, **over: Any) -> dict[str, Any]:
    """A courier writes down what he was told at the door; the payload."""
    payload = wish("no_ring", "宝宝在睡", source="courier", state="proposed", **over)
    result = phone.sends("customer.request_set", f"customer:{customer}", payload, v=2)
    assert result["status"] == "applied", result
    return payload


def decided(house: House, customer: str, seen: dict[str, Any], **over: Any) -> dict[str, Any]:
    """The desk decides on a request as its queue shows it: everything as seen, but for what changes."""
    merged = ("text", "active", "scope", "weekdays", "state", "valid_from", "valid_until")
    by = over.pop("by", None)
    payload = {**seen, **over}
    base = {name: seen[name] for name in merged}
    return house.tell("customer.request_set", f"customer:{customer}", payload, v=2, base=base, by=by)


def test_from_the_door_to_the_queue_to_every_open_task(house: House) -> None:
    customer = customer_of(house)
    house.assigned()
    house.assigned(OTHER, to=house.cast.bei)
    done = house.assigned("SF1000000003", to=house.cast.bei)
    liang, bei = house.phone(), house.phone(house.cast.bei)
    bei.delivers("SF1000000003")
    bei.pull()
    revs = {name: row["rev"] for name, row in bei.mirror[bei.scope].items()}
    seen = proposes(liang, customer)
    [waiting] = ask(house, "customers/proposals")["proposals"]
    assert waiting["customer"]["name"] == "王*明"
    told = waiting["request"]
    assert (told["text"], told["source"], told["state"], told["set_by"]) == (
        "宝宝在睡",
        "courier",
        "proposed",
        "阿良",
    )
    assert ask(house, "customers")["proposing"] == 1
    assert decided(house, customer, seen, state="accepted", by=house.cast.chen)["status"] == "applied"
    assert ask(house, "customers/proposals")["proposals"] == []
    liang.pull()
    bei.pull()
    assert texts(liang)["宝宝在睡"] == "accepted"
    assert texts(bei, OTHER)["宝宝在睡"] == "accepted"
    assert bei.mirror[bei.scope][f"task:{task_id(OTHER)}"]["rev"] > revs[f"task:{task_id(OTHER)}"]
    assert house.status(done) == "delivered"
    [shown] = [one for one in ask(house, f"customers/{customer}")["requests"] if one["kind"] == "no_ring"]
    assert (shown["state"], shown["source"], shown["set_by"]) == ("accepted", "courier", "陈晨")


def test_a_declined_proposal_leaves_the_queue_and_the_door(house: House) -> None:
    customer = customer_of(house)
    house.assigned()
    phone = house.phone()
    seen = proposes(phone, customer)
    assert decided(house, customer, seen, active=False)["status"] == "applied"
    assert ask(house, "customers/proposals")["proposals"] == []
    phone.pull()
    assert "宝宝在睡" not in texts(phone)
    kept = {one["text"]: one["active"] for one in ask(house, f"customers/{customer}")["requests"]}
    assert kept["宝宝在睡"] is False


def test_a_wish_set_while_the_courier_is_out_reaches_him(house: House) -> None:
    """The desk writes, changes and withdraws; each time the very next pull brings the row, and nothing else."""
    customer = customer_of(house)
    house.assigned()
    house.assigned(OTHER, phone="13900000009")
    phone = house.phone()
    phone.pull()
    seen = set_request(house, customer, "leave_at_reception", HOSTILE, source="csr")
    new = phone.pull()[phone.scope]
    assert list(new) == [f"task:{task_id(WAYBILL)}"]
    assert texts(phone)[HOSTILE] == "accepted"
    assert decided(house, customer, seen, text="放北门前台")["status"] == "applied"
    phone.pull()
    assert "放北门前台" in texts(phone)
    assert HOSTILE not in texts(phone)
    decided(house, customer, {**seen, "text": "放北门前台"}, active=False)
    phone.pull()
    assert set(texts(phone)) == {"请先打电话"}


def test_a_wish_for_one_parcel_or_one_address_goes_only_there(house: House) -> None:
    customer = ordered(house)
    house.desk()
    house.tell(
        "task.assigned",
        f"task:{task_id(WAYBILL)}",
        {"courier": house.cast.liang.id, "sequence": 1},
        base={"courier": None},
    )
    elsewhere = {**ADDRESS, "text": "杭州市上城区中山路 8 号"}
    house.assigned(OTHER, customer={"id": customer, "name": "金", "phone": "1"}, address=elsewhere)
    set_request(house, customer, "fragile", "茶具", scope="parcel", task=task_id(WAYBILL))
    set_request(house, customer, "no_ring", "新家别按铃", scope="address", address=elsewhere["text"])
    phone = house.phone()
    phone.pull()
    assert "茶具" in texts(phone)
    assert "茶具" not in texts(phone, OTHER)
    assert "新家别按铃" in texts(phone, OTHER)
    assert "新家别按铃" not in texts(phone)


def test_accepting_keeps_the_address_nobody_revealed(house: House) -> None:
    """The desk sees the address masked and says nothing new about it (scope alike on both sides): the door stays."""
    customer = ordered(house)
    house.tell(
        "task.assigned",
        f"task:{task_id(WAYBILL)}",
        {"courier": house.cast.liang.id, "sequence": 1},
        base={"courier": None},
    )
    phone = house.phone()
    proposes(phone, customer, scope="address", address=ADDRESS["text"])
    [waiting] = ask(house, "customers/proposals")["proposals"]
    told = waiting["request"]
    assert ADDRESS["room"] not in told["address"]
    left_alone = {"scope": "always", "address": None, "task": None}
    names = ("kind", "text", "active", "weekdays", "source", "state", "valid_from", "valid_until")
    seen = {**{name: told[name] for name in names}, **left_alone}
    merged = ("text", "active", "scope", "weekdays", "state", "valid_from", "valid_until")
    payload = {**seen, "request": told["id"], "state": "accepted"}
    base = {name: seen[name] for name in merged}
    result = house.tell("customer.request_set", f"customer:{customer}", payload, v=2, base=base)
    assert result["status"] == "applied", result
    record = house.record(f"customer:{customer}")
    assert record is not None
    [kept] = [one for one in record["requests"] if one["id"] == told["id"]]
    assert (kept["scope"], kept["address"], kept["state"]) == ("address", ADDRESS["text"], "accepted")


def test_two_who_change_one_text_leave_a_case_with_both(house: House) -> None:
    customer = customer_of(house)
    house.order()
    seen = set_request(house, customer, "other", "后门进")
    assert decided(house, customer, seen, text="东门进")["status"] == "applied"
    clash = decided(house, customer, seen, text="西门进", by=house.cast.chen)
    assert clash["status"] == "conflict"
    [case] = ask(house, f"customers/{customer}")["cases"]
    assert (case["id"], case["fields"]) == (clash["conflict"], ["text"])


def test_two_who_decide_the_same_proposal_alike_do_not_dispute(house: House) -> None:
    customer = customer_of(house)
    house.assigned()
    seen = proposes(house.phone(), customer)
    assert decided(house, customer, seen, state="accepted")["status"] == "applied"
    assert decided(house, customer, seen, state="accepted", by=house.cast.chen)["status"] == "merged"
    assert ask(house, f"customers/{customer}")["cases"] == []


def test_the_oldest_proposal_comes_first_of_all_customers(house: House) -> None:
    first, second = customer_of(house), customer_of(house, "13900000009")
    house.assigned()
    house.assigned(OTHER, phone="13900000009")
    phone = house.phone()
    house.clock.advance(minutes=1)
    proposes(phone, second)
    phone.tape.at = house.clock.now
    house.clock.advance(minutes=1)
    proposes(phone, first)
    phone.tape.at = house.clock.now
    house.clock.advance(minutes=1)
    proposes(phone, second)
    waiting = [one["customer"]["id"] for one in ask(house, "customers/proposals")["proposals"]]
    assert waiting == [second, first, second]
    assert ask(house, "customers")["proposing"] == 2
    assert ask(house, "customers/proposals", by=house.cast.far_dispatcher)["proposals"] == []


@pytest.mark.parametrize(("field", "value"), [("state", "accepted"), ("source", "csr")])
def test_a_courier_can_only_propose(house: House, field: str, value: str) -> None:
    customer = customer_of(house)
    house.assigned()
    payload = wish("other", "随便", **{"source": "courier", "state": "proposed", field: value})
    result = house.phone().sends("customer.request_set", f"customer:{customer}", payload, v=2)
    assert (result["status"], result["code"]) == ("quarantined", "invalid_payload")
    assert ask(house, "customers/proposals")["proposals"] == []


def test_a_desk_of_another_station_cannot_write_on_this_customer(house: House) -> None:
    customer = customer_of(house)
    house.order()
    far = house.cast.far_dispatcher
    consent = {"consent": uuid7(), "kind": "locker", "given": True, "source": "csr", "note": None}
    told = (
        ("customer.request_set", wish("other", "x"), {"v": 2}),
        ("customer.consent_set", consent, {}),
    )
    for op_type, payload, over in told:
        result = house.tell(op_type, f"customer:{customer}", payload, by=far, **over)
        assert result["status"] == "quarantined", result
    whole = ask(house, f"customers/{customer}")
    assert whole["consents"] == []
    assert len(whole["requests"]) == 1
