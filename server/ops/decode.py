"""Step 1 to 3: what was handed in becomes an operation in today's form, or a fault with a code."""

from typing import Any

from server.ops.batch import Envelope, Fault, Item, Writer
from sync.canonical import evidence_hash, sha256_hex
from sync.protocol import position_code
from sync.upcast import upcast
from sync.validate import validate

LONGEST_DETAIL = 500
TAKEN_AWAY = Fault(
    "device_revoked", "The handheld had been taken away from its courier. This is kept as evidence."
)


def decode(writer: Writer, raw: Any, seq: int | None = None, body: Any = None) -> Item:
    """One arrival as an item.

    Args:
        writer: who hands it in; an operation under another name is a fault, never an effect (P11).
        raw: what was handed in, any JSON value.
        seq: its position in the handheld's log, None for other writers.
        body: what the hash is taken of when that is not `raw`: a desk's operation is completed by the server, and a
            retry of it must have the same hash (P16).
    """
    item = Item(raw=raw, body_hash=evidence_hash(raw if body is None else body), seq=seq)
    if not isinstance(raw, dict):
        item.fault = Fault("malformed", "This is not an operation: a JSON object was expected.")
        return item
    # An old version is judged by what it means today; what is no operation at all is named as it came.
    lifted = upcast(raw) if isinstance(raw.get("payload"), dict) else raw
    item.fault = _position_fault(writer, raw, seq) or _content_fault(lifted, writer)
    if _foreign(writer, raw, seq):
        # What another log claims to hold must never answer for the operation when it comes from there itself.
        item.body_hash = sha256_hex(f"{writer.device_id}/{writer.incarnation}\n{item.body_hash}".encode())
    if item.fault is None and writer.revoked:
        item.fault = TAKEN_AWAY
    if item.fault is None:
        item.op = lifted
    return item


def _position_fault(writer: Writer, raw: Envelope, seq: int | None) -> Fault | None:
    if writer.device_id is None or writer.incarnation is None or seq is None:
        return None
    code = position_code(raw, writer.device_id, writer.incarnation, seq)
    if code is not None:
        return Fault(code, "The operation says another handheld or place in the log than it came from.")
    return None


def _foreign(writer: Writer, raw: Envelope, seq: int | None) -> bool:
    """Whether an operation of a handheld claims to stand in another log than the one it came in."""
    claimed = (raw.get("device"), raw.get("incarnation"))
    return seq is not None and claimed != (writer.device_id, writer.incarnation)


def _content_fault(raw: Envelope, writer: Writer) -> Fault | None:
    problems = validate(raw, writer.role)
    if problems:
        first = problems[0]
        said = "; ".join(f"{p.field}: {p.detail}" if p.field else p.detail for p in problems[:5])
        return Fault(first.code, said[:LONGEST_DETAIL])
    if raw["author"] != writer.user_id:
        return Fault("forbidden", "The operation was recorded by another user than the one who hands it in.")
    return None
