"""Distance from the door, and the masked shape of what was not understood."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.dispatch.detail import masked
from server.dispatch.inbox_place import seen_from_door
from server.dispatch.inbox_raw import MOST_LINES, said_at, structure
from tests.builders import Tape, order

DOOR = {"lat_e7": 302_700_000, "lng_e7": 1_201_000_000}
UUID = "0198f2a0-0000-7000-8000-000000000001"


def at(lat: int, lng: int, accuracy: int = 12) -> dict[str, int]:
    return {"lat_e7": lat, "lng_e7": lng, "accuracy_m": accuracy}


def test_a_place_is_told_by_distance_and_direction_from_the_door() -> None:
    assert seen_from_door(at(302_700_000, 1_201_000_000), DOOR) == {
        "accuracy_m": 12,
        "distance_m": 0,
        "east_m": 0,
        "north_m": 0,
    }
    north = seen_from_door(at(302_800_000, 1_201_000_000), DOOR)
    assert north and (north["distance_m"], north["east_m"], north["north_m"]) == (1113, 0, 1113)
    west = seen_from_door(at(302_700_000, 1_200_900_000), DOOR)
    assert west and (west["distance_m"], west["east_m"], west["north_m"]) == (961, -961, 0)


def test_a_place_without_a_door_or_a_position_says_so() -> None:
    nowhere = {"lat_e7": None, "lng_e7": None}
    assert seen_from_door(None, DOOR) is None
    for address in (None, nowhere, {}):
        told = seen_from_door(at(1, 2), address)
        assert told == {"accuracy_m": 12, "distance_m": None, "east_m": None, "north_m": None}


def test_a_place_across_the_date_line_is_near() -> None:
    told = seen_from_door(at(0, -1_799_999_000), {"lat_e7": 0, "lng_e7": 1_799_999_000})
    assert told and told["distance_m"] == 22 and told["east_m"] == 22


def lines(value: Any) -> dict[str, Any]:
    return {line["name"]: line for line in structure(json.dumps(value, ensure_ascii=False))}


def test_a_raw_operation_shows_its_shape_and_no_personal_value() -> None:
    op = Tape(UUID, UUID).record("task.unheard_of", f"task:{UUID}", order(UUID, phone="13987650123"))
    found = lines(op)
    assert found["type"]["value"] == "task.unheard_of"
    assert found["entity"]["value"] == f"task:{UUID}"
    assert found["seq"]["value"] == "1" and found["at"]["value"] == str(op["at"])
    assert found["app"]["value"] == "test-1"
    assert found["payload.kind"]["value"] == "delivery"
    assert found["payload.pieces"]["value"] == "1"
    assert found["payload.customer.name"] == {
        "name": "payload.customer.name",
        "kind": "text",
        "value": None,
        "length": 3,
    }
    assert found["payload.address.lat_e7"] == {
        "name": "payload.address.lat_e7",
        "kind": "number",
        "value": None,
        "length": None,
    }
    text = json.dumps(found, ensure_ascii=False)
    for canary in ("王小明", "13987650123", '"502"', "502 室", "文三", "302700000", "请先打电话", "茶铺"):
        assert canary not in text, canary


@pytest.mark.parametrize(
    "value",
    [
        {"type": "王小明 13987650123"},
        {"type": "13987650123"},
        {"app": "wang-13987650123"},
        {"seq": 13987650123},
        {"at": "13987650123"},
        {"payload": {"reason": "打电话 13987650123"}},
        {"13987650123": 1},
        {"payload": {"王小明": True}},
        {"tasks": ["13987650123"]},
        ["13987650123"],
        "13987650123",
        13987650123,
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": "13987650123"}}}}}}},
    ],
)
def test_a_raw_operation_hides_what_hides_under_a_harmless_name(value: Any) -> None:
    told = json.dumps(structure(json.dumps(value, ensure_ascii=False)), ensure_ascii=False)
    assert "13987650123" not in told and "王小明" not in told


def test_a_raw_operation_that_is_no_json_is_told_by_its_length() -> None:
    nothing = {"name": "", "kind": "text", "value": None, "length": 9}
    assert structure('{"half": ') == [nothing]
    assert structure("[" * 100_000)[0]["kind"] == "text"
    assert structure("") == [{**nothing, "length": 0}]


def test_a_raw_operation_of_a_thousand_values_stays_readable() -> None:
    found = structure(json.dumps(list(range(5_000))))
    assert len(found) == MOST_LINES
    assert structure("{}") == [{"name": "", "kind": "object", "value": None, "length": 0}]
    kinds = [line["kind"] for line in structure(json.dumps({"a": None, "b": True, "c": [], "d": 1.5}))]
    assert kinds == ["nothing", "yes_no", "list", "number"]


def test_the_handhelds_time_is_believed_only_when_it_is_one() -> None:
    assert said_at('{"at": 17}') == 17
    for raw in (
        '{"at": true}',
        '{"at": "17"}',
        '{"at": -1}',
        '{"at": 1e3}',
        "[17]",
        "{",
        '{"at": 9007199254740993}',
    ):
        assert said_at(raw) is None, raw


def test_versions_are_masked_by_the_names_of_their_fields() -> None:
    told = masked(
        {
            "name": "金丝雀莉莉",
            "phone": "13987650123",
            "email": "lily@example.com",
            "address": "文三路 100 号 3 单元 502 室",
            "customer": {"name": "金丝雀莉莉"},
            "recipient_name": "Lily",
            "contacts": [{"name": "a"}, {"name": "b"}],
            "raw": "12345",
            "text": "请先打电话",
            "status": "delivered",
        }
    )
    assert told == {
        "name": "金***莉",
        "phone": "139******23",
        "email": "l***@example.com",
        "address": "文三路 100 号 ***",
        "contacts": 2,
        "raw": "5 bytes",
        "text": "请先打电话",
        "status": "delivered",
    }
    assert masked({"address": {"text": "x"}, "name": None}) == {"name": None}
