"""The customer's link as plain data: how a token is made, how long it lives, what is kept of it.

A token is 192 bits out of an HMAC over the task and a generation: nobody without the installation's secret can make
or guess one, and the same link can be handed out again without being kept anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

TOKEN_BYTES = 24
DAY_MS = 86_400_000
LIFE_MS = 30 * DAY_MS


@dataclass(frozen=True)
class LinkView:
    """What a live link opens; `expires_at` in ms since the epoch, UTC."""

    task_id: str
    station_id: str
    customer_id: str
    expires_at: int


def make_token(key: str, task_id: str, generation: int) -> str:
    """The token of one generation of a task's link: 32 characters of base64url, 192 bits."""
    said = f"track/1\n{task_id}\n{generation}".encode()
    made = hmac.new(key.encode(), said, hashlib.sha256).digest()[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(made).decode("ascii")


def digest(token: str) -> str:
    """What is kept of a token and looked up by; any text has one, so that a malformed token costs the same."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def path(token: str) -> str:
    """The address of the customer's page below this installation."""
    return f"/t/{token}"
