"""Web Push: encrypts, signs and sends by pywebpush, over a transport of our own.

pywebpush alone has no time limit worth the name, follows redirects and reads answers of any size; every byte it sends
goes through `server.core.outward` here.
"""

from __future__ import annotations

import email.utils
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from flask import current_app
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from server.core import outward
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.outbox import LAST_RETRY_MS
from server.core.outward import Answer, RefusedAddressError, Resolve, Rules, Target, UnreachedError
from server.notifications import vapid

REST_MS = 15_000
"""How long a push service that does not answer at all is left alone."""
_EXTENSION = "doorstep_push"


@dataclass(frozen=True)
class Letter:
    """What is sent: `topic` lets a push service replace a notice it still holds by this one."""

    endpoint: str
    p256dh: str
    auth: str
    text: str
    ttl_s: int
    urgency: str
    topic: str


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: `sent`, `gone` (no such subscription), `later` or `never`.

    `reason` is one word without anything personal; `after_ms` when the service said when to come back; `unsure` when
    the notice may have arrived although we got no answer; `tried` False when the service was being left alone.
    """

    result: str
    reason: str = ""
    after_ms: int | None = None
    unsure: bool = False
    tried: bool = True


class Sender:
    """One process's way to the push services; knows which of them asked to be left alone for a while."""

    def __init__(self, settings: Settings, *, resolve: Resolve = outward.system_resolve) -> None:
        self._rules = vapid.rules_of(settings)
        self._key = vapid.private_key(settings)
        self._sub = settings.vapid_sub
        self._resolve = resolve
        self._rest: dict[str, int] = {}

    def send(self, letter: Letter) -> Outcome:
        """One attempt. Never raises for anything the other side did."""
        try:
            target = outward.check(letter.endpoint, self._rules)
        except RefusedAddressError as refused:
            return Outcome("never", refused.reason)
        rest = self._rest.get(target.origin, 0) - now_ms()
        if rest > 0:
            return Outcome("later", "resting", rest, tried=False)
        try:
            status, headers = self._post(letter, target)
        except RefusedAddressError as refused:
            return Outcome("never", refused.reason)
        except UnreachedError as lost:
            self._leave_alone(target, REST_MS)
            return Outcome("later", lost.reason, unsure=lost.began)
        return self._judge(target, status, headers)

    def _post(self, letter: Letter, target: Target) -> tuple[int, Mapping[str, str]]:
        # Here and not above: it brings an HTTP client of its own, which web processes and commands need not load.
        from pywebpush import WebPushException, webpush

        session = requests.Session()
        session.trust_env = False
        pinned = _Pinned(target, self._rules, self._resolve)
        session.mount("https://", pinned)
        session.mount("http://", pinned)
        topic = hashlib.sha256(letter.topic.encode()).hexdigest()[:32]
        try:
            answer: Any = webpush(
                {"endpoint": letter.endpoint, "keys": {"p256dh": letter.p256dh, "auth": letter.auth}},
                letter.text,
                vapid_private_key=self._key,
                vapid_claims={"sub": self._sub, "aud": target.origin},
                ttl=letter.ttl_s,
                headers={
                    "Content-Type": "application/octet-stream",
                    "Topic": topic,
                    "Urgency": letter.urgency,
                },
                requests_session=session,
            )
        except WebPushException as refused:
            answer = refused.response
        return answer.status_code, answer.headers

    def _judge(self, target: Target, status: int, headers: Mapping[str, str]) -> Outcome:
        reason = f"answer_{status}"
        if 200 <= status < 300:
            return Outcome("sent")
        if status in (404, 410):
            return Outcome("gone", reason)
        if status in (429, 503):
            wait = retry_after_ms(headers.get("Retry-After"), now_ms())
            if wait is not None:
                self._leave_alone(target, wait)
            return Outcome("later", reason, wait)
        return Outcome("later" if status >= 500 or status in (408, 425) else "never", reason)

    def _leave_alone(self, target: Target, ms: int) -> None:
        self._rest[target.origin] = now_ms() + ms


class _Pinned(BaseAdapter):
    """requests' way to the wire: one checked target, no redirects, no proxies, no cookies."""

    def __init__(self, target: Target, rules: Rules, resolve: Resolve) -> None:
        super().__init__()
        self._target = target
        self._rules = rules
        self._resolve = resolve

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        """Send by `server.core.outward`, wherever the request thinks it goes."""
        body = request.body if isinstance(request.body, bytes) else b""
        headers = {name: str(value) for name, value in request.headers.items()}
        answer = outward.post(self._target, headers, body, self._rules, resolve=self._resolve)
        return _as_response(answer, request)

    def close(self) -> None:
        """Nothing is kept open."""


def _as_response(answer: Answer, request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    # Without its Location a redirect is a status like any other, and nobody can follow it.
    response.headers = CaseInsensitiveDict({k: v for k, v in answer.headers.items() if k != "location"})
    response.request = request
    response.url = request.url or ""
    response.encoding = "utf-8"
    response.raw = io.BytesIO(answer.body)
    return response


def retry_after_ms(text: str | None, now: int) -> int | None:
    """Retry-After in seconds or as an HTTP date; from one second to an hour, None when it says neither."""
    if text is None:
        return None
    said = text.strip()
    if said.isascii() and said.isdigit():
        wait = int(said[:9]) * 1_000
    else:
        try:
            wait = int(email.utils.parsedate_to_datetime(said).timestamp() * 1_000) - now
        except (TypeError, ValueError, OverflowError):
            return None
    return max(1_000, min(wait, LAST_RETRY_MS))


def current_sender() -> Sender:
    """The running app's sender; made at first use."""
    extensions = current_app.extensions
    if _EXTENSION not in extensions:
        extensions[_EXTENSION] = Sender(extensions["doorstep_settings"])
    sender: Sender = extensions[_EXTENSION]
    return sender
