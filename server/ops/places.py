"""Places in the logs of handhelds, read from the ledger and hashed again: what stands where, what the next names."""

import json
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from server.core.db import db
from server.core.sql import among
from server.ops.batch import Envelope
from server.ops.chain import link
from server.ops.models import Operation, Quarantined, RepeatedPlace
from sync.canonical import evidence_hash, sha256_hex

Log = tuple[str, str]
"""A device and the incarnation of its local database."""


@dataclass(frozen=True)
class Place:
    """One place of a log. `sound` says that body, hash and columns fit each other.

    `op_id`, `type`, `author` and `at` are None where what stands there says no such thing. `chain` is what the next one
    has to name, worked out anew; `refused` is true for what is in quarantine and was not released, `stub` for what the
    handheld could only name (P18). `raw` is empty for a repeat, whose body stands elsewhere.
    """

    seq: int
    op_id: str | None
    type: str | None
    author: str | None
    at: int | None
    prev: str | None
    chain: str
    sound: bool
    refused: bool = False
    repeat: bool = False
    stub: bool = False
    raw: Envelope | None = None


def of_log(log: Log, first: int) -> dict[int, Place]:
    """What stands at `first` and after it, by seq; of something released what it has become."""
    found = {row.seq: _repeated(row) for row in _rows(RepeatedPlace, log, first)}
    _resolve(found)
    for row in _rows(Quarantined, log, first):
        found[row.seq] = _parked(row)
    for row in _rows(Operation, log, first):
        place, before = _recorded(row), found.get(row.seq)
        sound = place.sound and (before is None or before.repeat or (before.sound and not before.refused))
        found[row.seq] = replace(place, sound=sound)
    return found


def accepted(entity: str) -> list[tuple[Log, Place]]:
    """The handhelds' operations about something, in the server's order."""
    query = select(Operation).where(Operation.entity == entity, Operation.seq.is_not(None))
    return [
        ((str(row.device_id), str(row.incarnation)), _recorded(row))
        for row in db.session.scalars(query.order_by(Operation.position))
    ]


def _rows(model: Any, log: Log, first: int) -> Any:
    here = (model.device_id == log[0]) & (model.incarnation == log[1]) & (model.seq >= first)
    return db.session.scalars(select(model).where(here).order_by(model.seq))


def _recorded(row: Operation) -> Place:
    raw = row.envelope
    columns = ("op_id", "type", "author", "entity", "at", "seq")
    same = all(raw.get(name) == getattr(row, name) for name in columns)
    placed = (raw.get("device"), raw.get("incarnation")) == (row.device_id, row.incarnation)
    said = evidence_hash(raw)
    return Place(
        seq=int(row.seq or 0),
        op_id=row.op_id,
        type=row.type,
        author=row.author,
        at=row.at,
        prev=raw.get("prev"),
        chain=link(raw, said),
        sound=same and placed and said == row.body_hash,
        raw=raw,
    )


def _parked(row: Quarantined) -> Place:
    raw = _loaded(row.raw)
    op = raw if isinstance(raw, dict) else {}
    plain = evidence_hash(raw)
    foreign = sha256_hex(f"{row.device_id}/{row.incarnation}\n{plain}".encode())
    return Place(
        seq=int(row.seq or 0),
        op_id=row.op_id,
        type=_text(op.get("type")),
        author=row.author,
        at=op.get("at") if isinstance(op.get("at"), int) else None,
        prev=_text(op.get("prev")),
        # What claims to stand in another log has a hash of its own here (P15).
        chain=link(raw, plain if row.body_hash == plain else foreign),
        sound=row.body_hash in (plain, foreign),
        refused=row.released_at is None,
        stub=isinstance(op.get("parked"), dict),
        raw=op,
    )


def _repeated(row: RepeatedPlace) -> Place:
    return Place(row.seq, row.op_id, None, None, None, None, row.chain_hash, sound=True, repeat=True)


def _resolve(repeats: dict[int, Place]) -> None:
    """Who recorded what stands elsewhere, and when."""
    ids = [place.op_id for place in repeats.values() if place.op_id is not None]
    if not ids:
        return
    columns = (Operation.op_id, Operation.type, Operation.author, Operation.at)
    known = {
        row.op_id: row for row in db.session.execute(select(*columns).where(among(Operation.op_id, ids)))
    }
    for seq, place in repeats.items():
        row = known.get(place.op_id or "")
        if row is not None:
            repeats[seq] = replace(place, type=row.type, author=row.author, at=row.at)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
