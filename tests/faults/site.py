"""A Doorstep that is there to be broken: real processes on a real disk, started, killed and started again.

The product itself runs, by its own command. Only a test of a test's eye starts it through `tests.faults.planted`.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from server.core.db import db
from server.demo.postgres import start_postgres
from server.demo.supervise import Child, ChildDiedError, Supervisor
from tests.bench.stand import _answers, _free_port, _house
from tests.bench.station import Carried, furnish
from tests.conftest import SECRET
from tests.people import Cast

SERVER, POSTGRES = "the server", "PostgreSQL"
_PRODUCT = ("-c", "from server.cli import main; main()")
_PATIENCE_S = 60.0
# How long the server may take to be ready again, by RELIABILITY F4; asserted where nothing else runs.
READY_GOAL_S = 3.0


@dataclass
class Site:
    """One Doorstep on one database, with couriers who have a list each."""

    database: str
    folder: Path
    url: str
    cast: Cast
    port: int
    supervisor: Supervisor
    couriers: list[Carried]
    environment: dict[str, str] = field(default_factory=dict)
    _as: tuple[str, tuple[tuple[str, str], ...]] | None = None

    # --- the server ---------------------------------------------------------------------------------------------------

    def serve(self, bug: str = "", **environment: str) -> float:
        """Has the server running as asked, anew only when it runs differently; answers the s until it was ready."""
        wanted = (bug, tuple(sorted(environment.items())))
        if self._as == wanted and self.ready():
            return 0.0
        self.kill()
        began = time.monotonic()
        planted = ("-m", "tests.faults.planted", bug)
        env = self._environment() | environment
        command = [sys.executable, *(planted if bug else _PRODUCT), "serve"]
        self.supervisor.start(Child(SERVER, command, env=env, log=self.log))
        self.wait_ready()
        self._as = wanted
        return time.monotonic() - began

    def again(self) -> float:
        """Starts a killed server as it ran before."""
        bug, environment = self._as or ("", ())
        self._as = None
        return self.serve(bug, **dict(environment))

    def kill(self) -> None:
        """SIGKILL to all of it at once, as a power cut would."""
        self.supervisor.kill(SERVER)

    def kill_worker(self) -> float:
        """SIGKILL to the process that answers; gunicorn starts another. Answers the s until that was ready."""
        began = time.monotonic()
        self.strike_worker()
        self.wait_ready()
        return time.monotonic() - began

    def strike_worker(self) -> None:
        """The same without waiting, so that the next blow may fall while it starts."""
        doomed = self.worker
        doomed.kill()
        while _lives(doomed):
            time.sleep(0.005)

    @property
    def worker(self) -> psutil.Process:
        """The process that answers."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            found = [one for one in self._master.children() if _lives(one)]
            if found:
                return found[0]
            time.sleep(0.02)
        raise AssertionError("there is no process that answers")

    def ready(self) -> bool:
        """Whether it can do its work."""
        return _answers(self.port)

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "serve.log"

    @property
    def _master(self) -> psutil.Process:
        [running] = [one for one in self.supervisor._running if one.child.name == SERVER]
        return psutil.Process(running.process.pid)

    def wait_ready(self) -> None:
        """Until it can do its work."""
        try:
            up = self.supervisor.wait_until(self.ready, _PATIENCE_S)
        except ChildDiedError:
            up = False
        assert up, self.log.read_text("utf-8", "replace")[-3000:]

    def _environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.url,
            "DOORSTEP_DATA": str(self.folder),
            "DOORSTEP_SECRET_KEY": SECRET,
            "DOORSTEP_ENV": "test",
            "DOORSTEP_METRICS": "",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "LOG_LEVEL": "warning",
            **self.environment,
        }

    # --- the database -------------------------------------------------------------------------------------------------

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(self.url.removeprefix("sqlite:///"))

    def kill_postgres(self) -> None:
        """SIGKILL to the postmaster and all its children, each of which is the head of a group of its own."""
        [running] = [one for one in self.supervisor._running if one.child.name == POSTGRES]
        head = psutil.Process(running.process.pid)
        doomed = [head, *head.children(recursive=True)]
        for one in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGSTOP)
        for one in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.supervisor.kill(POSTGRES)

    def start_postgres(self) -> None:
        """Starts a killed PostgreSQL on its old data."""
        start_postgres(self.supervisor, self.folder / "postgres")

    @property
    def postmaster(self) -> psutil.Process:
        """PostgreSQL's first process."""
        [running] = [one for one in self.supervisor._running if one.child.name == POSTGRES]
        return psutil.Process(running.process.pid)

    def inside(self, work: Callable[[], Any]) -> Any:
        """Runs something with the product's own code on this database, from this process."""
        with self.cast.app.app_context():
            try:
                return work()
            finally:
                db.session.remove()
                db.engine.dispose()


@contextlib.contextmanager
def site(
    database: str,
    couriers: int,
    tasks: int,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Site]:
    """A Doorstep of its own on `sqlite` or `postgres`; the server is started by the first `serve`.

    Args:
        database: which kind.
        couriers: with a handheld each.
        tasks: on each list.
        folder: where the data lies; by default a new one on the disk.
        environment: more settings of the server.
    """
    made = Path(tempfile.mkdtemp(prefix="doorstep-faults-")) if folder is None else folder
    supervisor, people = Supervisor(), list[Carried]()
    try:
        url = f"sqlite:///{made / 'doorstep.db'}"
        if database == "postgres":
            url = start_postgres(supervisor, made / "postgres")
        cast = _house(url, made, lambda cast: people.extend(furnish(cast, couriers, tasks)))
        yield Site(database, made, url, cast, _free_port(), supervisor, people, dict(environment or {}))
    finally:
        supervisor.kill(SERVER)
        supervisor._stop_all(already_asked=0)
        if folder is None:
            shutil.rmtree(made, ignore_errors=True)


def _lives(process: psutil.Process) -> bool:
    """Whether it still runs; gunicorn may bury it between any two looks."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def dice(*of: object) -> random.Random:
    """Chance that is the same for the same words."""
    return random.Random("/".join(map(str, of)))
