"""The customers' screens: found fast, masked, whole, and bound to the station."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from sqlalchemy import insert

from server.core.db import transaction
from server.core.ids import uuid7
from server.crm.models import Customer
from server.crm.service import store
from server.ops.models import Operation
from tests.builders import assign_draft, draft, order, order_draft, task_id
from tests.server.dispatch.customers import (
    ADDRESS,
    CANARIES,
    NAME,
    PHONE,
    ask,
    customer_of,
    ordered,
    profile,
    request,
    set_request,
)
from tests.server.ops.house import WAYBILL, House


def listed(house: House, **query: Any) -> list[str]:
    return [row["id"] for row in ask(house, "customers", **query)["customers"]]


def test_the_list_shows_tier_and_open_work(house: House) -> None:
    customer = customer_of(house)
    house.assigned()
    house.assigned("SF1000000002")
    phone = house.phone()
    phone.delivers()
    house.cancel(house.order("SF1000000003"))
    assert profile(house, customer, tier="key", kind="company", tags=["VIP"])["status"] == "applied"
    set_request(house, customer, "no_ring", "宝宝在睡", state="proposed", source="merchant")
    other = house.order("SF1000000009", phone="13900000009")
    body = ask(house, "customers")
    assert (body["total"], body["proposing"]) == (2, 1)
    row = body["customers"][0]
    assert row == {
        "id": customer,
        "kind": "company",
        "name": "王*明",
        "phone": "138******01",
        "language": None,
        "tier": "key",
        "tags": ["VIP"],
        "open_tasks": 1,
        "all_tasks": 3,
        "open_cases": 0,
        "requests": 3,
        "proposals": 1,
    }
    assert other not in listed(house, tier="key")
    assert listed(house, tier="key") == [customer]
    assert listed(house, tier="monthly") == []


def test_a_case_of_a_task_or_of_the_customer_counts_as_open_work(house: House) -> None:
    customer = customer_of(house)
    task = house.assigned()
    phone = house.phone()
    house.cancel(task)
    case = phone.delivers()["conflict"]
    base = {"tier": "casual"}
    assert profile(house, customer, base=base, tier="key")["status"] == "applied"
    late = profile(house, customer, base=base, tier="monthly")
    assert late["status"] == "conflict"
    [row] = ask(house, "customers")["customers"]
    assert row["open_cases"] == 2
    whole = ask(house, f"customers/{customer}")
    assert {one["id"] for one in whole["cases"]} == {case, late["conflict"]}
    about_task = next(one for one in whole["cases"] if one["id"] == case)
    assert (about_task["waybill"], about_task["task"]) == (WAYBILL, task)
    about_him = next(one for one in whole["cases"] if one["id"] == late["conflict"])
    assert (about_him["task"], about_him["fields"]) == (None, ["tier"])
    house.decide(case, "noted")
    assert ask(house, "customers")["customers"][0]["open_cases"] == 1


@pytest.mark.parametrize(
    "text", ["金丝", "丝雀", "13987650123", "139 8765", "0123", WAYBILL, "sf-1000 000001"]
)
def test_a_customer_is_found_by_name_phone_last_four_digits_and_waybill(house: House, text: str) -> None:
    customer = ordered(house)
    house.order("SF1000000002", phone="13711112222")
    assert listed(house, q=text) == [customer]


def test_a_company_is_found_by_its_contacts_and_tags(house: House) -> None:
    customer = ordered(house)
    contact = {"id": uuid7(), "name": "Zoe Xu", "phone": "0571-8899 7766", "email": None, "role": "warehouse"}
    done = profile(house, customer, name="西湖茶铺", kind="company", contacts=[contact], tags=["冷链"])
    assert done["status"] == "applied", done
    for text in ("zoe", "7766", "57188997766", "茶铺", "#冷链", "冷"):
        assert listed(house, q=text) == [customer], text
    assert listed(house, q="金丝雀") == []
    assert listed(house, q="nobody") == []


def test_nothing_of_another_station_exists(house: House) -> None:
    customer = ordered(house)
    far = house.cast.far_dispatcher
    assert ask(house, "customers", by=far) == {"customers": [], "total": 0, "proposing": 0}
    for path in (f"customers/{customer}", f"customers/{customer}/timeline"):
        assert house.desk(far).get(f"/api/v1/dispatch/{path}").status_code == 404
    assert listed(house, q=WAYBILL, by=far) == []
    assert house.desk().get("/api/v1/dispatch/customers/nobody").status_code == 404


def test_one_screen_has_everything_and_nothing_in_the_clear(house: House) -> None:
    customer = ordered(house)
    contact = {"id": uuid7(), "name": NAME, "phone": PHONE, "email": "canary@example.cn", "role": "收货"}
    profile(
        house, customer, name=NAME, phone=PHONE, email="canary@example.cn", language="en", contacts=[contact]
    )
    text = ADDRESS["text"]
    set_request(house, customer, "leave_at_reception", "放前台", scope="address", address=text)
    set_request(
        house, customer, "other", "周末不收", scope="weekdays", weekdays=[1, 2, 3, 4, 5], valid_until=5
    )
    set_request(house, customer, "fragile", "茶具", scope="parcel", task=task_id(WAYBILL))
    consent = {"consent": uuid7(), "kind": "reception", "given": True, "source": "paper", "note": "门卫登记"}
    assert house.tell("customer.consent_set", f"customer:{customer}", consent)["status"] == "applied"
    whole = ask(house, f"customers/{customer}")
    assert (whole["name"], whole["phone"], whole["email"]) == ("金***莉", "139******23", "c***@example.cn")
    assert whole["contacts"][0] == {
        "id": contact["id"],
        "name": "金***莉",
        "phone": "139******23",
        "email": "c***@example.cn",
        "role": "收货",
    }
    assert whole["language"] == "en"
    by_kind = {one["kind"]: one for one in whole["requests"]}
    assert by_kind["call_first"]["source"] == "order"
    reception = by_kind["leave_at_reception"]
    assert (reception["scope"], reception["set_by"]) == ("address", "Dora")
    assert reception["address"].startswith("杭州市西湖区文三路 100 号")
    assert (by_kind["other"]["weekdays"], by_kind["other"]["valid_until"]) == ([1, 2, 3, 4, 5], 5)
    assert (by_kind["fragile"]["waybill"], by_kind["fragile"]["task_status"]) == (WAYBILL, "created")
    [shown] = whole["consents"]
    assert (shown["kind"], shown["given"], shown["note"], shown["set_by"]) == (
        "reception",
        True,
        "门卫登记",
        "Dora",
    )
    [task] = whole["tasks"]
    assert (task["waybill"], task["status"], whole["open_tasks"], whole["all_tasks"]) == (
        WAYBILL,
        "created",
        1,
        1,
    )
    assert whole["addresses"] == [task["address"]]
    for path in (f"customers/{customer}", f"customers/{customer}/timeline", f"customers?q={PHONE}"):
        text = json.dumps(ask(house, path), ensure_ascii=False)
        assert not [canary for canary in (*CANARIES, "canary@") if canary in text], path


def test_the_newest_consent_of_a_kind_counts(house: House) -> None:
    customer = customer_of(house)
    house.order()
    for given in (True, False):
        payload = {"consent": uuid7(), "kind": "locker", "given": given, "source": "csr", "note": None}
        assert house.tell("customer.consent_set", f"customer:{customer}", payload)["status"] == "applied"
    [shown] = ask(house, f"customers/{customer}")["consents"]
    assert shown["given"] is False


def test_the_timeline_is_the_log_newest_first_and_paged(house: House) -> None:
    customer = customer_of(house)
    task = house.assigned()
    phone = house.phone()
    phone.tape.record("task.noted", f"task:{task}", {"text": "狗很大"})
    phone.delivers()
    profile(house, customer, tier="key")
    set_request(house, customer, "no_ring", "<b>不要</b>按铃")
    house.order("SF1000000009", phone="13900000009")
    entries, before, pages = [], None, 0
    while pages == 0 or before is not None:
        query = {"limit": 2, **({"before": before} if before else {})}
        page = ask(house, f"customers/{customer}/timeline", **query)
        entries += page["entries"]
        before = page["next"]
        pages += 1
    assert pages == 3
    assert [one["type"] for one in entries] == [
        "customer.request_set",
        "customer.profile_set",
        "task.delivered",
        "task.noted",
        "task.assigned",
        "order.imported",
    ]
    newest, delivered = entries[0], entries[2]
    assert newest["payload"]["text"] == "<b>不要</b>按铃"
    assert (newest["author"]["name"], newest["task"]) == ("Dora", None)
    assert (delivered["waybill"], delivered["author"]["name"]) == (WAYBILL, "阿良")
    assert delivered["device"] is not None
    assert "customer" not in entries[-1]["payload"]
    whole = ask(house, f"customers/{customer}/timeline", limit=200)
    assert whole["entries"] == entries
    assert whole["next"] is None


def test_a_decision_about_his_parcel_is_a_touch_too(house: House) -> None:
    customer = customer_of(house)
    task = house.assigned()
    phone = house.phone()
    house.cancel(task)
    case = phone.delivers()["conflict"]
    house.decide(case, "noted", "客户已收到")
    entry = ask(house, f"customers/{customer}/timeline")["entries"][0]
    assert (entry["type"], entry["task"], entry["waybill"]) == ("conflict.decided", task, WAYBILL)
    assert entry["payload"]["reason"] == "客户已收到"


def test_two_who_change_the_same_field_get_a_case_and_different_fields_merge(house: House) -> None:
    customer = customer_of(house)
    house.order()
    seen = {"tier": "casual", "language": None, "tags": []}
    assert profile(house, customer, base=seen, tier="key")["status"] == "applied"
    merged = profile(house, customer, by=house.cast.chen, base=seen, language="en")
    assert merged["status"] in ("applied", "merged")
    clash = profile(house, customer, by=house.cast.chen, base=seen, tier="monthly")
    assert clash["status"] == "conflict"
    whole = ask(house, f"customers/{customer}")
    assert (whole["tier"], whole["language"]) == ("key", "en")
    assert [one["id"] for one in whole["cases"]] == [clash["conflict"]]


def test_what_was_not_revealed_is_left_as_it_is(house: House) -> None:
    """The desk sends back the masked values it saw, on both sides: what stands is kept, and nobody disputes it."""
    customer = ordered(house)
    whole = ask(house, f"customers/{customer}")
    names = ("kind", "name", "phone", "email", "language", "tier", "contacts", "tags")
    seen = {name: whole[name] for name in names}
    done = house.tell("customer.profile_set", f"customer:{customer}", {**seen, "tags": ["老客户"]}, base=seen)
    assert done["status"] == "applied", done
    record = house.record(f"customer:{customer}")
    assert record is not None
    assert (record["name"], record["phone"], record["tags"]) == (NAME, PHONE, ["老客户"])
    assert ask(house, f"customers/{customer}")["cases"] == []


def test_hostile_queries_are_refused_or_find_nothing(house: House) -> None:
    ordered(house)
    assert listed(house, q="%") == []
    assert listed(house, q="_") == []
    assert listed(house, q="' OR 1=1 --") == []
    desk = house.desk()
    for bad in ("tier=vip", "limit=0", "limit=201", "offset=-1", "q=" + "x" * 121):
        assert desk.get(f"/api/v1/dispatch/customers?{bad}").status_code == 422, bad
    for bad in ("before=0", "before=x", f"before={2**63}", "limit=999"):
        customer = customer_of(house, PHONE)
        assert desk.get(f"/api/v1/dispatch/customers/{customer}/timeline?{bad}").status_code == 422, bad


MANY = 50_000
PATIENCE_S = 0.5
"""Before it feels like waiting; a quiet machine needs a twentieth of it, one that runs other tests beside it more."""


def test_fifty_thousand_customers_are_searched_at_once(house: House) -> None:
    surnames = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
    customer = ordered(house)
    record = house.record(f"customer:{customer}")
    assert record is not None
    rows = []
    for number in range(MANY):
        made = {
            **record,
            "id": f"{number:08x}-0000-7000-8000-000000000000",
            "name": f"{surnames[number % 20]}{surnames[number // 20 % 20]}客{number % 977}",
            "phone": f"1{30_000_000_00 + number * 7:010}",
            "tier": "key" if number % 500 == 0 else "casual",
        }
        rows.append({"id": made["id"], "rev": 1, "record": made, **store._promote(made)})

    def fill() -> None:
        with transaction() as session:
            session.execute(insert(Customer.__table__), rows)

    house.inside(fill)
    for text, least in (
        ("金丝雀", 1),
        ("0123", 1),
        ("孙李客", 100),
        (WAYBILL, 1),
        ("nobody", 0),
        (None, MANY),
    ):
        began = time.perf_counter()
        body = ask(house, "customers", **({"q": text} if text else {}))
        took = time.perf_counter() - began
        assert body["total"] >= least, text
        assert took < PATIENCE_S, f"{text}: {took * 1000:.0f} ms"
    began = time.perf_counter()
    page = ask(house, "customers", tier="key", offset=50, limit=50)
    assert (page["total"], len(page["customers"])) == (100, 50)
    ask(house, f"customers/{customer}/timeline")
    assert time.perf_counter() - began < PATIENCE_S


def test_a_key_account_with_a_thousand_parcels_has_a_screen(house: House) -> None:
    customer = customer_of(house)
    drafts = [order_draft(house.cast.home.id, f"SF2{number:09}") for number in range(700)]
    assert {one["status"] for one in house.desk().submit(*drafts)} == {"applied"}
    house.desk().submit(assign_draft("SF2000000699", house.cast.liang.id))
    whole = ask(house, f"customers/{customer}")
    assert (whole["all_tasks"], whole["open_tasks"], len(whole["tasks"])) == (700, 700, 30)
    page = ask(house, f"customers/{customer}/timeline", limit=3)
    assert [one["type"] for one in page["entries"]] == ["task.assigned", "order.imported", "order.imported"]
    assert house.count(Operation) == 701


def test_the_proposals_queue_is_empty_when_nothing_was_proposed(house: House) -> None:
    house.order()
    assert ask(house, "customers/proposals")["proposals"] == []


def test_an_unfinished_import_shows_no_tasks(house: House) -> None:
    """Its tasks do not exist yet for anybody; its customers do, without work."""
    from server.tasks import service as tasks

    import_id = uuid7()

    def hide() -> None:
        with transaction():
            tasks.hide_import(import_id)

    house.inside(hide)
    payload = order(house.cast.home.id, **{"import": import_id})
    house.desk().submit(draft("order.imported", f"task:{task_id(WAYBILL)}", payload))
    [row] = ask(house, "customers")["customers"]
    assert (row["open_tasks"], row["all_tasks"]) == (0, 0)
    assert ask(house, f"customers/{row['id']}")["tasks"] == []


def test_request_ids_of_an_order_are_kept(house: House) -> None:
    house.order()
    [shown] = ask(house, f"customers/{customer_of(house)}")["requests"]
    assert shown["id"] == request(WAYBILL)
