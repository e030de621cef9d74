"""F8: a disk that is full, and one that fails: no false promise, and back to work unaided."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.kills import on_the_street
from tests.faults.oracle import Outcome, judge
from tests.faults.site import Site, site
from tests.faults.street import Courier, busy

_NORMAL_WITHIN_S = 5.0
_PATIENCE_S = 30.0
_ROOM = 64 * 1024
# Every so many-th fdatasync of a thread fails: some transactions do, and the tries after them pass.
_EIO = "inject=fdatasync:error=EIO:when=3+7"


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path | None]:
    """A file system of a few MB, in memory; None where this account may not mount one."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-disk-"))
    mount = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder))
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(("umount", "-l", str(folder)), capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def full(database: str, seconds: float, *, bug: str = "", megabytes: int = 0) -> Outcome:
    """A disk without room while couriers push; then there is room again.

    It is a small file system where this account may mount one, else a limit on how long the server's files may get.
    """
    outcome = Outcome("F8 disk full", database)
    with small_disk(megabytes or (12 if database == "sqlite" else 160)) as disk:
        if disk is None and database != "sqlite":
            outcome.figures["left out"] = "no file system may be mounted here"
            return outcome
        if disk is None:
            print(
                "F8: no file system may be mounted here; the disk is made full by a limit on the length of files"
            )
        with site(database, 3, 8, folder=disk) as place:
            place.serve(bug)
            couriers = on_the_street(place, 3, place.port)
            fill, free = _by_filling(disk) if disk else _by_limit(place)
            with busy(couriers, f"F8{bug}", pause_s=0.01):
                _until(lambda: all(one.promised for one in couriers))
                fill()
                _until(lambda: any(one.seen[503] for one in couriers))
                time.sleep(seconds)
                refused = sum(one.seen[503] for one in couriers)
                free()
                took = _normal_after(place, couriers)
            outcome.figures |= {
                "made full by": "tmpfs" if disk else "RLIMIT_FSIZE",
                "refused with 503": refused,
                "normal after s": round(took, 2),
            }
            if not refused:
                outcome.wrong.append("nobody was refused: the disk was not full")
            if took > _NORMAL_WITHIN_S:
                outcome.wrong.append(f"normal only {took:.1f} s after there was room")
            judge(place, couriers, outcome, bug)
    return outcome


def failing(place: Site, pushes: int, *, bug: str = "") -> Outcome:
    """Again and again the disk says EIO when it is to sync."""
    outcome = Outcome("F8 disk fails", place.database)
    place.serve(bug)
    couriers = on_the_street(place, 2, place.port)
    with _syncs_that_fail(place) as calls:
        with busy(couriers, f"EIO{bug}"):
            _until(
                lambda: (
                    sum(one.seen.total() for one in couriers) >= pushes or any(one.wrong for one in couriers)
                )
            )
        failed = calls.read_text("utf-8", "replace").count("(INJECTED)")
    outcome.figures |= {"pushes": sum(one.seen.total() for one in couriers), "syncs that failed": failed}
    if not failed:
        outcome.wrong.append("the disk did not fail")
    judge(place, couriers, outcome, bug)
    return outcome


@contextmanager
def _syncs_that_fail(place: Site) -> Iterator[Path]:
    """The server under strace, which answers in the disk's stead; the file says what it answered."""
    with tempfile.TemporaryDirectory(prefix="doorstep-strace-") as folder:
        calls = Path(folder) / "calls"
        words = ("-f", "-o", str(calls), "-e", "trace=fdatasync", "-e", _EIO, "-p", str(place.worker.pid))
        tracer = subprocess.Popen(("strace", *words), stderr=subprocess.DEVNULL)
        try:
            yield calls
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(_PATIENCE_S)


def _by_filling(disk: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    ballast = disk / "ballast"

    def fill() -> None:
        with suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(b"x" * _ROOM)
                file.flush()
        with suppress(OSError), ballast.open("ab") as file:
            while True:
                file.write(b"x" * 512)
                file.flush()

    return fill, ballast.unlink


def _by_limit(place: Site) -> tuple[Callable[[], None], Callable[[], None]]:
    """No file of the server's may get longer than the database is; the server hears of it as an error (EFBIG)."""

    def limit(most: int) -> None:
        resource.prlimit(place.worker.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    return lambda: limit(place.file.stat().st_size), lambda: limit(resource.RLIM_INFINITY)


def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not done() and time.monotonic() < until:
        time.sleep(0.02)


def _normal_after(place: Site, couriers: list[Courier]) -> float:
    """The s until everybody has been answered 200 again."""
    began, before = time.monotonic(), [one.seen[200] for one in couriers]
    _until(
        lambda: all(one.seen[200] > had for one, had in zip(couriers, before, strict=True)) and place.ready()
    )
    return time.monotonic() - began
