"""What each handheld of a station has recorded, and what of it is here: from answers and from what it told (P32).

For a list that is looked at all day: how far a log is consumed is arithmetic on its head, since it has no gaps (P15);
whoever wants every operation hashed again asks for the audit of a shift.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.core.db import db
from server.core.sql import among
from server.ops.models import DeviceHead, Operation, Quarantined, RepeatedPlace

Log = tuple[str, str]


@dataclass(frozen=True)
class Holder:
    """A handheld as far as the log needs to know it: its local database now, what it said last that it still holds, and
    the shift of its courier."""

    id: str
    incarnation: str | None
    waiting: int | None
    shift: str | None


@dataclass(frozen=True)
class Receipt:
    """`recorded` is what the handheld told of and `confirmed` what the server has answered, `refused` included.

    Counted since `since` (ms), when its courier's shift began on it, the operation that closes a shift left out; None:
    of all that its present log holds. `waiting` is None where it never said.
    """

    since: int | None
    recorded: int
    confirmed: int
    waiting: int | None
    refused: int
    skew_ms: int | None


@dataclass(frozen=True)
class _Edge:
    """Where in which log a shift begins or is closed."""

    log: Log
    seq: int
    at: int


def of_devices(holders: Sequence[Holder], since: int) -> dict[str, Receipt]:
    """The receipt of each handheld.

    Args:
        holders: the handhelds.
        since: ms; what went into quarantine before it is not told any more.
    """
    ids = [holder.id for holder in holders]
    heads: dict[str, list[DeviceHead]] = defaultdict(list)
    for head in db.session.scalars(select(DeviceHead).where(among(DeviceHead.device_id, ids))):
        heads[head.device_id].append(head)
    edges = _edges({holder.shift for holder in holders if holder.shift})
    refused = _quarantined(ids, since)
    repeats = _repeated(ids)
    found = {}
    for holder in holders:
        begin, end = edges.get((holder.shift, "shift.started")), edges.get((holder.shift, "shift.closed"))
        if begin is not None and begin.log[0] != holder.id:
            begin = end = None
        parts = list(_parts(holder, heads[holder.id], begin, end))
        now = next((head for head in heads[holder.id] if head.incarnation == holder.incarnation), None)
        confirmed = sum(_held(part, repeats) for part in parts)
        found[holder.id] = Receipt(
            since=begin.at if begin is not None else None,
            recorded=confirmed + (0 if end is not None else holder.waiting or 0),
            confirmed=confirmed,
            waiting=holder.waiting,
            refused=sum(first <= seq <= last for log, first, last in parts for seq in refused[log]),
            skew_ms=now.skew_ms if now is not None else None,
        )
    return found


def _edges(shifts: Iterable[str]) -> dict[tuple[str | None, str], _Edge]:
    """(shift, type) -> the operation that begins or closes it."""
    columns = (Operation.entity, Operation.type, Operation.device_id, Operation.incarnation, Operation.seq)
    query = (
        select(*columns, Operation.at, Operation.skew_ms)
        .where(among(Operation.entity, [f"shift:{one}" for one in shifts]), Operation.seq.is_not(None))
        .order_by(Operation.position.desc())
    )
    return {
        (row.entity.partition(":")[2], row.type): _Edge(
            (row.device_id, row.incarnation), row.seq, row.at + (row.skew_ms or 0)
        )
        for row in db.session.execute(query)
    }


def _parts(
    holder: Holder, heads: Sequence[DeviceHead], begin: _Edge | None, end: _Edge | None
) -> Iterable[tuple[Log, int, int]]:
    """What of which log counts, from a place to a place: since the shift began, or all of the present one."""
    began = min((head.first_heard for head in heads if begin and head.incarnation == begin.log[1]), default=0)
    for head in heads:
        log = (head.device_id, head.incarnation)
        if begin is None:
            if head.incarnation == holder.incarnation:
                yield log, 1, head.head_seq
        elif log == begin.log or head.first_heard > began:
            first = begin.seq if log == begin.log else 1
            yield log, first, end.seq - 1 if end is not None and end.log == log else head.head_seq


def _held(part: tuple[Log, int, int], repeats: Mapping[Log, Sequence[int]]) -> int:
    """How many operations stand there, those that stand elsewhere as well left out."""
    log, first, last = part
    return max(0, last - first + 1) - sum(first <= seq <= last for seq in repeats.get(log, ()))


def _quarantined(devices: Sequence[str], since: int) -> dict[Log, list[int]]:
    """Places of what was refused and was not let through."""
    mine = among(Quarantined.device_id, devices)
    late = (Quarantined.received_at >= since) & Quarantined.released_at.is_(None)
    return _places(Quarantined, mine & late & Quarantined.seq.is_not(None))


def _repeated(devices: Sequence[str]) -> dict[Log, list[int]]:
    """Places of what had been answered at another one; there are few of them (P16)."""
    return _places(RepeatedPlace, among(RepeatedPlace.device_id, devices))


def _places(table: Any, condition: Any) -> dict[Log, list[int]]:
    found: dict[Log, list[int]] = defaultdict(list)
    for row in db.session.execute(select(table.device_id, table.incarnation, table.seq).where(condition)):
        found[(row.device_id, row.incarnation)].append(row.seq)
    return found
