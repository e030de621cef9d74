"""Random ids: UUIDv7 (RFC 9562), lower case, 36 characters. Derived ids are `sync.canonical.derive`."""

from __future__ import annotations

import re
import secrets
import uuid

from server.core.clock import now_ms

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def uuid7(at: int | None = None) -> str:
    """A fresh id whose first 48 bits are `at` (ms, default now), so that indexes grow at their end."""
    ms = now_ms() if at is None else at
    value = (ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def is_uuid(text: str) -> bool:
    """True for an id in the one spelling Doorstep uses."""
    return _UUID.fullmatch(text) is not None
