"""Who may use which address on whose things: every address of the application stands in DOORS, or this fails.

The matrix is route x caller x owner. A new address: add a Door below. `allow` names the callers that get in; the
others get the refusal of their kind. `others` says what an allowed caller gets for things that are not his own,
`whoever` what one caller gets whosesoever they are.
Whatever the status, no answer may hold a word of another station, nor, on a handheld, of another courier.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.app import create_app
from server.auth.limits import limiter
from server.auth.policy import WebUser
from server.auth.scoping import scope_for
from server.core import access, clock
from server.core.config import Settings
from server.core.db import db
from tests.builders import Tape, draft
from tests.conftest import SECRET, Clock
from tests.people import PASSWORD, make_cast
from tests.server.scope_world import CALLERS, OWNERS, PNG, Things, World, build_world

EVERYBODY = frozenset(CALLERS)
DESK = frozenset({"dispatcher", "csr", "admin"})
LEADS = frozenset({"dispatcher", "admin"})
WEB = DESK | {"courier"}
DEVICE = frozenset({"device"})
EVEN_REVOKED = DEVICE | {"revoked device"}
Options = Callable[[World, Things], dict[str, Any]]


@dataclass(frozen=True)
class Door:
    """One address and method; see the module's docstring."""

    allow: frozenset[str]
    ok: int = 200
    others: dict[str, int] = field(default_factory=dict)
    options: Options = lambda _world, _things: {}
    verify: Callable[[Any, str], None] = lambda _answer, _owner: None
    whoever: dict[str, int] = field(default_factory=dict)

    def expected(self, caller: str, owner: str) -> int:
        if caller in self.allow:
            return self.whoever.get(caller, self.others.get(owner, self.ok))
        return 403 if caller in WEB and self.allow & WEB else 401


STRANGE = {"other station": 404}


def _json(body: Callable[[World, Things], Any]) -> Options:
    return lambda world, things: {"json": body(world, things)}


def _note(_world: World, things: Things) -> dict[str, Any]:
    return {"operations": [draft("task.noted", f"task:{things.task}", {"text": "门禁坏了"})]}


def _not_applied_elsewhere(answer: Any, owner: str) -> None:
    """An operation on another station's task is stored and has no effect there."""
    (result,) = answer.json["results"]
    assert (result["status"] == "applied") == (owner != "other station"), result


def _pull(world: World, _things: Things) -> dict[str, Any]:
    return Tape(world.cast.liang.id, world.device.device).exchange()


def _all_fields(_world: World, _things: Things) -> dict[str, Any]:
    return {"fields": ["name", "phone", "email", "address", "contacts"], "reason": "客户来电核实"}


def _picture(_world: World, things: Things) -> dict[str, Any]:
    return {"data": things.picture, "content_type": "image/png"}


def _piece(_world: World, things: Things) -> dict[str, Any]:
    headers = {"Upload-Offset": "0", "Upload-Length": str(len(things.picture))}
    return {**_picture(_world, things), "headers": headers}


def _stale_login(_world: World, _things: Things) -> dict[str, Any]:
    """Of a login that is over, so that the world's handheld keeps its own."""
    return {"headers": {"X-Doorstep-Session": "over"}}


SUBSCRIPTION: dict[str, Any] = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/a-browser",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
    "lang": "zh",
}

