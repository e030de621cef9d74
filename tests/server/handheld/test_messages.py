"""The exchange as a message: what cannot be read at all is refused and kept, everything else is judged (P14, P18)."""

from __future__ import annotations

import gzip
import json
import tracemalloc

from server.ops.models import UnreadableBody
from tests.server.ops.house import House, Phone


def unreadable(house: House) -> list[UnreadableBody]:
    from sqlalchemy import select

    return house._all(select(UnreadableBody))


def good(phone: Phone) -> bytes:
    return json.dumps(phone.tape.exchange()).encode()


UNREADABLE = {
    "no JSON": (b"{not json", {}),
    "nothing": (b"", {}),
    "a list": (b"[]", {}),
    "a text": (b'"hello"', {}),
    "bytes": (b"\xff\xfe\x00\x01", {}),
    "NaN": (b'{"limit": NaN}', {}),
    "no gzip": (b"not gzip", {"Content_Encoding": "gzip"}),
    "half a gzip": (gzip.compress(b"{}" * 500)[:20], {"Content_Encoding": "gzip"}),
    "a gzip with a broken sum": (gzip.compress(b"{}")[:-4] + b"\0\0\0\0", {"Content_Encoding": "gzip"}),
    "a key twice": (b'{"limit": 1, "limit": 2}', {}),
    "a key twice, deep inside": (b'{"push": {"operations": [{"a": 1, "a": 2}]}}', {}),
    "nested without end": (b'{"a":' * 100_000, {}),
    "no incarnation": (b"{}", {}),
}


def test_p18_a_body_nobody_can_read_is_refused_and_kept_word_for_word(house: House) -> None:
    phone = house.phone()
    for what, (body, headers) in UNREADABLE.items():
        for _ in range(2):
            response = phone.send_raw(body, **headers)
            assert (response.status_code, response.json["code"]) == (400, "unreadable"), what
            assert response.content_type == "application/problem+json"
    kept = unreadable(house)
    assert {row.body for row in kept} == {body for body, _ in UNREADABLE.values()}
    assert len(kept) == len({body for body, _ in UNREADABLE.values()})
    assert {row.device_id for row in kept} == {phone.handheld.device}
    assert phone.exchange()["head_seq"] == 0


def framed(phone: Phone, **change: object) -> dict[str, object]:
    return {**phone.tape.exchange(), **change}


BAD_FRAMES = {
    "incarnation no uuid": {"incarnation": "x" * 36},
    "incarnation with NUL": {"incarnation": "\0" * 36},
    "incarnation with surrogates": {"incarnation": "\ud800" * 36},
    "push a list": {"push": [1]},
    "operations an object": {"push": {"from_seq": 1, "operations": {}}},
    "from_seq zero": {"push": {"from_seq": 0, "operations": []}},
    "from_seq a text": {"push": {"from_seq": "1", "operations": []}},
    "from_seq true": {"push": {"from_seq": True, "operations": []}},
    "from_seq huge": {"push": {"from_seq": 2**70, "operations": []}},
    "limit zero": {"limit": 0},
    "limit a float": {"limit": 1.5},
    "cursors a list": {"cursors": [1]},
    "a cursor below zero": {"cursors": {"courier:x": -1}},
    "a cursor of a scope with a surrogate": {"cursors": {"\ud800\0": -1}},
    "a ceiling that is a text": {"ceilings": {"courier:x": "9"}},
    "last_seq a text": {"last_seq": "9"},
    "sent_at a text": {"sent_at": "now"},
}


def test_p18_a_frame_without_its_parts_is_unreadable_never_a_server_error(house: House) -> None:
    phone = house.phone()
    for what, change in BAD_FRAMES.items():
        response = phone.send(framed(phone, **change))
        assert (response.status_code, response.json.get("code")) == (400, "unreadable"), what
    assert len(unreadable(house)) == len(BAD_FRAMES)


ODD_BUT_FINE = {
    "app with NUL": {"app": "a\0b"},
    "app with a surrogate": {"app": "\ud800"},
    "app very long": {"app": "x" * 10_000},
    "app an object": {"app": {"a": 1}},
    "cursors of strangers": {"cursors": {"courier:somebody": 5, "\ud800": 1}},
    "a cursor beyond the present": {"cursors": {"courier:x": 2**52}},
    "limit beyond a page": {"limit": 10**9},
    "last_seq enormous": {"last_seq": 2**53 - 1},
    "sent_at in another age": {"sent_at": 1},
    "sent_at far ahead": {"sent_at": 2**53 - 1},
    "an unknown part": {"weather": "rain"},
    "no push": {"push": None},
}


def test_p18_odd_but_harmless_parts_of_a_frame_are_taken_as_they_are(house: House) -> None:
    task = house.assigned()
    for what, change in ODD_BUT_FINE.items():
        phone = house.phone()
        phone.tape.record("task.noted", f"task:{task}", {"text": "x"})
        response = phone.send(framed(phone, **change))
        assert response.status_code == 200, (what, response.text)
    assert unreadable(house) == []


def test_p14_gzip_is_understood(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.record("task.noted", f"task:{task}", {"text": "zipped"})
    response = phone.send_raw(gzip.compress(good(phone)), Content_Encoding="gzip")
    assert response.json["results"][0]["status"] == "applied"


def test_p18_a_bomb_is_refused_before_it_is_unpacked(house: House) -> None:
    phone = house.phone()
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < 60_000
    tracemalloc.start()
    try:
        response = phone.send_raw(bomb, Content_Encoding="gzip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (response.status_code, response.json["code"]) == (413, "too_large")
    assert peak < 10_000_000


def test_p18_a_body_beyond_four_batches_is_refused(house: House) -> None:
    phone = house.phone()
    padded = framed(phone, padding="x" * (1024 * 1024))
    response = phone.send(padded)
    assert (response.status_code, response.json["code"]) == (413, "too_large")
    response = phone.send_raw(gzip.compress(json.dumps(padded).encode()), Content_Encoding="gzip")
    assert (response.status_code, response.json["code"]) == (413, "too_large")
    assert unreadable(house) == []


def test_p34_who_is_no_device_is_told_so_and_nothing_is_read(house: House) -> None:
    client = house.app.test_client()
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"}):
        response = client.post("/api/v1/exchange", data=b"{broken", headers=headers)
        assert (response.status_code, response.json["code"]) == (401, "device_unknown")
    assert unreadable(house) == []


def test_p26_an_answer_names_the_station_the_user_and_the_clock(house: House) -> None:
    phone = house.phone()
    answer = phone.exchange()
    assert answer["protocol"] == 1
    assert answer["user"] == {
        "id": house.cast.liang.id,
        "name": "阿良",
        "role": "courier",
        "lang": "zh",
        "station": house.cast.home.id,
    }
    assert abs(answer["server_time"] - house.clock.now) < 1000
    assert answer["epoch"] and answer["expected_seq"] == 1 and answer["missing_blobs"] == []


def test_p35_the_difference_of_the_clocks_is_kept_and_refuses_nothing(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.at -= 86_400_000
    phone.tape.record("task.noted", f"task:{task}", {"text": "yesterday's clock"}, mono=1)
    assert phone.push()[0]["status"] == "applied"
    [row] = house.log(type="task.noted")
    assert abs(row.skew_ms - 86_400_000) < 10_000
    assert row.at == phone.tape.at
