"""Enrolling, listing and revoking handhelds."""

from __future__ import annotations

import threading
from xml.etree import ElementTree

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from server.auth import queries, service
from server.core.db import db, read, transaction
from tests.conftest import SECRET, Clock
from tests.people import Cast


def a_code(cast: Cast) -> str:
    answer = cast.desk(cast.dora).post("/api/v1/devices/codes", json={"courier": cast.liang.id})
    code: str = answer.json["code"]
    return code


def enrol(client: FlaskClient, code: str) -> tuple[int, str | None]:
    answer = client.post("/api/v1/devices/enrol", json={"code": code, "app": "a", "label": None})
    return answer.status_code, answer.json.get("code")


def test_a_code_makes_one_device_with_its_own_credential(cast: Cast, client: FlaskClient) -> None:
    made = client.post("/api/v1/devices/enrol", json={"code": a_code(cast), "app": "1.0", "label": "PDA 7"})
    assert made.status_code == 201
    assert made.json["user"] == {"id": cast.liang.id, "name": "阿良", "lang": "zh"}
    assert made.json["station"]["timezone"] == "Asia/Shanghai"
    assert len(made.json["credential"]) >= 43
    (listed,) = cast.desk(cast.dora).get("/api/v1/devices").json["devices"]
    assert listed["id"] == made.json["device"]
    assert listed["label"] == "PDA 7"
    assert listed["user"] == {"id": cast.liang.id, "name": "阿良"}
    assert listed["revoked_at"] is None
    assert "credential" not in str(listed)


def test_neither_code_nor_credential_is_in_the_database(cast: Cast, app: Flask) -> None:
    code, handheld = a_code(cast), cast.handheld(cast.bei)
    with app.app_context(), read() as session:
        rows = [
            tuple(row)
            for table in ("device", "enrolment_code")
            for row in session.execute(text(f"SELECT * FROM {table}"))
        ]
    assert rows
    assert handheld.credential not in str(rows)
    assert code not in str(rows)
    assert code.replace("-", "") not in str(rows)


def test_the_card_says_the_code_as_text_link_and_picture(cast: Cast) -> None:
    card = cast.desk(cast.dora).post("/api/v1/devices/codes", json={"courier": cast.liang.id}).json
    assert card["url"] == f"http://localhost/#enrol={card['code']}"
    picture = ElementTree.fromstring(card["qr_svg"])
    assert picture.tag.endswith("svg")
    assert {element.tag.rsplit("}")[-1] for element in picture.iter()} <= {"svg", "g", "path"}


def test_codes_are_read_as_people_type_them(cast: Cast, client: FlaskClient) -> None:
    assert service.normal_code(" abcd-oil1 ") == "ABCD0111"
    assert enrol(client, a_code(cast).lower().replace("-", " "))[0] == 201


def test_used_unknown_and_expired_codes_look_the_same(cast: Cast, client: FlaskClient, clock: Clock) -> None:
    used, old = a_code(cast), a_code(cast)
    assert enrol(client, used)[0] == 201
    clock.advance(minutes=31)
    assert [enrol(client, code) for code in (used, old, "AAAA-AAAA", "?")] == [(400, "enrolment_invalid")] * 4


def test_two_handhelds_cannot_share_a_code(cast: Cast) -> None:
    code, statuses = a_code(cast), []

    def work() -> None:
        statuses.append(enrol(cast.app.test_client(), code)[0])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [400] * 7


def test_guessing_codes_is_slowed_down(cast: Cast, client: FlaskClient) -> None:
    assert [enrol(client, "AAAA-AAAA")[0] for _ in range(31)] == [400] * 30 + [429]


def test_codes_are_for_active_couriers_of_the_own_station(cast: Cast) -> None:
    desk = cast.desk(cast.dora)
    for person, status in ((cast.dora, 409), (cast.far_courier, 404)):
        assert desk.post("/api/v1/devices/codes", json={"courier": person.id}).status_code == status
    assert desk.post("/api/v1/devices/codes", json={"courier": "x" * 36}).status_code == 404


def test_a_revoked_device_is_told_so_and_its_rows_stay(cast: Cast) -> None:
    desk, handheld = cast.desk(cast.dora), cast.handheld(cast.liang)
    assert handheld.get("/api/v1/manifest").status_code == 200
    for _ in range(2):
        assert desk.post(f"/api/v1/devices/{handheld.device}/revoke").status_code == 204
    refused = handheld.get("/api/v1/manifest")
    assert (refused.status_code, refused.json["code"]) == (401, "device_revoked")
    (listed,) = desk.get("/api/v1/devices").json["devices"]
    assert listed["revoked_at"] is not None


def test_another_stations_device_does_not_exist_here(cast: Cast) -> None:
    handheld = cast.handheld(cast.far_courier)
    desk = cast.desk(cast.dora)
    assert desk.post(f"/api/v1/devices/{handheld.device}/revoke").status_code == 404
    assert desk.get("/api/v1/devices").json["devices"] == []


def test_a_device_needs_its_own_credential(client: FlaskClient, cast: Cast) -> None:
    for header in ("Bearer nothing", "Bearer ", "Basic eDp5", "Bearer"):
        answer = client.get("/api/v1/manifest", headers={"Authorization": header})
        assert (answer.status_code, answer.json["code"]) == (401, "device_unknown")


def test_what_an_exchange_tells_of_a_device_is_kept(cast: Cast, app: Flask) -> None:
    device = cast.handheld(cast.liang).device
    first, second = "0" * 36, "1" * 36
    with app.app_context():
        with transaction():
            service.lock_device(device)
            service.hear(device, at=5, app="2.0", incarnation=first, head_seq=7, waiting=3)
        with transaction():
            known = queries.device(device)
            assert known is not None
            assert known.head_seq == 7
            service.hear(device, at=6, incarnation=second)
        with read():
            seen = queries.device(device)
        db.session.rollback()
    assert seen is not None
    assert (seen.last_heard, seen.app, seen.incarnation, seen.head_seq, seen.waiting) == (
        6,
        "2.0",
        second,
        0,
        3,
    )


def test_the_code_hash_depends_on_the_installations_secret() -> None:
    assert service.hash_code("AAAA-AAAA", SECRET) != service.hash_code("AAAA-AAAA", "another")