DOORS: dict[tuple[str, str], Door] = {
    ("POST", "/api/v1/session"): Door(
        EVERYBODY, options=_json(lambda w, _: {"username": w.cast.dora.username, "password": PASSWORD})
    ),
    ("GET", "/api/v1/session"): Door(WEB),
    ("DELETE", "/api/v1/session"): Door(WEB, 204),
    ("POST", "/api/v1/devices/codes"): Door(
        LEADS, 201, STRANGE, _json(lambda _, things: {"courier": things.courier.id})
    ),
    ("GET", "/api/v1/devices"): Door(DESK),
    ("POST", "/api/v1/devices/<string:device_id>/revoke"): Door(LEADS, 204, STRANGE),
    ("POST", "/api/v1/devices/<string:device_id>/release"): Door(
        LEADS, 200, STRANGE, _json(lambda *_: {"reason": "he had delivered them"})
    ),
    ("POST", "/api/v1/devices/enrol"): Door(
        EVERYBODY, 400, options=_json(lambda *_: {"code": "0000-0000", "app": "x"})
    ),
    ("POST", "/api/v1/devices/login"): Door(DEVICE, 400, options=_json(lambda *_: {"code": "0000-0000"})),
    ("DELETE", "/api/v1/devices/login"): Door(EVEN_REVOKED, 204, options=_stale_login),
    ("DELETE", "/api/v1/devices/<string:device_id>/login"): Door(LEADS, 204, STRANGE),
    ("POST", "/api/v1/devices/wiped"): Door(EVEN_REVOKED, 409),
    ("POST", "/api/v1/operations"): Door(DESK, options=_json(_note), verify=_not_applied_elsewhere),
    ("POST", "/api/v1/exchange"): Door(EVEN_REVOKED, options=_json(_pull)),
    ("GET", "/api/v1/manifest"): Door(DEVICE),
    ("GET", "/api/v1/ground"): Door(DEVICE),
    ("GET", "/api/v1/ground/<string:name>"): Door(DEVICE, 404),
    # Whoever brings it is nobody: what it is worth stands in its seal.
    ("POST", "/api/v1/rescue"): Door(DEVICE, 400, options=_json(lambda *_: {"body": "-", "seal": "0" * 64})),
    ("PUT", "/api/v1/blobs/<string:sha256>"): Door(DESK | DEVICE, options=_picture),
    # The desk as with GET; a handheld hears of any blob it knows the name of, as with PUT, and gets none of it.
    ("HEAD", "/api/v1/blobs/<string:sha256>"): Door(DESK | DEVICE, others=STRANGE, whoever={"device": 200}),
    ("PATCH", "/api/v1/blobs/<string:sha256>"): Door(DEVICE, options=_piece),
    ("GET", "/api/v1/blobs/<string:sha256>"): Door(DESK, 200, STRANGE),
    ("GET", "/api/v1/dispatch/summary"): Door(DESK),
    ("POST", "/api/v1/orders"): Door(frozenset()),
    ("GET", "/api/v1/orders/<string:reference>"): Door(frozenset()),
    ("POST", "/api/v1/orders/files"): Door(
        LEADS, 422, options=lambda *_: {"data": b"", "content_type": "text/csv"}
    ),
    ("GET", "/api/v1/orders/files/<string:file_id>"): Door(LEADS, 200, STRANGE),
    ("POST", "/api/v1/orders/files/<string:file_id>/check"): Door(
        LEADS, 200, STRANGE, _json(lambda *_: {"mapping": {}})
    ),
    ("POST", "/api/v1/orders/files/<string:file_id>/imports"): Door(
        LEADS, 422, STRANGE, _json(lambda *_: {"mapping": {}})
    ),
    ("GET", "/api/v1/orders/imports"): Door(LEADS),
    ("GET", "/api/v1/orders/imports/<string:import_id>"): Door(LEADS, 200, STRANGE),
    ("GET", "/api/v1/orders/imports/<string:import_id>/bad-rows"): Door(LEADS, 409, STRANGE),
    ("POST", "/api/v1/orders/imports/<string:import_id>/undo"): Door(
        LEADS, 409, STRANGE, _json(lambda *_: {"reason": "x"})
    ),
    ("GET", "/api/v1/dispatch/couriers"): Door(DESK),
    ("GET", "/api/v1/dispatch/tasks"): Door(DESK),
    ("GET", "/api/v1/dispatch/tasks/ids"): Door(DESK),
    ("GET", "/api/v1/dispatch/tasks/lookup"): Door(
        DESK, options=lambda _, things: {"query_string": {"ids": things.task}}
    ),
    ("GET", "/api/v1/dispatch/tasks/<string:task_id>"): Door(DESK, 200, STRANGE),
    ("GET", "/api/v1/dispatch/changes"): Door(DESK, options=lambda *_: {"query_string": {"after": 0}}),
    ("GET", "/api/v1/dispatch/map"): Door(DESK),
    ("GET", "/api/v1/dispatch/filters"): Door(DESK),
    ("POST", "/api/v1/dispatch/filters"): Door(
        DESK, 201, options=_json(lambda *_: {"name": "late", "query": {"window": "late"}, "shared": False})
    ),
    ("DELETE", "/api/v1/dispatch/filters/<string:filter_id>"): Door(DESK, 404),
    ("GET", "/tiles/<string:name>"): Door(DESK, 404),
    ("GET", "/api/v1/dispatch/conflicts"): Door(DESK),
    ("GET", "/api/v1/dispatch/conflicts/ids"): Door(DESK),
    ("GET", "/api/v1/dispatch/conflicts/<string:conflict_id>"): Door(DESK, 200, STRANGE),
    ("GET", "/api/v1/dispatch/messages"): Door(DESK),
    ("GET", "/api/v1/dispatch/customers"): Door(DESK),
    ("GET", "/api/v1/dispatch/customers/proposals"): Door(DESK),
    ("GET", "/api/v1/dispatch/customers/<string:customer_id>"): Door(DESK, 200, STRANGE),
    ("GET", "/api/v1/dispatch/customers/<string:customer_id>/timeline"): Door(DESK, 200, STRANGE),
    ("POST", "/api/v1/dispatch/customers/<string:customer_id>/reveal"): Door(
        DESK, 200, STRANGE, _json(_all_fields)
    ),
    ("POST", "/api/v1/dispatch/tasks/<string:task_id>/reveal"): Door(DESK, 200, STRANGE, _json(_all_fields)),
    ("GET", "/api/v1/dispatch/reveals"): Door(frozenset({"admin"})),
    ("POST", "/api/v1/tracking/links"): Door(
        DESK, 200, STRANGE, _json(lambda _, things: {"task": things.task})
    ),
    ("DELETE", "/api/v1/tracking/links"): Door(
        DESK, 204, STRANGE, lambda _, things: {"query_string": {"task": things.task}}
    ),
    ("GET", "/api/v1/push/key"): Door(EVERYBODY),
    ("POST", "/api/v1/push/subscriptions"): Door(DEVICE, 201, options=_json(lambda *_: SUBSCRIPTION)),
    ("DELETE", "/api/v1/push/subscriptions"): Door(
        DEVICE, options=_json(lambda *_: {"endpoint": SUBSCRIPTION["endpoint"]})
    ),
    ("GET", "/api/v1/notices/dead"): Door(LEADS),
    ("POST", "/api/v1/notices/dead/<string:notice_id>/replay"): Door(LEADS, 404),
    ("GET", "/t/<string:token>"): Door(EVERYBODY),
    ("GET", "/t/<string:token>/wrong"): Door(EVERYBODY),
    ("POST", "/t/<string:token>/wrong"): Door(EVERYBODY, 303),
    ("POST", "/t/<string:token>/request"): Door(EVERYBODY, 303),
    ("POST", "/t/<string:token>/change"): Door(EVERYBODY, 303),
    ("POST", "/t/<string:token>/withdraw"): Door(EVERYBODY, 303),
    ("POST", "/t/<string:token>/answer"): Door(EVERYBODY, 303),
    ("POST", "/t/<string:token>/consents"): Door(EVERYBODY, 303),
    ("POST", "/t/<string:token>/push"): Door(EVERYBODY, 422, options=_json(lambda *_: {})),
    ("DELETE", "/t/<string:token>/push"): Door(EVERYBODY, 422, options=_json(lambda *_: {})),
    ("GET", "/t/page.js"): Door(EVERYBODY),
    ("GET", "/t/worker.js"): Door(EVERYBODY),
    ("GET", "/t/"): Door(EVERYBODY, 404),
    ("POST", "/t/"): Door(EVERYBODY, 404),
    ("GET", "/t/<path:rest>"): Door(EVERYBODY, 404),
    ("POST", "/t/<path:rest>"): Door(EVERYBODY, 404),
    ("GET", "/api/v1/openapi.json"): Door(EVERYBODY),
    ("GET", "/api/docs"): Door(EVERYBODY),
    ("GET", "/healthz"): Door(EVERYBODY),
    ("GET", "/readyz"): Door(EVERYBODY, 503),
    ("GET", "/"): Door(EVERYBODY),
    ("GET", "/dispatch"): Door(EVERYBODY),
    ("GET", "/sw.js"): Door(EVERYBODY),
    ("GET", "/assets/<path:name>"): Door(EVERYBODY),
    ("GET", "/<string:name>"): Door(EVERYBODY),
}


