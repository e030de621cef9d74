"""However the supervisor ends, its children end with it."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DRIVER = """
import sys, time
from server.demo import supervise
from server.demo.supervise import Child, Supervisor

supervise.PATIENCE_S = float(sys.argv[1])
with Supervisor() as supervisor:
    for number, command in enumerate(sys.argv[2:]):
        supervisor.start(Child(f"child-{number}", ["bash", "-c", command]))
    print("pids", *(running.process.pid for running in supervisor._running), flush=True)
    code = supervisor.wait()
    print("left with", code, flush=True)
    sys.exit(code)
"""


def alive(pid: int) -> bool:
    """Whether a process exists and is more than an exit code nobody has collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def members(groups: list[int]) -> list[int]:
    """All living processes whose group is one of `groups`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            try:
                if os.getpgid(int(entry.name)) in groups:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


def wait_gone(groups: list[int], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while members(groups):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def driver(
    *commands: str, patience: float = 5, **popen: object
) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """The supervisor in a process of its own; gives it and the process groups of its children."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(patience), *commands],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        **popen,  # type: ignore[call-overload]
    )
    groups: list[int] = []
    try:
        word, *pids = process.stdout.readline().split()
        assert word == "pids"
        groups = [int(pid) for pid in pids]
        yield process, groups
    finally:
        for pid in [*members(groups), process.pid]:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_stops_children_and_grandchildren_and_ends_well(number: signal.Signals) -> None:
    with driver("sleep 300 & sleep 300", "exec sleep 300") as (process, groups):
        assert len(members(groups)) >= 2
        process.send_signal(number)
        assert process.wait(timeout=8) == 0
        assert members(groups) == []


def test_a_child_that_ends_takes_the_other_along_and_the_exit_code_says_so() -> None:
    with driver("sleep 0.3; exit 0", "exec sleep 300", stderr=subprocess.PIPE) as (process, groups):
        assert process.wait(timeout=8) == 1
        assert members(groups) == []
        assert "child-0 ended by itself with code 0; stopping the rest." in process.stderr.read()


def test_a_child_that_does_not_listen_is_killed_after_a_while() -> None:
    with driver("trap '' TERM; while true; do sleep 0.1; done", patience=0.5) as (process, groups):
        time.sleep(0.3)
        began = time.monotonic()
        process.terminate()
        assert process.wait(timeout=8) == 0
        assert 0.4 < time.monotonic() - began < 4
        assert members(groups) == []


def test_a_second_ctrl_c_does_not_wait() -> None:
    with driver("trap '' TERM; while true; do sleep 0.1; done", patience=60) as (process, groups):
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == 0
        assert members(groups) == []


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's end"
)
def test_even_a_killed_supervisor_leaves_nothing() -> None:
    with driver("exec sleep 300", "exec sleep 300") as (process, groups):
        process.kill()
        assert wait_gone(groups)


@contextmanager
def on_a_terminal(*commands: str) -> Iterator[tuple[subprocess.Popen[str], list[int], int]]:
    """The supervisor as the foreground of a terminal of its own; gives also the terminal's other end."""
    master, slave = pty.openpty()

    def take_terminal() -> None:
        os.setsid()
        os.close(os.open(os.ttyname(slave), os.O_RDWR))  # the first terminal a new session opens is its own

    with driver(*commands, stdin=slave, stderr=slave, preexec_fn=take_terminal) as (process, groups):
        os.close(slave)
        yield process, groups, master


def test_ctrl_c_in_a_terminal_reaches_the_supervisor_alone_and_stops_all() -> None:
    noisy = "trap 'echo interrupted >&2' INT; while true; do sleep 0.05; done"
    with on_a_terminal(noisy) as (process, groups, master):
        os.write(master, b"\x03")
        assert process.wait(timeout=8) == 0
        assert members(groups) == []
        assert b"interrupted" not in os.read(master, 4096)
        os.close(master)


def test_a_closed_terminal_stops_all() -> None:
    with on_a_terminal("exec sleep 300", "exec sleep 300") as (process, groups, master):
        os.close(master)
        process.wait(timeout=8)
        assert members(groups) == []
