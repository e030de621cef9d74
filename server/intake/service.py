"""Accepting orders: a table is read, staged, and accepted whole or not at all; `applying` makes operations of it.

Nothing here holds the database for long: rows are staged some at a time, and the commit that accepts them copies their
references in one statement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from server.auth import queries as auth
from server.core.clock import now_ms
from server.core.db import db, read, transaction
from server.core.ids import uuid7
from server.intake import queries
from server.intake.mapping import Mapping
from server.intake.models import ImportBatch, ImportRow, OrderReference
from server.intake.policy import Intake, Order, compare, read_orders
from server.intake.problems import RowProblem, UnusableFileError
from server.intake.table import Table
from server.ops import imports

_STAGE_AT_ONCE = 500
# No file takes this long to stage; a younger one may belong to an import that is running beside this one.
_STAGING_MS = 600_000


@dataclass(frozen=True)
class Person:
    """Who imports; the author of the operations."""

    user_id: str
    station_id: str
    role: str


@dataclass(frozen=True)
class Request:
    """One file to be imported by one person. With `skip_bad` the rows that are right go in without the others."""

    table: Table
    mapping: Mapping
    merchant: str | None
    year: int
    person: Person
    skip_bad: bool = False


@dataclass
class Report:
    """What became of a file. `changed` are rows that say something else than the order accepted before."""

    rows: int
    new: int = 0
    unchanged: int = 0
    changed: list[RowProblem] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    batch_id: str | None = None

    @property
    def wrong(self) -> int:
        """How many rows have something wrong."""
        return len({problem.row for problem in self.problems})

    def refused(self, skip_bad: bool) -> bool:
        """Whether nothing is to be imported because of what is wrong."""
        return bool(self.problems) and (not skip_bad or self.wrong == self.rows)


def check(request: Request) -> Report:
    """Everything an import would say, without storing anything."""
    return _sift(request, uuid7())[0]


def look_over(request: Request, batch_id: str) -> Report:
    """A check under a batch that waits for it: what it says is kept, no order is."""
    _open(request, batch_id)
    report, _ = _sift(request, batch_id)
    _conclude(batch_id, "checked", report)
    return report


def accept(request: Request, batch_id: str | None = None) -> Report:
    """Stages and validates a file, then accepts it whole or not at all. Applies nothing yet (see `applying`).

    Args:
        request: the file, and how it is to be read.
        batch_id: the batch somebody already waits for; what an attempt that died left in it is dropped.
    """
    awaited, batch_id = batch_id is not None, batch_id or uuid7()
    if awaited:
        _open(request, batch_id)
    return _accepted(request, batch_id, awaited, lambda: _sift(request, batch_id))


def accept_given(request: Request, orders: list[Order], problems: list[RowProblem], batch_id: str) -> Report:
    """Accepts orders that were no file. What says something else than before is wrong here: nobody looks at it."""

    def find() -> tuple[Report, list[Order]]:
        report, new = sift(orders, problems, request.mapping, request.table)
        report.problems = sorted(report.problems + report.changed, key=lambda problem: problem.row)
        return report, new

    return _accepted(request, batch_id, False, find)


def _accepted(
    request: Request, batch_id: str, awaited: bool, find: Callable[[], tuple[Report, list[Order]]]
) -> Report:
    while True:
        report, orders = find()
        if report.refused(request.skip_bad):
            _open(request, batch_id)
            _conclude(batch_id, "rejected", report)
            return report
        if not orders:
            if awaited:
                _conclude(batch_id, "applied", report)
            return report
        _open(request, batch_id)
        _stage(batch_id, orders)
        try:
            _accept(request, batch_id, report)
        except IntegrityError:
            # Another import accepted one of these orders in this moment: what it took is not new any more.
            continue
        report.batch_id = batch_id
        return report


def fail(batch_id: str, error: UnusableFileError) -> None:
    """What somebody waits for turned out to be no file of orders."""
    trouble = {"code": error.code, "zh": error.say("zh"), "en": error.say("en")}
    with transaction() as session:
        session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id, ImportBatch.status.in_(("waiting", "staged")))
            .values(status="failed", trouble=trouble, progress_at=now_ms())
        )


def _sift(request: Request, batch_id: str) -> tuple[Report, list[Order]]:
    """Reads the rows and sets aside what is there already."""
    station = request.person.station_id
    with read():
        couriers = {user.username: user.id for user in auth.users_of(station, "courier")}
    intake = Intake(station, request.merchant, request.year, request.mapping, couriers, batch_id)
    orders, problems = read_orders(request.table, intake, _looker(batch_id))
    return sift(orders, problems, request.mapping, request.table)


def sift(
    orders: list[Order], problems: list[RowProblem], mapping: Mapping, table: Table
) -> tuple[Report, list[Order]]:
    """Valid orders against what was accepted before."""
    with read():
        known = queries.known_orders(
            {order.payload["merchant"] for order in orders},
            [order.payload["reference"] for order in orders],
            [order.task_id for order in orders],
        )
    sifted = compare(orders, known, mapping, table.header)
    report = Report(
        rows=len(table.rows.keys() | {problem.row for problem in table.problems}),
        new=len(sifted.new),
        unchanged=sifted.unchanged,
        changed=sifted.changed,
        problems=sorted(problems + sifted.taken, key=lambda problem: problem.row),
    )
    return report, sifted.new


def _looker(batch_id: str) -> Callable[[int], None]:
    def look(done: int) -> None:
        with transaction() as session:
            session.execute(
                update(ImportBatch)
                .where(ImportBatch.id == batch_id)
                .values(seen_rows=done, progress_at=now_ms())
            )

    return look


def _open(request: Request, batch_id: str) -> None:
    """The batch as it is before anything is in it; what an import of this file that died long ago left is dropped."""
    now = now_ms()
    values = {
        "merchant": request.merchant or request.mapping.merchant,
        "mapping": request.mapping.name[:80],
        "file_hash": request.table.digest,
        "status": "staged",
        "rows": len(request.table.rows.keys() | {problem.row for problem in request.table.problems}),
        "progress_at": now,
    }
    with transaction() as session:
        stale = select(ImportBatch.id).where(
            ImportBatch.station_id == request.person.station_id,
            ImportBatch.file_hash == request.table.digest,
            ImportBatch.status == "staged",
            ImportBatch.file_id.is_(None),
            ImportBatch.staged_at < now - _STAGING_MS,
        )
        session.execute(delete(ImportRow).where(ImportRow.batch_id.in_(stale)))
        session.execute(delete(ImportBatch).where(ImportBatch.id.in_(stale.scalar_subquery())))
        session.execute(delete(ImportRow).where(ImportRow.batch_id == batch_id))
        known = session.get(ImportBatch, batch_id)
        if known is not None:
            session.execute(update(ImportBatch).where(ImportBatch.id == batch_id).values(**values))
            return
        session.add(
            ImportBatch(
                id=batch_id,
                station_id=request.person.station_id,
                file_name=request.table.name[:255],
                staged_at=now,
                staged_by=request.person.user_id,
                applied_rows=0,
                **values,
            )
        )


def _counts(report: Report) -> dict[str, int]:
    return {
        "rows": report.rows,
        "seen_rows": report.rows,
        "new_rows": report.new,
        "unchanged_rows": report.unchanged,
        "changed_rows": len(report.changed),
        "wrong_rows": report.wrong,
    }


def _conclude(batch_id: str, status: str, report: Report) -> None:
    """The end of a batch that makes no operations; what was wrong is kept row by row, the orders are not."""
    with transaction() as session:
        session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id)
            .values(status=status, progress_at=now_ms(), **_counts(report))
        )
    _keep_problems(batch_id, report)


def _keep_problems(batch_id: str, report: Report) -> None:
    by_row: dict[int, list[dict[str, object]]] = {}
    for problem in report.problems:
        by_row.setdefault(problem.row, []).append(problem.as_json())
    rows = [{"batch_id": batch_id, "row_no": number, "errors": errors} for number, errors in by_row.items()]
    _insert_rows(rows)


def _stage(batch_id: str, orders: Sequence[Order]) -> None:
    """Writes the rows aside, some at a time."""
    rows = [
        {
            "batch_id": batch_id,
            "row_no": order.row,
            "order_body": order.payload,
            "task_id": order.task_id,
            "digest": order.digest,
            "errors": [],
        }
        for order in orders
    ]
    _insert_rows(rows)


def _insert_rows(rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _STAGE_AT_ONCE):
        with transaction():
            db.session.execute(insert(ImportRow.__table__), rows[start : start + _STAGE_AT_ONCE])


def _accept(request: Request, batch_id: str, report: Report) -> None:
    """The one durable record: from this commit on every row will be applied, whatever dies.

    The primary key of `order_references` lets only one of two simultaneous imports of an order through. One statement
    copies them, because SQLite's other writers wait for this commit. An order whose import was taken back gives up its
    place: its reference, or its waybill under another reference.
    """
    if report.problems:
        _keep_problems(batch_id, report)
    merchant, reference = (ImportRow.order[name].as_string() for name in ("merchant", "reference"))
    references = (
        select(merchant, reference, ImportRow.task_id, ImportRow.batch_id, ImportRow.digest)
        .where(ImportRow.batch_id == batch_id, ImportRow.task_id.is_not(None))
        .order_by(merchant, reference)
    )
    columns = ["merchant", "reference", "task_id", "batch_id", "digest"]
    mine = references.order_by(None).subquery()
    named = tuple_(OrderReference.merchant, OrderReference.reference).in_(select(mine.c[0], mine.c[1]))
    free = OrderReference.batch_id.in_(select(ImportBatch.id).where(ImportBatch.status == "undone"))
    now = now_ms()
    with transaction() as session:
        session.execute(
            delete(OrderReference).where(free, or_(named, OrderReference.task_id.in_(select(mine.c.task_id))))
        )
        session.execute(insert(OrderReference.__table__).from_select(columns, references))
        session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id)
            .values(
                status="accepted",
                accepted_at=now,
                accepted_by=request.person.user_id,
                progress_at=now,
                **_counts(report),
            )
        )
        imports.hide(batch_id)