def routes(app: Flask) -> set[tuple[str, str]]:
    """Every (method, rule) the application answers, without the two Flask adds by itself (HEAD beside GET)."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS"}
        if method != "HEAD" or "GET" not in (rule.methods or set())
    }


@pytest.fixture(scope="module")
def world(sqlite_template: Path, fast_folder: Path) -> Iterator[World]:
    folder = fast_folder / "matrix"
    folder.mkdir()
    shutil.copyfile(sqlite_template, folder / "matrix.db")
    dist = folder / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "tracking").mkdir()
    for name in (
        "index.html",
        "dispatch.html",
        "sw.js",
        "icon.svg",
        "assets/icon.svg",
        "tracking/page.js",
        "tracking/worker.js",
    ):
        (dist / name).write_text("x")
    app = create_app(
        Settings(
            f"sqlite:///{folder / 'matrix.db'}", folder, SECRET, env="test", dist=dist, log_level="error"
        )
    )
    clock.use(Clock())
    with app.app_context():
        cast = make_cast(app)
    yield build_world(app, cast)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    clock.use(clock.system)


def test_every_address_stands_in_the_matrix(app: Flask) -> None:
    assert sorted(routes(app) - set(DOORS)) == [], "place these in DOORS"
    assert sorted(set(DOORS) - routes(app)) == [], "these are gone; take them out of DOORS"


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("method_rule", DOORS, ids=lambda door: f"{door[0]} {door[1]}")
def test_door(world: World, method_rule: tuple[str, str], caller: str) -> None:
    method, rule = method_rule
    door = DOORS[method_rule]
    for owner in OWNERS:
        limiter.reset()
        things = world.things[owner]
        path = fill(rule, things)
        answer = world.call(caller, method, path, **door.options(world, things))
        assert answer.status_code == door.expected(caller, owner), f"{owner}: {answer.text[:300]}"
        if answer.status_code >= 400 and path.startswith("/api/"):
            assert answer.content_type == "application/problem+json"
        if caller in door.allow and answer.status_code < 400:
            door.verify(answer, owner)
        assert leaks(world, caller, answer.data.decode(errors="replace"), path) == []


def fill(rule: str, things: Things) -> str:
    """The rule as a path to one owner's thing."""
    values = {
        "<string:device_id>": things.spare_device,
        "<string:task_id>": things.task,
        "<string:customer_id>": things.customer,
        "<string:conflict_id>": things.conflict,
        "<string:sha256>": things.sha256,
        "<string:notice_id>": things.task,
        "<string:file_id>": things.order_file,
        "<string:import_id>": things.order_import,
        "<string:reference>": "A-1",
        "<string:filter_id>": things.spare_device,
        "<string:token>": things.token,
        "<path:rest>": "some/thing",
        "<path:name>": "icon.svg",
        "<string:name>": "icon.svg",
    }
    for part, value in values.items():
        rule = rule.replace(part, value)
    assert "<" not in rule, f"say what stands for the variable in {rule}"
    return rule


