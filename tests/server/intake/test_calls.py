"""Orders of a merchant's system: one call, one effect."""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server.auth import keys
from server.core import pins
from server.core.db import db, read, transaction
from server.intake import calls
from server.ops.models import Operation
from server.tasks.models import Task
from tests.builders import assign_draft
from tests.conftest import Clock
from tests.people import Cast

DOOR = "/api/v1/orders"


def order(number: int = 1, **over: Any) -> dict[str, Any]:
    return {
        "kind": "delivery",
        "reference": f"A-{number}",
        "waybill": f"DS-{number:05d}",
        "name": "王小明",
        "phone": "129 0000 0001",
        "address": "杭州市云溪路8号",
        "window_start": "2026-05-04T09:00:00+08:00",
        "window_end": "2026-05-04T11:00:00+08:00",
        "cod_minor": 1250,
        "requests": [{"kind": "call_first", "text": "先打电话"}],
        **over,
    }


class Merchant:
    def __init__(self, app: Flask, station: str, name: str) -> None:
        self.client: FlaskClient = app.test_client()
        with app.app_context(), transaction():
            self.key, self.text = keys.make(station, name)

    def send(self, *orders: dict[str, Any], key: str = "k1", **body: Any) -> TestResponse:
        return self.client.post(
            DOOR,
            data=json.dumps({"orders": list(orders), **body}),
            headers={"Authorization": f"Bearer {self.text}", "Idempotency-Key": key},
            content_type="application/json",
        )

    def status(self, reference: str) -> TestResponse:
        return self.client.get(f"{DOOR}/{reference}", headers={"Authorization": f"Bearer {self.text}"})


@pytest.fixture
def shop(app: Flask, cast: Cast) -> Merchant:
    return Merchant(app, cast.home.id, "shop")


