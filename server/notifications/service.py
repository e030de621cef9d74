"""Subscriptions, and what becomes of a notice: one message for each way on which somebody is to hear of it.

`subscribe`, `unsubscribe` and `replay` join the caller's transaction; `expand` is the worker's and opens its own.
Sending is `server.notifications.delivery`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.auth.policy import LANGS
from server.core import outbox
from server.core.clock import now_ms
from server.core.db import affected, db, for_update, transaction, upsert
from server.core.errors import Code, FieldError, Problem
from server.core.outbox import Claimed
from server.core.outward import RefusedAddressError, check
from server.crm import queries as crm_queries
from server.notifications import policy, vapid
from server.notifications.models import PushMessage, PushSubscription, WithdrawnOutcome
from server.notifications.policy import AFTER_FLIGHT_MS, GATHER_MS, LIST_TAG, TTL_S, Kind, Owner
from server.notifications.recipients import Recipient, again, browsers, ways_to
from server.ops.telling import tell_unreached
from sync.canonical import derive

NOTICE = "notice"
PUSH = "push"
TEXT = "text"
TOPICS = (NOTICE, PUSH, TEXT)
_TOPIC_OF = {"webpush": PUSH, "sms": TEXT}
MOST_OF_ONE = 10
"""Subscriptions of one courier, or for one parcel; the oldest makes room."""


def subscribe(
    owner_kind: Owner,
    owner_id: str,
    endpoint: str,
    p256dh: str,
    auth: str,
    lang: str,
    *,
    task_id: str | None = None,
    device_id: str | None = None,
) -> str:
    """Remember a browser; returns the subscription's id. Doing it again renews keys and language.

    A courier's browser belongs to the courier who used it last: a handheld that changes hands stops telling the former.

    :raises Problem: `push_endpoint_refused`, or `invalid` for keys nothing can be encrypted for.
    """
    _require_endpoint(endpoint)
    _require_keys(p256dh, auth)
    hashed = hash_of(endpoint)
    session = db.session()
    if owner_kind == "courier":
        session.execute(
            delete(PushSubscription).where(
                PushSubscription.endpoint_hash == hashed, PushSubscription.owner_kind == "courier"
            )
        )
    identity = derive("push", owner_kind, owner_id, task_id or "", hashed)
    row = {
        "id": identity,
        "owner_kind": owner_kind,
        "owner_id": owner_id,
        "task_id": task_id or "",
        "device_id": device_id,
        "endpoint": endpoint,
        "endpoint_hash": hashed,
        "p256dh": p256dh,
        "auth": auth,
        "lang": lang if lang in LANGS else "zh",
        "created_at": now_ms(),
    }
    insert = upsert(PushSubscription)
    session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=row), row)
    _make_room(session, owner_kind, owner_id, task_id or "")
    return identity


def unsubscribe(
    endpoint: str, *, owner_kind: Owner | None = None, owner_id: str | None = None, task_id: str | None = None
) -> int:
    """Forget a browser, for one owner or one parcel when they are named; returns how many subscriptions that was."""
    mine: list[Any] = [PushSubscription.endpoint_hash == hash_of(endpoint)]
    if owner_kind is not None:
        mine.append(PushSubscription.owner_kind == owner_kind)
    if owner_id is not None:
        mine.append(PushSubscription.owner_id == owner_id)
    if task_id is not None:
        mine.append(PushSubscription.task_id == task_id)
    return affected(db.session(), delete(PushSubscription).where(*mine))


def expand(row: Claimed) -> None:
    """The worker's handler of `notice`: one push for each subscription that is to hear of it, written once."""
    said = row.payload
    with transaction() as session:
        _ABOUT[said["about"]](session, row.id, said)


def replay(row_id: str, station_id: str | None = None) -> bool:
    """Try a dead letter again, with a full life; False when there is no such letter (at this station)."""
    session = db.session()
    letter = outbox.dead_letter(session, row_id)
    if letter is None or station_id not in (None, letter.payload.get("station")):
        return False
    if letter.topic != NOTICE:
        message = session.get(PushMessage, letter.key)
        if message is not None:
            message.expires_at = now_ms() + TTL_S[message.kind] * 1_000
    return outbox.replay(session, row_id)


