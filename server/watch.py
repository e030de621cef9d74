"""What is watched beside the requests: the outbox, the handhelds, the log. Counted when Prometheus asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import structlog
from flask import Flask

from server.auth import queries as auth_queries
from server.core import metrics, outbox
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.db import read
from server.core.metrics import Row
from server.core.outbox import Backlog

_SILENCES = ((60, "1m"), (900, "15m"), (3600, "1h"), (4 * 3600, "4h"))
log = structlog.get_logger(__name__)


def serve(app: Flask, *, offset: int) -> None:
    """Serve this process's numbers on DOORSTEP_METRICS, `offset` ports on; nothing without the setting.

    A port somebody else has is no reason not to work: it is logged.
    """
    settings: Settings = app.extensions["doorstep_settings"]
    if settings.metrics is None:
        return
    host, port = settings.metrics
    try:
        metrics.serve(host, port + offset, lambda: _rows(app))
    except OSError as error:
        log.error("metrics_unavailable", port=port + offset, error=type(error).__name__)


def _rows(app: Flask) -> Iterable[Row]:
    with app.app_context(), read() as session:
        now = now_ms()
        yield from _outbox(outbox.backlog(session), now)
        heard = Counter(
            _silence(now, device.last_heard)
            for station in auth_queries.stations()
            for device, _ in auth_queries.devices_of(station.id)
            if not device.revoked
        )
    meaning = "Handhelds by how long ago they were heard"
    for name in [*(name for _, name in _SILENCES), "longer", "never"]:
        yield Row("doorstep_handhelds", meaning, {"within": name}, heard[name])


def _outbox(backlog: Iterable[Backlog], now: int) -> Iterable[Row]:
    for one in backlog:
        for state, number in (("waiting", one.waiting), ("dead", one.dead)):
            labels = {"topic": one.topic, "state": state}
            yield Row("doorstep_outbox_rows", "Outbox rows that are not done", labels, number)
        late = max(0, now - one.oldest_due) / 1000 if one.oldest_due is not None else 0.0
        meaning = "How long the outbox row that is due longest has been waiting"
        yield Row("doorstep_outbox_oldest_seconds", meaning, {"topic": one.topic}, late)


def _silence(now: int, heard: int | None) -> str:
    if heard is None:
        return "never"
    seconds = (now - heard) / 1000
    return next((name for limit, name in _SILENCES if seconds <= limit), "longer")
