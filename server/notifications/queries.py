"""Reads for the desk: notices that could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from server.core import outbox
from server.core.db import db
from server.core.outbox import DeadLetter
from server.notifications.models import PushMessage
from server.notifications.service import NOTICE, TOPICS


@dataclass(frozen=True)
class DeadNotice:
    """A dead letter in the desk's words: to whom (`courier` or `customer`), about which task, why it failed.

    `kind` and `to` are None for a notice that failed before it was known whom it reaches.
    """

    id: str
    kind: str | None
    to: str | None
    owner: str | None
    task: str | None
    attempts: int
    dead_at: int
    reason: str | None


def dead(station_id: str, limit: int = 200) -> list[DeadNotice]:
    """A station's dead letters, newest first; those whose news is older than other news are not shown."""
    letters = outbox.dead(db.session(), topics=TOPICS, station=station_id, limit=limit)
    known = _messages([letter.key for letter in letters if letter.topic != NOTICE])
    shown = []
    for letter in letters:
        message = known.get(letter.key) if letter.topic != NOTICE else None
        if letter.topic != NOTICE and (message is None or message.state != "waiting"):
            continue
        shown.append(_notice(letter, message))
    return shown


def _messages(ids: list[str]) -> dict[str, PushMessage]:
    rows = db.session.scalars(select(PushMessage).where(PushMessage.id.in_(ids)))
    return {row.id: row for row in rows}


def _notice(letter: DeadLetter, message: PushMessage | None) -> DeadNotice:
    said = letter.payload
    return DeadNotice(
        id=letter.id,
        kind=message.kind if message else said.get("kind"),
        to=message.owner_kind if message else None,
        owner=message.owner_id if message else None,
        task=message.task_id if message else said.get("task"),
        attempts=letter.attempts,
        dead_at=letter.dead_at,
        reason=letter.reason,
    )