def hash_of(endpoint: str) -> str:
    """By what an endpoint is found; the address itself is a secret of the browser's."""
    return hashlib.sha256(endpoint.encode("utf-8", "surrogatepass")).hexdigest()


def _require_endpoint(endpoint: str) -> None:
    try:
        check(endpoint, vapid.current_rules())
    except RefusedAddressError as refused:
        why = {
            "malformed": "The address is not a plain https address on port 443.",
            "host_not_allowed": "The push service of this browser is not allowed here.",
        }
        raise Problem(
            Code.PUSH_ENDPOINT_REFUSED, errors=[FieldError("endpoint", why[refused.reason])]
        ) from refused


def _require_keys(p256dh: str, auth: str) -> None:
    try:
        fine = vapid.are_keys(_bytes(p256dh), _bytes(auth))
    except (ValueError, binascii.Error):
        fine = False
    if not fine:
        raise Problem(
            Code.INVALID, errors=[FieldError("keys", "p256dh must be a point on P-256, auth 16 bytes.")]
        )


def _bytes(text: str) -> bytes:
    return base64.b64decode(
        text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True
    )


def _make_room(session: Session, owner_kind: str, owner_id: str, task_id: str) -> None:
    rows = session.scalars(
        select(PushSubscription.id)
        .where(
            PushSubscription.owner_kind == owner_kind,
            PushSubscription.owner_id == owner_id,
            PushSubscription.task_id == task_id,
        )
        .order_by(PushSubscription.created_at.desc(), PushSubscription.id)
        .offset(MOST_OF_ONE)
    ).all()
    if rows:
        session.execute(delete(PushSubscription).where(PushSubscription.id.in_(rows)))


def _status(session: Session, notice: str, said: Mapping[str, Any]) -> None:
    """Out for delivery, delivered, failed: to the browsers that subscribed for this parcel."""
    withdrawn = session.get(WithdrawnOutcome, said["op"])
    if withdrawn is not None:
        if withdrawn.at >= said["made_at"]:
            return
        session.delete(withdrawn)  # it stands again, and is told again
    for found in _ways(session, said):
        _queue(session, notice, found, said, cast("Kind", said["kind"]), policy.parcel_tag(said["task"]))


def _question(session: Session, notice: str, said: Mapping[str, Any]) -> None:
    """What the courier asks stands beside the parcel's other notices; a newer question takes its place."""
    for found in _ways(session, said):
        _queue(session, notice, found, said, cast("Kind", said["kind"]), policy.question_tag(said["task"]))


def instead(message_id: str) -> None:
    """A customer's browser is gone for good: he hears of it on another way, and where there is none, whoever asks does.

    For the worker; opens its own transaction.
    """
    with transaction() as session:
        lost = session.get(PushMessage, message_id)
        if lost is None or lost.owner_kind != "customer" or lost.task_id is None:
            return
        said = {
            "customer": lost.owner_id,
            "task": lost.task_id,
            "station": lost.station_id,
            "op": lost.op_id,
            "made_at": lost.made_at,
        }
        others = select(PushMessage.id).where(
            PushMessage.op_id == lost.op_id,
            PushMessage.kind == lost.kind,
            PushMessage.state.in_(("waiting", "sent")),
        )
        if session.scalars(others.limit(1)).first() is not None:
            return
        ways = _ways(session, said)
        for found in ways:
            _queue(session, message_id, found, said, cast("Kind", lost.kind), lost.tag)
        if not ways and lost.kind == "consent_asked" and lost.op_id is not None:
            tell_unreached(lost.op_id, lost.station_id)


def _ways(session: Session, said: Mapping[str, Any]) -> list[Recipient]:
    customer = crm_queries.by_ids([said["customer"]]).get(said["customer"])
    return ways_to(session, said["customer"], customer, said["task"])


