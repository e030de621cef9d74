"""The log: what was answered before, and the history an entity is rebuilt from."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, or_, select, union_all, update

from server.core.db import db
from server.core.ids import is_uuid
from server.core.sql import among, insert_rows, run
from server.ops.batch import Envelope, Item, Result, Writer, split
from server.ops.models import Operation, Quarantined
from sync.canonical import evidence_hash
from sync.upcast import upcast

_ACCEPTED = ("applied", "merged", "conflict")
# Where an operation stands, beside what it says.
_PLACE = ("device", "incarnation", "seq", "prev")
_OF_PLACE = ("position_mismatch", "seq_reuse", "id_reuse", "forbidden")


def _answered(table: Any, *, by_place: bool) -> Any:
    condition = among(table.c.op_id, "ids")
    if by_place:
        condition |= (
            (table.c.device_id == bindparam("device"))
            & (table.c.incarnation == bindparam("incarnation"))
            & table.c.seq.between(bindparam("first"), bindparam("last"))
        )
    if table is Quarantined.__table__:
        # What a person let count stands in the log, and answers there (P34).
        condition &= table.c.released_at.is_(None)
    columns = ("op_id", "device_id", "incarnation", "seq", "body_hash", "result")
    return select(*(table.c[name] for name in columns)).where(condition)


_TABLES = (Operation.__table__, Quarantined.__table__)
_BY_ID = union_all(*(_answered(table, by_place=False) for table in _TABLES))
_BY_PLACE = union_all(*(_answered(table, by_place=True) for table in _TABLES))


class Answers:
    """First answers, by place in a handheld's log and by op_id (P16)."""

    def __init__(self) -> None:
        self.by_seq: dict[int, tuple[str, Result]] = {}
        self.by_op: dict[str, dict[str, Result]] = {}

    def add(self, op_id: str | None, seq: int | None, body_hash: str, result: Result) -> None:
        """Remembers one answer."""
        if seq is not None:
            self.by_seq[seq] = (body_hash, result)
        if op_id is not None:
            self.by_op.setdefault(op_id, {})[body_hash] = result


def id_of(item: Item) -> str | None:
    """The id of what was handed in, when it has one worth the name."""
    op_id = item.raw.get("op_id") if isinstance(item.raw, dict) else None
    return op_id if isinstance(op_id, str) and is_uuid(op_id) else None


def answers(writer: Writer, items: Sequence[Item]) -> Answers:
    """What has been answered to these items, or to others at their place or with their id."""
    found = Answers()
    ids = [op_id for item in items if (op_id := id_of(item)) is not None]
    came = {item.body_hash for item in items}
    seqs = [item.seq for item in items if item.seq is not None]
    statement = _BY_ID
    asked: dict[str, Any] = {"ids": ids}
    if writer.device_id is not None and seqs:
        place = {"device": writer.device_id, "incarnation": writer.incarnation}
        statement = _BY_PLACE
        asked |= place | {"first": min(seqs), "last": max(seqs)}
    for row in run(statement, asked):
        mine = (row.device_id, row.incarnation) == (writer.device_id, writer.incarnation)
        op_id = None if _misplaced(row, mine=mine, came=came) else row.op_id
        found.add(op_id, row.seq if mine else None, row.body_hash, row.result)
    return found


def _misplaced(row: Any, *, mine: bool, came: set[str]) -> bool:
    """Whether a copy that was refused for its place says nothing about the operation itself: somebody else's copy, or
    one at a place another history has taken, once it comes from a place of its own."""
    code = row.result["code"]
    return (code == "position_mismatch" and not mine) or (code == "seq_reuse" and row.body_hash not in came)


def answer_elsewhere(writer: Writer, item: Item, op_id: str) -> Result | None:
    """The first answer to the same operation at another place of a log (P16); None when it is another operation.

    A handheld whose storage went back, or that was enrolled anew, numbers what it holds again; some of it had arrived.
    What is refused for its place or its sender is never taken for another that was not: what was forbidden is answered
    again to the same handheld alone.
    """
    if item.fault is not None and item.fault.code in _OF_PLACE:
        return None
    said = select(Operation.envelope, Operation.result).where(Operation.op_id == op_id)
    kept = select(Quarantined.raw, Quarantined.result).where(
        Quarantined.op_id == op_id,
        Quarantined.code.not_in(_OF_PLACE) | _forbidden_here(writer),
        Quarantined.released_at.is_(None),
    )
    before = [(row.envelope, row.result) for row in db.session.execute(said)]
    before += [(json.loads(row.raw), row.result) for row in db.session.execute(kept)]
    content = _content_hash(item.raw)
    return next((result for raw, result in before if _content_hash(raw) == content), None)


