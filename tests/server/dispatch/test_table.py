"""The task table's windows, choices and lookups; saved filters; the map; couriers' plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.core.ids import uuid7
from tests.builders import task_id
from tests.server.dispatch.test_board import board, listed, world
from tests.server.ops.house import House

HOUR = 3_600_000
one_database = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")


def dated(house: House) -> None:
    """Five deliveries with windows around now: past, soon, later, none, and a late one that is done."""
    now = house.clock.now
    for waybill, ends in (
        ("LATE", -1),
        ("SOON", HOUR // 2),
        ("OPEN", 3 * HOUR),
        ("NONE", None),
        ("DONE", -1),
    ):
        window = {"window_start": None, "window_end": None}
        if ends is not None:
            window = {"window_start": now - 5 * HOUR, "window_end": now + ends + 1000 * (ends > 0)}
        house.assigned(waybill, phone=f"139{len(waybill)}{ord(waybill[0]):03d}0001", **window)
    house.clock.advance(minutes=1)
    house.phone().delivers("DONE")


def test_windows_merchants_requests_and_cases_narrow_the_table(house: House) -> None:
    dated(house)
    assert set(listed(house, window="late")) == {"LATE"}
    assert set(listed(house, window="soon")) == {"SOON"}
    assert set(listed(house, window="open")) == {"SOON", "OPEN", "NONE"}
    house.order("MILK", merchant="奶站", requests=[])
    assert listed(house, merchant="奶站") == ["MILK"]
    assert "MILK" not in listed(house, request="true") and len(listed(house, request="true")) == 5
    house.cancel(task_id("OPEN"))
    case = house.phone().delivers("OPEN")["conflict"]
    assert listed(house, conflict="true") == ["OPEN"]
    house.decide(case, "mine")
    assert listed(house, conflict="true") == []
    assert set(listed(house, status="delivered")) == {"DONE", "OPEN"}
    assert listed(house, q="文三路 100 号", window="late") == ["LATE"]
    several = house.desk().get("/api/v1/dispatch/tasks?status=delivered&status=created").json
    assert {row["waybill"] for row in several["tasks"]} == {"DONE", "OPEN", "MILK"}


def test_every_order_pages_without_a_gap(house: House) -> None:
    world(house)
    for sort in ("sequence", "window_end", "status", "waybill", "courier", "updated"):
        for way in ("asc", "desc"):
            pages = [listed(house, sort=sort, dir=way, limit=2, offset=at) for at in (0, 2, 4)]
            assert sorted(one for page in pages for one in page) == sorted(listed(house)), (sort, way)
    assert listed(house, sort="waybill") == ["PU5", "SF0", "SF1", "SF2", "SF3", "SF4"]
    assert listed(house, sort="waybill", dir="desc")[0] == "SF4"
    assert listed(house, sort="courier", limit=1) == ["PU5"], "Bei stands before 阿良, nobody at the end"
    assert listed(house, sort="updated", dir="desc", limit=1) == ["SF4"]


def test_all_that_match_and_rows_by_id(house: House) -> None:
    world(house)
    found = board(house, "tasks/ids", courier=house.cast.liang.id)
    assert found["total"] == 3 and {one["id"] for one in found["tasks"]} == {
        task_id(f"SF{n}") for n in (1, 2, 3)
    }
    row = board(house, "tasks", q="SF3")["tasks"][0]
    one = next(one for one in found["tasks"] if one["id"] == row["id"])
    assert one == {"id": row["id"], "rev": row["rev"], "status": "assigned", "courier": house.cast.liang.id}
    ids = [task_id("SF3"), task_id("FAR1"), uuid7(), task_id("SF1")]
    rows = board(house, "tasks/lookup", ids=",".join(ids))["tasks"]
    assert [row["id"] for row in rows] == [task_id("SF3"), task_id("SF1")]
    for ids in ([], [uuid7()] * 201):
        answer = house.desk().get("/api/v1/dispatch/tasks/lookup", query_string={"ids": ",".join(ids)})
        assert answer.status_code == 422


@one_database
def test_work_that_ends_today_is_todays_though_it_was_due_yesterday(house: House) -> None:
    house.assigned("SF1")
    house.clock.advance(hours=24)
    house.phone().delivers("SF1")
    assert board(house, "summary")["counts"]["done"] == 1
    house.clock.advance(hours=24)
    assert board(house, "summary")["counts"]["all"] == 0


def test_a_courier_has_a_plan_and_a_place_while_on_shift(house: House) -> None:
    dated(house)
    phone = house.phone()
    shift = f"shift:{uuid7()}"
    place = {"lat_e7": 302_712_345, "lng_e7": 1_201_054_321, "accuracy_m": 12}
    phone.sends("shift.started", shift, {"station": house.cast.home.id, "tasks": 4})
    phone.tape.record("task.noted", f"task:{task_id('OPEN')}", {"text": "gate"}, position=place)
    phone.tape.record("task.noted", f"task:{task_id('NONE')}", {"text": "gate"}, position=None)
    phone.push()
    liang = next(row for row in board(house, "couriers")["couriers"] if row["name"] == "阿良")
    soon = board(house, "tasks", q="SOON")["tasks"][0]["window_end"]
    assert liang["plan"] == {"total": 5, "done": 1, "next_window_end": soon, "late": 1}
    assert {name: liang["position"][name] for name in place} == place
    shown = board(house, "map")
    on_map = {one["name"]: one for one in shown["couriers"]}
    assert on_map["阿良"]["position"] == liang["position"]
    assert on_map["Bei"]["position"] is None
    assert shown["tiles"] == {"url": None, "attribution": None}
    stop = next(stop for stop in shown["stops"] if stop["task"] == task_id("LATE"))
    assert (stop["lat_e7"], stop["lng_e7"], stop["courier"]) == (
        302_700_000,
        1_201_000_000,
        house.cast.liang.id,
    )
    counts = {"recorded": 4, "confirmed": 4, "waiting": 0, "cash_minor": 0}
    assert phone.sends("shift.closed", shift, counts)["status"] == "applied"
    assert all(one["position"] is None for one in board(house, "map")["couriers"])


@one_database
def test_tiles_are_read_in_pieces_by_whoever_is_logged_in(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hangzhou.pmtiles"
    file.write_bytes(bytes(range(256)))
    settings = replace(house.app.extensions["doorstep_settings"], tiles=file)
    monkeypatch.setitem(house.app.extensions, "doorstep_settings", settings)
    tiles = board(house, "map")["tiles"]
    assert tiles == {"url": "/tiles/hangzhou.pmtiles", "attribution": "© OpenStreetMap"}
    piece = house.desk().get(tiles["url"], headers={"Range": "bytes=16-31"})
    assert (piece.status_code, piece.data) == (206, bytes(range(16, 32)))
    assert house.app.test_client().get(tiles["url"]).status_code == 401
    assert house.desk().get("/tiles/secret.key").status_code == 404
    file.unlink()
    assert board(house, "map")["tiles"] == tiles, "the desk asks, and says that it cannot be read"
    assert house.desk().get(tiles["url"]).status_code == 404


def test_filters_are_kept_for_oneself_or_shared_with_the_station(house: House) -> None:
    dora, chen, ada = house.desk(), house.desk(house.cast.chen), house.desk(house.cast.ada)
    far = house.desk(house.cast.far_dispatcher)

    def save(desk: Any, name: str, shared: bool, **query: Any) -> Any:
        body = {"name": name, "query": query, "shared": shared}
        return desk.post("/api/v1/dispatch/filters", json=body)

    own = save(dora, "迟了", False, window="late", status=["assigned"])
    assert own.status_code == 201 and own.json["query"] == {"window": "late", "status": ["assigned"]}
    shared = save(chen, "茶", True, merchant="茶铺", request=True).json

    def seen(desk: Any) -> list[tuple[str, bool]]:
        body = desk.get("/api/v1/dispatch/filters").json
        return [(one["name"], one["mine"]) for one in body["filters"]]

    assert sorted(seen(dora)) == [("茶", False), ("迟了", True)]
    assert seen(chen) == [("茶", True)]
    assert seen(far) == []
    path = f"/api/v1/dispatch/filters/{shared['id']}"
    assert (dora.call("DELETE", path).status_code, far.call("DELETE", path).status_code) == (404, 404)
    assert ada.call("DELETE", path).status_code == 204
    assert seen(chen) == []
    for query in ({"window": "yesterday"}, {"colour": "red"}, {"status": ["flying"]}):
        assert save(dora, "x", False, **query).status_code == 422
    assert save(dora, "", False).status_code == 422


@one_database
def test_nobody_keeps_filters_without_end(house: House) -> None:
    body = {"name": "x", "query": {}, "shared": False}
    answers = [house.desk().post("/api/v1/dispatch/filters", json=body).status_code for _ in range(51)]
    assert answers == [201] * 50 + [409]
