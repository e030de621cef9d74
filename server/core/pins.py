"""Codes that a parcel is handed over for: made of the installation's secret and the task, and kept nowhere.

A handheld is given a digest, so that a typing error is seen at the door without a network. There are a million codes,
and whoever holds the handheld's data can try them all: no number of iterations would change that. What a code proves
is decided by the server.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import Any, Final

from flask import current_app

from server.core.config import Settings

DIGITS: Final = 6
ITERATIONS: Final = 10_000


def of_task(task_id: str) -> str:
    """The code of a task, six digits."""
    return _code(_secret(), task_id)


def digest_of_task(task_id: str) -> dict[str, Any]:
    """What a typed code can be held against: {salt, iterations, digest}, PBKDF2-SHA-256 in hex."""
    return dict(_digest(_secret(), task_id))


def _code(secret: str, task_id: str) -> str:
    made = hmac.new(secret.encode(), f"pin/1\n{task_id}".encode(), hashlib.sha256).digest()
    return str(int.from_bytes(made[:8]) % 10**DIGITS).zfill(DIGITS)


@lru_cache(maxsize=4_096)
def _digest(secret: str, task_id: str) -> dict[str, Any]:
    salt = hmac.new(secret.encode(), f"pin-salt/1\n{task_id}".encode(), hashlib.sha256).digest()[:16]
    slow = hashlib.pbkdf2_hmac("sha256", _code(secret, task_id).encode(), salt, ITERATIONS)
    return {"salt": salt.hex(), "iterations": ITERATIONS, "digest": slow.hex()}


def _secret() -> str:
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings.secret_key
