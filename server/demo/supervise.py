"""Starts the demo's processes together and stops them together.

`doorstep demo` is one command for a person, but several processes for the machine: the web server, the outbox worker
and, when asked, PostgreSQL. The supervisor gives each its own process group, so that Ctrl-C reaches them through us
and in our order. However this process ends (Ctrl-C, SIGTERM, a closed terminal, a child that died, on Linux even
SIGKILL), none of its children stays behind.
"""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE_S = 10.0
"""How long a child may take to stop by itself; the web server finishes the requests it has."""
GONE_S = 2.0
"""How long the end of what was killed may take."""
TICK_S = 0.05
_PR_SET_PDEATHSIG = 1


class StopRequestedError(KeyboardInterrupt):
    """Somebody asked for the end; like Ctrl-C, so that no `except Exception` swallows it and test runners know it."""


class ChildDiedError(RuntimeError):
    """A process that has to run ended by itself. `code` is its exit code, or minus the signal that ended it."""

    def __init__(self, name: str, code: int) -> None:
        how = (
            f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended by itself with code {code}"
        )
        super().__init__(f"{name} {how}")
        self.name = name
        self.code = code


@dataclass(frozen=True)
class Child:
    """One process to run. `env` is added to ours; `user` is for a program that refuses to run as root."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    user: str | None = None
    log: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True)
class _Running:
    child: Child
    process: "subprocess.Popen[bytes]"

    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs. Does not reap it: its number stays its own until we are done."""
        seen = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if seen is None:
            return None
        return seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status


class Supervisor:
    """A context that starts children and is left only when every one of them is gone.

    Enter it in the main thread (signals). A signal raises StopRequestedError wherever the main thread is, also in the
    middle of a migration; leaving the context then stops what was started so far. Being asked to stop is a normal
    end: the context swallows StopRequestedError. A second signal kills instead of waiting.
    """

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self._say = say or _say_to_stderr
        self._running: list[_Running] = []
        self._before: dict[signal.Signals, object] = {}
        self._starting = False
        self._asked = 0

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        was_asked = self._asked
        self._asked = max(was_asked, 1)  # a signal from here on no longer raises
        try:
            self._stop_all(already_asked=self._asked)
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal gave us
        return kind is StopRequestedError

    def start(self, child: Child) -> int:
        """Start one process in a group of its own, its output in `child.log` or on our terminal; gives its number."""
        account = pwd.getpwnam(child.user) if child.user else None
        self._starting = True  # a signal between fork and the note of it would lose the child
        try:
            with contextlib.ExitStack() as files:
                out = files.enter_context(child.log.open("ab")) if child.log else None
                process = subprocess.Popen(
                    list(child.command),
                    env={**os.environ, **(child.env or {})},
                    cwd=child.cwd,
                    user=account.pw_uid if account else None,
                    group=account.pw_gid if account else None,
                    extra_groups=[] if account else None,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT if out else None,
                    process_group=0,
                    preexec_fn=_end_with_parent(child.stop_signal),  # noqa: PLW1509  # we have no threads
                )
            self._running.append(_Running(child, process))
        finally:
            self._starting = False
        if self._asked:
            raise StopRequestedError
        return process.pid

    def kill(self, name: str) -> None:
        """End a child and all it started at once, as a power cut would; it may be started again."""
        for running in [one for one in self._running if one.child.name == name]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()
            self._running.remove(running)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Keep asking `ready`. True once it says so, False after `seconds`; ChildDiedError if a child ends."""
        end = time.monotonic() + seconds
        while not ready():
            self._look()
            if time.monotonic() > end:
                return False
            time.sleep(TICK_S)
        return True

    def wait(self) -> int:
        """Sleep until somebody asks for the end (0) or a child ends by itself (1)."""
        try:
            while True:
                self._look()
                time.sleep(TICK_S)
        except StopRequestedError:
            return 0
        except ChildDiedError as died:
            self._say(f"{died}; stopping the rest.")
            return 1

    def _look(self) -> None:
        for running in self._running:
            code = running.exit_code()
            if code is not None:
                raise ChildDiedError(running.child.name, code)

    def _stop_all(self, already_asked: int) -> None:
        """Newest first, so that the database outlives those who talk to it."""
        for running in reversed(self._running):
            group = running.process.pid
            with contextlib.suppress(ProcessLookupError):
                os.kill(group, running.child.stop_signal)
            end = time.monotonic() + PATIENCE_S
            while running.exit_code() is None and time.monotonic() < end and self._asked == already_asked:
                time.sleep(TICK_S / 5)
            # What is left of the group, such as the workers of a master that was killed, goes with it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
            running.process.wait()
            _until_gone(group)
        self._running.clear()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1
        if self._asked == 1 and not self._starting:
            raise StopRequestedError


def _until_gone(group: int) -> None:
    """Whom SIGKILL has hit lives on until the machine has time for its end; whom nobody collects is not waited for."""
    end = time.monotonic() + GONE_S
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < end:
            os.killpg(group, 0)
            time.sleep(TICK_S / 5)


def _end_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """What a child does before it becomes its program: ask Linux for `stop_signal` when we are gone."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # we went between fork and prctl
            os._exit(1)

    return ask


def _say_to_stderr(text: str) -> None:
    """Print, unless the terminal is already gone (SIGHUP)."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
