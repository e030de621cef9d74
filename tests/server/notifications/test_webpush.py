"""One attempt to hand a notice over: what each answer of a push service leads to."""

from __future__ import annotations

import email.utils
from collections.abc import Callable

import pytest

from server.core.config import Settings
from server.core.outbox import MAX_ATTEMPTS
from server.notifications.channels.webpush import Letter, Sender
from tests.server.notifications.hostile import HOSTILE
from tests.server.notifications.scene import Scene
from tests.server.notifications.strangers import Behaviour, Stranger, hang, say
from tests.server.ops.house import House

sqlite_only = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
pytestmark = sqlite_only


def told(scene: Scene, *behaviours: Behaviour) -> str:
    """A delivered parcel whose customer's push service behaves like this; the path of her subscription."""
    task = scene.house.assigned()
    browser = scene.customer(task)
    browser.then(*behaviours)
    scene.house.phone().delivers()
    scene.work()
    return browser.path


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_is_forgotten(scene: Scene, status: int) -> None:
    path = told(scene, say(status))
    assert scene.subscriptions() == []
    row = scene.push()
    assert row.done_at is not None and row.dead_at is None
    assert [message.state for message in scene.messages()] == ["gone"]
    scene.work(ms=3_600_000)
    assert scene.stranger.times(path) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 405, 413, 301, 302, 307, 308])
def test_what_will_not_be_better_next_time_is_a_dead_letter(scene: Scene, status: int) -> None:
    path = told(scene, say(status))
    row = scene.push()
    assert row.dead_at is not None and row.last_error == f"answer_{status}"
    scene.work(ms=3_600_000)
    assert scene.stranger.times(path) == 1
    assert len(scene.subscriptions()) == 1


def test_a_redirect_is_not_followed(scene: Scene) -> None:
    with Stranger() as trap:
        told(scene, say(307, {"Location": f"{trap.url}/trap"}), say(201))
        assert trap.connections == 0
    assert scene.push().last_error == "answer_307"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wait_ms"),
    [
        ("7", 7_000),
        ("0", 1_000),
        ("86400", 3_600_000),
        ("99999999999999999999", 3_600_000),
        (lambda now: email.utils.formatdate((now + 90_000) / 1000, usegmt=True), 90_000),
        (lambda now: email.utils.formatdate((now - 90_000) / 1000, usegmt=True), 1_000),
    ],
    ids=["seconds", "at once", "a day", "for ever", "a date", "a date that was"],
)
def test_retry_after_is_honoured(
    scene: Scene, status: int, header: str | Callable[[int], str], wait_ms: int
) -> None:
    said = header if isinstance(header, str) else header(scene.house.clock.now)
    path = told(scene, say(status, {"Retry-After": said}), say(201))
    now, due = scene.house.clock.now, scene.push().due_at
    assert abs(due - now - wait_ms) < 2_000, due - now
    scene.work(ms=max(0, wait_ms - 5_000))
    if wait_ms > 5_000:
        assert scene.stranger.times(path) == 1
    scene.work(ms=10_000)
    assert scene.stranger.times(path) == 2
    assert [message.state for message in scene.messages()] == ["sent"]


def test_a_service_that_asked_to_be_left_alone_is_not_asked_for_others_either(scene: Scene) -> None:
    task = scene.house.assigned()
    first, second = scene.customer(task), scene.customer(task)
    first.then(say(429, {"Retry-After": "60"}), say(201))
    second.then(say(429, {"Retry-After": "60"}), say(201))
    scene.house.phone().delivers()
    scene.work()
    assert scene.stranger.connections == 1
    assert sorted(row.attempts for row in scene.pushes()) == [0, 1], "who was not tried has lost no attempt"
    scene.work(ms=70_000)
    scene.work(ms=70_000)
    assert [message.state for message in scene.messages()] == ["sent", "sent"]


