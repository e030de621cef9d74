"""The `doorstep` command, as an operator types it, against real databases and a real server process."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main

COMMAND = (sys.executable, "-c", "from server.cli import main; main()")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return settings_in(tmp_path)


def settings_in(folder: Path) -> dict[str, str]:
    """The environment of a command whose data lie in a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {
        "DATABASE_URL": f"sqlite:///{folder / 'cli.db'}",
        "DOORSTEP_DATA": str(folder),
        "DOORSTEP_ENV": "test",
        "PORT": str(port),
        "LOG_LEVEL": "error",
    }
    inherited = {
        name: value for name, value in os.environ.items() if name not in ("HOST", "DOORSTEP_CLOCK_FILE")
    }
    return inherited | own


def run(environ: dict[str, str], *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, list(arguments), env=environ, input=typed)


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with a station, a dispatcher and a courier, made by the commands themselves."""
    folder = tmp_path_factory.mktemp("founded")
    environ = settings_in(folder)
    done(run(environ, "db", "upgrade"))
    done(run(environ, "stations", "add", "HZ01", "杭州西湖站"))
    dora = ("users", "add", "dora", "--station", "HZ01", "--name", "Dora", "--role", "dispatcher")
    done(run(environ, *dora, typed="correct horse\n"))
    liang = (
        "users",
        "add",
        "liang",
        "--station",
        "HZ01",
        "--name",
        "阿良",
        "--role",
        "courier",
        "--no-password",
    )
    done(run(environ, *liang))
    return folder


@pytest.fixture
def station(founded: Path, tmp_path: Path, environ: dict[str, str]) -> dict[str, str]:
    """The same for one test."""
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    return environ


def test_every_command_is_there(environ: dict[str, str]) -> None:
    text = done(run(environ, "--help"))
    for command in ("serve", "worker", "db", "demo", "users", "devices", "orders", "day", "openapi"):
        assert f"  {command} " in text
        assert "Usage" in done(run(environ, command, "--help"))


def test_nothing_is_loaded_that_only_other_commands_use() -> None:
    """The demo loads little before it starts its processes, and nobody but who migrates loads Alembic."""
    looks = (
        "import sys, server.cli, server.demo.cli",
        "print(*sys.modules)",
        "import server.worker",
        "print(*sys.modules)",
    )
    code = "\n".join(looks)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, worker = (set(line.split()) for line in done.stdout.splitlines())
    assert {
        "flask",
        "sqlalchemy",
        "marshmallow",
        "cryptography",
        "server.app",
        "server.demo.seed",
    } & before == set()
    assert {
        "alembic",
        "flask_migrate",
        "engineio",
        "gunicorn",
        "server.day",
        "server.intake.cli",
    } & worker == set()


def test_a_device_is_enrolled_listed_and_revoked(station: dict[str, str]) -> None:
    code = done(run(station, "devices", "enrol", "liang")).split()[0]
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert done(run(station, "devices", "list")) == ""
    assert "no active courier" in run(station, "devices", "enrol", "dora").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("devices", "enrol", "nobody"), "There is no user nobody."),
        (("devices", "revoke", "x"), "There is no device x."),
        (("devices", "list", "--station", "XX"), "There is no station XX."),
        (("stations", "add", "HZ01", "again"), "Station HZ01 exists already."),
        (("stations", "add", "HZ02", "n", "--timezone", "Mars/Base"), "There is no time zone Mars/Base."),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    station: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    result = run(station, *arguments)
    assert result.exit_code == 1
    assert result.output == f"Error: {said}\n"


def test_a_short_password_is_refused(station: dict[str, str]) -> None:
    arguments = ("users", "add", "x", "--station", "HZ01", "--name", "X", "--role", "csr")
    result = run(station, *arguments, typed="short\n")
    assert result.exit_code == 1
    assert "at least 8 characters" in result.output


@pytest.mark.parametrize("command", [("serve",), ("worker",), ("db", "upgrade")])
def test_a_test_clock_in_production_is_refused_loudly(
    environ: dict[str, str], command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "clock").write_text("1")
    bad = environ | {"DOORSTEP_ENV": "production", "DOORSTEP_CLOCK_FILE": str(tmp_path / "clock")}
    result = run(bad, *command)
    assert result.exit_code == 1
    assert "DOORSTEP_CLOCK_FILE is for tests only" in result.output


def test_the_openapi_file_is_written_and_checked(environ: dict[str, str], tmp_path: Path) -> None:
    out = str(tmp_path / "openapi.json")
    assert "out of step" in run(environ, "openapi", "--check", "--out", out).output
    done(run(environ, "openapi", "--out", out))
    done(run(environ, "openapi", "--check", "--out", out))
    assert json.loads(Path(out).read_text())["openapi"] == "3.1.0"


def test_the_server_serves_and_ends_cleanly(station: dict[str, str]) -> None:
    server = subprocess.Popen([*COMMAND, "serve"], env=station, stderr=subprocess.PIPE, text=True)
    try:
        base = f"http://127.0.0.1:{station['PORT']}"
        assert wait_for(f"{base}/readyz") == {"status": "ok", "database": "sqlite"}
        assert wait_for(f"{base}/healthz") == {"status": "ok"}
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(15) == 0


def test_the_worker_ends_cleanly(station: dict[str, str]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        noisy = station | {"LOG_LEVEL": "info"}
        worker = subprocess.Popen([*COMMAND, "worker"], env=noisy, stderr=subprocess.PIPE, text=True)
        assert worker.stderr is not None
        for line in worker.stderr:
            if "worker_started" in line:
                break
        worker.send_signal(number)
        said = worker.stderr.read()
        assert worker.wait(15) == 0
        assert "worker_stopped" in said
        assert "Traceback" not in said


def wait_for(url: str) -> object:
    until = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_a_copy_and_the_way_back(environ: dict[str, str], station: dict[str, str], tmp_path: Path) -> None:
    copy = str(tmp_path / "copy")
    assert "0 proofs were new" in done(run(environ, "backup", copy))
    done(run(environ, "stations", "add", "NB02", "宁波江北站"))
    assert re.search(r"epoch [0-9a-f-]{36}\n", done(run(environ, "restore", copy)))
    done(run(environ, "stations", "add", "NB02", "宁波江北站"))
    assert done(run(environ, "epoch", "new")).startswith("epoch ")
    assert done(run(environ, "audit")) == "everything adds up\n"
