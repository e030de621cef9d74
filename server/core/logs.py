"""Logs: one JSON object a line on standard error, ids only, never a name, a phone, an address or a text.

Standard output stays free for what a command answers.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, cast

import structlog
from flask import Flask, Response, g, request

from server.core.config import Settings
from server.core.ids import uuid7

HEADER = "X-Request-ID"
_USABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger(__name__)


def configure(settings: Settings) -> None:
    """Set the log up for this process."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


def init_request_log(app: Flask) -> None:
    """Give every request an id (the caller's, when usable) and one line when it ends."""
    app.before_request(_begin)
    app.after_request(_end)


def current_request() -> str | None:
    """The id of the request being answered, or of the one whose work is being done; None outside of both."""
    known = structlog.contextvars.get_contextvars().get("request")
    return known if isinstance(known, str) else None


@contextmanager
def on_behalf_of(request_id: str | None) -> Iterator[None]:
    """Log lines inside name the request that caused the work, also long after it was answered."""
    if request_id is None:
        yield
        return
    with structlog.contextvars.bound_contextvars(request=request_id):
        yield


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _USABLE.fullmatch(given) else uuid7()
    g.request_began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    # The rule, not the path: a path or a query can hold a waybill or a name.
    log.info(
        "request",
        method=request.method,
        route=str(request.url_rule or "-"),
        status=response.status_code,
        ms=round((time.perf_counter() - g.request_began) * 1000, 1),
    )
    return response


class _Stderr:
    """Standard error that never refuses: a log whose disk is full costs its lines, and nobody his answer."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


_STDERR = cast("TextIO", _Stderr())


def _to_stderr(*_args: object) -> structlog.WriteLogger:
    return structlog.WriteLogger(_STDERR)