def count(app: Flask, model: Any) -> int:
    with app.app_context(), read():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_orders_become_tasks_and_a_repeat_gets_the_same_answer(
    app: Flask, cast: Cast, shop: Merchant
) -> None:
    first = shop.send(order(1), order(2))
    assert first.status_code == 201, first.text
    assert [(o["reference"], o["waybill"], o["status"]) for o in first.json["orders"]] == [
        ("A-1", "DS00001", "accepted"),
        ("A-2", "DS00002", "accepted"),
    ]
    again = shop.send(order(1), order(2))
    assert (again.status_code, again.json) == (201, first.json)
    other = shop.send(order(3))
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reuse")
    fresh = shop.send(order(1), order(3), key="k2")
    assert [o["status"] for o in fresh.json["orders"]] == ["unchanged", "accepted"]
    assert count(app, Task) == count(app, Operation) == 3
    task = cast.desk(cast.dora).get("/api/v1/dispatch/tasks?q=DS00001").json["tasks"][0]
    assert (task["status"], task["window_start"]) == ("created", 1_777_856_400_000)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_order_that_goes_for_a_code_only_brings_the_handheld_a_digest_and_no_code(
    app: Flask, cast: Cast, shop: Merchant
) -> None:
    given = order(1, pin_required=True)
    assert shop.send(given).status_code == 201
    [done] = cast.desk(cast.dora).submit(assign_draft(given["waybill"], cast.liang.id))
    assert done["status"] == "applied"
    with app.app_context(), read() as session:
        [task] = session.scalars(select(Task)).all()
        code = pins.of_task(task.id)
    assert task.record["pin_required"] is True
    handheld = cast.handheld(cast.liang)
    asked = {"protocol": 1, "app": "t", "incarnation": task.id, "push": None, "cursors": {}, "ceilings": {}}
    told = handheld.post("/api/v1/exchange", json={**asked, "limit": 500, "sent_at": 0})
    [row] = [
        row
        for page in told.json["pull"]["scopes"]
        for row in page["rows"]
        if row["entity"].startswith("task:")
    ]
    pin = row["body"]["pin"]
    typed = hashlib.pbkdf2_hmac("sha256", code.encode(), bytes.fromhex(pin["salt"]), pin["iterations"])
    assert (typed.hex(), set(pin)) == (pin["digest"], {"salt", "iterations", "digest"})
    refused = shop.send(order(2, kind="pickup", pin_required=True), key="k2")
    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] == "/orders/0/pin_required"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_wrong_orders_are_named_by_pointer_and_nothing_is_taken(app: Flask, shop: Merchant) -> None:
    bad = [
        order(1),
        order(2, phone="call me"),
        order(3, pieces="two", surprise=1),
        order(4, window_end="2026-05-04T08:00:00+08:00"),
        order(5, window_start="2026-05-04T09:00"),
        order(6, requests=[{"kind": "sing"}]),
        "no object",
        order(1),
        order(8, waybill=" - "),
        {"kind": "delivery"},
    ]
    answer = shop.send(*bad)
    assert (answer.status_code, answer.json["code"]) == (422, "orders_invalid")
    pointers = {error["field"] for error in answer.json["errors"]}
    assert pointers == {
        "/orders/1/phone",
        "/orders/2/pieces",
        "/orders/2/surprise",
        "/orders/3/window_end",
        "/orders/4/window_start",
        "/orders/5/requests/0/kind",
        "/orders/6",
        "/orders/7/reference",
        "/orders/7/waybill",
        "/orders/8/waybill",
        "/orders/9/reference",
        "/orders/9/waybill",
        "/orders/9/name",
        "/orders/9/address",
    }
    assert shop.send(*bad).json["errors"] == answer.json["errors"]
    assert count(app, Task) == 0
    skipped = shop.send(*bad, key="k2", skip_bad=True)
    assert skipped.status_code == 201
    assert [one["reference"] for one in skipped.json["orders"]] == ["A-1"]
    assert {fault["pointer"] for fault in skipped.json["rejected"]} == pointers
    assert count(app, Task) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_order_that_says_something_else_now_is_an_error(app: Flask, shop: Merchant) -> None:
    shop.send(order(1))
    answer = shop.send(order(1, name="别人"), key="k2")
    assert [(e["field"], "already_there" in e["detail"]) for e in answer.json["errors"]] == [
        ("/orders/0/reference", True)
    ]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_ones_own_orders_are_seen(app: Flask, cast: Cast, shop: Merchant) -> None:
    shop.send(order(1))
    mine = shop.status("A-1")
    assert (mine.status_code, mine.json["status"], mine.json["waybill"]) == (200, "created", "DS00001")
    assert shop.status("A-2").status_code == 404
    other, elsewhere = Merchant(app, cast.home.id, "rival"), Merchant(app, cast.away.id, "shop")
    assert (other.status("A-1").status_code, elsewhere.status("A-1").status_code) == (404, 404)
    with app.app_context(), transaction():
        assert keys.revoke(shop.key.id)
    assert (shop.status("A-1").status_code, shop.status("A-1").json["code"]) == (401, "api_key_invalid")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_no_call_is_said(app: Flask, shop: Merchant) -> None:
    auth = {"Authorization": f"Bearer {shop.text}"}
    client = app.test_client()
    assert client.post(DOOR, json={}, headers=auth).json["code"] == "idempotency_key_missing"
    named = {**auth, "Idempotency-Key": "k"}
    for body in (
        b"",
        b"[]",
        b"{",
        b'{"orders":{}}',
        b'{"orders":[]}',
        b"[" * 100_000,
        b'{"orders":[1],"x":1}',
    ):
        answer = client.post(DOOR, data=body, headers=named)
        assert (answer.status_code, answer.json["code"]) == (400, "bad_request"), body[:20]
    assert shop.send(*[order(1)] * 501).status_code == 400
    assert client.post(DOOR, json={"orders": [order()]}).status_code == 401


def test_one_key_at_once_has_one_effect(app: Flask, shop: Merchant) -> None:
    answers: list[Any] = []
    gate = threading.Barrier(4)

    def call() -> None:
        gate.wait()
        client = app.test_client()
        answers.append(
            client.post(
                DOOR,
                data=json.dumps({"orders": [order(n) for n in range(20)]}),
                headers={"Authorization": f"Bearer {shop.text}", "Idempotency-Key": "same"},
            )
        )

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}, [answer.text[:200] for answer in answers]
    assert len({json.dumps(answer.json, sort_keys=True) for answer in answers}) == 1
    assert count(app, Task) == count(app, Operation) == 20


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_call_that_died_is_finished_by_its_repeat(
    app: Flask, shop: Merchant, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_batch: str) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(calls.applying, "apply", dies)
    with pytest.raises(KeyboardInterrupt):
        shop.send(order(1))
    monkeypatch.undo()
    assert count(app, Task) == 0
    clock.advance(minutes=2)
    answer = shop.send(order(1))
    assert (answer.status_code, answer.json["orders"][0]["status"]) == (201, "accepted")
    assert count(app, Task) == count(app, Operation) == 1
    clock.advance(hours=31 * 24)
    with app.app_context():
        calls.forget_old()
    assert shop.send(order(2)).status_code == 201, "after 30 days the key is new again"
