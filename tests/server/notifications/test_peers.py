"""With real peers: another company's push service decrypts what we send, and two real workers send it once."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.core import clock as server_clock
from server.core import outbox
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.db import transaction
from server.core.ids import uuid7
from server.demo.supervise import Child, Supervisor
from server.notifications import service
from server.notifications.channels.webpush import Letter, Sender
from tests.e2e.stage import free_port
from tests.server.notifications.scene import Browser, Scene
from tests.server.notifications.strangers import Stranger, say
from tests.server.ops.house import House

ROOT = Path(__file__).parents[3]
SERVICE = ROOT / "node_modules" / "web-push-testing" / "src" / "bin" / "server.js"
COMMAND = (sys.executable, "-c", "from server.cli import main; main()")
PUSHES = 60


def ask(url: str, body: dict[str, Any]) -> Any:
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text)["data"] if text[:1] == b"{" else None


@pytest.fixture
def push_service(tmp_path: Path) -> Iterator[str]:
    """The npm package web-push-testing as it comes, in a process of its own."""
    node = shutil.which("node")
    assert node is not None and SERVICE.exists(), "node_modules is not installed: type `make build`"
    port = free_port()
    process = subprocess.Popen(
        [node, str(SERVICE), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
    )
    url = f"http://localhost:{port}"
    try:
        for _ in range(200):
            try:
                ask(f"{url}/status", {})
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_push_service_of_others_decrypts_the_expected_text(
    house: House, scene: Scene, push_service: str
) -> None:
    settings: Settings = replace(scene.app.extensions["doorstep_settings"], push_test_service=push_service)
    scene.app.extensions.update(doorstep_settings=settings, doorstep_push=Sender(settings))
    key = scene.app.test_client().get("/api/v1/push/key").json["key"]
    made = ask(f"{push_service}/subscribe", {"userVisibleOnly": "true", "applicationServerKey": key})
    held = house.cast.handheld(house.cast.bei)
    wanted = {"endpoint": made["endpoint"], "keys": made["keys"], "lang": "en"}
    answer = held.post("/api/v1/push/subscriptions", json=wanted)
    assert answer.status_code == 201, answer.text
    task = house.assigned(to=house.cast.bei)
    scene.work(ms=4_000)
    (text,) = ask(f"{push_service}/get-notifications", {"clientHash": made["clientHash"]})["messages"]
    message = json.loads(text)
    assert message.pop("id") == scene.messages()[0].id
    assert message == {
        "kind": "task_new",
        "lang": "en",
        "tag": "list",
        "url": f"/#/task/{task}",
        "title": "1 new task",
        "body": "Tap to see",
    }
    ask(f"{push_service}/expire-subscription/{made['clientHash']}", {})
    house.cancel(task)
    scene.work(ms=4_000)
    assert scene.subscriptions() == [], "it said 410, so the subscription is gone"


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_what_is_signed_with_another_key_is_refused_by_the_service(scene: Scene, push_service: str) -> None:
    """The check above can bite: the service does verify our signature."""
    settings: Settings = replace(scene.app.extensions["doorstep_settings"], push_test_service=push_service)
    key = scene.app.test_client().get("/api/v1/push/key").json["key"]
    made = ask(f"{push_service}/subscribe", {"userVisibleOnly": "true", "applicationServerKey": key})
    other = Sender(replace(settings, vapid_key="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"))
    letter = Letter(made["endpoint"], **made["keys"], text="{}", ttl_s=60, urgency="normal", topic="t")
    assert other.send(letter).result == "never"
    assert Sender(settings).send(letter).result == "sent"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(say=lambda _text: None) as made:
        yield made


def slowly(connection: socket.socket) -> None:
    time.sleep(0.05)
    say(201)(connection)


def test_two_workers_send_each_push_once(
    app: Flask, tmp_path: Path, supervisor: Supervisor, stranger: Stranger
) -> None:
    """Two real worker processes on one database, and more pushes than either takes at once."""
    server_clock.use(server_clock.system)  # as theirs is
    settings = replace(app.extensions["doorstep_settings"], push_test_service=stranger.url)
    app.extensions["doorstep_settings"] = settings
    browsers = [Browser(f"/push/{number}", stranger) for number in range(PUSHES)]
    for browser in browsers:
        browser.then(slowly)
        announce(app, browser)
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "DOORSTEP_DATA": str(tmp_path),
        "DOORSTEP_ENV": "test",
        "DOORSTEP_SECRET_KEY": settings.secret_key,
        "DOORSTEP_PUSH_TEST_SERVICE": stranger.url,
        "LOG_LEVEL": "info",
    }
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    for log in logs:
        supervisor.start(Child(log.stem, [*COMMAND, "worker"], env=environment, log=log))
    arrived = supervisor.wait_until(lambda: len(stranger.requests) >= PUSHES, 40.0)
    time.sleep(1.0)  # time for a second copy of one
    assert arrived, [log.read_text() for log in logs]
    assert {browser.path: stranger.times(browser.path) for browser in browsers} == {
        browser.path: 1 for browser in browsers
    }
    assert [browser.shown()[0]["kind"] for browser in browsers] == ["delivered"] * PUSHES
    said = [log.read_text() for log in logs]
    assert all('"result": "sent"' in text for text in said), "both have worked"
    assert not any("/push/" in text or stranger.url in text for text in said), "endpoints are not logged"


def announce(app: Flask, browser: Browser) -> None:
    """A delivered parcel of its own for one browser, as the pipeline leaves it in the outbox."""
    task, customer = uuid7(), uuid7()
    said = {"about": "status", "kind": "delivered", "op": uuid7(), "task": task, "customer": customer}
    with app.app_context(), transaction() as session:
        service.subscribe(
            "customer", customer, browser.endpoint, browser.p256dh, browser.auth, "zh", task_id=task
        )
        payload = {**said, "station": uuid7(), "made_at": now_ms()}
        outbox.enqueue(session, "notice", f"task:{task}", payload)
