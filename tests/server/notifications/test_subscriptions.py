"""Who is told: subscribing, renewing, handing a handheld on, and stopping."""

from __future__ import annotations

import pytest

from server.core.db import transaction
from server.notifications import service
from server.notifications.service import MOST_OF_ONE
from tests.server.notifications.scene import Scene, b64
from tests.server.ops.house import House

PATH = "/api/v1/push/subscriptions"


def test_the_same_browser_again_is_the_same_subscription(house: House, scene: Scene) -> None:
    held, browser = scene.handheld()
    (before,) = scene.subscriptions()
    again = held.post(PATH, json=browser.body("en"))
    (after,) = scene.subscriptions()
    assert again.json["id"] == before.id == after.id
    assert (before.lang, after.lang) == ("zh", "en")
    assert (after.owner_kind, after.owner_id, after.device_id) == (
        "courier",
        house.cast.liang.id,
        held.device,
    )


def test_a_handheld_that_changes_hands_tells_its_new_courier(house: House, scene: Scene) -> None:
    _, browser = scene.handheld()
    other = house.cast.handheld(house.cast.bei)
    assert other.post(PATH, json=browser.body()).status_code == 201
    assert [row.owner_id for row in scene.subscriptions()] == [house.cast.bei.id]


def test_stopping_is_for_oneself_and_twice_is_no_error(house: House, scene: Scene) -> None:
    held, browser = scene.handheld()
    task = house.assigned()
    customer = scene.customer(task)
    other = house.cast.handheld(house.cast.bei)
    assert other.call("DELETE", PATH, json={"endpoint": browser.endpoint}).json == {"removed": 0}
    assert other.call("DELETE", PATH, json={"endpoint": customer.endpoint}).json == {"removed": 0}
    assert held.call("DELETE", PATH, json={"endpoint": browser.endpoint}).json == {"removed": 1}
    assert held.call("DELETE", PATH, json={"endpoint": browser.endpoint}).json == {"removed": 0}
    assert [row.endpoint for row in scene.subscriptions()] == [customer.endpoint]


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_customer_may_follow_several_parcels_with_one_browser(house: House, scene: Scene) -> None:
    first, second = house.assigned(), house.assigned("SF2000000002")
    browser = scene.customer(first)
    record = house.record(f"task:{second}")
    assert record is not None
    with scene.app.app_context(), transaction():
        service.subscribe(
            "customer",
            record["customer"],
            browser.endpoint,
            browser.p256dh,
            browser.auth,
            "xx",
            task_id=second,
        )
    assert [row.lang for row in scene.subscriptions()] == ["zh", "zh"], "a language we do not speak is zh"
    with scene.app.app_context(), transaction():
        assert service.unsubscribe(browser.endpoint, owner_kind="customer", task_id=first) == 1
    house.phone().delivers("SF2000000002")
    scene.work()
    assert len(browser.shown()) == 1
    with scene.app.app_context(), transaction():
        assert service.unsubscribe(browser.endpoint) == 1


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_keys_nothing_can_be_encrypted_for_are_refused(house: House, scene: Scene) -> None:
    held, browser = house.cast.handheld(house.cast.liang), scene.browser()
    good = browser.body()["keys"]
    point = bytearray(65)
    wrong = [
        {**good, "auth": b64(b"x" * 15)},
        {**good, "auth": b64(b"x" * 17)},
        {**good, "auth": "!!!!"},
        {**good, "p256dh": b64(b"\x04" + b"\x01" * 64)},
        {**good, "p256dh": b64(bytes(point))},
        {**good, "p256dh": good["p256dh"][:-4]},
        {**good, "p256dh": "中文"},
        {**good, "p256dh": ""},
        {"auth": good["auth"]},
    ]
    for keys in wrong:
        answer = held.post(PATH, json={**browser.body(), "keys": keys})
        assert (answer.status_code, answer.json["code"]) == (422, "invalid"), keys
    assert held.post(PATH, json={**browser.body(), "lang": "fr"}).status_code == 422
    assert scene.subscriptions() == []


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_an_owner_has_ten_at_most_and_the_oldest_makes_room(house: House, scene: Scene) -> None:
    made = [scene.handheld()[1] for _ in range(MOST_OF_ONE + 2)]
    kept = [row.endpoint for row in scene.subscriptions()]
    assert kept == [browser.endpoint for browser in made[2:]]


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_refused_endpoint_is_named_by_a_code_and_not_repeated(house: House, scene: Scene) -> None:
    held, browser = house.cast.handheld(house.cast.liang), scene.browser()
    answer = held.post(PATH, json={**browser.body(), "endpoint": "https://push.evil.example/secret-path"})
    assert answer.status_code == 422
    assert answer.json["code"] == "push_endpoint_refused"
    assert answer.json["errors"][0]["field"] == "endpoint"
    assert "secret-path" not in answer.text and "evil" not in answer.text
