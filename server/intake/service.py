"""Writes of order intake: stage, accept once, apply in chunks.

Why chunks: SQLite has one writer. A chunk is small enough that its transaction is over before a waiting handheld
notices, and between two chunks the importer stands aside for a moment, because SQLite's lock is not fair: whoever asks
first has it. Why it can be killed at any point: an operation's id and body follow from the accepted row alone, so that
sending it again is answered from the log.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from server.auth import queries as auth
from server.core.clock import now_ms
from server.core.db import read, transaction
from server.core.ids import uuid7
from server.intake import queries
from server.intake.mapping import Mapping
from server.intake.models import ImportBatch, ImportRow, OrderReference
from server.intake.policy import Intake, Order, compare, digest, envelope, read_orders
from server.intake.problems import RowProblem
from server.intake.table import Table
from server.ops import imports, pipeline
from server.ops.batch import Writer

CHUNK = 50
_STAGE_AT_ONCE = 500
# A waiting SQLite writer looks every 100 ms at the latest: a longer pause is one it cannot miss.
_STAND_ASIDE_S = 0.12
_IDLE_MS = 60_000
# No file takes this long to stage; a younger one may belong to an import that is running beside this one.
_STAGING_MS = 600_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Person:
    """Who imports; the author of the operations."""

    user_id: str
    station_id: str
    role: str


@dataclass(frozen=True)
class Request:
    """One file to be imported by one person."""

    table: Table
    mapping: Mapping
    merchant: str | None
    year: int
    person: Person


@dataclass
class Report:
    """What became of a file. `changed` are rows that say something else than the order accepted before."""

    rows: int
    new: int = 0
    unchanged: int = 0
    changed: list[RowProblem] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    batch_id: str | None = None


def check(request: Request) -> Report:
    """Everything an import would say, without storing anything."""
    return _sift(request, uuid7())[0]


def accept(request: Request) -> Report:
    """Stages and validates a file, then accepts it whole or not at all. Applies nothing yet (see `apply`)."""
    batch_id = uuid7()
    report, orders = _sift(request, batch_id)
    if report.problems:
        _reject(request, batch_id, report)
        return report
    if orders:
        _stage(request, batch_id, orders)
        try:
            _accept(request, batch_id, orders)
        except IntegrityError:
            # Another import accepted one of these orders in this moment: what it took is not new any more.
            return accept(request)
        report.batch_id = batch_id
    return report


def apply(batch_id: str, progress: Progress = lambda _done, _rows: None) -> int:
    """Turns an accepted batch into operations, from where it stopped; returns how many rows this call applied.

    Its tasks are invisible until the last chunk is in, then all there at once.
    """
    with read():
        batch = queries.batch(batch_id)
    if batch is None or batch.status != "accepted" or batch.accepted_by is None or batch.accepted_at is None:
        return 0
    writer = Writer(batch.accepted_by, batch.station_id, "admin")
    done = batch.applied_rows
    while rows := _next_rows(batch_id):
        orders = [Order(number, payload) for number, payload in rows]
        results = pipeline.submit(
            writer, [envelope(order, writer.user_id, batch.accepted_at) for order in orders]
        )
        done += len(rows)
        _mark(
            batch_id, [(number, result["status"]) for (number, _), result in zip(rows, results, strict=True)]
        )
        progress(done, batch.rows)
        time.sleep(_STAND_ASIDE_S)
    _finish(batch_id)
    return done - batch.applied_rows


def resume(
    station_id: str | None = None, idle_ms: int = 0, progress: Progress = lambda _done, _rows: None
) -> int:
    """Applies every accepted batch that was left unfinished; `idle_ms` spares those another process is working on."""
    with read():
        left = queries.unfinished(station_id, now_ms() - idle_ms if idle_ms else None)
    return sum(apply(batch.id, progress) for batch in left)


def resume_left_behind() -> None:
    """For the worker: finishes what an importer that died has accepted; one that is alive is left alone."""
    resume(idle_ms=_IDLE_MS)


def _sift(request: Request, batch_id: str) -> tuple[Report, list[Order]]:
    """Reads the rows and sets aside what is there already."""
    station = request.person.station_id
    with read():
        couriers = {user.username: user.id for user in auth.users_of(station, "courier")}
    intake = Intake(station, request.merchant, request.year, request.mapping, couriers, batch_id)
    orders, problems = read_orders(request.table, intake)
    with read():
        known = queries.known_orders(
            {order.payload["merchant"] for order in orders},
            [order.payload["reference"] for order in orders],
            [order.task_id for order in orders],
        )
    sifted = compare(orders, known, request.mapping, request.table.header)
    report = Report(
        rows=len(request.table.rows) + len(request.table.problems),
        new=len(sifted.new),
        unchanged=sifted.unchanged,
        changed=sifted.changed,
        problems=sorted(problems + sifted.taken, key=lambda problem: problem.row),
    )
    return report, sifted.new


def _batch(request: Request, batch_id: str, status: str, rows: int) -> ImportBatch:
    now = now_ms()
    return ImportBatch(
        id=batch_id,
        station_id=request.person.station_id,
        merchant=request.merchant or request.mapping.merchant,
        mapping=request.mapping.name,
        file_name=request.table.name[:255],
        file_hash=request.table.digest,
        status=status,
        rows=rows,
        staged_at=now,
        applied_rows=0,
        applied_through=0,
        progress_at=now,
    )


def _reject(request: Request, batch_id: str, report: Report) -> None:
    """Keeps what was wrong, row by row; the orders themselves are not kept."""
    by_row: dict[int, list[dict[str, object]]] = {}
    for problem in report.problems:
        by_row.setdefault(problem.row, []).append(problem.as_json())
    rows = [{"batch_id": batch_id, "row_no": number, "errors": errors} for number, errors in by_row.items()]
    with transaction() as session:
        session.add(_batch(request, batch_id, "rejected", report.rows))
        session.flush()
        session.execute(insert(ImportRow), rows)


def _stage(request: Request, batch_id: str, orders: Sequence[Order]) -> None:
    """Writes the rows aside, some at a time; what an import that died here long ago left behind is dropped."""
    with transaction() as session:
        stale = select(ImportBatch.id).where(
            ImportBatch.station_id == request.person.station_id,
            ImportBatch.file_hash == request.table.digest,
            ImportBatch.status == "staged",
            ImportBatch.staged_at < now_ms() - _STAGING_MS,
        )
        session.execute(delete(ImportRow).where(ImportRow.batch_id.in_(stale)))
        session.execute(delete(ImportBatch).where(ImportBatch.id.in_(stale.scalar_subquery())))
        session.add(_batch(request, batch_id, "staged", len(orders)))
    for start in range(0, len(orders), _STAGE_AT_ONCE):
        rows = [
            {"batch_id": batch_id, "row_no": order.row, "order": order.payload, "errors": []}
            for order in orders[start : start + _STAGE_AT_ONCE]
        ]
        with transaction() as session:
            session.execute(insert(ImportRow), rows)


def _accept(request: Request, batch_id: str, orders: Sequence[Order]) -> None:
    """The one durable record: from this commit on every row will be applied, whatever dies.

    The primary key of `order_references` lets only one of two simultaneous imports of an order through.
    """
    references: list[dict[str, Any]] = [
        {
            "merchant": order.payload["merchant"],
            "reference": order.payload["reference"],
            "task_id": order.task_id,
            "batch_id": batch_id,
            "digest": digest(order.payload),
        }
        for order in orders
    ]
    now = now_ms()
    with transaction() as session:
        session.execute(insert(OrderReference), references)
        session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id)
            .values(status="accepted", accepted_at=now, accepted_by=request.person.user_id, progress_at=now)
        )
        imports.hide(batch_id)


def _next_rows(batch_id: str) -> list[tuple[int, dict[str, Any]]]:
    query = (
        select(ImportRow.row_no, ImportRow.order)
        .join(ImportBatch, ImportBatch.id == ImportRow.batch_id)
        .where(ImportRow.batch_id == batch_id, ImportRow.row_no > ImportBatch.applied_through)
        .order_by(ImportRow.row_no)
        .limit(CHUNK)
    )
    with read() as session:
        return [(number, order) for number, order in session.execute(query) if order is not None]


def _mark(batch_id: str, outcomes: Sequence[tuple[int, str]]) -> None:
    """Remembers how far the batch has come, and every row that did not simply become an order."""
    through = outcomes[-1][0]
    odd = [(number, status) for number, status in outcomes if status != "applied"]
    with transaction() as session:
        session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id, ImportBatch.applied_through < through)
            .values(
                applied_through=through,
                applied_rows=select(func.count())
                .where(ImportRow.batch_id == batch_id, ImportRow.row_no <= through)
                .scalar_subquery(),
                progress_at=now_ms(),
            )
        )
        for number, status in odd:
            session.execute(
                update(ImportRow)
                .where(ImportRow.batch_id == batch_id, ImportRow.row_no == number)
                .values(outcome=status)
            )


def _finish(batch_id: str) -> None:
    now = now_ms()
    with transaction() as session:
        imports.reveal(batch_id)
        session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id, ImportBatch.status == "accepted")
            .values(status="applied", applied_at=now, progress_at=now)
        )
