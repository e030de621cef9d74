"""Logging in and out at the desk."""

from __future__ import annotations

import time

from flask import Flask
from flask.testing import FlaskClient

from server.auth import passwords, service
from server.core.db import transaction
from tests.conftest import Clock
from tests.people import PASSWORD, Cast


def test_a_login_gives_a_session_and_a_token(cast: Cast) -> None:
    desk = cast.desk(cast.dora)
    body = desk.get("/api/v1/session").json
    assert body["user"] == {
        "id": cast.dora.id,
        "username": "dora",
        "name": "Dora",
        "role": "dispatcher",
        "lang": "en",
        "station": {"id": cast.home.id, "code": "HZ01", "name": "杭州西湖站", "timezone": "Asia/Shanghai"},
    }
    assert body["csrf_token"]


def test_the_cookie_is_closed_to_scripts_and_secure_on_https(client: FlaskClient, cast: Cast) -> None:
    login = {"username": "dora", "password": PASSWORD}
    plain = client.post("/api/v1/session", json=login).headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    https = client.post("/api/v1/session", json=login, base_url="https://desk.example").headers["Set-Cookie"]
    assert "Secure" in https


def test_only_one_answer_an_hour_carries_the_cookie(cast: Cast, clock: Clock) -> None:
    """A late answer to whoever worked here before must not take the place of the present login."""
    desk = cast.desk(cast.dora)
    before = desk.client.get_cookie("doorstep")
    assert all("Set-Cookie" not in desk.get("/api/v1/session").headers for _ in range(3))
    clock.advance(hours=1, minutes=1)
    assert "doorstep=" in desk.get("/api/v1/session").headers["Set-Cookie"]
    assert "Set-Cookie" not in desk.get("/api/v1/session").headers
    assert desk.client.get_cookie("doorstep") != before
    assert desk.call("DELETE", "/api/v1/session").status_code == 204
    assert desk.client.get_cookie("doorstep") is None


def test_wrong_name_and_wrong_password_look_the_same(client: FlaskClient, cast: Cast) -> None:
    answers = [
        client.post("/api/v1/session", json={"username": name, "password": word})
        for name, word in (("dora", "wrong password"), ("nobody", PASSWORD))
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.json["code"] == "credentials_invalid"
    assert answers[0].json["detail"] == answers[1].json["detail"]


def test_logging_out_ends_the_session_on_the_server_too(cast: Cast) -> None:
    desk = cast.desk(cast.dora)
    cookie = desk.client.get_cookie("doorstep")
    assert cookie is not None
    assert desk.call("DELETE", "/api/v1/session").status_code == 204
    assert desk.get("/api/v1/session").status_code == 401
    thief = cast.app.test_client()
    thief.set_cookie("doorstep", cookie.value)
    assert thief.get("/api/v1/session").status_code == 401


def test_a_disabled_user_is_out_at_once(cast: Cast, app: Flask) -> None:
    desk, handheld = cast.desk(cast.dora), cast.handheld(cast.liang)
    with app.app_context(), transaction():
        service.disable_user(cast.dora.id)
        service.disable_user(cast.liang.id)
    assert desk.get("/api/v1/session").status_code == 401
    refused = handheld.get("/api/v1/manifest")
    assert (refused.status_code, refused.json["code"]) == (401, "device_revoked")


def test_unsafe_calls_of_a_session_need_its_token(cast: Cast) -> None:
    desk = cast.desk(cast.dora)
    body = {"courier": cast.liang.id}
    without = desk.client.post("/api/v1/devices/codes", json=body)
    wrong = desk.client.post("/api/v1/devices/codes", json=body, headers={"X-CSRF-Token": "x"})
    for answer in (without, wrong):
        assert answer.status_code == 403
        assert answer.json["code"] == "csrf_invalid"
    assert desk.post("/api/v1/devices/codes", json=body).status_code == 201


def test_another_sessions_token_does_not_help(cast: Cast) -> None:
    dora, ada = cast.desk(cast.dora), cast.desk(cast.ada)
    stolen = {"X-CSRF-Token": ada.token}
    answer = dora.client.post("/api/v1/devices/codes", json={"courier": cast.liang.id}, headers=stolen)
    assert answer.json["code"] == "csrf_invalid"


def test_guessing_passwords_is_slowed_down_but_only_failures_count(client: FlaskClient, cast: Cast) -> None:
    right, wrong = ({"username": "dora", "password": word} for word in (PASSWORD, "guess guess"))
    assert [client.post("/api/v1/session", json=right).status_code for _ in range(20)] == [200] * 20
    assert [client.post("/api/v1/session", json=wrong).status_code for _ in range(10)] == [401] * 10
    over = client.post("/api/v1/session", json=right)
    assert over.status_code == 429
    assert over.json["code"] == "rate_limited"
    assert int(over.headers["Retry-After"]) > 0
    other = {"username": "ada", "password": PASSWORD}
    assert client.post("/api/v1/session", json=other).status_code == 200


def test_a_login_that_is_no_login_is_named_field_by_field(client: FlaskClient, cast: Cast) -> None:
    answer = client.post("/api/v1/session", json={"username": "", "colour": "red"})
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert {error["field"] for error in answer.json["errors"]} == {"username", "password", "colour"}


def test_a_password_costs_a_thief_time() -> None:
    strong = passwords.PasswordHasher(
        time_cost=passwords.TIME_COST, memory_cost=passwords.MEMORY_KIB, parallelism=1
    )
    began = time.perf_counter()
    strong.hash("correct horse")
    assert time.perf_counter() - began > 0.01
    assert strong.hash("x").startswith("$argon2id$")
