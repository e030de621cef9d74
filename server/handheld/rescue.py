"""The log of a handheld that cannot send any more, brought by a colleague's handheld or in a file (P11, P16, P32).

Whoever brings it is nobody: the operations go to their places in the log of the handheld that recorded them, in the
name of whoever recorded them, and are judged like a push of its own. When it comes back, it finds them answered. That
the log is that handheld's own is said by its seal: an HMAC-SHA256 over the text, under the SHA-256 of the handheld's
credential, which only it and the database know.
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from server.auth import handhelds
from server.auth import queries as auth_queries
from server.core.blobs import HashMismatchError
from server.core.db import read
from server.core.ids import is_uuid
from server.core.stores import blob_store
from server.handheld.blobs import MAX_BLOB, kind_of
from server.ops.batch import Result, Writer
from server.ops.push import Clocks, push
from sync.protocol import MAX_OPERATIONS, UnreadableError, parse

# More than a handheld records in a fortnight.
MOST_OPERATIONS = 20_000


class NotSealedError(Exception):
    """The text is not what the handheld it names wrote, or that handheld is unknown here."""


@dataclass
class Brought:
    """What became of a log that was brought. `expected_seq` is set where something before it is missing."""

    device: str
    courier: str
    results: list[Result] = field(default_factory=list)
    head_seq: int = 0
    expected_seq: int | None = None


@dataclass(frozen=True)
class _Log:
    device: str
    incarnation: str
    from_seq: int
    operations: list[Any]


def bring(body: str, seal: str, *, station: str | None = None) -> Brought:
    """Hand in the log of another handheld.

    Args:
        body: the text the handheld wrote.
        seal: its seal on that text.
        station: the station of whoever brings it; None for an operator, who may bring any.

    Raises:
        UnreadableError: the text is no log.
        NotSealedError: it does not carry the seal of the handheld it names, or that one is of another station.
    """
    log = _read(body)
    with read():
        device = auth_queries.device(log.device)
        known = device is not None and station in (None, device.station_id)
        if device is None or not known or not handhelds.has_sealed(device.id, body, seal):
            raise NotSealedError(log.device)
        owner = auth_queries.user(device.user_id)
    if owner is None:
        raise NotSealedError(log.device)
    writer = Writer(
        owner.id, device.station_id, owner.role, device.id, log.incarnation, revoked=device.revoked
    )
    brought = Brought(device.id, owner.name)
    at = log.from_seq
    for begin in range(0, len(log.operations), MAX_OPERATIONS):
        part = log.operations[begin : begin + MAX_OPERATIONS]
        pushed = push(writer, at, part, last_seq=None, clocks=Clocks(None), app=None)
        brought.head_seq = pushed.head_seq
        if pushed.expected_seq < at:
            brought.expected_seq = pushed.expected_seq
            break
        brought.results += pushed.results
        at += len(part)
    return brought


def keep_proofs(proofs: list[Any]) -> int:
    """Stores pictures of a rescue file; answers how many are here now. What is none, or another, is left out."""
    kept = 0
    for proof in proofs:
        try:
            data = base64.b64decode(proof["bytes"], validate=True)
            if len(data) > MAX_BLOB or kind_of(data) is None:
                continue
            blob_store().put(proof["sha256"], data)
            kept += 1
        except (KeyError, TypeError, binascii.Error, HashMismatchError):
            continue
    return kept


def packages(text: str) -> tuple[list[tuple[str, str]], list[Any]]:
    """The sealed logs and the proofs of a rescue file.

    Raises:
        UnreadableError: it is none.
    """
    file = parse(text.encode())
    logs, proofs = file.get("packages"), file.get("proofs", [])
    if file.get("doorstep") != "rescue" or not isinstance(logs, list) or not isinstance(proofs, list):
        raise UnreadableError("this is no rescue file of Doorstep's")
    return [_sealed(one) for one in logs], proofs


def _sealed(one: Any) -> tuple[str, str]:
    body, seal = (one.get("body"), one.get("seal")) if isinstance(one, dict) else (None, None)
    if not isinstance(body, str) or not isinstance(seal, str):
        raise UnreadableError("a log without its text or its seal")
    return body, seal


def _read(body: str) -> _Log:
    told = parse(body.encode())
    device, incarnation = told.get("device"), told.get("incarnation")
    from_seq, operations = told.get("from_seq"), told.get("operations")
    if not (
        isinstance(device, str) and is_uuid(device) and isinstance(incarnation, str) and is_uuid(incarnation)
    ):
        raise UnreadableError("whose log it is is not said")
    if isinstance(from_seq, bool) or not isinstance(from_seq, int) or not 1 <= from_seq < 2**53:
        raise UnreadableError("where the log begins is not said")
    if not isinstance(operations, list) or len(operations) > MOST_OPERATIONS:
        raise UnreadableError("the operations are no list of a log's length")
    return _Log(device, incarnation, from_seq, operations)
