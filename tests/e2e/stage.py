"""A whole Doorstep for a browser: real processes, a database of its own, a small day of orders."""

from __future__ import annotations

import atexit
import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from server.app import create_app
from server.auth import queries as auth_queries
from server.auth import service as auth
from server.auth.policy import Role
from server.cli import main as doorstep
from server.core.config import Settings
from server.core.db import db, transaction
from server.core.ids import uuid7
from server.demo.supervise import Child, Supervisor

COMMAND = (sys.executable, "-c", "from server.cli import main; main()")
PASSWORD = "correct horse battery"
SECRET = "a stage for browsers"
READY_S = 40.0


@contextmanager
def supervised() -> Iterator[Supervisor]:
    """Starts a stage's processes. In the end they are killed: how they stop by themselves is shown elsewhere."""
    with Supervisor(say=lambda _text: None) as made:
        yield made
        for name in ("serve", "worker"):
            made.kill(name)


@dataclass
class Stage:
    """Where the server runs, and the doors to it that need no browser."""

    folder: Path
    port: int
    supervisor: Supervisor
    database_url: str
    _opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    )
    _token: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": self.database_url,
            "DOORSTEP_DATA": str(self.folder / "data"),
            "DOORSTEP_ENV": "test",
            "DOORSTEP_SECRET_KEY": SECRET,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "LOG_LEVEL": "warning",
        }

    def run(self, *arguments: str, said: str = "") -> str:
        """One `doorstep` command; its output."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment(),
            input=said,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"doorstep {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The stage's own database, in this process: a command for each person would take as long as the story."""
        settings = Settings(self.database_url, self.folder / "data", SECRET, env="test", log_level="error")
        settings.data.mkdir(exist_ok=True)
        app = create_app(settings, live=False)
        with app.app_context():
            yield
            db.session.remove()
            db.engine.dispose()

    def hire(self, *people: tuple[str, str, Role]) -> None:
        """People of the station: (username, name, role) each, all with the same password."""
        with self.inside(), transaction():
            station = auth_queries.station_by_code("HZ01")
            assert station is not None
            for username, name, role in people:
                auth.create_user(station.id, username, name, role, password=PASSWORD)

    def start(self) -> None:
        """The server and the outbox worker, until ready."""
        self._start("serve", "worker")

    def restart(self) -> None:
        """The server anew, with the environment of now."""
        self.supervisor.kill("serve")
        self._start("serve")

    def _start(self, *names: str) -> None:
        for name in names:
            log = self.folder / f"{name}.log"
            self.supervisor.start(Child(name, [*COMMAND, name], env=self.environment(), log=log))
        assert self.supervisor.wait_until(self._ready, READY_S), (self.folder / "serve.log").read_text()

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def log_in(self, username: str = "dora") -> None:
        """A web session for `call`."""
        self._token = self.call("POST", "/api/v1/session", {"username": username, "password": PASSWORD})[
            "csrf_token"
        ]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call with the session of `log_in`."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("X-CSRF-Token", self._token)
        data = None
        if body is not None:
            request.add_header("Content-Type", "application/json")
            data = json.dumps(body).encode()
        with self._opener.open(request, data, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def operations(self, *drafts: dict[str, Any]) -> list[dict[str, Any]]:
        """Operations from the desk; their results."""
        complete = [{"op_id": uuid7(), "v": 1, "base_rev": None, "base": {}, **one} for one in drafts]
        results: list[dict[str, Any]] = self.call("POST", "/api/v1/operations", {"operations": complete})[
            "results"
        ]
        return results

    def task(self, waybill: str) -> dict[str, Any]:
        """The board's row of a waybill."""
        rows = self.call("GET", f"/api/v1/dispatch/tasks?q={waybill}")["tasks"]
        assert len(rows) == 1, rows
        found: dict[str, Any] = rows[0]
        return found

    def courier(self, name: str) -> str:
        """A courier's id by name."""
        return next(
            str(c["id"])
            for c in self.call("GET", "/api/v1/dispatch/couriers")["couriers"]
            if c["name"] == name
        )

    def assign(self, courier: str, *waybills: str) -> None:
        """Assigns tasks in this order."""
        user = self.courier(courier)
        results = self.operations(
            *[
                {
                    "type": "task.assigned",
                    "entity": f"task:{self.task(waybill)['id']}",
                    "payload": {"courier": user, "sequence": number},
                    "base": {"courier": None},
                }
                for number, waybill in enumerate(waybills, start=1)
            ]
        )
        assert [one["status"] for one in results] == ["applied"] * len(waybills), results

    def enrolment_code(self, courier: str) -> str:
        """A fresh one-time code."""
        made = self.call("POST", "/api/v1/devices/codes", {"courier": self.courier(courier)})
        return str(made["code"])


def write_orders(file: Path, rows: list[dict[str, str]]) -> None:
    """An order file in our own template."""
    header = next(csv.reader(_template().splitlines()))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, header, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _template() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return _typed({"DATABASE_URL": "sqlite://", "DOORSTEP_DATA": folder}, "orders", "template")


def _typed(environment: Mapping[str, str], *arguments: str) -> str:
    """One `doorstep` command in this process: loading everything again would take longer than the command."""
    done = CliRunner().invoke(doorstep, arguments, env=environment)
    assert done.exit_code == 0, f"doorstep {' '.join(arguments)}: {done.output}"
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def set_up(folder: Path, supervisor: Supervisor, database_url: str, orders: list[dict[str, str]]) -> Stage:
    """A station with 阿良 and Bei, Dora at the desk, the orders imported, server and worker running.

    What takes the longest, a migrated database with its people and orders, is made once for each set of orders and
    copied for the next stage.
    """
    stage = Stage(folder, free_port(), supervisor, database_url)
    key = json.dumps(orders, sort_keys=True)
    if not database_url.startswith("sqlite:///"):
        _prepare(stage, orders)
    else:
        if key not in _PREPARED:
            made = Path(tempfile.mkdtemp(prefix="doorstep-stage-"))
            atexit.register(shutil.rmtree, made, ignore_errors=True)
            _prepare(Stage(made, free_port(), supervisor, f"sqlite:///{made / 'stage.db'}"), orders)
            _PREPARED[key] = made
        shutil.copyfile(_PREPARED[key] / "stage.db", database_url.removeprefix("sqlite:///"))
        shutil.copytree(_PREPARED[key] / "data", folder / "data", dirs_exist_ok=True)
    stage.start()
    stage.log_in()
    return stage


_PREPARED: dict[str, Path] = {}


def _prepare(stage: Stage, orders: list[dict[str, str]]) -> None:
    _typed(stage.environment(), "db", "upgrade")
    with stage.inside(), transaction():
        auth.create_station("HZ01", "杭州西湖站")
    stage.hire(("dora", "Dora", "dispatcher"), ("liang", "阿良", "courier"), ("bei", "Bei", "courier"))
    file = stage.folder / "orders.csv"
    write_orders(file, orders)
    order = ("orders", "import", str(file), "--station", "HZ01", "--merchant", "测试商家")
    _typed(stage.environment(), *order)
