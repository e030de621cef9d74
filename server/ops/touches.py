"""Every touch of a customer: a query over the log, not a second write."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.core.db import db
from server.ops.models import Operation

_IN_ONE_QUERY = 400


@dataclass(frozen=True)
class Touch:
    """One operation of the log; `position` is its place there, times are ms."""

    position: int
    op_id: str
    type: str
    entity: str
    task_id: str | None
    author: str
    device_id: str | None
    at: int
    received_at: int
    skew_ms: int | None
    status: str
    payload: dict[str, Any]
    conflict: str | None
    voided: bool


def touches(entities: Sequence[str], task_ids: Sequence[str], before: int | None, limit: int) -> list[Touch]:
    """Operations on any of these entities or about any of these tasks, newest first.

    Args:
        entities: `kind:id` of what is not a task: the customer, cases.
        task_ids: his tasks, money and scans included.
        before: only what stands earlier in the log than this position.
        limit: how many at most.
    """
    found: dict[int, Touch] = {}
    for condition in _conditions(entities, task_ids):
        # "+ 0" keeps the database from walking the whole log backwards in search of a customer with few operations.
        query = select(Operation).where(condition).order_by((Operation.position + 0).desc()).limit(limit)
        if before is not None:
            query = query.where(Operation.position < before)
        found |= {row.position: _touch(row) for row in db.session.scalars(query)}
    return [found[position] for position in sorted(found, reverse=True)[:limit]]


def _conditions(entities: Sequence[str], task_ids: Sequence[str]) -> Iterator[Any]:
    for column, values in ((Operation.entity, entities), (Operation.task_id, task_ids)):
        for start in range(0, len(values), _IN_ONE_QUERY):
            yield column.in_(values[start : start + _IN_ONE_QUERY])


def _touch(row: Operation) -> Touch:
    return Touch(
        position=row.position,
        op_id=row.op_id,
        type=row.type,
        entity=row.entity,
        task_id=row.task_id,
        author=row.author,
        device_id=row.device_id,
        at=row.at,
        received_at=row.received_at,
        skew_ms=row.skew_ms,
        status=row.status,
        payload=row.envelope["payload"],
        conflict=row.result.get("conflict"),
        voided=row.voided_by is not None,
    )
