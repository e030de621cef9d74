"""The world of the scope matrix: three owners with the same things each, and everybody who might knock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from server.auth import service
from server.auth.policy import UserView
from server.core.db import transaction
from tests.builders import Tape, assign_draft, draft, order_draft, task_id
from tests.people import Cast, Desk, Handheld

OWNERS = ("own", "other courier", "other station")
CALLERS = ("nobody", "courier", "dispatcher", "csr", "admin", "device", "revoked device")
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Things:
    """What one courier has: a plain task, a task with a case, evidence, a spare device. `canaries` name its people,
    `token` opens the page of the task with the case."""

    courier: UserView
    task: str
    customer: str
    conflict: str
    picture: bytes
    sha256: str
    spare_device: str
    canaries: tuple[str, ...]
    token: str
    order_file: str
    order_import: str


@dataclass(frozen=True)
class World:
    """`things` by owner, as 阿良 (a courier of Hangzhou 01) sees them; `call` knocks as one of CALLERS."""

    app: Flask = field(repr=False)
    cast: Cast
    things: dict[str, Things]
    device: Handheld
    revoked: Handheld

    def call(self, caller: str, method: str, path: str, **options: Any) -> Any:
        """One request, with a session of its own where the caller has one."""
        knock: Callable[..., Any]
        if caller == "device":
            knock = self.device.call
        elif caller == "revoked device":
            knock = self.revoked.call
        elif caller == "nobody":
            client = self.app.test_client()
            return client.open(path, method=method, **options)
        else:
            people = {"courier": "liang", "dispatcher": "dora", "csr": "chen", "admin": "ada"}
            knock = self.cast.desk(getattr(self.cast, people[caller])).call
        return knock(method, path, **options)


def build_world(app: Flask, cast: Cast) -> World:
    """Write the world through the product's own doors."""
    home, away = cast.desk(cast.dora), cast.desk(cast.far_dispatcher)
    device = cast.handheld(cast.liang, "in use")
    things = {
        "own": _things(cast, home, cast.liang, device, "1"),
        "other courier": _things(cast, home, cast.bei, cast.handheld(cast.bei), "2"),
        "other station": _things(cast, away, cast.far_courier, cast.handheld(cast.far_courier), "3"),
    }
    revoked = cast.handheld(cast.liang, "revoked")
    with app.app_context(), transaction():
        service.revoke_device(revoked.device, by=None)
    return World(app, cast, things, device, revoked)


def _things(cast: Cast, desk: Desk, courier: UserView, device: Handheld, mark: str) -> Things:
    """A task that is plain (waybill ...A) and one that was cancelled while its courier delivered it (...B)."""
    plain, disputed = f"SF900000{mark}A", f"SF900000{mark}B"
    name, phone, street = f"客户{mark * 4}", f"1390000{mark * 4}", f"暗号路{mark * 3}号"
    given: dict[str, Any] = {
        "customer": {"id": f"{mark * 8}-0000-7000-8000-000000000000", "name": name, "phone": phone},
        "address": {
            "text": f"{street}9单元{mark * 3}室",
            "community": None,
            "building": None,
            "unit": "9单元",
            "room": f"{mark * 3}室",
            "lng_e7": None,
            "lat_e7": None,
        },
    }
    station = courier.station_id
    _applied(desk.submit(*(order_draft(station, waybill, **given) for waybill in (plain, disputed))))
    _applied(desk.submit(*(assign_draft(waybill, courier.id) for waybill in (plain, disputed))))
    _applied(desk.submit(draft("task.cancelled", f"task:{task_id(disputed)}", {"reason": "客户取消"})))
    data = PNG + mark.encode()
    sha = hashlib.sha256(data).hexdigest()
    put = device.call("PUT", f"/api/v1/blobs/{sha}", data=data, content_type="image/png")
    assert put.status_code == 201, put.text
    tape = Tape(courier.id, device.device)
    payload = {"recipient": "self", "recipient_name": None, "signature": sha, "photos": [], "consent": None}
    tape.record("task.delivered", f"task:{task_id(disputed)}", payload, blobs=[sha])
    answer = device.post("/api/v1/exchange", json=tape.exchange())
    assert answer.status_code == 200, answer.text
    (result,) = answer.json["results"]
    assert result["status"] == "conflict", result
    spare = cast.handheld(courier, "spare").device
    canaries = (name, phone, street, plain, disputed, result["conflict"], sha)
    return Things(
        courier,
        task_id(plain),
        given["customer"]["id"],
        result["conflict"],
        data,
        sha,
        spare,
        canaries,
        _token(desk, disputed),
        *_orders(desk, name, street, mark),
    )


def _orders(desk: Desk, name: str, street: str, mark: str) -> tuple[str, str]:
    """A file of orders with one order, and an import of it that still waits for the worker."""
    header = "kind,reference,waybill,name,address"
    text = f"{header}\ndelivery,F-{mark},SF800000{mark},{name},{street}\n"
    seen = desk.post("/api/v1/orders/files?name=o.csv", data=text.encode(), content_type="text/csv")
    assert seen.status_code == 201, seen.text
    file = seen.json["id"]
    wish = {"mapping": seen.json["mapping"], "merchant": "茶铺"}
    begun = desk.post(f"/api/v1/orders/files/{file}/imports", json=wish)
    assert begun.status_code == 202, begun.text
    return file, begun.json["id"]


def _token(desk: Desk, waybill: str) -> str:
    """The token of the customer's link of a task."""
    answer = desk.post("/api/v1/tracking/links", json={"task": task_id(waybill)})
    assert answer.status_code == 200, answer.text
    return str(answer.json["url"].rsplit("/", 1)[1])


def _applied(results: list[dict[str, Any]]) -> None:
    assert {result["status"] for result in results} == {"applied"}, results
