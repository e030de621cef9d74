"""A courier's login on a handheld beside the device's own credential: what is handed in needs no login, what is told
does (P34), and what one courier recorded stays his whoever works with the device next (P11)."""

from __future__ import annotations

from typing import Any

from server.auth import handhelds, service
from server.auth.policy import UserView
from server.core.db import transaction
from tests.builders import task_id
from tests.server.ops.house import WAYBILL, House, Phone

DAYS = 30


def a_code(house: House, courier: UserView) -> str:
    answer = house.desk().post("/api/v1/devices/codes", json={"courier": courier.id})
    code: str = answer.json["code"]
    return code


def log_in(house: House, phone: Phone, courier: UserView | None = None) -> tuple[int, Any]:
    """The courier types a code of the dispatcher's into the device he has."""
    courier = courier or phone.courier
    response = phone.handheld.post("/api/v1/devices/login", json={"code": a_code(house, courier)})
    if response.status_code == 200:
        phone.handheld.session = response.json["session"]
        phone.courier, phone.tape.author = courier, courier.id
    return response.status_code, response.json


def log_out(house: House, phone: Phone) -> None:
    path = f"/api/v1/devices/{phone.handheld.device}/login"
    assert house.desk().call("DELETE", path).status_code == 204


def state(phone: Phone) -> str:
    pulled: str = phone.exchange()["pull"]["state"]
    return pulled


