"""The server as the simulation holds it: the real application on SQLite, called in process, killed and restored."""

import shutil
import sqlite3
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import event

from server.app import create_app
from server.auth.limits import limiter
from server.core import failpoint
from server.core.config import Settings
from server.core.db import db, transaction
from server.ops import epochs
from tests.simulation.machine import Machine
from tests.simulation.station import settle


class Crash(BaseException):
    """The server's process is killed here; no error of its own, so that nothing in it can catch it."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class House:
    """One server with its database and its proofs.

    A crash takes what was in memory: sessions, connections, open transactions. The application object stays, since it
    holds nothing else.
    """

    def __init__(self, folder: Path, machine: Machine) -> None:
        self._folder = folder
        self._machine = machine
        self.database = folder / "house.db"
        self._template = folder / "template.db"
        self._reader: sqlite3.Connection | None = None
        self._readers = 0
        self._deadly: str | None = None
        self.lives = 0
        self.up = True
        settings = Settings(
            database_url=f"sqlite:///{self.database}",
            data=folder,
            secret_key="the simulation's",
            env="test",
            log_level="critical",
        )
        self.app = create_app(settings, live=False)
        self.blobs = settings.blobs
        with self.app.app_context():
            event.listen(db.engine, "connect", _quick)
            machine.begin("template")
            with machine.owned():
                db.create_all()
                settle(machine.now)
            db.session.remove()
            db.engine.dispose()
        shutil.copyfile(self.database, self._template)

    def begin(self) -> None:
        """A fresh server for another seed."""
        self._forget()
        shutil.copyfile(self._template, self.database)
        shutil.rmtree(self.blobs, ignore_errors=True)
        self._deadly, self.up = None, True

    def handle(self, request: Request) -> Answer | None:
        """The answer to one request; None from a server that is down or went down over it."""
        if not self.up:
            return None
        began: list[tuple[int, dict[str, str]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            began.append((int(status[:3]), {name.lower(): value for name, value in headers}))

        failpoint.use(self._reached if self._deadly else None)
        try:
            parts = self.app.wsgi_app(_environ(request), start)
            body = b"".join(parts)
            getattr(parts, "close", lambda: None)()
        except Crash:
            self.kill()
            return None
        finally:
            failpoint.use(None)
        status, headers = began[0]
        return Answer(status, headers, body)

    def arm(self, point: str) -> None:
        """The server dies the next time it comes to this failpoint."""
        self._deadly = point

    def disarm(self) -> bool:
        """Nothing waits any more; says whether something did."""
        waited, self._deadly = self._deadly is not None, None
        return waited

    def kill(self) -> None:
        self.up = False
        self._forget()

    def start(self) -> None:
        self.up = True

    def keep(self) -> None:
        """Makes the copy of database and proofs that `restore` comes back to."""
        shutil.copyfile(self.database, self._folder / "copy.db")
        shutil.rmtree(self._folder / "copy", ignore_errors=True)
        if self.blobs.exists():
            shutil.copytree(self.blobs, self._folder / "copy")

    def restore(self) -> None:
        """The server is as it was when the copy was made, and says that it is another one now."""
        self._forget()
        self.lives += 1
        shutil.copyfile(self._folder / "copy.db", self.database)
        shutil.rmtree(self.blobs, ignore_errors=True)
        if (self._folder / "copy").exists():
            shutil.copytree(self._folder / "copy", self.blobs)
        begin_epoch(self)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What stands in the database now, whatever the application thinks of it."""
        if self._reader is None:
            self._reader = sqlite3.connect(self.database)
            self._readers += 1
            self._reader.row_factory = sqlite3.Row
        return self._reader.execute(query, values).fetchall()

    def version(self) -> tuple[int, int]:
        """Moves whenever anything was written."""
        [version] = self.rows("PRAGMA data_version")
        return self._readers, int(version[0])

    def json(self, query: str, *values: Any) -> list[Any]:
        """The same where one column holds JSON."""
        return [orjson.loads(row[0]) for row in self.rows(query, *values)]

    def write(self, statement: str, *values: Any) -> None:
        """Changes something behind the application's back."""
        with self.app.app_context(), transaction() as session:
            session.connection().exec_driver_sql(statement, values)

    def stored(self, sha256: str) -> bool:
        return (self.blobs / sha256[:2] / sha256[2:4] / sha256).exists()

    def _reached(self, point: str) -> None:
        if point == self._deadly:
            self._deadly = None
            raise Crash

    def _forget(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
            limiter.reset()


def begin_epoch(house: House) -> None:
    """What `doorstep epoch` does for whoever restores a copy (P31)."""
    with house.app.app_context():
        epochs.begin("restored")


def _quick(connection: sqlite3.Connection, _record: Any) -> None:
    """A simulated crash kills the process, never the machine: what the system holds is as good as on disk."""
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")


def _environ(request: Request) -> dict[str, Any]:
    url = urlsplit(request.path)
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    return headers | {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": url.path,
        "QUERY_STRING": url.query,
        "SERVER_NAME": "simulation",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
