"""Problems (RFC 9457): one closed list of codes, one exception, one way to answer.

A code is a promise to clients and never changes its meaning; the `detail` text may. Detail names no person.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import structlog
from flask import Flask, Response, g, json, make_response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from server.core.db import is_transient

RETRY_AFTER_S = 10
MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


class Code(StrEnum):
    """Stable problem codes: `status` is the HTTP status, `summary` the title, `meaning` the documentation."""

    status: int
    summary: str
    meaning: str

    def __new__(cls, value: str, status: int, summary: str, meaning: str) -> Self:
        """Build a member whose value is the code alone."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.status, member.summary, member.meaning = status, summary, meaning
        return member

    BAD_REQUEST = "bad_request", 400, "Bad request", "The request cannot be understood."
    UNREADABLE = (
        "unreadable",
        400,
        "Unreadable body",
        "The body is no JSON object, no valid gzip, or names a key twice. It was kept as evidence.",
    )
    ENROLMENT_INVALID = (
        "enrolment_invalid",
        400,
        "Enrolment code not valid",
        "The code is unknown, used or expired; which one is not said.",
    )
    LOGIN_REQUIRED = (
        "login_required",
        401,
        "Login required",
        "The call needs a web session, or on a handheld its courier's login.",
    )
    CREDENTIALS_INVALID = (
        "credentials_invalid",
        401,
        "Wrong user name or password",
        "No active user has this name and password.",
    )
    DEVICE_UNKNOWN = (
        "device_unknown",
        401,
        "Unknown device",
        "No device has this credential. Keep the outbox.",
    )
    DEVICE_REVOKED = (
        "device_revoked",
        401,
        "Device revoked",
        "The station has revoked this device. It may hand in what it holds, and nothing else.",
    )
    API_KEY_INVALID = "api_key_invalid", 401, "API key not valid", "The key is missing, unknown or revoked."
    CSRF_INVALID = "csrf_invalid", 403, "CSRF token missing or wrong", "Send the session's X-CSRF-Token."
    FORBIDDEN = "forbidden", 403, "Not allowed", "The role of the caller does not allow this."
    NOT_FOUND = (
        "not_found",
        404,
        "Not found",
        "There is no such thing here, or the caller may not know of it; which one is not said.",
    )
    METHOD_NOT_ALLOWED = "method_not_allowed", 405, "Method not allowed", "See the Allow header."
    CONFLICT = "conflict", 409, "Conflict", "The state on the server does not allow this now."
    TOO_LARGE = "too_large", 413, "Body too large", "Send less at once."
    UNSUPPORTED_MEDIA_TYPE = (
        "unsupported_media_type",
        415,
        "Unsupported media type",
        "The Content-Type is not one this address takes.",
    )
    INVALID = "invalid", 422, "Invalid content", "`errors` names every field that is wrong and why."
    PUSH_ENDPOINT_REFUSED = (
        "push_endpoint_refused",
        422,
        "Push endpoint refused",
        "The address is not one of an allowed push service: https, port 443, a host in DOORSTEP_PUSH_HOSTS.",
    )
    ORDERS_INVALID = (
        "orders_invalid",
        422,
        "Orders are wrong",
        "`errors` names each by a JSON pointer. Nothing was stored; `skip_bad` takes the others.",
    )
    FILE_UNUSABLE = (
        "file_unusable",
        422,
        "The file cannot be used",
        "It is no table of orders, or larger than one may be; the detail says why.",
    )
    MAPPING_INVALID = (
        "mapping_invalid",
        422,
        "The mapping is wrong",
        "The columns cannot be read as orders in this way; the detail says why.",
    )
    IDEMPOTENCY_KEY_MISSING = (
        "idempotency_key_missing",
        400,
        "Idempotency-Key missing",
        "Send the header Idempotency-Key, 1 to 255 visible ASCII characters, new for every new request.",
    )
    IDEMPOTENCY_KEY_REUSE = (
        "idempotency_key_reuse",
        422,
        "Idempotency-Key used before",
        "This key came with another body. Nothing was done.",
    )
    IDEMPOTENCY_BUSY = (
        "idempotency_busy",
        409,
        "The same request is being worked on",
        "Ask again with the same key after Retry-After seconds; the answer will be the first one's.",
    )
    IMPORT_MOVED = (
        "import_moved",
        409,
        "Orders of the import have moved",
        "`errors` lists what has moved; an import is undone as a whole or not at all. Nothing was done.",
    )
    IMPORT_STATE = (
        "import_state",
        409,
        "The import is in another state",
        "Only an import that is applied can be undone, and only one with wrong rows has them to give back.",
    )
    HASH_MISMATCH = (
        "hash_mismatch",
        422,
        "Content does not match its hash",
        "The bytes received have another SHA-256 than the address names. Nothing was stored.",
    )
    OFFSET_MISMATCH = (
        "offset_mismatch",
        409,
        "The piece does not go on where the upload ends",
        "HEAD says where it does. Nothing was stored.",
    )
    REVEAL_CAPPED = (
        "reveal_capped",
        429,
        "Too much was revealed",
        "A person may look behind the masks 30 times in an hour and 100 times in 24 hours. Wait for Retry-After.",
    )
    RATE_LIMITED = "rate_limited", 429, "Too many requests", "Wait as long as Retry-After says."
    INTERNAL = "internal", 500, "Internal error", "The server failed; the instance names the log entry."
    BUSY = (
        "busy",
        503,
        "Too many exchanges at once",
        "As many exchanges as DOORSTEP_EXCHANGES allows are being worked on. Nothing was done; wait for Retry-After.",
    )
    LIVE_FULL = (
        "live_full",
        503,
        "No room for another live desk",
        "As many desks as DOORSTEP_SOCKETS allows are told of changes at once. Ask for changes instead.",
    )
    UNAVAILABLE = (
        "unavailable",
        503,
        "Not available now",
        "The database cannot be reached. Nothing was stored; try again after Retry-After seconds.",
    )


