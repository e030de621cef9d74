"""The worker's handler of `push` and `text`: one message to one browser, or to one phone.

What is still true is asked last, in the transaction that marks the attempt; between that and the end of the attempt no
database is held. A worker killed in between sends again after its lease: same tag, same topic, so that nothing is shown
twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import structlog
from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.auth import queries as auth_queries
from server.auth.policy import Lang
from server.core import metrics
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.db import affected, for_update, transaction
from server.core.outbox import Claimed, GiveUpError, PutOffError, backoff_ms
from server.crm import queries as crm_queries
from server.links import service as links
from server.notifications import asking, policy
from server.notifications.channels.sms import TextLetter, current_gateway
from server.notifications.channels.webpush import Letter, Outcome, current_sender
from server.notifications.models import PushMessage, PushSubscription
from server.notifications.policy import Words
from server.notifications.service import hash_of, instead
from server.tasks import queries as task_queries

log = structlog.get_logger(__name__)

PATIENCE = 3
"""Attempts after which a courier who waits for an answer is told that his question may not arrive."""


@dataclass(frozen=True)
class Ready:
    """A message that is still true and its letter; `unsure_since` when an earlier attempt may have arrived."""

    letter: Letter | TextLetter
    kind: str
    expires_at: int
    unsure_since: int | None

    def send(self) -> Outcome:
        """One attempt on the letter's own way."""
        if isinstance(self.letter, Letter):
            return current_sender().send(self.letter)
        gateway = current_gateway()
        return gateway.send(self.letter) if gateway is not None else Outcome("never", "switched_off")


def deliver(row: Claimed) -> None:
    """Send one message, once. The row is done when it was sent or has nobody to be sent to any more.

    :raises PutOffError: to try again when the service asked for it, or with growing pauses.
    :raises GiveUpError: when trying again cannot help, or the notice has outlived itself.
    """
    with transaction() as session:
        ready = _prepare(session, row.key)
    if ready is None:
        return
    if ready.expires_at <= now_ms():
        _after_refusal(row.key, ready)
        _count(ready.letter, "expired")
        raise GiveUpError("expired")
    outcome = ready.send()
    _count(ready.letter, outcome.result)
    log.info(row.topic, id=row.key, kind=ready.kind, result=outcome.result, reason=outcome.reason or None)
    try:
        _settle(row, ready, outcome)
    except (GiveUpError, PutOffError) as failed:
        if isinstance(failed, GiveUpError) or row.attempts == PATIENCE:
            asking.unanswerable(row.key)
        raise


def _count(letter: Letter | TextLetter, result: str) -> None:
    (metrics.PUSHES if isinstance(letter, Letter) else metrics.TEXTS).labels(result).inc()


def _prepare(session: Session, message_id: str) -> Ready | None:
    """What is to be sent now; None when there is nothing to send any more. Marks the attempt."""
    message = session.scalars(for_update(select(PushMessage).where(PushMessage.id == message_id))).first()
    if message is None or message.state != "waiting":
        return None
    letter = _text(message) if message.channel == "sms" else _push(session, message)
    if letter is None:
        message.state, message.settled_at = "gone", now_ms()
        (metrics.TEXTS if message.channel == "sms" else metrics.PUSHES).labels("dropped").inc()
        return None
    before, message.attempted_at = message.attempted_at, now_ms()
    return Ready(letter, message.kind, message.expires_at, before)


def _may_be_told(found: PushSubscription) -> bool:
    """A courier who still works here on a handheld that is still his; a customer who did not refuse."""
    if found.owner_kind == "courier":
        user = auth_queries.user(found.owner_id)
        held = auth_queries.device(found.device_id) if found.device_id else None
        if user is None or held is None or held.revoked:
            return False
        return user.active and held.user_id == user.id
    return policy.allows_notices(crm_queries.by_ids([found.owner_id]).get(found.owner_id))


