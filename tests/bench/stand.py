"""A running Doorstep to be measured: the product as processes, on a database on this machine's disk, synced."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from server.app import create_app
from server.core import migrations
from server.core.config import Settings
from server.core.db import db
from server.demo.postgres import start_postgres
from server.demo.supervise import Child, Supervisor
from tests.conftest import SECRET
from tests.people import PASSWORD, Cast, make_cast

_COMMAND = (sys.executable, "-c", "from server.cli import main; main()")


@dataclass
class Stand:
    """A running Doorstep: where it answers and who works there."""

    port: int
    cast: Cast
    processes: dict[str, int]
    database_url: str

    def processor_s(self) -> dict[str, float]:
        """Seconds of processor each process and its children have used so far, and the machine's as a whole."""
        used = {name: sum(map(_used, _family(pid))) for name, pid in self.processes.items()}
        times = psutil.cpu_times()
        return used | {"machine": sum(times) - times.idle - times.iowait}

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Content-Type": "application/json", **named})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None, answer.headers

    def log_in(self) -> dict[str, Any]:
        """Headers of Dora's session at the desk."""
        body = json.dumps({"username": self.cast.dora.username, "password": PASSWORD}).encode()
        _, session, headers = self.call("POST", "/api/v1/session", body)
        return {"Cookie": headers["Set-Cookie"].partition(";")[0], "X_CSRF_Token": session["csrf_token"]}


@contextlib.contextmanager
def stand(database: str, furnish: Callable[[Cast], None]) -> Iterator[Stand]:
    """A Doorstep of its own on `sqlite` or `postgres`; `furnish` fills its house before anybody comes in."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-bench-"))
    processes: dict[str, int] = {}
    try:
        with Supervisor() as supervisor:
            url = f"sqlite:///{folder / 'doorstep.db'}"
            if database == "postgres":
                url = start_postgres(supervisor, folder / "postgres")
                [processes["postgres"]] = [child.pid for child in psutil.Process().children()]
            cast = _house(url, folder, furnish)
            port = _free_port()
            env = {
                "DATABASE_URL": url,
                "DOORSTEP_DATA": str(folder),
                "DOORSTEP_SECRET_KEY": SECRET,
                "DOORSTEP_ENV": "test",
                "DOORSTEP_METRICS": "",
                "HOST": "127.0.0.1",
                "PORT": str(port),
                "LOG_LEVEL": "warning",
            }
            for name in ("serve", "worker"):
                child = Child(name, [*_COMMAND, name], env=env, log=folder / f"{name}.log")
                processes[name] = supervisor.start(child)
            if not supervisor.wait_until(lambda: _answers(port), 60):
                raise RuntimeError((folder / "serve.log").read_text("utf-8", "replace")[-2000:])
            yield Stand(port, cast, processes, url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _house(url: str, folder: Path, furnish: Callable[[Cast], None]) -> Cast:
    app = create_app(Settings(url, folder, SECRET, env="test", log_level="error"))
    with app.app_context():
        migrations.upgrade()
        cast = make_cast(app)
    # Outside: requests made inside one context would share what belongs to each of them.
    furnish(cast)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return cast


def _family(pid: int) -> list[psutil.Process]:
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]


def _used(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        probe = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        probe.request("GET", "/readyz")
        return probe.getresponse().status == 200
    return False