_BY_STATUS = {
    400: Code.BAD_REQUEST,
    401: Code.LOGIN_REQUIRED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    409: Code.CONFLICT,
    413: Code.TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
    422: Code.INVALID,
    429: Code.RATE_LIMITED,
    500: Code.INTERNAL,
    503: Code.UNAVAILABLE,
}


@dataclass(frozen=True)
class FieldError:
    """One wrong field: its path (`operations.0.payload.reason`) and what is wrong in plain words."""

    field: str
    detail: str


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """Raise it anywhere below a door; the client gets the problem document.

    :param detail: one sentence for a person, without personal data; default is the code's meaning.
    :param retry_after: seconds, sent as Retry-After.
    """

    def __init__(
        self,
        code: Code,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.detail = detail or code.meaning
        self.errors = tuple(errors)
        self.retry_after = retry_after


def answer(
    problem: Problem, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The problem document as a response."""
    code = problem.code
    body: dict[str, object] = {
        "type": f"/api/docs#{code.value}",
        "title": code.summary,
        "status": status or code.status,
        "detail": problem.detail,
        "code": code.value,
        "instance": f"urn:request:{g.get('request_id', '')}",
    }
    if problem.errors:
        body["errors"] = [{"field": e.field, "detail": e.detail} for e in problem.errors]
    response = make_response(json.dumps(body), status or code.status)
    response.headers["Content-Type"] = MEDIA_TYPE
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def register(app: Flask) -> None:
    """Answer every error of this app with a problem document, whoever raised it."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _unavailable)
    app.register_error_handler(Exception, _internal)
    app.after_request(_say_when)


def _say_when(response: Response) -> Response:
    """No server's failure without a moment to come again: whoever guesses comes back together with all others (F15)."""
    if response.status_code >= 500 and "Retry-After" not in response.headers:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def flatten(messages: object, path: str = "") -> Iterator[FieldError]:
    """marshmallow's nested messages as a flat list of field errors."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            known = path or key not in ("json", "query", "headers", "path", "form", "files", "json_or_form")
            yield from flatten(inner, f"{path}.{key}".lstrip(".") if known else "")
    elif isinstance(messages, (list, tuple)):
        for inner in messages:
            yield from flatten(inner, path)
    else:
        yield FieldError(path.removesuffix("._schema").removesuffix("_schema"), str(messages))


def _http(error: HTTPException) -> Response:
    if error.response is not None and error.code is not None and error.code < 400:
        return make_response(error.response)
    status = error.code or 500
    code = _BY_STATUS.get(status, Code.BAD_REQUEST if status < 500 else Code.INTERNAL)
    data = getattr(error, "data", None) or {}
    headers = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After")}
    return answer(
        Problem(code, errors=tuple(flatten(data.get("messages", {})))), status=status, headers=headers
    )


def _database(error: DBAPIError) -> Response:
    if is_transient(error):
        return _unavailable(error)
    return _internal(error)


def _unavailable(error: Exception) -> Response:
    log.error("database_unavailable", error=type(error).__name__)
    return answer(Problem(Code.UNAVAILABLE, retry_after=2))


def _internal(error: Exception) -> Response:
    # The message of an exception may quote a customer's data (PostgreSQL does): kind and place are logged.
    frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    log.error("unhandled", error=type(error).__name__, frames=frames[-12:])
    return answer(Problem(Code.INTERNAL))
