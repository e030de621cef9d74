"""Behind the masks: who looked, when, at what, of whom, why; capped for each person, and closed to other stations."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import insert

from server.auth.policy import UserView
from server.core.clock import now_ms
from server.core.db import transaction
from server.core.ids import uuid7
from server.crm.models import Reveal
from server.crm.policy import HOUR_MS, PER_DAY, PER_HOUR
from tests.server.dispatch.customers import ADDRESS, NAME, PHONE, ask, ordered, profile
from tests.server.ops.house import WAYBILL, House, task_id

WHY = "客户来电,核对身份"
ALL = ["name", "phone", "email", "address", "contacts"]


def look(house: House, path: str, fields: Any = ALL, reason: Any = WHY, by: UserView | None = None) -> Any:
    desk = house.desk(by)
    return desk.post(f"/api/v1/dispatch/{path}/reveal", json={"fields": fields, "reason": reason})


def looked(house: House, user: UserView, *times: int) -> None:
    """Looks of the past, written as the product writes them."""

    def write() -> None:
        rows = [
            {
                "id": uuid7(),
                "station_id": house.cast.home.id,
                "user_id": user.id,
                "subject": "customer:x",
                "customer_id": "x",
                "fields": ["name"],
                "reason": "earlier",
                "at": at,
            }
            for at in times
        ]
        with transaction() as session:
            session.execute(insert(Reveal.__table__), rows)

    house.inside(write)


def test_a_customer_in_the_clear_and_the_look_on_record(house: House) -> None:
    customer = ordered(house)
    contact = {"id": uuid7(), "name": "Zoe", "phone": "0571-1", "email": "z@x.cn", "role": "收货"}
    profile(house, customer, email="lili@example.cn", contacts=[contact])
    answer = look(house, f"customers/{customer}", by=house.cast.chen)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "values": {
            "name": NAME,
            "phone": PHONE,
            "email": "lili@example.cn",
            "address": ADDRESS["text"],
            "contacts": [contact],
        },
        "left_today": 99,
    }
    assert ask(house, f"customers/{customer}", by=house.cast.chen)["left_today"] == 99
    assert ask(house, f"customers/{customer}")["left_today"] == 100
    audit = ask(house, "reveals", by=house.cast.ada)
    [row] = audit["reveals"]
    assert audit["total"] == 1
    assert row["user"] == {"id": house.cast.chen.id, "name": "陈晨"}
    assert row["customer"] == {"id": customer, "name": "金***莉"}
    assert (row["fields"], row["reason"], row["task"]) == (sorted(ALL), WHY, None)
    assert NAME not in json.dumps(audit, ensure_ascii=False)


def test_only_what_was_asked_for_is_shown(house: House) -> None:
    customer = ordered(house)
    assert look(house, f"customers/{customer}", ["phone", "phone"]).json["values"] == {"phone": PHONE}
    [row] = ask(house, "reveals", by=house.cast.ada)["reveals"]
    assert row["fields"] == ["phone"]


def test_a_task_shows_its_own_address(house: House) -> None:
    ordered(house)
    ordered(house, "SF1000000002")
    answer = look(house, f"tasks/{task_id(WAYBILL)}", ["name", "phone", "address"])
    assert answer.json["values"] == {"name": NAME, "phone": PHONE, "address": ADDRESS["text"]}
    [row] = ask(house, "reveals", by=house.cast.ada)["reveals"]
    assert (row["task"], row["waybill"]) == (task_id(WAYBILL), WAYBILL)


def test_another_stations_customer_does_not_exist_and_leaves_no_trace(house: House) -> None:
    customer = ordered(house)
    far = house.cast.far_dispatcher
    for path in (f"customers/{customer}", f"tasks/{task_id(WAYBILL)}", "customers/nobody", "tasks/nobody"):
        assert look(house, path, by=far).status_code == 404, path
    assert house.count(Reveal) == 0


def test_only_an_admin_sees_who_looked(house: House) -> None:
    for person in (house.cast.dora, house.cast.chen, house.cast.far_dispatcher):
        assert house.desk(person).get("/api/v1/dispatch/reveals").status_code == 403
    assert ask(house, "reveals", by=house.cast.ada) == {"reveals": [], "total": 0}


@pytest.mark.parametrize(
    "body",
    [
        {"fields": [], "reason": WHY},
        {"fields": ["password"], "reason": WHY},
        {"fields": "name", "reason": WHY},
        {"fields": ["name"], "reason": ""},
        {"fields": ["name"], "reason": "   "},
        {"fields": ["name"], "reason": "x" * 201},
        {"fields": ["name"]},
        {"reason": WHY},
        {"fields": ["name"], "reason": WHY, "all": True},
        {"fields": ["name"] * 6, "reason": WHY},
    ],
)
def test_a_look_says_what_and_why(house: House, body: dict[str, Any]) -> None:
    customer = ordered(house)
    answer = house.desk().post(f"/api/v1/dispatch/customers/{customer}/reveal", json=body)
    assert answer.status_code == 422, answer.text
    assert house.count(Reveal) == 0


def test_the_thirty_first_look_in_an_hour_is_refused_with_a_sentence(house: House) -> None:
    customer = ordered(house)
    now = house.clock.now
    looked(house, house.cast.dora, *(now - n * 1000 for n in range(PER_HOUR)))
    refused = look(house, f"customers/{customer}")
    assert (refused.status_code, refused.json["code"]) == (429, "reveal_capped")
    assert "30" in refused.json["detail"]
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert NAME not in refused.text
    assert house.count(Reveal) == PER_HOUR
    assert look(house, f"customers/{customer}", by=house.cast.chen).status_code == 200
    house.clock.advance(hours=1)
    assert look(house, f"customers/{customer}").json["left_today"] == PER_DAY - PER_HOUR - 1


def test_a_hundred_looks_in_a_day_are_the_end(house: House) -> None:
    customer = ordered(house)
    now = house.clock.now
    looked(house, house.cast.dora, *(now - HOUR_MS - n * 600_000 for n in range(PER_DAY)))
    refused = look(house, f"tasks/{task_id(WAYBILL)}", ["phone"])
    assert (refused.status_code, refused.json["code"]) == (429, "reveal_capped")
    assert ask(house, f"customers/{customer}")["left_today"] == 0


def test_two_browsers_of_one_person_share_one_allowance(house: House) -> None:
    """Many looks at once at the edge of the cap: exactly as many get through as were left."""
    customer = ordered(house)
    now = now_ms()
    looked(house, house.cast.dora, *(now - n for n in range(PER_HOUR - 3)))
    desks = [house.cast.desk(house.cast.dora) for _ in range(8)]
    body = {"fields": ["name"], "reason": WHY}

    def once(number: int) -> int:
        path = f"/api/v1/dispatch/customers/{customer}/reveal"
        return int(desks[number].post(path, json=body).status_code)

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(once, range(8)))
    assert answers == [200, 200, 200, 429, 429, 429, 429, 429]
    assert house.count(Reveal) == PER_HOUR


def test_the_audit_is_paged_and_narrowed(house: House) -> None:
    one, other = ordered(house), house.order("SF1000000002", phone="13900000009")
    look(house, f"customers/{one}", ["name"])
    look(house, f"tasks/{other}", ["name"], by=house.cast.chen)
    look(house, f"customers/{one}", ["phone"], by=house.cast.chen)
    ada = house.cast.ada
    page = ask(house, "reveals", by=ada, limit=2)
    assert (page["total"], [row["fields"] for row in page["reveals"]]) == (3, [["phone"], ["name"]])
    assert ask(house, "reveals", by=ada, user=house.cast.dora.id)["total"] == 1
    assert ask(house, "reveals", by=ada, customer=one)["total"] == 2
    assert ask(house, "reveals", by=ada, offset=2)["reveals"][0]["user"]["name"] == "Dora"