def _forbidden_here(writer: Writer) -> Any:
    same = (Quarantined.device_id == writer.device_id) & (Quarantined.author == writer.user_id)
    return (Quarantined.code == "forbidden") & same


def _content_hash(raw: Any) -> str:
    kept = {key: value for key, value in raw.items() if key not in _PLACE} if isinstance(raw, dict) else raw
    return evidence_hash(kept)


@dataclass(frozen=True)
class Past:
    """One accepted operation of the past, and which operation took it back or made it stand after all.

    `op` is in today's form whatever version it was sent in; `received_at` is None for one of this batch.
    """

    op: Envelope
    voided_by: str | None
    forced_by: str | None
    received_at: int | None = None


def history(entity: str, orders: Collection[str]) -> list[Past]:
    """Accepted operations that made an entity what it is, in the server's order.

    Args:
        entity: what is to be rebuilt; a task with all that was recorded about it, its money included.
        orders: tasks whose orders speak of the entity; for a parcel or a customer.
    """
    kind, identity = split(entity)
    about: Any = Operation.entity == entity
    if kind in ("task", "obligation"):
        about = Operation.task_id == identity
    elif orders:
        about = or_(about, (Operation.type == "order.imported") & Operation.task_id.in_(list(orders)))
    return _past(about)


def by_ids(op_ids: Iterable[str]) -> dict[str, Past]:
    """Accepted operations by id."""
    return {one.op["op_id"]: one for one in _past(Operation.op_id.in_(list(op_ids)))}


def marked_by(op_id: str) -> dict[str, Past]:
    """Operations that `op_id` took back or made stand after all."""
    marked = or_(Operation.voided_by == op_id, Operation.forced_by == op_id)
    return {one.op["op_id"]: one for one in _past(marked)}


def _past(condition: Any) -> list[Past]:
    query = (
        select(
            Operation.envelope,
            Operation.skew_ms,
            Operation.voided_by,
            Operation.forced_by,
            Operation.received_at,
        )
        .where(condition, Operation.status.in_(_ACCEPTED))
        .order_by(Operation.position)
    )
    return [
        Past(_today(row.envelope, row.skew_ms), row.voided_by, row.forced_by, row.received_at)
        for row in db.session.execute(query)
    ]


def _today(envelope: Envelope, skew_ms: int | None) -> Envelope:
    """A logged operation as it was decided: in today's form, its time on the server's clock."""
    return {**upcast(envelope), "at": envelope["at"] + (skew_ms or 0)}


def waiting_for(entities: Iterable[str]) -> list[Item]:
    """Deferred operations that wait for one of these entities, oldest first, as items to be decided (P18)."""
    query = (
        select(Operation)
        .where(Operation.status == "deferred", among(Operation.awaits, entities))
        .order_by(Operation.position)
    )
    return [
        Item(
            raw=row.envelope,
            body_hash=row.body_hash,
            op=_today(row.envelope, row.skew_ms),
            waited=_writer_of(row),
        )
        for row in db.session.scalars(query)
    ]


def _writer_of(row: Operation) -> Writer:
    # Only what a handheld sends may wait, and a handheld is always its courier.
    return Writer(row.author, row.station_id, "courier", row.device_id, row.incarnation)


def append(rows: Sequence[dict[str, Any]]) -> None:
    """Adds accepted and deferred operations."""
    insert_rows(Operation.__table__, rows)


def settle(op_id: str, values: dict[str, Any]) -> None:
    """Gives a deferred operation its final status."""
    db.session.execute(update(Operation).where(Operation.op_id == op_id).values(**values))


def mark(voided: Mapping[str, str | None], forced: Mapping[str, str | None]) -> None:
    """Remembers which operation took which one back, and which made which one stand after all; None forgets it."""
    for column, marks in ((Operation.voided_by, voided), (Operation.forced_by, forced)):
        for op_id, by in marks.items():
            db.session.execute(update(Operation).where(Operation.op_id == op_id).values({column: by}))


def park(rows: Sequence[dict[str, Any]]) -> None:
    """Keeps what could not become an operation."""
    insert_rows(Quarantined.__table__, rows)