@pytest.mark.parametrize("behaviour", [say(500), say(502), say(503), hang], ids=["500", "502", "503", "hang"])
def test_trouble_of_theirs_is_waited_for_with_growing_pauses(scene: Scene, behaviour: Behaviour) -> None:
    path = told(scene, behaviour, behaviour, behaviour, say(201))
    pauses = []
    for _ in range(40):
        row = scene.push()
        if row.done_at is not None:
            break
        pauses.append(row.due_at - scene.house.clock.now)
        scene.work(ms=max(0, pauses[-1]))
    assert row.done_at is not None
    assert scene.stranger.times(path) == 4
    assert [message.state for message in scene.messages()] == ["sent"]


def test_trouble_without_end_is_buried_before_the_notice_is_stale(scene: Scene) -> None:
    path = told(scene, say(500))
    for _ in range(40):
        scene.work(ms=3_600_000)
    row = scene.push()
    assert row.dead_at is not None
    assert 3 < scene.stranger.times(path) <= MAX_ATTEMPTS


def test_a_notice_that_has_outlived_itself_is_not_sent(scene: Scene) -> None:
    path = told(scene, say(503, {"Retry-After": "3600"}), say(201))
    scene.work(ms=25 * 3_600_000)
    assert scene.stranger.times(path) == 1
    assert scene.push().last_error == "expired"


def test_hostile_addresses_are_refused_when_subscribing_and_when_sending(
    house: House, scene: Scene, stranger: Stranger
) -> None:
    """Also at the moment of sending: an address may have been let in by other settings, or by another way."""
    held = house.cast.handheld(house.cast.liang)
    browser = scene.browser()
    sender: Sender = scene.app.extensions["doorstep_push"]
    for address in HOSTILE:
        answer = held.post("/api/v1/push/subscriptions", json={**browser.body(), "endpoint": address})
        assert answer.status_code == 422, address
        assert answer.json["code"] == ("push_endpoint_refused" if 0 < len(address) <= 2_048 else "invalid"), (
            address
        )
        letter = Letter(address, browser.p256dh, browser.auth, "{}", 60, "normal", "t")
        assert sender.send(letter).result == "never", address
    aimed = address_of(stranger)
    for address in aimed:
        letter = Letter(address, browser.p256dh, browser.auth, "{}", 60, "normal", "t")
        assert sender.send(letter).result == "never", address
    assert scene.subscriptions() == []
    assert stranger.connections == 0


def address_of(stranger: Stranger) -> list[str]:
    """Every way to write the listener's own address, but the one its setting names."""
    port = stranger.port
    hosts = ("127.1", "127.0.0.2", "0", "0.0.0.0", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]")
    spelled = [f"{scheme}://{host}:{port}/x" for scheme in ("http", "https") for host in hosts]
    return [
        *spelled,
        f"https://127.0.0.1:{port}/x",
        f"http://user@127.0.0.1:{port}/x",
        f"http://127.0.0.1:{port}\\@fcm.googleapis.com/x",
        f"http://127.0.0.1:{port}#@fcm.googleapis.com/x",
        f"http://127.0.0.1:0{port}/x",
        f"HTTP://127.0.0.1:{port}/x",
        f"http://localhost:{port}/x",
    ]


def test_a_name_that_leads_inside_is_a_dead_letter_without_a_connection(
    scene: Scene, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Settings = scene.app.extensions["doorstep_settings"]
    monkeypatch.setattr("server.core.outward.PORT", stranger.port)
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) % 2 else ["93.184.216.34", "127.0.0.1"]

    scene.app.extensions["doorstep_push"] = Sender(settings, resolve=rebinding)
    held = scene.house.cast.handheld(scene.house.cast.liang)
    for name in ("a", "b"):
        body = {**scene.browser().body(), "endpoint": f"https://{name}.push.apple.com/x"}
        assert held.post("/api/v1/push/subscriptions", json=body).status_code == 201
    assert asked == [], "a request asks nobody"
    scene.house.assigned()
    scene.work(ms=4_000)
    assert [row.last_error for row in scene.pushes()] == ["address_not_public"] * 2
    assert sorted(asked) == ["a.push.apple.com", "b.push.apple.com"]
    assert stranger.connections == 0
