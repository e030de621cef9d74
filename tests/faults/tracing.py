"""What the kernel was asked for, by strace: the proof that a promise was on the disk before it was given.

A kill shows nothing of that, since the kernel keeps what a killed process wrote. `traced` also counts the fsyncs of any
work: `with traced(pids) as trace: …`, then `trace.fsyncs()`.
"""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

SYNCS = ("fsync", "fdatasync")
_WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "fallocate")
_ENDS = ("unlink", "unlinkat", "rename", "renameat", "renameat2")
_SENDS = ("sendto", "sendmsg")
_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))$")
_FILE = re.compile(r"^\d+<([^>]*)>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Call:
    """One system call: who, what, and its place in the order of beginnings and ends."""

    thread: int
    name: str
    given: str
    began: int
    ended: int

    @property
    def file(self) -> str:
        """The path of its first descriptor, or the first path it names."""
        found = _FILE.match(self.given) or _QUOTED.search(self.given)
        return found.group(1).removesuffix(" (deleted)") if found else ""


@dataclass
class Trace:
    """The calls of a traced piece of work, in the order in which they began."""

    calls: list[Call] = field(default_factory=list)

    def fsyncs(self) -> int:
        """How often the disk was waited for."""
        return sum(call.name in SYNCS for call in self.calls)


@contextmanager
def traced(pids: Sequence[int]) -> Iterator[Trace]:
    """Watches these processes and what they start; the trace is filled when the work is over.

    :raises PermissionError: when this account may not trace them.
    """
    trace = Trace()
    with tempfile.TemporaryDirectory(prefix="doorstep-strace-") as folder:
        out = Path(folder) / "calls"
        names = ",".join((*SYNCS, *_WRITES, *_ENDS, *_SENDS))
        who = [word for pid in pids for word in ("-p", str(pid))]
        command = ["strace", "-f", "-y", "-s", "64", "-e", f"trace={names}", "-o", str(out), *who]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            _wait_attached(tracer, pids)
            yield trace
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate(timeout=_PATIENCE_S)
        trace.calls += parse(out.read_text("utf-8", "replace"))


def family(*heads: psutil.Process) -> list[int]:
    """Processes and all they have started."""
    return [one.pid for head in heads for one in (head, *head.children(recursive=True))]


def parse(text: str) -> list[Call]:
    """Calls of strace's own text; one that was interrupted by another's is put together again.

    What never returned has ended nowhere: it is taken for one that ends after everything.
    """
    calls, open_calls = list[Call](), dict[int, tuple[str, str, int]]()
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = _LINE.match(line)
        if not found:
            continue
        thread, resumed, rest, name, given = int(found[1]), found[2], found[3], found[4], found[5]
        if resumed is not None:
            if thread in open_calls:
                name, given, began = open_calls.pop(thread)
                calls.append(Call(thread, name, given + rest, began, number))
        elif given.endswith("<unfinished ...>"):
            open_calls[thread] = (name, given.removesuffix("<unfinished ...>"), number)
        else:
            calls.append(Call(thread, name, given, number, number))
    calls += [
        Call(thread, name, given, began, len(lines)) for thread, (name, given, began) in open_calls.items()
    ]
    return sorted(calls, key=lambda call: call.began)


@dataclass
class Verdict:
    """How many answers were given after a write of theirs, and those that were given too early."""

    acknowledged: int = 0
    early: list[str] = field(default_factory=list)


def sqlite_verdict(calls: Sequence[Call], file: Path) -> Verdict:
    """An answer is early when anything its thread has done to the database may still be in the kernel alone.

    That is a write to the file, its journal or its log without a sync of the same after it, and a journal that was
    removed without a sync of its folder: it could be back after a power cut, and would take the transaction back.
    """
    verdict, dirty = Verdict(), defaultdict[int, dict[str, int]](dict)
    wrote: set[int] = set()
    ours = {str(file), f"{file}-journal", f"{file}-wal"}
    for call in sorted(calls, key=lambda one: one.ended if one.name in SYNCS else one.began):
        if call.name in _WRITES and call.file in ours:
            dirty[call.thread][call.file] = call.ended
            wrote.add(call.thread)
        elif call.name in _ENDS and call.file in ours:
            dirty[call.thread].pop(call.file, None)
            dirty[call.thread][str(file.parent)] = call.ended
        elif call.name in SYNCS:
            for left in dirty.values():
                if left.get(call.file, call.began + 1) <= call.began:
                    del left[call.file]
        elif _answers(call) and call.thread in wrote:
            wrote.discard(call.thread)
            verdict.acknowledged += 1
            left = dirty.pop(call.thread, {})
            if left:
                verdict.early.append(f"line {call.began}: {', '.join(map(_short, left))} not synced")
    return verdict


def postgres_verdict(calls: Sequence[Call]) -> Verdict:
    """An answer is early when between the COMMIT its thread sent and itself no sync of the write-ahead log lies.

    Only with one client at a time: another's sync would be taken for its own.
    """
    verdict, committed = Verdict(), dict[int, int]()
    synced = [call for call in calls if call.name in SYNCS and "/pg_wal/" in call.file]
    for call in calls:
        if call.name in _SENDS and "COMMIT\\0" in call.given:
            committed.setdefault(call.thread, call.ended)
        elif _answers(call) and call.thread in committed:
            since = committed.pop(call.thread)
            verdict.acknowledged += 1
            if not any(since < one.began and one.ended < call.began for one in synced):
                verdict.early.append(f"line {call.began}: no sync of the write-ahead log since line {since}")
    return verdict


def _answers(call: Call) -> bool:
    return call.name in _SENDS and '"HTTP/1.1 200' in call.given


def _short(path: str) -> str:
    return Path(path).name


def _wait_attached(tracer: subprocess.Popen[str], pids: Sequence[int]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if tracer.poll() is not None:
            said = tracer.stderr.read() if tracer.stderr else ""
            raise PermissionError(f"strace: {said.strip()[-300:]}")
        if all(_is_traced(pid) for pid in pids):
            return
        time.sleep(0.02)
    raise AssertionError("strace did not come to watch")


def _is_traced(pid: int) -> bool:
    """Whether all threads of a process are watched; one that has ended needs nobody."""
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        try:
            if "TracerPid:\t0\n" in status.read_text():
                return False
        except OSError:
            continue
    return True
