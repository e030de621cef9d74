"""What the worker does for order intake.

A file takes up to a minute; whatever else the worker has to tell the world must not wait for it, so imports run in a
thread of their own, one at a time. The thread may die with the process at any point: what was waiting or accepted is
taken up again by `resume_left_behind`.
"""

import threading
from collections import deque

import structlog
from flask import Flask, current_app

from server.core.clock import now_ms
from server.core.db import read, transaction
from server.core.outbox import Claimed
from server.core.stores import blob_store
from server.intake import applying, files, queries, remembered, service, undoing
from server.intake.mapping import read_mapping
from server.intake.problems import UnusableFileError

IDLE_MS = 60_000
TOPIC = "orders"
log = structlog.get_logger(__name__)


class _Line:
    """Batches that wait for the one thread that works on them."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._lock = threading.Lock()
        self._busy = False

    def put(self, app: Flask, batch_id: str) -> None:
        """Queues a batch once, and sees to it that somebody works."""
        with self._lock:
            if batch_id not in self._waiting:
                self._waiting.append(batch_id)
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._work, args=(app,), name="orders", daemon=True).start()

    def _work(self, app: Flask) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._busy = False
                    return
                batch_id = self._waiting.popleft()
            try:
                with app.app_context():
                    run(batch_id)
            except Exception as error:  # noqa: BLE001 - one batch must not stop the others; the batch is taken up again
                log.warning("import_failed", batch=batch_id, error=type(error).__name__)


_line = _Line()


def start(row: Claimed) -> None:
    """For the worker: an import was asked for."""
    _line.put(current_app._get_current_object(), row.key)  # type: ignore[attr-defined]  # noqa: SLF001


def resume_left_behind() -> None:
    """Takes up what an importer that died has left; one that is alive is left alone."""
    with read():
        left = queries.left_behind(now_ms() - IDLE_MS)
    for batch_id in left:
        _line.put(current_app._get_current_object(), batch_id)  # type: ignore[attr-defined]  # noqa: SLF001


def run(batch_id: str) -> None:
    """Does whatever is next for a batch, to the end. Safe to repeat."""
    with read():
        batch = queries.batch(batch_id)
    if batch is None:
        return
    if batch.status in ("waiting", "staged") and batch.wish is not None:
        try:
            _take_in(batch)
        except UnusableFileError as error:
            service.fail(batch_id, error)
            return
    applying.apply(batch_id)
    undoing.carry_out(batch_id)


def _take_in(batch: queries.BatchView) -> None:
    """Reads a batch's file and accepts it, or says why not."""
    wish = batch.wish or {}
    with read():
        file = files.one(batch.file_id or "", batch.station_id)
    if file is None or batch.staged_by is None:
        return
    table = files.table_of(file, blob_store(), wish["sheet"])
    person = service.Person(batch.staged_by, batch.station_id, wish["role"])
    mapping = read_mapping(wish["mapping"])
    request = service.Request(table, mapping, wish["merchant"], wish["year"], person, wish["skip_bad"])
    if wish["only_check"]:
        service.look_over(request, batch.id)
        return
    report = service.accept(request, batch.id)
    merchant = wish["merchant"] or mapping.merchant
    if merchant and not report.refused(request.skip_bad):
        with transaction():
            remembered.remember(batch.station_id, table.header, merchant, wish["mapping"], person.user_id)
