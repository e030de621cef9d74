"""Text messages, by an HTTP gateway of the operator's choice: one POST of JSON for each.

    POST <DOORSTEP_SMS_URL>
    Authorization: Bearer <DOORSTEP_SMS_TOKEN>        Idempotency-Key: <id>
    {"id": "...", "to": "+8613800000000", "text": "...", "lang": "zh", "kind": "delivered"}

Any 2xx means that the gateway has it. What it answered nothing to is sent again under the same id: a gateway that keeps
ids sends it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app

from server.core import outward
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.jsontext import compact
from server.core.outward import RefusedAddressError, Resolve, UnreachedError
from server.notifications.channels.webpush import REST_MS, Outcome, retry_after_ms

_EXTENSION = "doorstep_sms"


@dataclass(frozen=True)
class TextLetter:
    """What is sent: `to` as E.164."""

    id: str
    to: str
    text: str
    lang: str
    kind: str


class Gateway:
    """One process's way to the gateway; leaves it alone for a while when it asked for that or did not answer."""

    def __init__(self, settings: Settings, *, resolve: Resolve = outward.system_resolve) -> None:
        self._rules = outward.gateway_rules(settings.sms_url)
        self._target = outward.check(settings.sms_url, self._rules)
        self._token = settings.sms_token
        self._resolve = resolve
        self._rest = 0

    def send(self, letter: TextLetter) -> Outcome:
        """One attempt. Never raises for anything the other side did."""
        rest = self._rest - now_ms()
        if rest > 0:
            return Outcome("later", "resting", rest, tried=False)
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.id}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = compact(vars(letter)).encode()
        try:
            answer = outward.post(self._target, headers, body, self._rules, resolve=self._resolve)
        except RefusedAddressError as refused:
            return Outcome("never", refused.reason)
        except UnreachedError as lost:
            self._rest = now_ms() + REST_MS
            return Outcome("later", lost.reason, unsure=lost.began)
        return self._judge(answer.status, answer.headers)

    def _judge(self, status: int, headers: Mapping[str, str]) -> Outcome:
        reason = f"answer_{status}"
        if 200 <= status < 300:
            return Outcome("sent")
        if status in (429, 503):
            wait = retry_after_ms(headers.get("retry-after"), now_ms())
            if wait is not None:
                self._rest = now_ms() + wait
            return Outcome("later", reason, wait)
        return Outcome("later" if status >= 500 or status in (408, 425) else "never", reason)


def current_gateway() -> Gateway | None:
    """The running app's gateway, made at first use; None when the operator has named none."""
    extensions = current_app.extensions
    settings: Settings = extensions["doorstep_settings"]
    if not settings.sms_url:
        return None
    if _EXTENSION not in extensions:
        extensions[_EXTENSION] = Gateway(settings)
    gateway: Gateway = extensions[_EXTENSION]
    return gateway
