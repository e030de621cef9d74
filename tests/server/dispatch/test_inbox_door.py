"""The conflict inbox over HTTP: filters, counts, pages, evidence, and nothing personal in any of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.conflicts.models import Conflict
from server.core.db import transaction
from server.core.ids import uuid7
from tests.builders import order, order_draft
from tests.server.ops.house import WAYBILL, House

INBOX = "/api/v1/dispatch/conflicts"
MINUTE, HOUR = 60_000, 3_600_000
PNG = b"\x89PNG\r\n\x1a\n"
SQLITE = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")


def inbox(house: House, path: str = "", **query: Any) -> Any:
    response = house.desk(query.pop("by", None)).get(INBOX + path, query_string=query or None)
    assert response.status_code == 200, response.text
    return response.json


def cancelled(house: House, waybill: str, phone: str) -> str:
    """A case of a cancelled task that 阿良 signed; answers its id."""
    task = house.assigned(waybill, phone=phone)
    house.cancel(task)
    return str(house.phone().delivers(waybill)["conflict"])


def quarantined(house: House, payload: dict[str, Any] | None = None) -> str:
    return str(
        house.phone(house.cast.bei).sends("task.unheard_of", f"task:{uuid7()}", payload or {})["conflict"]
    )


def ids(answer: Any) -> list[str]:
    return [case["id"] for case in answer["conflicts"]]


def crowd(house: House, number: int, **columns: Any) -> list[str]:
    """Copies of the newest case straight into the table: as many as a bad day brings."""

    def write() -> list[str]:
        with transaction() as session:
            record = session.scalars(select(Conflict.record).limit(1)).one()
            made = [uuid7() for _ in range(number)]
            session.execute(insert(Conflict), [_row(record, one, at, columns) for at, one in enumerate(made)])
            return made

    return list(house.inside(write))


def _row(record: dict[str, Any], conflict_id: str, at: int, columns: dict[str, Any]) -> dict[str, Any]:
    due = record["due_at"] + (at + 1) * 1_000
    own = {**record, "id": conflict_id, "due_at": due}
    return {
        "id": conflict_id,
        "rev": 1,
        "record": own,
        "station_id": own["station"],
        "kind": own["kind"],
        "status": own["status"],
        "task_id": own["task"],
        "op_id": own["op_id"],
        "owner_id": own["owner"],
        "mine_author": own["mine_author"],
        "theirs_author": own["theirs_author"],
        "opened_at": own["opened_at"],
        "due_at": due,
        "decided_at": None,
        **columns,
    }


def test_the_inbox_is_narrowed_by_kind_owner_courier_due_time_and_search(house: House) -> None:
    first, second = cancelled(house, "SF1", "13900000001"), cancelled(house, "SF2", "13900000002")
    third = quarantined(house)
    everything = inbox(house)
    assert ids(everything) == [first, second, third] and everything["total"] == 3
    assert ids(inbox(house, kind="cancelled")) == [first, second]
    assert ids(inbox(house, kind="cancelled,quarantined")) == [first, second, third]
    assert ids(inbox(house, courier=house.cast.bei.id)) == [third]
    assert ids(inbox(house, courier=house.cast.dora.id)) == [first, second]
    assert ids(inbox(house, q="sf2")) == [second]
    assert ids(inbox(house, q="13900000001")) == [first]
    assert ids(inbox(house, q="Be")) == [third]
    assert ids(inbox(house, q="%")) == ids(inbox(house, q="nothing like it")) == []
    assert ids(inbox(house, ids=f"{third},{first}")) == [first, third]
    assert ids(inbox(house, due="today")) == [first, second, third]
    assert ids(inbox(house, due="overdue")) == []
    house.clock.advance(hours=2)
    assert ids(inbox(house, due="overdue")) == [first, second]
    assert inbox(house, status="decided")["conflicts"] == []


def test_the_counts_stand_beside_the_filters_whatever_is_filtered(house: House) -> None:
    cancelled(house, "SF1", "13900000001")
    quarantined(house)
    house.clock.advance(hours=2)
    for query in ({}, {"kind": "quarantined"}, {"limit": 1}, {"q": "nothing like it"}):
        counts = inbox(house, **query)["counts"]
        assert counts["by_kind"] == {"cancelled": 1, "quarantined": 1}
        assert (counts["overdue"], counts["today"]) == (1, 2)
        assert counts["mine"] + counts["unowned"] <= 2


def test_pages_and_marks_hold_thousands_in_one_order(house: House) -> None:
    cancelled(house, "SF1", "13900000001")
    crowd(house, 1_200)
    whole = inbox(house, "/ids")
    assert whole["total"] == len(whole["cases"]) == 1_201
    assert set(whole["cases"][0]) == {"id", "kind", "status", "outcomes", "suggested", "owner"}
    pages = [inbox(house, limit=500, offset=at) for at in (0, 500, 1_000)]
    assert [page["total"] for page in pages] == [1_201] * 3
    assert [one for page in pages for one in ids(page)] == [one["id"] for one in whole["cases"]]
    assert ids(inbox(house, limit=500, offset=5_000)) == []


def test_owners_narrow_the_list(house: House) -> None:
    case = cancelled(house, "SF1", "13900000001")
    dora, chen = house.cast.dora.id, house.cast.chen.id
    crowd(house, 2, owner_id=dora)
    crowd(house, 1, owner_id=chen)
    crowd(house, 1, owner_id=None)
    own = len(ids(inbox(house, owner="me")))
    assert own == len(ids(inbox(house, owner=dora))) >= 2
    assert len(ids(inbox(house, owner="me", by=house.cast.chen))) == 1
    counts = inbox(house)["counts"]
    assert counts["mine"] == own and counts["unowned"] == len(ids(inbox(house, owner="none"))) >= 1
    names = {one["name"]: one["role"] for one in inbox(house)["colleagues"]}
    assert names == {"Dora": "dispatcher", "陈晨": "csr", "Ada": "admin"}
    assert case in [one["id"] for one in inbox(house, "/ids")["cases"]]


def test_decided_cases_come_newest_first_and_say_until_when_they_can_be_undone(house: House) -> None:
    first, second = cancelled(house, "SF1", "13900000001"), cancelled(house, "SF2", "13900000002")
    house.decide(first, "mine")
    house.clock.advance(minutes=1)
    house.decide(second, "noted")
    decided = inbox(house, status="decided")
    assert ids(decided) == [second, first]
    assert decided["conflicts"][0]["undo_until"] > decided["server_time"]
    assert decided["conflicts"][0]["undo_until"] - decided["server_time"] <= 10 * MINUTE
    assert inbox(house)["conflicts"] == []
    house.clock.advance(minutes=11)
    assert [case["undo_until"] for case in inbox(house, status="decided")["conflicts"]] == [None, None]
    assert ids(inbox(house, ids=first)) == [first]


def test_a_case_shows_both_sides_with_clocks_place_and_evidence(house: House) -> None:
    task = house.assigned()
    first, second = house.phone(), house.phone(house.cast.bei)
    sha = hashlib.sha256(PNG).hexdigest()
    first.tape.delivered(WAYBILL, signature=sha, photos=["cd" * 32])
    put = first.handheld.call("PUT", f"/api/v1/blobs/{sha}", data=PNG, content_type="image/png")
    assert put.status_code == 201
    first.tape.envelopes[-1]["blobs"] = [sha, "cd" * 32]
    first.tape.envelopes[-1]["position"] = {"lat_e7": 302_700_000, "lng_e7": 1_200_900_000, "accuracy_m": 8}
    first.push()
    house.reassign(task, house.cast.liang, house.cast.bei)
    second.tape.at += 3 * HOUR
    case = second.fails()["conflict"]
    found = inbox(house, f"/{case}")
    assert (found["kind"], found["waybill"]) == ("contradiction", WAYBILL)
    assert found["customer"]["name"] == "王*明" and found["customer"]["tier"] in ("key", "monthly", "casual")
    mine, theirs = found["sides"]["mine"], found["sides"]["theirs"]
    assert (mine["author_name"], mine["type"], mine["place"]) == ("Bei", "task.attempt_failed", None)
    assert (theirs["author_name"], theirs["type"]) == ("阿良", "task.delivered")
    assert theirs["place"] == {"accuracy_m": 8, "distance_m": 961, "east_m": -961, "north_m": 0}
    states = {one["sha"]: (one["kind"], one["state"]) for one in theirs["evidence"]}
    assert states == {sha: ("signature", "stored"), "cd" * 32: ("photo", "pending")}
    clocks = mine["clocks"]
    assert clocks["corrected_at"] == clocks["at"] + clocks["skew_ms"] and clocks["skew_ms"] < -2 * HOUR
    assert found["clocks"] == clocks and mine["device"] and mine["voided"] is False
    house.decide(case, "mine")
    after = inbox(house, f"/{case}")
    assert after["sides"]["theirs"]["voided"] is True and after["decided_by_name"] == "Dora"


def test_a_quarantined_operation_is_readable_but_for_its_values(house: House) -> None:
    personal = order(house.cast.home.id, phone="13987650123")
    found = inbox(house, f"/{quarantined(house, personal)}")
    shape = {line["name"]: line["value"] for line in found["raw"]}
    assert shape["type"] == "task.unheard_of" and shape["payload.kind"] == "delivery"
    assert "payload.customer.phone" in shape and shape["payload.customer.phone"] is None
    assert "13987650123" not in json.dumps(found) and "王小明" not in json.dumps(found, ensure_ascii=False)
    assert found["sides"]["theirs"] is None and found["sides"]["mine"]["device"]
    other = cancelled(house, "SF1", "13900000001")
    assert inbox(house, f"/{other}")["raw"] is None


def test_what_came_without_an_id_is_readable_too(house: House) -> None:
    phone = house.phone()
    [result] = phone.exchange([{"half": "an operation", "seq": 1}])["results"]
    found = inbox(house, f"/{result['conflict']}")
    assert found["kind"] == "quarantined"
    assert {line["name"]: line["value"] for line in found["raw"]} == {"half": None, "seq": "1"}


def test_a_disputed_profile_or_request_is_masked_and_names_its_customer(house: House) -> None:
    house.order()
    customer = order(house.cast.home.id)["customer"]["id"]
    request = order(house.cast.home.id)["requests"][0]["id"]
    for text, by in (("放前台", house.cast.dora), ("放驿站", house.cast.chen)):
        said = {"request": request, "kind": "other", "text": text, "active": True}
        result = house.tell(
            "customer.request_set", f"customer:{customer}", said, base={"text": "请先打电话"}, by=by
        )
    found = inbox(house, f"/{result['conflict']}")
    assert found["kind"] == "field" and found["task"] is None
    assert found["customer"]["id"] == customer and found["customer"]["name"] == "王*明"
    assert (found["mine"]["text"], found["theirs"]["text"], found["base"]["text"]) == (
        "放驿站",
        "放前台",
        "请先打电话",
    )


def test_another_stations_cases_are_nowhere(house: House) -> None:
    case = cancelled(house, "SF1", "13900000001")
    far = house.cast.far_dispatcher
    house.desk(far).submit(order_draft(house.cast.away.id, "FAR1"))
    for query in ({}, {"q": "SF1"}, {"ids": case}, {"owner": "none"}, {"courier": house.cast.liang.id}):
        answer = inbox(house, by=far, **query)
        assert answer["conflicts"] == [] and answer["total"] == 0 and answer["counts"]["by_kind"] == {}
    assert inbox(house, "/ids", by=far) == {"cases": [], "total": 0}
    assert {one["name"] for one in inbox(house, by=far)["colleagues"]} == {"宁静"}
    assert house.desk(far).get(f"{INBOX}/{case}").status_code == 404


@SQLITE
def test_a_senseless_question_names_its_field(house: House) -> None:
    bad: Sequence[dict[str, Any]] = (
        {"status": "lost"},
        {"kind": "cancelled,invented"},
        {"due": "tomorrow"},
        {"limit": 0},
        {"limit": 501},
        {"offset": -1},
        {"q": "x" * 121},
        {"owner": "x" * 37},
        {"ids": ",".join(["x"] * 201)},
    )
    for query in bad:
        response = house.desk().get(INBOX, query_string=query)
        assert (response.status_code, response.json["code"]) == (422, "invalid"), query
        assert response.json["errors"][0]["field"].startswith(next(iter(query))), response.json
    assert house.desk().get(f"{INBOX}/{uuid7()}").status_code == 404
    assert house.desk().get(f"{INBOX}/none").status_code == 404
