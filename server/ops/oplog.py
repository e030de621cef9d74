"""The log: what was answered before, and the history an entity is rebuilt from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select, update

from server.core.db import db
from server.ops.batch import Envelope, Item, Result, Writer
from server.ops.models import Operation, Quarantined

_ACCEPTED = ("applied", "merged", "conflict")


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


def answers(writer: Writer, items: Sequence[Item]) -> Answers:
    """What has been answered to these items, or to others at their place or with their id."""
    found = Answers()
    ids = [
        item.raw["op_id"]
        for item in items
        if isinstance(item.raw, dict) and isinstance(item.raw.get("op_id"), str)
    ]
    seqs = [item.seq for item in items if item.seq is not None]
    for table in (Operation, Quarantined):
        condition: Any = table.op_id.in_(ids)
        if writer.device_id is not None and seqs:
            here = (table.device_id == writer.device_id) & (table.incarnation == writer.incarnation)
            condition = or_(condition, here & table.seq.in_(seqs))
        query = select(
            table.op_id, table.device_id, table.incarnation, table.seq, table.body_hash, table.result
        )
        for row in db.session.execute(query.where(condition)):
            mine = (row.device_id, row.incarnation) == (writer.device_id, writer.incarnation)
            found.add(row.op_id, row.seq if mine else None, row.body_hash, row.result)
    return found


@dataclass(frozen=True)
class Past:
    """One accepted operation of the past, and which operation took it back or made it stand after all."""

    op: Envelope
    voided_by: str | None
    forced_by: str | None


def history(task_id: str) -> list[Past]:
    """Accepted operations about a task and its obligation, in the server's order."""
    query = (
        select(Operation.envelope, Operation.voided_by, Operation.forced_by)
        .where(Operation.task_id == task_id, Operation.status.in_(_ACCEPTED))
        .order_by(Operation.position)
    )
    return [Past(row.envelope, row.voided_by, row.forced_by) for row in db.session.execute(query)]


def by_ids(op_ids: Iterable[str]) -> dict[str, Envelope]:
    """Accepted operations by id."""
    query = select(Operation.op_id, Operation.envelope).where(
        Operation.op_id.in_(list(op_ids)), Operation.status.in_(_ACCEPTED)
    )
    return {row.op_id: row.envelope for row in db.session.execute(query)}


def waiting_for(entities: Iterable[str]) -> list[tuple[Envelope, str]]:
    """Deferred operations that wait for one of these entities, oldest first, with their body hash (P18)."""
    query = (
        select(Operation.envelope, Operation.body_hash)
        .where(Operation.status == "deferred", Operation.awaits.in_(list(entities)))
        .order_by(Operation.position)
    )
    return [(row.envelope, row.body_hash) for row in db.session.execute(query)]


def append(rows: Sequence[dict[str, Any]]) -> None:
    """Adds accepted and deferred operations."""
    if rows:
        db.session.execute(insert(Operation), rows)


def settle(op_id: str, values: dict[str, Any]) -> None:
    """Gives a deferred operation its final status."""
    db.session.execute(update(Operation).where(Operation.op_id == op_id).values(**values))


def mark(voided: Mapping[str, str], forced: Mapping[str, str]) -> None:
    """Remembers which operation took which one back, and which made which one stand after all."""
    for column, marks in ((Operation.voided_by, voided), (Operation.forced_by, forced)):
        for op_id, by in marks.items():
            db.session.execute(update(Operation).where(Operation.op_id == op_id).values({column: by}))


def park(rows: Sequence[dict[str, Any]]) -> None:
    """Keeps what could not become an operation."""
    if rows:
        db.session.execute(insert(Quarantined), rows)