def _text(message: PushMessage) -> TextLetter | None:
    """The message as a text to the number that is the customer's now; None when there is none, or none is wanted."""
    customer = crm_queries.by_ids([message.owner_id]).get(message.owner_id)
    number = policy.mobile_of(customer["phone"]) if customer is not None else None
    if customer is None or number is None or not policy.allows_notices(customer):
        return None
    lang: Lang = customer["language"] or "zh"
    words, url = _for_customer(message, lang, message.owner_id)
    settings: Settings = current_app.extensions["doorstep_settings"]
    text = policy.text_message(words, lang, settings.public_url + url)
    return TextLetter(message.id, number, text, lang, message.kind)


def _push(session: Session, message: PushMessage) -> Letter | None:
    found = session.get(PushSubscription, message.subscription_id)
    if found is None or not _may_be_told(found):
        return None
    lang = cast("Lang", found.lang)
    if message.kind == "courier_message":
        words, url = policy.of_message(lang), policy.MESSAGES_URL
    elif found.owner_kind == "courier":
        words = policy.for_courier(message.changes, lang)
        url = policy.courier_url(message.changes)
    else:
        words, url = _for_customer(message, lang, found.owner_id)
    return Letter(
        endpoint=found.endpoint,
        p256dh=found.p256dh,
        auth=found.auth,
        text=policy.payload(message.id, message.kind, lang, message.tag, url, words),
        ttl_s=max(60, (message.expires_at - now_ms()) // 1_000),
        urgency=policy.urgency(message.kind),
        topic=message.tag,
    )


def _for_customer(message: PushMessage, lang: Lang, customer_id: str) -> tuple[Words, str]:
    """What a customer reads, and the way to the parcel's page."""
    task_id = message.task_id or ""
    task = task_queries.one(task_id, message.station_id)
    secured = task is not None and bool(task.record.get("pin_required"))
    waybill = task_queries.waybills([task_id], message.station_id).get(task_id)
    tail = policy.tail_of(waybill) if waybill else None
    words = policy.for_customer(message.kind, lang, tail, secured=secured)
    return words, links.path(links.issue(task_id, message.station_id, customer_id))


def _settle(row: Claimed, ready: Ready, outcome: Outcome) -> None:
    if outcome.result == "sent":
        # Only onto `waiting`: what was withdrawn during the flight is corrected by whoever withdrew it.
        _mark(row.key, state="sent", settled_at=now_ms())
    elif outcome.result == "gone" and isinstance(ready.letter, Letter):
        _forget(row.key, ready.letter.endpoint)
        instead(row.key)
    else:
        if not outcome.unsure:
            _after_refusal(row.key, ready)
        if outcome.result == "never":
            raise GiveUpError(outcome.reason)
        wait = outcome.after_ms if outcome.after_ms is not None else backoff_ms(row.attempts)
        if now_ms() + wait >= ready.expires_at:
            raise GiveUpError("expired")
        raise PutOffError(outcome.reason, wait, counted=outcome.tried)


def _after_refusal(message_id: str, ready: Ready) -> None:
    """This attempt certainly did not arrive: were it withdrawn now, nobody would need a correction for its sake."""
    _mark(message_id, attempted_at=ready.unsure_since)


def _mark(message_id: str, **values: object) -> None:
    with transaction() as session:
        still = update(PushMessage).where(PushMessage.id == message_id, PushMessage.state == "waiting")
        affected(session, still.values(**values))


def _forget(message_id: str, endpoint: str) -> None:
    """The service knows no such subscription any more: it is nobody's, whoever had subscribed with it."""
    with transaction() as session:
        gone = update(PushMessage).where(PushMessage.id == message_id, PushMessage.state == "waiting")
        affected(session, gone.values(state="gone", settled_at=now_ms(), attempted_at=None))
        session.execute(delete(PushSubscription).where(PushSubscription.endpoint_hash == hash_of(endpoint)))
