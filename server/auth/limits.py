"""Rate limits of the two doors that take a secret: login and enrolment. Only failures count."""

from __future__ import annotations

from flask import Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(key_func=get_remote_address, storage_uri="memory://", headers_enabled=True)


def failed(response: Response) -> bool:
    """A refused attempt; a station of fifty couriers logs in from one address and is not punished for it."""
    return response.status_code >= 400


def by_name() -> str:
    """The address together with the login name tried, so that one name cannot be guessed for long."""
    body = request.get_json(silent=True)
    name = body.get("username") if isinstance(body, dict) else None
    return f"{get_remote_address()}|{str(name).casefold()[:64]}"
