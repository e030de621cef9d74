"""The outbox worker: does what committed facts ask for, and the jobs that come round by themselves.

It may be killed at any moment: rows it held are claimed again when their lease runs out. SIGTERM and SIGINT let the
job in hand finish and end the process with 0.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Mapping, Sequence
from types import FrameType

import structlog
from flask import Flask

from server import watch, wiring
from server.app import create_app
from server.core import logs, metrics, outbox
from server.core.clock import now_ms
from server.core.db import transaction
from server.core.jobs import Handler, Periodic
from server.core.outbox import Claimed, GiveUpError, PutOffError

PAUSE_S = 0.5
TROUBLE_S = 2.0
log = structlog.get_logger(__name__)


class Worker:
    """One worker; `name` marks the rows it holds."""

    def __init__(
        self,
        app: Flask,
        handlers: Mapping[str, Handler],
        periodic: Sequence[Periodic] = (),
        *,
        name: str | None = None,
    ) -> None:
        self.app = app
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self._handlers = handlers
        self._periodic = periodic
        self._last: dict[str, int] = {}
        self._stop = threading.Event()

    def stop(self) -> None:
        """End after the job in hand."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped. A lost database is waited for, not died of."""
        log.info("worker_started", worker=self.name)
        while not self._stop.is_set():
            try:
                busy = self.once()
            except Exception as error:  # noqa: BLE001 - whatever it was, the loop must outlive it
                log.warning("worker_trouble", error=type(error).__name__)
                self._stop.wait(TROUBLE_S)
                continue
            if not busy:
                self._stop.wait(PAUSE_S)
        log.info("worker_stopped", worker=self.name)

    def once(self) -> int:
        """One round: due periodic jobs, then one claim of outbox rows; returns how many rows were taken."""
        self._run_periodic()
        with self.app.app_context(), transaction() as session:
            claimed = outbox.claim(session, self.name)
        for row in claimed:
            if self._stop.is_set():
                break
            self._work(row)
        return len(claimed)

    def _run_periodic(self) -> None:
        for job in self._periodic:
            now, last = now_ms(), self._last.get(job.name)
            if last is not None and last <= now < last + job.every_ms:
                continue
            self._last[job.name] = now
            try:
                with self.app.app_context():
                    job.run()
            except Exception as error:  # noqa: BLE001 - one job must not stop the others
                log.warning("periodic_failed", job=job.name, error=type(error).__name__)

    def _work(self, row: Claimed) -> None:
        held = self._hold(row)
        if held is None:
            log.warning("outbox_lease_lost", topic=row.topic, id=row.id)
            return
        with logs.on_behalf_of(held.request):
            self._carry_out(held)

    def _carry_out(self, held: Claimed) -> None:
        try:
            handler = self._handlers[held.topic]
            with self.app.app_context():
                handler(held)
        except Exception as error:  # noqa: BLE001 - a failing row is given back, never lost
            self._failed(held, error)
            return
        with self.app.app_context(), transaction() as session:
            if not outbox.complete(session, held, self.name):
                log.warning("outbox_lease_lost", topic=held.topic, id=held.id)
                return
        metrics.OUTBOX.labels(held.topic, "done").inc()
        log.info("outbox_done", topic=held.topic, id=held.id)

    def _hold(self, row: Claimed) -> Claimed | None:
        """The row with enough of its lease left to be done; None when another worker has it by now."""
        if now_ms() < row.leased_until - outbox.LEASE_MS // 2:
            return row
        with self.app.app_context(), transaction() as session:
            return outbox.hold(session, row, self.name)

    def _failed(self, row: Claimed, error: Exception) -> None:
        """Put the row off, bury it, or give it back for another attempt: the handler's error says which."""
        said = str(error) if isinstance(error, (PutOffError, GiveUpError)) else type(error).__name__
        log.warning("outbox_failed", topic=row.topic, id=row.id, error=said)
        metrics.OUTBOX.labels(row.topic, "failed").inc()
        with self.app.app_context(), transaction() as session:
            if isinstance(error, PutOffError):
                outbox.put_off(session, row, self.name, error)
            elif isinstance(error, GiveUpError):
                outbox.bury(session, row, self.name, said)
            else:
                outbox.fail(session, row, self.name, said)


def main() -> None:
    """Run a worker in this process until SIGTERM or SIGINT."""
    app = create_app(live=False)
    watch.serve(app, offset=1)
    worker = Worker(app, wiring.HANDLERS, wiring.PERIODIC)

    def end(_signal: int, _frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    worker.run()
