"""A customer's browser subscribes through the page's own door; the rest is the notices' business."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text

from server.core.db import read
from tests.server.ops.house import House
from tests.server.tracking.visitor import Visitor

ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


def subscription(**over: Any) -> dict[str, Any]:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {
        "p256dh": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "auth": base64.urlsafe_b64encode(b"a" * 16).decode().rstrip("="),
    }
    return {"endpoint": ENDPOINT, "keys": keys, "lang": "en", **over}


def kept(house: House) -> list[tuple[str, str, str, str]]:
    def rows() -> list[tuple[str, str, str, str]]:
        with read() as session:
            query = text("SELECT owner_kind, owner_id, task_id, lang FROM push_subscriptions")
            return [tuple(row) for row in session.execute(query)]

    found: list[tuple[str, str, str, str]] = house.inside(rows)
    return found


def test_a_browser_subscribes_for_this_parcel_and_leaves(house: House) -> None:
    visitor = Visitor(house, house.assigned())
    record = house.record(f"task:{visitor.task}")
    assert record is not None
    body = subscription()
    for _ in range(2):
        answer = visitor.client.post(visitor.path + "/push", json=body)
        assert answer.status_code == 204, answer.text
    assert kept(house) == [("customer", record["customer"], visitor.task, "en")]
    assert visitor.client.delete(visitor.path + "/push", json=body).status_code == 204
    assert kept(house) == []


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {"endpoint": ENDPOINT},
        subscription(lang="xx"),
        subscription(endpoint="http://127.0.0.1/x"),
        subscription(endpoint="https://evil.example/x"),
        subscription(keys={"p256dh": "x", "auth": "y"}),
        subscription(extra=1),
    ],
    ids=range(9),
)
def test_what_is_no_subscription_is_refused(house: House, body: Any) -> None:
    visitor = Visitor(house, house.order())
    answer = visitor.client.post(visitor.path + "/push", json=body)
    assert answer.status_code == 422, answer.text
    assert kept(house) == []


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_another_site_cannot_subscribe(house: House) -> None:
    visitor = Visitor(house, house.order())
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert (
        visitor.client.post(visitor.path + "/push", json=subscription(), headers=headers).status_code == 403
    )
    assert kept(house) == []


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_the_scripts_are_asked_for_again_each_time(house: House) -> None:
    for name in ("page.js", "worker.js"):
        answer = house.app.test_client().get(f"/t/{name}")
        if answer.status_code == 404:
            pytest.fail("the web apps are not built: type `make build`")
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.content_type.startswith("text/javascript")
