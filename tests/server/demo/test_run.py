"""`doorstep demo` as a person starts it: up with words on the screen, gone with Ctrl-C, the same again afterwards."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import create_default_context

import psutil
import pytest
from click.testing import CliRunner

from server.core.config import ROOT
from server.demo.cli import demo
from server.demo.run import CannotStartError, Wishes, run_demo

COMMAND = [sys.executable, "-c", "from server.cli import main; main()", "demo"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, port: int, **more: str) -> Iterator[tuple[psutil.Process, Path]]:
    """A started demo, from when it has said everything; ended by Ctrl-C."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DOORSTEP_")}
    env = kept | {"DOORSTEP_DATA": str(folder), "PORT": str(port), **more}
    env.pop("DATABASE_URL", None)
    out = folder.with_suffix(".log")
    with out.open("wb") as log:
        process = subprocess.Popen(COMMAND, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 90
        while "Ctrl-C stops everything." not in out.read_text("utf-8"):
            assert process.poll() is None and time.monotonic() < deadline, out.read_text("utf-8")
            time.sleep(0.1)
        yield psutil.Process(process.pid), out
    finally:
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, out.read_text("utf-8")
        _, left = psutil.wait_procs(family, timeout=5)
        assert left == [], "Ctrl-C left processes behind"


def test_it_starts_prints_what_one_needs_and_starts_again_without_adding(tmp_path: Path) -> None:
    port, codes = free_port(), set()
    for orders in ("160 new orders", "as it was left"):
        with running(tmp_path / "var", port) as (_, out):
            said = out.read_text("utf-8")
            assert orders in said and f"http://127.0.0.1:{port}/dispatch" in said and "dora" in said
            codes |= set(re.findall(r"#enrol=(\S+)", said))
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                assert answer.status == 200
    assert len(codes) == 8


def test_with_tls_the_printed_authority_vouches_for_the_server(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path / "var", port, TLS="1", HOST="127.0.0.1") as (_, out):
        context = create_default_context(cafile=str(tmp_path / "var" / "tls" / "doorstep-ca.crt"))
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/readyz", timeout=5, context=context) as answer:
            assert answer.status == 200
        while "fingerprint" not in (said := out.read_text("utf-8")):
            time.sleep(0.05)
        assert f"https://127.0.0.1:{port}/#enrol=" in said


def test_well_known_passwords_never_reach_production(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="well-known passwords"):
        run_demo({"DOORSTEP_ENV": "production", "DOORSTEP_DATA": str(tmp_path)}, print)


def test_a_taken_port_is_a_sentence_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStartError, match=f"PORT={port + 1}"):
            run_demo({"PORT": str(port), "DOORSTEP_DATA": str(tmp_path)}, print)


def test_an_unknown_database_is_a_sentence() -> None:
    with pytest.raises(CannotStartError, match="sqlite or postgres"):
        Wishes.from_env({"DB": "oracle"})
    assert Wishes.from_env({"DB": "postgres", "TLS": "1"}) == Wishes(postgres=True, tls=True)


def test_the_export_is_written_and_nothing_is_started(tmp_path: Path) -> None:
    day, orders = tmp_path / "day.csv", tmp_path / "orders.csv"
    command = ["--export", str(day), "--export-orders", str(orders), "--date", "2026-05-04", "--tasks", "12"]
    done = CliRunner().invoke(demo, command)
    assert done.exit_code == 0
    assert day.read_text("utf-8").count("\n") == orders.read_text("utf-8").count("\n") == 13
    assert CliRunner().invoke(demo, ["--export", str(tmp_path / "no" / "day.csv")]).exit_code == 1
