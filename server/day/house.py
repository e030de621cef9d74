"""A whole Doorstep for one day: fresh database, test clock, the real server as a process of its own."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from server.core.config import database_address
from server.core.ids import uuid7
from server.demo.postgres import PostgresError, start_postgres
from server.demo.supervise import Child, ChildDiedError, Supervisor

_COMMAND = (sys.executable, "-c", "from server.cli import main; main()")
_READY_WITHIN_S = 60.0
SERVER = "the server"
_PLENTY = 2 * 1024**3


class HouseError(Exception):
    """A part of the house did not start or a command of it failed; the message ends with what it said."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class House:
    """Where everything is. `clock` is the file the server reads its time from (ms)."""

    folder: Path
    database_url: str
    clock: Path
    port: int
    supervisor: Supervisor

    @property
    def base_url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    def set_clock(self, now: int) -> None:
        """Moves the server's time. Replaced in one step: a reader never sees half a number."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(str(now), encoding="ascii")
        fresh.replace(self.clock)

    def environment(self) -> dict[str, str]:
        """What every process of this house runs with."""
        return os.environ | {
            "DATABASE_URL": self.database_url,
            "DOORSTEP_DATA": str(self.folder / "data"),
            "DOORSTEP_ENV": "test",
            "DOORSTEP_CLOCK_FILE": str(self.clock),
            "DOORSTEP_SECRET_KEY": "one replayed day",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "LOG_LEVEL": "warning",
        }

    def run(self, *arguments: str) -> None:
        """One `doorstep` command in this house.

        Raises:
            HouseError: it failed; with its status and its last line.
        """
        done = subprocess.run(
            [*_COMMAND, *arguments], env=self.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise HouseError(_last_line(done.stderr) or f"{arguments[0]} failed", done.returncode)

    def serve(self) -> None:
        """Starts the server and waits until it is ready; it ends with the house.

        Raises:
            HouseError: it did not come up.
        """
        log = self.folder / "server.log"
        self.supervisor.start(Child(SERVER, [*_COMMAND, "serve"], env=self.environment(), log=log))
        try:
            ready = self.supervisor.wait_until(self._answers, _READY_WITHIN_S)
        except ChildDiedError:
            ready = False
        if not ready:
            raise HouseError(f"the server did not start: {_last_line(log.read_text('utf-8', 'replace'))}")

    def kill_server(self) -> None:
        """The server is gone in the middle of whatever it does; `serve` starts it again."""
        self.supervisor.kill(SERVER)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.base_url + "/readyz", timeout=2):  # noqa: S310  # loopback http
                return True
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def fresh_house(database: str) -> Iterator[House]:
    """A house on an empty database; nothing of it is left afterwards.

    Args:
        database: `sqlite`, `postgres` (started from its wheel) or the address of a PostgreSQL server.
    """
    folder = Path(tempfile.mkdtemp(prefix="doorstep-day-", dir=_scratch()))
    try:
        with Supervisor() as supervisor, _database(database, folder, supervisor) as url:
            yield House(folder, url, folder / "clock", _free_port(), supervisor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(wanted: str, folder: Path, supervisor: Supervisor) -> Iterator[str]:
    if wanted == "sqlite":
        yield f"sqlite:///{folder / 'day.db'}"
    elif wanted == "postgres":
        try:
            url = start_postgres(supervisor, folder / "postgres")
        except PostgresError as error:
            raise HouseError(str(error)) from error
        yield url
    elif wanted.startswith(("postgres://", "postgresql://", "postgresql+psycopg://")):
        with _new_database(wanted) as url:
            yield url
    else:
        raise HouseError("--database takes sqlite, postgres or the address of a PostgreSQL server", 2)


@contextmanager
def _new_database(server_url: str) -> Iterator[str]:
    """A database of its own on somebody's server, dropped afterwards."""
    name = "doorstep_day_" + uuid7().replace("-", "")
    address = make_url(database_address(server_url))
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        engine.dispose()


def _scratch() -> str | None:
    """Memory where there is plenty, else the usual place for temporary files; TMPDIR decides when it is set.

    The day shows what arrives, not how fast a disk is: with SQLite a third of it would be waiting for fsync.
    """
    memory = Path("/dev/shm")  # noqa: S108  # a folder of its own is made in it
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return None
    return str(memory) if shutil.disk_usage(memory).free > _PLENTY else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_line(said: str) -> str:
    lines = said.strip().splitlines()
    return lines[-1].removeprefix("Error: ") if lines else ""