def _withdrawal(session: Session, notice: str, said: Mapping[str, Any]) -> None:
    """What nobody was told is not told any more; who was told, or may have been, is told better."""
    row = {"op_id": said["op"], "at": said["made_at"]}
    known = upsert(WithdrawnOutcome)
    session.execute(known.on_conflict_do_update(index_elements=["op_id"], set_=row), row)
    told = for_update(
        select(PushMessage).where(
            PushMessage.op_id == said["op"],
            PushMessage.kind != "correction",
            PushMessage.made_at <= said["made_at"],
        )
    )
    for message in session.scalars(told).all():
        maybe = message.state == "waiting" and message.attempted_at is not None
        if message.state == "waiting":
            _settle(message, "withdrawn")
        if message.state != "sent" and not maybe:
            continue
        found = again(session, message)
        if found is not None:
            due = now_ms() + AFTER_FLIGHT_MS if maybe else None
            _queue(session, notice, found, said, "correction", message.tag, due_at=due)


def _list(session: Session, notice: str, said: Mapping[str, Any]) -> None:
    """A courier's list, changed by somebody else. What he was not told yet is told together."""
    for found in browsers(session, "courier", said["courier"], ("",)):
        last = _waiting(session, found.id, LIST_TAG)
        before = last.changes if last is not None else {}
        changes = policy.gathered(before, said["tasks"], said["change"])
        # A dead letter waits for a person; what comes after it must not.
        if last is not None and last.attempted_at is None and outbox.is_waiting(session, last.outbox_id):
            last.changes = changes
            if changes:
                last.kind = policy.kind_of(changes)
            else:
                _settle(last, "superseded")
        elif changes:
            due = max(now_ms(), said["made_at"] + GATHER_MS)
            kind = policy.kind_of(changes)
            _queue(session, notice, found, said, kind, LIST_TAG, changes=changes, due_at=due)


def _message(session: Session, notice: str, said: Mapping[str, Any]) -> None:
    """The station has written: to the handhelds of everybody it wrote to."""
    for courier in said["couriers"]:
        for found in browsers(session, "courier", courier, ("",)):
            _queue(session, notice, found, said, "courier_message", policy.message_tag(said["message"]))


def _waiting(session: Session, subscription_id: str, tag: str) -> PushMessage | None:
    query = select(PushMessage).where(
        PushMessage.subscription_id == subscription_id,
        PushMessage.tag == tag,
        PushMessage.state == "waiting",
    )
    return session.scalars(for_update(query.order_by(PushMessage.made_at.desc()).limit(1))).first()


def _queue(
    session: Session,
    notice: str,
    found: Recipient,
    said: Mapping[str, Any],
    kind: Kind,
    tag: str,
    *,
    changes: dict[str, str] | None = None,
    due_at: int | None = None,
) -> None:
    """Write one push and call off older ones of its tag that wait: they would be shown after it. Not when it is old
    itself: the last thing shown has to be the last that happened."""
    identity = derive("notice", notice, found.id)
    if session.get(PushMessage, identity) is not None:
        return
    same = (PushMessage.subscription_id == found.id, PushMessage.tag == tag)
    newer = select(PushMessage.id).where(
        *same, PushMessage.made_at > said["made_at"], PushMessage.state.in_(("waiting", "sent"))
    )
    if session.scalars(newer.limit(1)).first() is not None:
        return
    older = update(PushMessage).where(*same, PushMessage.state == "waiting")
    affected(session, older.values(state="superseded", settled_at=now_ms()))
    queued = outbox.enqueue(
        session, _TOPIC_OF[found.channel], identity, {"station": said["station"], "kind": kind}, due_at=due_at
    )
    session.add(
        PushMessage(
            id=identity,
            subscription_id=found.id,
            owner_kind=found.owner_kind,
            owner_id=found.owner_id,
            station_id=said["station"],
            task_id=said.get("task"),
            op_id=said["op"],
            kind=kind,
            tag=tag,
            channel=found.channel,
            changes=changes or {},
            made_at=said["made_at"],
            expires_at=now_ms() + TTL_S[kind] * 1_000,
            state="waiting",
            outbox_id=queued,
        )
    )


def _settle(message: PushMessage, state: str) -> None:
    message.state = state
    message.settled_at = now_ms()


_ABOUT: Final[dict[str, Callable[[Session, str, Mapping[str, Any]], None]]] = {
    "status": _status,
    "question": _question,
    "withdrawal": _withdrawal,
    "list": _list,
    "message": _message,
}
