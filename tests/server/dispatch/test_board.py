"""The dispatcher's board: masked, bound to the station, and counted right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert

from server.core.db import transaction
from server.core.ids import uuid7
from server.parcels.models import Parcel
from tests.builders import assign_draft, order, order_draft, parcel_id, request_draft, task_id
from tests.server.ops.house import SHA, WAYBILL, House

BOARD = "/api/v1/dispatch"
# Nobody else in the world of these tests is called so; none of it may leave the server on a dispatch address.
NAME, PHONE, ROOM, UNIT, RECIPIENT = "金丝雀莉莉", "13987650123", "9417", "88 单元", "Canary Twitwoo"
ADDRESS = {
    "text": f"杭州市西湖区文三路 100 号 {UNIT} {ROOM} 室",
    "community": "文三小区",
    "building": "100",
    "unit": UNIT,
    "room": ROOM,
    "lng_e7": 1_201_234_567,
    "lat_e7": 302_765_432,
}
CANARIES = (NAME, PHONE, ROOM, UNIT, RECIPIENT, "1201234567", "302765432")


def board(house: House, path: str, **query: Any) -> Any:
    response = house.desk(query.pop("by", None)).get(f"{BOARD}/{path}", query_string=query or None)
    assert response.status_code == 200, response.text
    return response.json


def listed(house: House, **query: Any) -> list[str]:
    return [row["waybill"] for row in board(house, "tasks", **query)["tasks"]]


def test_masked_canaries_never_leave_on_any_dispatch_address(house: House) -> None:
    given = {"id": order(house.cast.home.id, phone=PHONE)["customer"]["id"], "name": NAME, "phone": PHONE}
    task = house.assigned(customer=given, address=ADDRESS, cod_minor=500)
    phone = house.phone()
    house.cancel(task)
    phone.tape.delivered(WAYBILL, recipient="family", recipient_name=RECIPIENT, signature=SHA)
    strange = phone.tape.delivered(WAYBILL, recipient_name=RECIPIENT)
    strange["payload"]["room"] = ROOM
    odd = phone.tape.record("task.unheard_of", f"task:{task}", {"customer": given, "address": ADDRESS})
    assert [result["status"] for result in phone.push()] == ["conflict", "quarantined", "quarantined"]
    wrong = order_draft(house.cast.home.id, customer=given, address=ADDRESS, reference="another")
    assert house.desk().submit(wrong)[0]["code"] == "waybill_taken"
    cases = house.cases()
    house.decide(cases[0]["id"], "noted")
    paths = [
        "summary",
        "couriers",
        "tasks",
        f"tasks?q={PHONE}",
        f"tasks/{task}",
        "conflicts",
        "conflicts?status=decided",
        *(f"conflicts/{case['id']}" for case in cases),
    ]
    for path in paths:
        text = json.dumps(board(house, path), ensure_ascii=False)
        found = [canary for canary in CANARIES if canary in text]
        assert not found, (path, found)
    assert odd["payload"]["customer"]["name"] == NAME
    [row] = board(house, "tasks")["tasks"]
    assert row["contact"] == {"name": "金***莉", "phone": "139******23"}
    assert row["address"].startswith("杭州市西湖区文三路 100 号")


def test_a_task_row_says_what_the_desk_needs(house: House) -> None:
    task = house.assigned(cod_minor=1250)
    phone = house.phone()
    conflict = phone.delivers()["conflict"]
    [row] = board(house, "tasks")["tasks"]
    assert (row["id"], row["waybill"], row["status"]) == (task, WAYBILL, "delivered")
    assert row["courier"] == {"id": house.cast.liang.id, "name": "阿良"}
    assert row["cod"] == {"amount_minor": 1250, "status": "due"}
    assert (row["requests"], row["attempts"], row["conflict"]) == (1, 0, conflict)
    assert (row["outcome"]["type"], row["merchant"], row["reference"]) == (
        "task.delivered",
        "茶铺",
        f"R-{WAYBILL}",
    )


def world(house: House) -> None:
    """Six tasks in every queue, and one of another station."""
    house.desk().submit(
        *(order_draft(house.cast.home.id, f"SF{n}", phone=f"1380000{n:04d}") for n in range(5))
    )
    house.desk().submit(order_draft(house.cast.home.id, "PU5", "pickup", phone="13700005555"))
    assigned = [assign_draft(f"SF{n}", house.cast.liang.id, sequence=9 - n) for n in (1, 2, 3)]
    house.desk().submit(*assigned, assign_draft("PU5", house.cast.bei.id, "pickup"))
    phone = house.phone()
    phone.delivers("SF1")
    phone.fails("SF2")
    house.cancel(task_id("SF4"))
    house.desk(house.cast.far_dispatcher).submit(order_draft(house.cast.away.id, "FAR1"))


def test_the_summary_counts_each_queue_of_the_own_station(house: House) -> None:
    world(house)
    summary = board(house, "summary")
    assert summary["counts"] == {
        "all": 6,
        "unassigned": 1,
        "left": 4,
        "late": 0,
        "done": 1,
        "problems": 1,
        "cancelled": 1,
        "conflicts": 0,
    }
    assert (summary["station"]["code"], summary["day"]) == ("HZ01", "2026-05-04")
    far = board(house, "summary", by=house.cast.far_dispatcher)
    assert (far["station"]["code"], far["counts"]["all"]) == ("NB02", 1)


def test_conflicts_are_counted_while_they_are_open(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    house.cancel(task)
    conflict = phone.delivers()["conflict"]
    assert board(house, "summary")["counts"]["conflicts"] == 1
    house.decide(conflict, "mine")
    assert board(house, "summary")["counts"]["conflicts"] == 0


NARROWED: list[tuple[dict[str, str], set[str]]] = [
    ({"status": "delivered"}, {"SF1"}),
    ({"status": "delivered,attempt_failed"}, {"SF1", "SF2"}),
    ({"courier": "none"}, {"SF0", "SF4"}),
    ({"kind": "pickup"}, {"PU5"}),
    ({"q": "sf3"}, {"SF3"}),
    ({"q": " S F-3 "}, {"SF3"}),
    ({"q": "13800000002"}, {"SF2"}),
    ({"q": "1370000"}, {"PU5"}),
    ({"q": "王小"}, {"SF0", "SF1", "SF2", "SF3", "SF4", "PU5"}),
    ({"q": "r-sf2"}, {"SF2"}),
    ({"q": "%"}, set()),
    ({"q": "_"}, set()),
    ({"q": "FAR1"}, set()),
    ({"q": "nothing like it"}, set()),
    ({"q": "SF", "status": "cancelled"}, {"SF4"}),
]


def test_the_table_is_narrowed_by_filters_and_search(house: House) -> None:
    world(house)
    for query, found in NARROWED:
        assert set(listed(house, **query)) == found, query
    assert set(listed(house, courier=house.cast.liang.id)) == {"SF1", "SF2", "SF3"}
    assert listed(house, courier=house.cast.far_courier.id) == []
    assert listed(house, by=house.cast.far_dispatcher) == ["FAR1"]


def test_the_table_comes_in_pages_in_route_order(house: House) -> None:
    world(house)
    assert listed(house, courier=house.cast.liang.id) == ["SF3", "SF2", "SF1"]
    whole = board(house, "tasks")
    assert whole["total"] == 6
    paged = [row for at in range(0, 8, 2) for row in board(house, "tasks", limit=2, offset=at)["tasks"]]
    assert paged == whole["tasks"]
    beyond = board(house, "tasks", limit=2, offset=100)
    assert (beyond["tasks"], beyond["total"]) == ([], 6)


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_senseless_filter_is_a_problem_that_names_the_field(house: House) -> None:
    for query in (
        {"limit": 0},
        {"limit": 201},
        {"offset": -1},
        {"status": "flying"},
        {"kind": "x"},
        {"q": "x" * 200},
    ):
        response = house.desk().get(f"{BOARD}/tasks", query_string=query)
        assert (response.status_code, response.json["code"]) == (422, "invalid"), query
        assert response.json["errors"][0]["field"].startswith(next(iter(query))), response.json
    assert house.desk().get(f"{BOARD}/conflicts?status=lost").status_code == 422


def test_couriers_show_progress_and_when_they_were_heard(house: House) -> None:
    world(house)
    task = house.assigned("SF9", phone="13900000009")
    phone = house.phone()
    before = house.clock.now
    phone.sends("shift.started", f"shift:{uuid7()}", {"station": house.cast.home.id, "tasks": 4})
    phone.exchange(last_seq=3)
    rows = {row["name"]: row for row in board(house, "couriers")["couriers"]}
    assert set(rows) == {"阿良", "Bei"}
    liang = rows["阿良"]
    assert (liang["total"], liang["done"], liang["left"], liang["problems"]) == (4, 1, 3, 1)
    assert liang["last_heard"] > before and liang["waiting"] == 2 and liang["devices"] == 2
    assert liang["shift"]["status"] == "open"
    assert (rows["Bei"]["last_heard"], rows["Bei"]["shift"], rows["Bei"]["waiting"]) == (None, None, None)
    assert task == task_id("SF9")


def test_a_timeline_tells_who_when_and_by_which_clock(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.record("task.noted", f"task:{task}", {"text": "at the gate"})
    phone.tape.delivered(WAYBILL)
    phone.push()
    detail = board(house, f"tasks/{task}")
    assert [entry["type"] for entry in detail["timeline"]] == [
        "order.imported",
        "task.assigned",
        "task.noted",
        "task.delivered",
    ]
    last = detail["timeline"][-1]
    assert (last["author"]["name"], last["at"], last["status"]) == ("阿良", phone.tape.at, "applied")
    assert last["device"] and last["received_at"] > 0 and last["skew_ms"] is not None
    assert detail["notes"][0]["author"]["name"] == "阿良"
    assert [request["text"] for request in detail["requests"]] == ["请先打电话"]


def test_a_task_shows_the_wishes_that_are_about_it(house: House) -> None:
    task, other = house.assigned(), house.assigned("SF9", requests=[])
    record = house.record(f"task:{task}")
    assert record is not None
    house.desk().submit(
        request_draft(record["customer"], text="只此一件", scope="parcel", task=task),
        request_draft(record["customer"], text="公司地址", scope="address", address="别处 1 号"),
    )
    seen = {one: [wish["text"] for wish in board(house, f"tasks/{one}")["requests"]] for one in (task, other)}
    assert seen == {task: ["请先打电话", "只此一件"], other: ["请先打电话"]}
    counted = {row["id"]: row["requests"] for row in board(house, "tasks")["tasks"]}
    assert counted == {task: 2, other: 1}


def test_another_stations_task_and_case_do_not_exist(house: House) -> None:
    task = house.assigned()
    house.cancel(task)
    conflict = house.phone().delivers()["conflict"]
    far = house.desk(house.cast.far_dispatcher)
    for path in (
        f"tasks/{task}",
        f"conflicts/{conflict}",
        f"tasks/{uuid7()}",
        "tasks/none",
        f"conflicts/{uuid7()}",
    ):
        response = far.get(f"{BOARD}/{path}")
        assert (response.status_code, response.json["code"]) == (404, "not_found")
    assert far.get(f"{BOARD}/conflicts").json["conflicts"] == []


def test_cases_due_first_stand_on_top(house: House) -> None:
    one, two = house.assigned("SF1"), house.assigned("SF2", phone="13900000002")
    phone = house.phone()
    phone.sends("task.unheard_of", f"task:{one}", {})
    house.cancel(two)
    phone.delivers("SF2")
    cases = house.cases()
    assert [case["kind"] for case in cases] == ["cancelled", "quarantined"]
    assert cases[0]["due_at"] < cases[1]["due_at"]
    assert cases[0]["summary"]["waybill"] == "SF2"
    assert cases[0]["clocks"]["skew_ms"] is not None
    assert cases[1]["clocks"]["received_at"] is not None


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_yesterdays_finished_work_has_left_the_board(house: House) -> None:
    done, left = house.assigned("SF1"), house.assigned("SF2", phone="13900000002")
    house.phone().delivers("SF1")
    house.clock.advance(hours=24)
    assert listed(house) == ["SF2"]
    assert board(house, "summary")["counts"]["done"] == 0
    assert done != left


def test_a_search_is_not_drowned_by_parcels_of_others(house: House) -> None:
    """Hundreds of parcels match, most of them other stations': the own task is found all the same."""

    def crowd() -> None:
        with transaction() as session:
            rows = [
                {"id": parcel_id(f"SFX{n}"), "rev": 1, "record": {}, "waybill": f"SFX{n}"} for n in range(600)
            ]
            session.execute(insert(Parcel), rows)

    house.inside(crowd)
    house.order("SFX-OWN")
    assert listed(house, q="sfx") == ["SFXOWN"]