def leaks(world: World, caller: str, text: str, path: str) -> list[str]:
    """Words of others in an answer; what the caller wrote into the address himself does not count."""
    foreign = ["other station", "other courier"] if caller in ("device", "courier") else ["other station"]
    words = {word for owner in foreign for word in world.things[owner].canaries}
    return sorted(word for word in words if word in text and word not in path)


def test_the_canaries_are_there_to_be_found(world: World) -> None:
    """The leak check can bite: each owner's own desk does see his words."""
    desk = world.cast.desk(world.cast.dora)
    seen = desk.get("/api/v1/dispatch/tasks").text + desk.get("/api/v1/dispatch/conflicts").text
    own = world.things["own"]
    assert own.task in seen
    assert own.conflict in seen
    far = world.cast.desk(world.cast.far_dispatcher).get("/api/v1/dispatch/tasks").text
    assert world.things["other station"].task in far
    assert leaks(world, "dispatcher", far, "") != []


def test_an_unplaced_address_fails_twice(app: Flask) -> None:
    """Once here, for want of a row; once at start-up, for want of a mark."""
    bare = Flask("bare", static_folder=None)
    bare.add_url_rule("/api/v1/secret", view_func=lambda: "secret", endpoint="secret")
    assert routes(bare) - set(DOORS) == {("GET", "/api/v1/secret")}
    with pytest.raises(access.OpenDoorError, match="/api/v1/secret"):
        access.require_marks(bare)


def test_a_courier_sees_only_his_own_tasks_wherever_he_logs_in(world: World) -> None:
    liang, bei = world.cast.liang, world.cast.bei
    scope = scope_for(WebUser(liang))
    assert scope.may_see_task(liang.station_id, liang.id)
    assert not scope.may_see_task(liang.station_id, bei.id)
    assert not scope.may_see_task(liang.station_id, None)
    assert not scope.may_see_task(world.cast.far_courier.station_id, liang.id)
    assert not scope.desk


def test_a_cookie_does_not_help_a_handheld(world: World) -> None:
    """A browser with an admin's session that also sends a device credential is that device, nothing more."""
    desk = world.cast.desk(world.cast.ada)
    headers = {"Authorization": f"Bearer {world.device.credential}"}
    assert desk.get("/api/v1/dispatch/tasks", headers=headers).status_code == 401


def test_the_matrix_knows_a_new_blob(world: World) -> None:
    data = PNG + b"new"
    sha = hashlib.sha256(data).hexdigest()
    path = f"/api/v1/blobs/{sha}"
    assert world.call("device", "PUT", path, data=data, content_type="image/png").status_code == 201
    assert world.call("dispatcher", "GET", path).status_code == 404
