"""The exchange as a message.

The raw body is read here and not by a framework's argument parser: no content of an operation may refuse a batch (P18).
"""

import gzip
import io
import zlib
from dataclasses import dataclass
from typing import Any

from server.core.ids import is_uuid
from sync.canonical import storable
from sync.protocol import MAX_BODY_BYTES, MAX_OPERATIONS, UnreadableError, parse
from sync.schemas.exchange import REBUILD_CAUSES

MAX_PAGE = 1000
# An operation may nest 32 deep to be understood and somewhat deeper to be parked; past this nothing reads it.
MAX_DEPTH = 500
# More proofs than a handheld records in a fortnight.
MAX_PROOFS = 5_000


class TooLargeError(ValueError):
    """The body is larger than a batch may be."""


@dataclass(frozen=True)
class Request:
    """One exchange as asked for."""

    app: str
    incarnation: str
    from_seq: int
    operations: list[Any]
    last_seq: int | None
    cursors: dict[str, int]
    ceilings: dict[str, int]
    limit: int
    sent_at: int | None
    mono: int | None
    boot: str | None
    proofs: list[Any]
    rebuilding: dict[str, str]
    lost_proofs: list[Any]


def read(body: bytes, encoding: str) -> Request:
    """Reads a request body.

    Args:
        body: as received.
        encoding: the Content-Encoding header; empty or `gzip`.

    Raises:
        UnreadableError: no gzip, no JSON object, a key given twice, nested beyond MAX_DEPTH, or a frame without
            its parts.
        TooLargeError: more than MAX_BODY_BYTES once unpacked, or more than MAX_OPERATIONS operations.
    """
    text = _unpack(body) if encoding == "gzip" else body
    if len(text) > MAX_BODY_BYTES:
        raise TooLargeError
    message = parse(text)
    if _too_deep(message):
        raise UnreadableError("nested too deeply")
    return _frame(message)


def _too_deep(message: dict[str, Any]) -> bool:
    """Whether anything lies deeper than whatever handles it later may recurse; found without recursion."""
    level: list[Any] = [message]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _unpack(body: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            text = stream.read(MAX_BODY_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError("not gzip") from error
    if len(text) > MAX_BODY_BYTES:
        raise TooLargeError
    return text


def _frame(message: dict[str, Any]) -> Request:
    push = message.get("push") or {}
    if not isinstance(push, dict):
        raise UnreadableError("push is no object")
    operations = push.get("operations", [])
    if not isinstance(operations, list):
        raise UnreadableError("push.operations is no list")
    if len(operations) > MAX_OPERATIONS:
        raise TooLargeError
    incarnation = message.get("incarnation")
    if not isinstance(incarnation, str) or not is_uuid(incarnation):
        raise UnreadableError("incarnation is missing")
    return Request(
        app=_label(message.get("app")),
        incarnation=incarnation,
        from_seq=_whole(push.get("from_seq", 1), "push.from_seq", least=1),
        operations=operations,
        last_seq=None if message.get("last_seq") is None else _whole(message["last_seq"], "last_seq"),
        cursors=_versions(message.get("cursors") or {}, "cursors"),
        ceilings=_versions(message.get("ceilings") or {}, "ceilings"),
        limit=min(_whole(message.get("limit", 500), "limit", least=1), MAX_PAGE),
        sent_at=None if message.get("sent_at") is None else _whole(message["sent_at"], "sent_at"),
        mono=None if message.get("mono") is None else _whole(message["mono"], "mono"),
        boot=None if message.get("boot") is None else _label(message["boot"]),
        proofs=_proofs(message.get("proofs") or []),
        rebuilding=_causes(message.get("rebuilding") or {}),
        lost_proofs=[one for one in _proofs(message.get("lost_proofs") or []) if isinstance(one, str)],
    )


def _whole(value: Any, name: str, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**53:
        raise UnreadableError(f"{name} is no whole number in range")
    return value


def _versions(value: Any, name: str) -> dict[str, int]:
    if not isinstance(value, dict):
        raise UnreadableError(f"{name} is no object")
    return {scope: _whole(ver, name) for scope, ver in value.items()}


def _proofs(value: Any) -> list[Any]:
    """What a handheld believes to be stored here; what is no hash is never missing."""
    if not isinstance(value, list):
        raise UnreadableError("a list of proofs is no list")
    return value[:MAX_PROOFS]


def _causes(value: Any) -> dict[str, str]:
    """Why which scope is pulled anew, as far as it is one of the reasons there are; it decides nothing."""
    if not isinstance(value, dict):
        raise UnreadableError("rebuilding is no object")
    return {scope: cause for scope, cause in value.items() if cause in REBUILD_CAUSES}


def _label(value: Any) -> str:
    """The build as far as it can be kept; it decides nothing."""
    return str(storable(value[:60])) if isinstance(value, str) else ""
