"""Content-addressed store on a folder: a blob's name is the SHA-256 of its bytes, so it can never change.

A file appears under its name complete and on disk, or not at all: written aside, fsynced, renamed, and the folder
fsynced.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import BinaryIO

_SHA = re.compile(r"[0-9a-f]{64}")


class HashMismatchError(Exception):
    """The bytes have another hash than the name says."""


class ContentStore:
    """`root/ab/cd/<sha256>`; two levels keep folders small at millions of photos."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, sha256: str, data: bytes) -> bool:
        """Store bytes under their hash; True when they are new.

        :raises HashMismatchError: when they are other bytes. Nothing is stored.
        """
        if hashlib.sha256(data).hexdigest() != sha256:
            raise HashMismatchError(sha256)
        target = self._path(sha256)
        if target.exists():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with aside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.rename(target)
        finally:
            aside.unlink(missing_ok=True)
        for folder in (target.parent, target.parent.parent, self.root):
            _sync_folder(folder)
        return True

    def take(self, sha256: str, aside: Path) -> bool:
        """Move a file that is complete, on disk and has this hash under its name; True when it is new.

        `aside` must lie on the same file system; it is left where it is when the blob is here already.
        """
        target = self.path(sha256)
        if target.exists():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.rename(target)
        for folder in (target.parent, target.parent.parent, self.root):
            _sync_folder(folder)
        return True

    def path(self, sha256: str) -> Path:
        """Where a blob lies, or would lie.

        :raises FileNotFoundError: for a name that is no hash.
        """
        return self._path(sha256)

    def has(self, sha256: str) -> bool:
        """True when the blob is here, complete."""
        return is_sha256(sha256) and self._path(sha256).exists()

    def open(self, sha256: str) -> BinaryIO:
        """The blob for reading.

        :raises FileNotFoundError: when it is not here.
        """
        return self._path(sha256).open("rb")

    def _path(self, sha256: str) -> Path:
        if not is_sha256(sha256):
            raise FileNotFoundError(sha256)
        return self.root / sha256[:2] / sha256[2:4] / sha256


def is_sha256(text: str) -> bool:
    """True for 64 lower-case hex digits: nothing else ever becomes a path."""
    return _SHA.fullmatch(text) is not None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
