"""The live desk over real sockets: who gets one, what is heard on it, and when it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import simple_websocket
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.serving import make_server

from server.auth import service
from server.auth.policy import UserView
from server.core.db import db, transaction
from server.core.ids import uuid7
from server.dispatch import live, sockets
from server.ops.models import Operation
from tests.builders import order_draft, task_id
from tests.people import Desk
from tests.server.dispatch.wire import Client, RefusedError, Socket, soon
from tests.server.ops.house import House

MOST = 3


class Street:
    """A house whose server really listens, and the desks that look at it."""

    def __init__(self, house: House, base: str) -> None:
        self.house = house
        self.base = base
        self._open: list[Socket] = []

    def socket(self, person: UserView | None = None, known: str | None = None, **options: Any) -> Socket:
        made = Socket(self.base, known or cookie(self.house.desk(person)), **options)
        self._open.append(made)
        assert soon(lambda: made.named("look"))
        return made

    def close(self) -> None:
        for one in self._open:
            one.close()
        desk = live.of(self.house.app)
        assert soon(lambda: desk.sockets == 0 and desk._thread is None)


def cookie(desk: Desk) -> str:
    client: FlaskClient = desk.client
    found = client.get_cookie("doorstep")
    assert found is not None
    return f"doorstep={found.value}"


@pytest.fixture
def street(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    door = house.app.wsgi_app
    assert isinstance(door, sockets._Door)
    monkeypatch.setattr(door, "_settings", replace(door._settings, sockets=MOST))
    engine = house.app.extensions["socketio"].server
    monkeypatch.setattr(engine.namespace_handlers["/live"], "_most", MOST)
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = Street(house, f"http://127.0.0.1:{server.server_port}")
    yield made
    made.close()
    server.shutdown()
    server.server_close()


one_database = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")


def test_an_operation_is_heard_within_two_seconds_and_polling_says_the_same(street: Street) -> None:
    house = street.house
    desk = street.socket()
    first = desk.named("look")[0]
    assert (first["tasks"], first["couriers"], first["cases"]) == (None, True, True)
    began = time.monotonic()
    task = house.assigned()
    assert soon(lambda: task in desk.looked_at())
    heard = next(at for name, body, at in desk.events if name == "look" and task in (body["tasks"] or ()))
    assert heard - began < 2.0
    house.cancel(task)
    conflict = house.phone().delivers()["conflict"]
    assert soon(lambda: any(look["cases"] for look in desk.named("look")[1:]))
    house.decide(conflict, "mine")
    polled = house.desk().get(f"/api/v1/dispatch/changes?after={first['position']}").json
    assert polled["tasks"] == [task] and polled["couriers"] and polled["cases"]
    assert soon(lambda: desk.named("look")[-1]["position"] == polled["position"])
    assert desk.looked_at() == set(polled["tasks"])
    assert set(desk.named("look")[-1]) == set(polled)
    assert soon(lambda: len(desk.named("beat")) >= 3)
    assert soon(lambda: desk.named("beat")[-1]["position"] == polled["position"])


@one_database
def test_nothing_new_is_nothing_to_look_at(street: Street) -> None:
    house = street.house
    house.assigned()
    house.clock.advance(minutes=1)
    newest = house.desk().get("/api/v1/dispatch/changes?after=0").json["position"]
    quiet = house.desk().get(f"/api/v1/dispatch/changes?after={newest}").json
    assert (quiet["tasks"], quiet["couriers"], quiet["cases"]) == ([], False, False)
    assert house.desk().get(f"/api/v1/dispatch/changes?after={newest + 99}").json["tasks"] is None
    assert house.desk().get("/api/v1/dispatch/changes").status_code == 422


@one_database
def test_a_station_hears_nothing_of_another(street: Street) -> None:
    house = street.house
    here, far = street.socket(), street.socket(house.cast.far_dispatcher)
    far.send("join", {"room": f"station:{house.cast.home.id}"})
    far.send("look", {"tasks": None})
    tasks = {house.order(f"SF{number}") for number in range(20)}
    assert soon(lambda: here.looked_at() >= tasks)
    house.desk(house.cast.far_dispatcher).submit(order_draft(house.cast.away.id, "FAR1"))
    assert soon(far.looked_at)
    assert far.looked_at() == {task_id("FAR1")}
    assert not here.looked_at() & {task_id("FAR1")}


@one_database
def test_a_customer_that_changes_is_news_of_his_tasks(street: Street) -> None:
    house = street.house
    task = house.assigned()
    desk = street.socket()
    record = house.record(f"task:{task}")
    assert record is not None
    before = house.desk().get(f"/api/v1/dispatch/tasks/lookup?ids={task}").json["tasks"][0]
    request = {"kind": "no_ring", "text": "别按门铃", "active": True}
    house.tell("customer.request_set", f"customer:{record['customer']}", _request(request), v=2)
    assert soon(lambda: task in desk.looked_at())
    after = house.desk().get(f"/api/v1/dispatch/tasks/lookup?ids={task}").json["tasks"][0]
    assert after["requests"] == before["requests"] + 1
    assert after["updated_at"] > before["updated_at"]


def _request(over: dict[str, Any]) -> dict[str, Any]:
    return {
        "request": "11111111-2222-7333-8444-555555555555",
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": "csr",
        "state": "accepted",
        "valid_from": None,
        "valid_until": None,
        **over,
    }


@one_database
@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1:1"])
def test_a_page_from_elsewhere_gets_no_socket(street: Street, origin: str | None) -> None:
    with pytest.raises(simple_websocket.ConnectionError) as refused:
        street.socket(origin=origin)
    assert "403" in str(refused.value)


@one_database
def test_nobody_and_no_courier_gets_a_socket(street: Street) -> None:
    for cookies in ("", "doorstep=forged", cookie(street.house.desk(street.house.cast.liang))):
        with pytest.raises(simple_websocket.ConnectionError) as refused:
            Socket(street.base, cookies)
        assert any(code in str(refused.value) for code in ("401", "403"))
    answer = street.house.desk().get("/socket.io/?EIO=4&transport=polling")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")


@one_database
def test_another_namespace_leads_nowhere(street: Street) -> None:
    with pytest.raises(RefusedError):
        street.socket(namespace="/")


@one_database
@pytest.mark.parametrize("end", ["logged out", "disabled", "expired"])
def test_a_socket_ends_with_its_session(street: Street, end: str) -> None:
    house = street.house
    desk = house.cast.desk(house.cast.chen)
    known = cookie(desk)
    gone, stays = street.socket(known=known), street.socket()
    assert soon(lambda: gone.named("beat"))
    began = time.monotonic()
    if end == "logged out":
        assert desk.call("DELETE", "/api/v1/session").status_code == 204
    elif end == "disabled":
        _disable(house, house.cast.chen)
    else:
        house.clock.advance(hours=13)
    assert soon(lambda: gone.closed_at is not None)
    assert gone.closed_at is not None and gone.closed_at - began < 5.0
    if end != "expired":
        assert stays.closed_at is None
        with pytest.raises(simple_websocket.ConnectionError):
            street.socket(known=known)


def _disable(house: House, person: UserView) -> None:
    def work() -> None:
        with transaction():
            service.disable_user(person.id)

    house.inside(work)


@one_database
def test_over_the_cap_the_reason_is_told_and_http_goes_on(street: Street) -> None:
    first = [street.socket() for _ in range(MOST)]
    with pytest.raises(RefusedError, match="live_full"):
        street.socket()
    assert street.house.desk().get("/api/v1/dispatch/changes?after=0").status_code == 200
    first[0].close()
    assert soon(lambda: live.of(street.house.app).sockets == MOST - 1)
    street.socket()


@one_database
def test_a_connection_that_never_becomes_a_desk_is_ended(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "IDLE_S", 0.5)
    address = street.base.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    headers = {"Cookie": cookie(street.house.desk()), "Origin": street.base}
    idle = Client(address, headers=headers)
    assert str(idle.receive(timeout=30))[0] == "0"
    with pytest.raises(simple_websocket.ConnectionClosed):
        idle.receive(timeout=30)


@one_database
def test_a_client_that_talks_too_much_is_ended(street: Street) -> None:
    desk = street.socket()
    desk.send("x" * 10_000)
    assert soon(lambda: desk.closed_at is not None)


@pytest.mark.parametrize("built", ["postgres"], indirect=True, scope="session")
def test_what_commits_late_behind_what_was_read_is_heard_all_the_same(street: Street) -> None:
    """Places in the log are given out before the commit: a row appears behind one the desk has been told of."""
    house = street.house
    late, early = house.order("SF1"), house.order("SF2")
    desk = street.socket()
    names = ", ".join(
        column.name
        for column in Operation.__table__.columns
        if column.name not in ("position", "op_id", "received_at")
    )
    copied = text(
        f"INSERT INTO operations (op_id, received_at, {names}) SELECT :op_id, :now, {names} FROM operations "
        "WHERE task_id = :task"
    )
    with house.app.app_context(), db.engine.connect() as slow:
        slow.execute(copied, {"op_id": uuid7(), "now": house.clock.now, "task": late})
        house.tell("task.noted", f"task:{early}", {"text": "first to be seen"})
        assert soon(lambda: early in desk.looked_at())
        seen = desk.named("look")[-1]["position"]
        assert late not in desk.looked_at()
        slow.commit()
    assert soon(lambda: late in desk.looked_at())
    assert late in house.desk().get(f"/api/v1/dispatch/changes?after={seen}").json["tasks"]
    count = len(desk.named("look"))
    house.clock.advance(minutes=1)
    time.sleep(1.5)
    assert len(desk.named("look")) == count, "once is enough"
