"""The real processes: gunicorn with sockets on threads, the worker beside it, their metrics, their logs, their end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.app import create_app
from server.core import clock
from server.core.config import Settings
from server.core.db import db
from server.demo.supervise import PATIENCE_S
from tests.builders import assign_draft, order_draft, task_id
from tests.conftest import SECRET
from tests.people import PASSWORD, Cast, make_cast
from tests.server.dispatch.wire import RefusedError, Socket, soon

NAME, PHONE, STREET, WAYBILL, REFERENCE = "金丝雀莉莉", "13987650123", "暗号路", "SFCANARY0001", "REF-CANARY"
CANARIES = (NAME, "莉莉", PHONE, STREET, WAYBILL, REFERENCE)
REQUEST = "request-canary-0001"
SOCKETS = 2


def free_ports() -> tuple[int, int]:
    """A port, and a pair of neighbours of which this is the first."""
    while True:
        with contextlib.ExitStack() as held:
            found = [held.enter_context(socket.socket()) for _ in range(3)]
            found[0].bind(("127.0.0.1", 0))
            found[1].bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                found[2].bind(("127.0.0.1", found[1].getsockname()[1] + 1))
                return found[0].getsockname()[1], found[1].getsockname()[1]


@dataclass
class Running:
    """Both processes, whom they know, and what they wrote."""

    cast: Cast
    port: int
    metrics: int
    web: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]
    logs: dict[str, Path]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(
        self, method: str, path: str, body: Any = None, *, cookie: str = "", token: str = "", **headers: str
    ) -> tuple[int, Any, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {"Content-Type": "application/json", "Cookie": cookie, "X-CSRF-Token": token, **headers}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if text else None, answer.headers

    def log_in(self) -> tuple[str, str]:
        status, body, headers = self.call(
            "POST", "/api/v1/session", {"username": self.cast.dora.username, "password": PASSWORD}
        )
        assert status == 200, body
        return headers["Set-Cookie"].partition(";")[0], body["csrf_token"]

    def numbers(self, offset: int = 0) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics + offset}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def written(self, name: str) -> str:
        return self.logs[name].read_text()


@pytest.fixture(scope="module")
def running(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("live")
    file = folder / "doorstep.db"
    shutil.copyfile(sqlite_template, file)
    url = f"sqlite:///{file}"
    clock.use(clock.system)
    app = create_app(Settings(url, folder, SECRET, env="test", log_level="error"))
    with app.app_context():
        cast = make_cast(app)
        db.session.remove()
        db.engine.dispose()
    port, metrics = free_ports()
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "DOORSTEP_DATA": str(folder),
        "DOORSTEP_SECRET_KEY": SECRET,
        "DOORSTEP_ENV": "test",
        "DOORSTEP_SOCKETS": str(SOCKETS),
        "DOORSTEP_METRICS": f"127.0.0.1:{metrics}",
        "PORT": str(port),
        "LOG_LEVEL": "debug",
    }
    logs = {name: folder / f"{name}.log" for name in ("serve", "worker")}
    made = [_start(name, env, log) for name, log in logs.items()]
    try:
        one = Running(cast, port, metrics, made[0], made[1], logs)
        assert soon(lambda: _listens(port) and _listens(metrics) and _listens(metrics + 1), 60), one.written(
            "serve"
        )
        yield one
    finally:
        for process in made:
            process.kill()
            process.wait()


def _start(name: str, env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from server.cli import main; main()", name]
    with log.open("wb") as file:
        return subprocess.Popen(command, env=env, stdout=file, stderr=file)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_one_request_is_followed_to_the_worker_and_no_canary_is_written(running: Running) -> None:
    """A small day: orders, a search, a refusal, a handheld; then every log line and every number is looked through."""
    cookie, token = running.log_in()
    given: dict[str, Any] = {"customer": _customer(), "reference": REFERENCE}
    draft = order_draft(running.cast.home.id, WAYBILL, **given)
    draft["payload"]["address"]["text"] = f"杭州市{STREET} 7 号"
    operations = {"operations": [draft, assign_draft(WAYBILL, running.cast.liang.id)]}
    status, body, headers = running.call(
        "POST", "/api/v1/operations", operations, cookie=cookie, token=token, **{"X-Request-ID": REQUEST}
    )
    assert (status, {one["status"] for one in body["results"]}) == (200, {"applied"}), body
    assert headers["X-Request-ID"] == REQUEST
    search = urllib.parse.quote(NAME)
    assert running.call("GET", f"/api/v1/dispatch/tasks?q={search}", cookie=cookie)[1]["total"] == 1
    status, body, _ = running.call(
        "GET", f"/api/v1/dispatch/tasks/{search}", cookie=cookie, **{"X-Request-ID": "request-lost-0001"}
    )
    assert (status, body["instance"]) == (404, "urn:request:request-lost-0001")
    assert running.call("GET", f"/{search}", cookie=cookie)[0] == 404
    assert running.call("POST", "/api/v1/session", {"username": NAME, "password": PHONE})[0] == 401
    running.call(
        "POST", "/api/v1/exchange", {"push": {"operations": [operations]}}, Authorization=f"Bearer {PHONE}"
    )

    assert soon(lambda: '"outbox_done"' in running.written("worker"), 30)
    lines = [json.loads(line) for line in running.written("serve").splitlines() if line.startswith("{")]
    mine = [line["event"] for line in lines if line.get("request") == REQUEST]
    assert {"operations", "request"} <= set(mine)
    done = [json.loads(line) for line in running.written("worker").splitlines() if '"outbox_done"' in line]
    assert REQUEST in {line.get("request") for line in done}
    numbers = running.numbers() + running.numbers(1)
    for canary in CANARIES:
        for text in (running.written("serve"), running.written("worker"), numbers):
            assert canary not in text
            assert urllib.parse.quote(canary) not in text
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", numbers), "an id is a label"
    assert 'doorstep_operations_total{status="applied",type="order.imported"} 1.0' in numbers
    assert 'doorstep_outbox_total{result="done",topic="manifest"}' in running.numbers(1)
    assert 'route="/api/v1/dispatch/tasks/<string:task_id>"' in numbers
    assert 'doorstep_handhelds{within="never"} 0.0' in numbers
    assert running.call("GET", "/metrics", cookie=cookie)[0] == 404, "never on the public port"


def _customer() -> dict[str, Any]:
    return {"id": "11111111-1111-7111-8111-111111111111", "name": NAME, "phone": PHONE}


def test_sockets_and_requests_share_the_real_server(running: Running) -> None:
    cookie, token = running.log_in()
    desks = [Socket(running.base, cookie) for _ in range(SOCKETS)]
    assert soon(lambda: all(desk.named("look") for desk in desks))
    with pytest.raises(RefusedError, match="live_full"):
        Socket(running.base, cookie)
    drafts = {"operations": [order_draft(running.cast.home.id, "SFLIVE1", phone="13700000001")]}
    began = time.monotonic()
    assert running.call("POST", "/api/v1/operations", drafts, cookie=cookie, token=token)[0] == 200
    assert soon(lambda: all(task_id("SFLIVE1") in desk.looked_at() for desk in desks))
    assert time.monotonic() - began < 2.5
    assert "doorstep_sockets 2.0" in running.numbers()
    assert running.call("DELETE", "/api/v1/session", cookie=cookie, token=token)[0] == 204
    assert soon(lambda: all(desk.closed_at is not None for desk in desks), 5.0)
    assert soon(lambda: "doorstep_sockets 0.0" in running.numbers())


def test_the_server_ends_with_sockets_open(running: Running) -> None:
    """The last test of this file: it ends what the others used. One client has stopped reading and answering."""
    cookie, _ = running.log_in()
    desk, deaf = Socket(running.base, cookie), _deaf(running, cookie)
    assert soon(lambda: desk.named("beat"))
    running.web.send_signal(signal.SIGTERM)
    assert running.web.wait(timeout=PATIENCE_S) == 0, "the supervisor kills what takes longer"
    assert soon(lambda: desk.closed_at is not None)
    deaf.close()
    running.worker.send_signal(signal.SIGTERM)
    assert running.worker.wait(timeout=20) == 0
    assert not _listens(running.port)


def _deaf(running: Running, cookie: str) -> socket.socket:
    """A WebSocket whose other end never reads nor writes again."""
    made = socket.create_connection(("127.0.0.1", running.port))
    handshake = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{running.port}\r\nOrigin: {running.base}\r\nCookie: {cookie}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    made.sendall(handshake.encode())
    assert b"101" in made.recv(200)
    return made
