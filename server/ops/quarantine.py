"""What a revoked handheld handed in, and its way back: a person lets it count, and it is decided like all else (P34).

It keeps its author, its handheld and its place in the log; it counts from the moment it was let through (P1). The
quarantine keeps it word for word, with who let it through and when.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, update

from server.auth import queries as auth_queries
from server.conflicts import queries as conflict_queries
from server.core.db import db
from server.core.records import Record
from server.core.sql import among
from server.ops.batch import Fault, Item, Result, Writer
from server.ops.capture import Contact, captured_at
from server.ops.decode import TAKEN_AWAY, decode
from server.ops.models import DeviceHead, Quarantined

RELEASE = "mine"
"""The outcome of a case `quarantined` that lets the operation count; the other one, `noted`, leaves it where it is."""
MAY_RELEASE = ("dispatcher", "admin")


def refusal(writer: Writer, case: Record) -> Fault | None:
    """Why what a case is about cannot be let through by this person; None when it can."""
    if writer.role not in MAY_RELEASE:
        return Fault("forbidden", "Only a dispatcher lets count what a revoked handheld handed in.")
    row = _row(case)
    if row is None:
        return Fault("unknown_operation", "There is nothing in quarantine that could be let count.")
    return None if row.released_at is not None else _item(row).fault


def to_release(case: Record) -> Item | None:
    """What a case is about, ready to be decided; None when it is let through already."""
    row = _row(case)
    return None if row is None or row.released_at is not None else _item(row)


def settle(item: Item, answer: Result, *, at: int, by: str) -> None:
    """Writes down that something was let through, or why it stays where it is."""
    values: dict[str, Any] = {"released_at": at, "released_by": by}
    if item.fault is not None:
        values = {"code": item.fault.code, "detail": item.fault.detail, "result": answer}
    db.session.execute(update(Quarantined).where(Quarantined.id == item.parked_id).values(**values))


def releasable(station_id: str, devices: Iterable[str]) -> dict[str, list[str]]:
    """Device -> the open cases of what it handed in after it was revoked, in the order it came."""
    query = (
        select(Quarantined.device_id, Quarantined.result)
        .where(
            among(Quarantined.device_id, devices),
            Quarantined.code == TAKEN_AWAY.code,
            Quarantined.released_at.is_(None),
        )
        .order_by(Quarantined.received_at, Quarantined.incarnation, Quarantined.seq)
    )
    waiting = conflict_queries.open_of_kind(station_id, "quarantined")
    found: dict[str, list[str]] = {}
    for row in db.session.execute(query):
        if row.result.get("conflict") in waiting:
            found.setdefault(row.device_id, []).append(row.result["conflict"])
    return found


def released(device_id: str, cases: Iterable[str]) -> int:
    """How many of these cases' operations were let through."""
    wanted = set(cases)
    query = select(Quarantined.result).where(
        Quarantined.device_id == device_id, Quarantined.released_at.is_not(None)
    )
    return sum(result.get("conflict") in wanted for result in db.session.scalars(query))


def outcomes(fault: Fault, offered: Sequence[str]) -> list[str]:
    """What can be decided of something in quarantine: what was only handed in too late can still count."""
    return [RELEASE, *offered] if fault.code == TAKEN_AWAY.code else list(offered)


def _row(case: Record) -> Quarantined | None:
    rows = db.session.scalars(select(Quarantined).where(Quarantined.op_id == case["op_id"]))
    return next((row for row in rows if row.result.get("conflict") == case["id"]), None)


def _item(row: Quarantined) -> Item:
    """Judged anew by what it says, in the name of whoever recorded it."""
    author = auth_queries.users_by_id([row.author]).get(row.author)
    role = author.role if author is not None else "courier"
    writer = Writer(row.author, row.station_id, role, row.device_id, row.incarnation)
    item = decode(writer, json.loads(row.raw), row.seq)
    item.waited, item.parked_id = writer, row.id
    if item.op is not None:
        item.op = {**item.op, "at": _happened(row, item.op)}
    return item


def _happened(row: Quarantined, op: Record) -> int:
    """When it was done by the server's clock, as far as that was known of the handheld's when it came."""
    if row.skew_ms is not None:
        return int(op["at"]) + row.skew_ms
    head = db.session.get(DeviceHead, (row.device_id, row.incarnation))
    skew = head.skew_ms if head is not None else None
    wall = None if skew is None else row.received_at - skew
    return captured_at(op, Contact(row.received_at, wall), skew, row.received_at)
