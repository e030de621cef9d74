"""Blobs on their way: what has arrived of one so far, kept apart for each sender until it is whole (P33).

A part lies beside the store, on the same file system, and never under the name of a blob: it becomes one only when its
bytes have the hash it was begun under. Nobody but its sender can add to it, ask for it or spoil it. It is not forced to
disk piece by piece: what a power cut takes of it is sent again, and what it garbles the hash finds out.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from server.core.blobs import ContentStore, HashMismatchError, is_sha256
from server.core.ids import is_uuid

MAX_CHUNK: Final = 256 * 1024


class OffsetError(Exception):
    """A piece that does not go on where the part ends."""


@dataclass(frozen=True)
class Piece:
    """Some bytes of a blob of `total` bytes, from `offset` on."""

    offset: int
    total: int
    data: bytes


@dataclass(frozen=True)
class Progress:
    """What there is of a blob; `new` when it has just come into the store."""

    offset: int
    complete: bool = False
    new: bool = False


class PartStore:
    """`root/<sender>/<sha256>`; a part is as old as its last piece, by the server's clock."""

    def __init__(self, root: Path, whole: ContentStore) -> None:
        self.root = root
        self._whole = whole

    def offset(self, sender: str, sha256: str) -> int:
        """How many bytes of a blob have arrived from a sender."""
        try:
            return self._path(sender, sha256).stat().st_size
        except FileNotFoundError:
            return 0

    def add(self, sender: str, sha256: str, piece: Piece, now: int) -> Progress:
        """Append a piece that goes on where the part ends; with the last one the part becomes a blob.

        An empty piece only looks whether all is there: a crash may have come between the last bytes and that look.

        :param now: ms; from it the part counts as untouched.
        :raises OffsetError: when it ends elsewhere. Nothing is changed.
        :raises HashMismatchError: when these are other bytes. The part is dropped: nothing of it can be trusted.
        """
        path = self._path(sender, sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(path) as part:
            size = os.fstat(part.fileno()).st_size
            if size != piece.offset:
                raise OffsetError
            part.write(piece.data)
            part.flush()
            os.utime(path, ns=(now * 1_000_000, now * 1_000_000))
            size += len(piece.data)
            if size < piece.total:
                return Progress(size)
            return Progress(size, complete=True, new=self._commit(path, part, sha256))

    def _commit(self, path: Path, part: BinaryIO, sha256: str) -> bool:
        if _hash(part) != sha256:
            path.unlink(missing_ok=True)
            raise HashMismatchError(sha256)
        os.fsync(part.fileno())
        new = self._whole.take(sha256, path)
        path.unlink(missing_ok=True)
        return new

    def forget(self, before: int) -> int:
        """Remove the parts nobody has added to since `before` (ms); answers how many."""
        gone = 0
        for path in sorted(self.root.glob("*/*")):
            with _held(path) as part:
                if os.fstat(part.fileno()).st_mtime_ns < before * 1_000_000:
                    path.unlink(missing_ok=True)
                    gone += 1
        return gone

    def _path(self, sender: str, sha256: str) -> Path:
        """:raises FileNotFoundError: for a name that is no hash or no id: nothing else ever becomes a path."""
        if not (is_sha256(sha256) and is_uuid(sender)):
            raise FileNotFoundError(sha256)
        return self.root / sender / sha256


@contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    """A part to read and add to, made when it is not there, and nobody else's as long as this lasts.

    Whoever waited for it looks whether it still lies under its name: it may have become a blob meanwhile, and nothing
    may ever be added to that.
    """
    while True:
        with path.open("ab+") as part:
            fcntl.flock(part, fcntl.LOCK_EX)
            if _is_at(part, path):
                yield part
                return


def _is_at(part: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(part.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _hash(part: BinaryIO) -> str:
    part.seek(0)
    return hashlib.sha256(part.read()).hexdigest()