def test_p34_enrolment_logs_in_and_the_credential_alone_hands_in_and_is_told_nothing(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    assert phone.exchange()["pull"]["state"] == "ok"
    phone.handheld.session = None
    phone.tape.delivered(WAYBILL)
    answer = phone.exchange(phone.tape.envelopes, 1)
    assert [result["status"] for result in answer["results"]] == ["applied"]
    assert (answer["pull"], answer["head_seq"]) == ({"state": "login_required", "scopes": []}, 1)
    assert house.status(task) == "delivered"
    refused = phone.handheld.get("/api/v1/manifest")
    assert (refused.status_code, refused.json["code"]) == (401, "login_required")


def test_p34_a_code_logs_in_on_the_same_device_and_nothing_is_lost(house: House) -> None:
    house.assigned()
    phone = house.phone()
    log_out(house, phone)
    phone.tape.delivered(WAYBILL)
    assert state(phone) == "login_required"
    status, body = log_in(house, phone)
    assert (status, body["user"]["id"], body["station"]["id"]) == (
        200,
        house.cast.liang.id,
        house.cast.home.id,
    )
    assert state(phone) == "ok"
    assert phone.push()[0]["status"] == "applied"
    devices = house.desk().get("/api/v1/devices").json["devices"]
    assert [(one["id"], one["login_until"] is not None) for one in devices] == [(phone.handheld.device, True)]


def test_p34_a_login_ends_by_the_desk_by_the_courier_and_by_the_next_one(house: House) -> None:
    phone = house.phone()
    first = phone.handheld.session
    log_out(house, phone)
    assert state(phone) == "login_required"
    log_in(house, phone)
    assert phone.handheld.call("DELETE", "/api/v1/devices/login").status_code == 204
    assert state(phone) == "login_required"
    [shown] = house.desk().get("/api/v1/devices").json["devices"]
    assert (shown["login_until"], shown["state"]) == (None, "working")
    log_in(house, phone)
    second = phone.handheld.session
    log_in(house, phone)
    for stale in (first, second, "made up", phone.handheld.credential):
        phone.handheld.session = stale
        assert state(phone) == "login_required"


def test_p34_a_login_lasts_while_it_is_used_and_ends_when_it_is_not(house: House) -> None:
    phone = house.phone()
    for _ in range(3):
        house.clock.advance(hours=24 * (DAYS - 1))
        assert state(phone) == "ok"
    house.clock.advance(hours=24 * DAYS + 1)
    assert state(phone) == "login_required"
    assert log_in(house, phone)[0] == 200
    assert state(phone) == "ok"


def test_p34_a_login_is_renewed_once_a_day_and_not_with_every_exchange(house: House) -> None:
    phone = house.phone()

    def until() -> int:
        [shown] = house.desk().get("/api/v1/devices").json["devices"]
        return int(shown["login_until"])

    first = until()
    house.clock.advance(hours=23)
    phone.exchange()
    assert until() == first
    house.clock.advance(hours=2)
    phone.exchange()
    assert until() > first


def test_p34_a_login_that_ended_is_not_brought_back_by_its_renewal(house: House) -> None:
    phone = house.phone()

    def race() -> None:
        found = handhelds.authenticate(phone.handheld.credential, phone.handheld.session or "")
        assert found is not None and found[2] is not None
        with transaction():
            handhelds.end(phone.handheld.device, by=None)
        with transaction():
            handhelds.renew(found[2], days=DAYS)

    house.inside(race)
    assert state(phone) == "login_required"


def test_p34_a_code_is_good_once_in_its_own_time_and_at_its_own_station(house: House) -> None:
    phone = house.phone()
    code = a_code(house, house.cast.liang)
    far = house.desk(house.cast.far_dispatcher)
    strange = far.post("/api/v1/devices/codes", json={"courier": house.cast.far_courier.id}).json["code"]
    late = a_code(house, house.cast.liang)
    assert phone.handheld.post("/api/v1/devices/login", json={"code": code}).status_code == 200
    house.clock.advance(minutes=31)
    for wrong in (code, strange, late, "0000-0000"):
        refused = phone.handheld.post("/api/v1/devices/login", json={"code": wrong})
        assert (refused.status_code, refused.json["code"]) == (400, "enrolment_invalid")
    bare = house.app.test_client().post(
        "/api/v1/devices/login", json={"code": a_code(house, house.cast.liang)}
    )
    assert (bare.status_code, bare.json["code"]) == (401, "device_unknown")


def test_p34_a_revoked_device_is_not_logged_in_anew(house: House) -> None:
    phone = house.phone()
    assert house.desk().post(f"/api/v1/devices/{phone.handheld.device}/revoke").status_code == 204
    assert log_in(house, phone)[0] == 401


def test_p34_only_the_station_of_a_device_ends_its_login(house: House) -> None:
    phone = house.phone()
    path = f"/api/v1/devices/{phone.handheld.device}/login"
    assert house.desk(house.cast.far_dispatcher).call("DELETE", path).status_code == 404
    assert house.desk(house.cast.chen).call("DELETE", path).status_code == 403
    assert state(phone) == "ok"


def test_p34_a_handheld_from_before_there_were_logins_goes_on_until_it_logs_in_anew(house: House) -> None:
    """Its migrated login has the credential for a token (migrations, handheld sessions)."""
    phone = house.phone()
    phone.handheld.session = None

    def migrated() -> None:
        with transaction() as session:
            row = session.query(handhelds.HandheldSession).one()
            row.token_hash = service.hash_credential(phone.handheld.credential)

    house.inside(migrated)
    assert state(phone) == "ok"
    log_out(house, phone)
    assert state(phone) == "login_required"
    log_in(house, phone)
    phone.handheld.session = None
    assert state(phone) == "login_required"


def test_p11_what_one_courier_recorded_is_his_when_another_has_logged_in(house: House) -> None:
    mine, his = house.assigned("SF1"), house.assigned("SF2", house.cast.bei)
    phone = house.phone()
    phone.tape.delivered("SF1")
    phone.tape.record("task.noted", f"task:{mine}", {"text": "left with the neighbour"})
    assert log_in(house, phone, house.cast.bei)[0] == 200
    phone.tape.delivered("SF2")
    results = phone.push()
    assert [result["status"] for result in results] == ["applied"] * 3
    assert [result["applied_at"]["scope"] for result in results] == [
        f"courier:{house.cast.liang.id}",
        f"courier:{house.cast.liang.id}",
        f"courier:{house.cast.bei.id}",
    ]
    logged = house.log(device_id=phone.handheld.device)
    assert [(op.author, op.seq) for op in logged] == [
        (house.cast.liang.id, 1),
        (house.cast.liang.id, 2),
        (house.cast.bei.id, 3),
    ]
    assert (house.status(mine), house.status(his), house.cases()) == ("delivered", "delivered", [])
    phone.pull()
    assert list(phone.rows()) == [f"task:{his}"]


def test_p11_nobody_speaks_for_one_who_has_never_worked_with_the_device(house: House) -> None:
    house.assigned()
    phone = house.phone()
    phone.tape.author = house.cast.bei.id
    phone.tape.delivered(WAYBILL)
    [result] = phone.push()
    assert (result["status"], result["code"]) == ("quarantined", "forbidden")
    assert house.status(task_id(WAYBILL)) == "assigned"


def test_p11_what_somebody_recorded_who_has_left_is_kept_as_evidence_under_his_name(house: House) -> None:
    house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL)
    log_in(house, phone, house.cast.bei)

    def leave() -> None:
        with transaction():
            service.disable_user(house.cast.liang.id)

    house.inside(leave)
    phone.tape.record("task.noted", f"task:{house.assigned('SF2', house.cast.bei)}", {"text": "mine"})
    evidence, mine = phone.push()
    assert (evidence["status"], evidence["code"], mine["status"]) == (
        "quarantined",
        "device_revoked",
        "applied",
    )
    [parked] = house.parked()
    [case] = house.cases()
    assert (parked.author, case["mine_author_name"]) == (house.cast.liang.id, "阿良")
    assert state(phone) == "ok"
