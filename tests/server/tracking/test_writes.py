"""What a customer can do: ask, change, withdraw, allow, decline, and say that it never came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.server.ops.house import House, Phone
from tests.server.tracking.visitor import Form, Visitor, said

one_database = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
def task(house: House) -> str:
    return house.assigned()


@pytest.fixture
def visitor(house: House, task: str) -> Visitor:
    return Visitor(house, task)


def customer_of(house: House, task: str) -> str:
    record = house.record(f"task:{task}")
    assert record is not None
    return str(record["customer"])


def wishes(house: House, task: str) -> list[dict[str, object]]:
    record = house.record(f"customer:{customer_of(house, task)}")
    assert record is not None
    return [one for one in record["requests"] if one["source"] == "customer"]


# --- special requests -------------------------------------------------------------------------------------------------


def test_a_request_reaches_the_handheld(house: House, task: str, visitor: Visitor) -> None:
    phone = house.phone()
    phone.pull()
    assert visitor.send("request", kind="no_ring", text="宝宝在睡觉", scope="parcel") == "request"
    [made] = house.log(type="customer.request_set")
    assert (made.author, made.device_id, made.status) == (customer_of(house, task), None, "applied")
    assert made.envelope["app"] == "tracking"
    phone.pull()
    shown = phone.rows()[f"task:{task}"]["customer"]["requests"]
    assert ("no_ring", "宝宝在睡觉") in [(one["kind"], one["text"]) for one in shown]
    text = visitor.read("?said=request").text
    assert "已保存。快递员的手持终端联网后就会看到。" in text
    assert "不要按门铃 宝宝在睡觉 您提出的 · 只这一单" in text


def test_a_request_is_changed_and_withdrawn_by_its_owner(house: House, task: str, visitor: Visitor) -> None:
    visitor.send("request", kind="leave_at_reception", text="", scope="parcel")
    assert visitor.send("change", text="放 1 号前台", scope="always") == "request"
    [wish] = wishes(house, task)
    assert (wish["text"], wish["scope"], wish["active"]) == ("放 1 号前台", "always", True)
    assert visitor.send("change") == "nothing"
    assert visitor.send("withdraw") == "withdrawn"
    [wish] = wishes(house, task)
    assert wish["active"] is False
    assert "放 1 号前台" not in visitor.get().text


@one_database
def test_a_request_of_somebody_else_cannot_be_changed(house: House, visitor: Visitor) -> None:
    page = visitor.read()
    assert "先打电话 请先打电话 下单时留下" in page.text
    assert {form.act for form in page.forms} == {"request", "consents"}


@one_database
def test_a_courier_s_suggestion_is_not_shown(house: House, task: str, visitor: Visitor) -> None:
    phone = house.phone()
    payload = {
        "request": "22222222-0000-7000-8000-000000000000",
        "kind": "other",
        "text": "难说话的客户",
        "active": True,
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": "courier",
        "state": "proposed",
        "valid_from": None,
        "valid_until": None,
    }
    result = phone.sends("customer.request_set", f"customer:{customer_of(house, task)}", payload, v=2)
    assert result["status"] == "applied", result
    assert "难说话" not in visitor.get().text


def test_the_same_form_twice_is_one_operation(house: House, task: str, visitor: Visitor) -> None:
    form = visitor.form("request")
    answers = [said(visitor.post(form, kind="no_ring", text="轻声")) for _ in range(3)]
    assert answers == ["request"] * 3
    assert len(house.log(type="customer.request_set")) == 1
    # Back, another text, sent again: the same request says something else now; nothing is parked.
    assert said(visitor.post(form, kind="no_ring", text="请轻声")) == "request"
    assert [wish["text"] for wish in wishes(house, task)] == ["请轻声"]
    assert house.parked() == []


def test_the_same_form_at_once_is_one_operation(house: House, task: str, visitor: Visitor) -> None:
    form = visitor.form("request")

    def send(_n: int) -> str:
        client = house.app.test_client()
        return said(client.post(form.action, data={**form.fields, "kind": "fragile", "text": "杯子"}))

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(send, range(8))) == {"request"}
    assert len(house.log(type="customer.request_set")) == 1
    assert len(wishes(house, task)) == 1
    assert house.cases() == []


def test_a_request_that_came_too_late_is_recorded_and_said_so(
    house: House, task: str, visitor: Visitor
) -> None:
    form = visitor.form("request")
    house.phone().delivers()
    assert said(visitor.post(form, kind="no_ring", text="轻声", scope="parcel")) == "request_late"
    assert "来不及了。站点已得到通知" in visitor.read("?said=request_late").text
    [case] = house.cases()
    assert case["kind"] == "request_late"
    assert [wish["text"] for wish in wishes(house, task)] == ["轻声"]
    assert said(visitor.post(form, kind="no_ring", text="轻声", scope="parcel")) == "request_late"
    assert len(house.cases()) == 1


def test_after_the_task_a_request_is_for_next_time(house: House, task: str, visitor: Visitor) -> None:
    house.phone().delivers()
    assert "这一单已结束，下面的要求从下次开始有效。" in visitor.read().text
    assert visitor.send("request", kind="no_ring", text="") == "request"
    assert house.cases() == []
    [wish] = wishes(house, task)
    assert (wish["scope"], wish["task"]) == ("always", None)


@one_database
def test_a_wish_for_every_time_can_be_changed_afterwards(house: House, task: str, visitor: Visitor) -> None:
    visitor.send("request", kind="no_ring", text="轻声", scope="always")
    visitor.send("request", kind="fragile", text="杯子", scope="parcel")
    house.phone().delivers()
    assert [form.fields["text"] for form in visitor.read().forms if form.act == "change"] == ["轻声"]
    assert visitor.send("change", text="请轻声") == "request"
    assert house.cases() == []
    assert [(wish["text"], wish["task"]) for wish in wishes(house, task)] == [
        ("请轻声", None),
        ("杯子", task),
    ]


def test_two_who_change_one_request_are_both_kept(house: House, task: str, visitor: Visitor) -> None:
    visitor.send("request", kind="other", text="放门口")
    form = visitor.form("change")
    [wish] = wishes(house, task)
    payload = {name: value for name, value in wish.items() if name != "id"} | {"request": wish["id"]}
    house.tell(
        "customer.request_set",
        f"customer:{customer_of(house, task)}",
        {**payload, "text": "放鞋柜"},
        v=2,
        base={"text": "放门口"},
    )
    assert said(visitor.post(form, text="放窗台")) == "request_conflict"
    assert [case["kind"] for case in house.cases()] == ["field"]


@one_database
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "bribe"},
        {"kind": ""},
        {"kind": "no_ring", "text": "字" * 201},
        {"kind": "other", "text": "   "},
        {"kind": "no_ring", "scope": "weekdays"},
    ],
)
def test_what_is_none_of_the_choices_is_not_saved(
    house: House, visitor: Visitor, fields: dict[str, str]
) -> None:
    assert visitor.send("request", **fields) == "invalid"
    assert house.log(type="customer.request_set") == []


@one_database
def test_two_hundred_characters_with_all_a_person_may_type(house: House, task: str, visitor: Visitor) -> None:
    typed = "第一行\r\n第二行 👩‍👩‍👧 \u202egnp.exe\x00" + "字" * 150
    assert visitor.send("request", kind="other", text=typed) == "request"
    [wish] = wishes(house, task)
    assert wish["text"] == "第一行\n第二行 👩‍👩‍👧 gnp.exe" + "字" * 150


# --- forms that are not ours ------------------------------------------------------------------------------------------


@one_database
def test_a_form_without_a_nonce_of_ours_saves_nothing(house: House, task: str, visitor: Visitor) -> None:
    other = Visitor(house, house.assigned("SF1000000002"))
    form = visitor.form("request")
    strange = [
        "",
        "x" * 3000,
        form.fields["form"][:-2] + "AA",
        other.form("request").fields["form"],  # another task's
        visitor.form("consents").fields["form"],  # another act's
    ]
    for nonce in strange:
        sent = Form(form.action, {"form": nonce, "kind": "no_ring", "text": "轻声"})
        assert said(visitor.post(sent)) == "stale"
    house.clock.advance(hours=25)
    assert said(visitor.post(form, kind="no_ring")) == "stale"
    assert house.log(type="customer.request_set") == []


@one_database
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "null"}, 303),
        ({}, 303),
    ],
)
def test_only_our_own_page_may_send(
    house: House, visitor: Visitor, headers: dict[str, str], status: int
) -> None:
    form = visitor.form("request")
    answer = visitor.client.post(form.action, data={**form.fields, "kind": "no_ring"}, headers=headers)
    assert answer.status_code == status
    assert len(house.log(type="customer.request_set")) == (1 if status == 303 else 0)


@one_database
def test_a_flood_of_forms_is_slowed_down(house: House, visitor: Visitor) -> None:
    form = visitor.form("request")
    codes = [visitor.post(form, kind="no_ring", text=str(n)).status_code for n in range(45)]
    assert codes == [303] * 40 + [429] * 5
    assert visitor.get().status_code == 200


@one_database
def test_a_huge_form_is_refused(house: House, visitor: Visitor) -> None:
    form = visitor.form("request")
    assert visitor.post(form, kind="no_ring", text="x" * 50_000).status_code == 413


# --- consents and notices ---------------------------------------------------------------------------------------------


def test_consents_are_recorded_one_by_one(house: House, task: str, visitor: Visitor) -> None:
    assert visitor.send("consents") == "nothing"
    assert visitor.send("consents", reception="1", locker="1") == "consents"
    record = house.record(f"customer:{customer_of(house, task)}")
    assert record is not None
    given = {one["kind"]: (one["given"], one["source"]) for one in record["consents"]}
    assert given == {"reception": (True, "customer"), "locker": (True, "customer")}
    form = visitor.form("consents")
    assert form.fields.keys() == {"form", "reception", "locker"}
    assert said(visitor.post(form, reception=None)) == "consents"
    record = house.record(f"customer:{customer_of(house, task)}")
    assert record is not None
    assert {one["kind"]: one["given"] for one in record["consents"]} == {"reception": False, "locker": True}
    assert len(house.log(type="customer.consent_set")) == 3


@one_database
def test_notices_are_on_until_declined(house: House, task: str, visitor: Visitor) -> None:
    form = visitor.form("consents", at=1)
    assert form.fields.keys() == {"form", "notices"}
    assert said(visitor.post(form, notices=None)) == "consents"
    [made] = house.log(type="customer.consent_set")
    assert made.envelope["payload"]["kind"] == "notices" and made.envelope["payload"]["given"] is False
    assert visitor.form("consents", at=1).fields.keys() == {"form"}


# --- "I have not got it" ----------------------------------------------------------------------------------------------


def delivered(house: House, task: str) -> Phone:
    phone = house.phone()
    phone.tape.at = house.clock.now
    result = phone.delivers()
    assert result["status"] == "applied", result
    return phone


def test_a_wrong_delivery_is_taken_back_and_looked_into(house: House, task: str, visitor: Visitor) -> None:
    assert "我没有收到" not in visitor.get().text
    phone = delivered(house, task)
    assert "我没有收到" in visitor.get().text
    asked = visitor.read("/wrong").text
    assert "我们的记录：本人签收，今天 09:00。" in asked and "站点会收到一件待办" in asked
    assert visitor.send("wrong", tail="/wrong", note="家里没人") == "wrong"
    assert house.status(task) == "assigned"
    [made] = house.log(type="operation.corrected")
    assert (made.author, made.envelope["payload"]["error"]) == (customer_of(house, task), "did_not_occur")
    assert made.envelope["payload"]["note"] == "家里没人"
    [case] = house.cases()
    assert case["kind"] == "disputed"
    text = visitor.read("?said=wrong").text
    assert "您说没有收到这个包裹，站点正在核实，今天 10:00 前给您答复。" in text
    assert "您告诉我们没有收到" in text
    assert "本人签收 已撤回" in text
    assert "您不用重复提交" in text
    phone.pull()
    assert phone.rows()[f"task:{task}"]["task"]["status"] == "assigned"


def test_saying_it_twice_is_saying_it_once(house: House, task: str, visitor: Visitor) -> None:
    delivered(house, task)
    form = visitor.form("wrong", tail="/wrong")
    assert [said(visitor.post(form)) for _ in range(3)] == ["wrong"] * 3
    assert len(house.log(type="operation.corrected")) == 1
    assert len(house.cases()) == 1
    assert said(visitor.get("/wrong")) == "gone"


def test_the_station_may_find_that_it_was_delivered(house: House, task: str, visitor: Visitor) -> None:
    delivered(house, task)
    visitor.send("wrong", tail="/wrong")
    [case] = house.cases()
    house.clock.advance(minutes=5)
    house.decide(case["id"], "theirs", "前台有签收记录")
    assert house.status(task) == "delivered"
    text = visitor.read().text
    assert "已由本人签收" in text
    assert "站点已核实，签收有效" in text
    assert "前台有签收记录" not in text
    assert "您不用重复提交" not in text


@one_database
def test_a_new_attempt_ends_the_waiting(house: House, task: str, visitor: Visitor) -> None:
    delivered(house, task)
    visitor.send("wrong", tail="/wrong")
    house.clock.advance(minutes=5)
    payload = {"courier": house.cast.bei.id, "window_start": None, "window_end": None}
    house.tell("task.reattempt_planned", f"task:{task}", payload)
    assert "站点正在核实" not in visitor.read().text


@one_database
def test_before_the_delivery_there_is_nothing_to_call_wrong(house: House, visitor: Visitor) -> None:
    assert said(visitor.get("/wrong")) == "gone"


@one_database
def test_a_pickup_is_proven_and_not_disputed_here(house: House) -> None:
    task = house.assigned("SF1000000009", kind="pickup")
    payload = {"pieces": 1, "weight_g": 900, "photos": [], "waybill": None}
    house.phone().sends("task.picked_up", f"task:{task}", payload)
    visitor = Visitor(house, task)
    assert "取件凭证" in visitor.read().text
    assert said(visitor.get("/wrong")) == "gone"
