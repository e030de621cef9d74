"""The one way in (P2): whoever writes, these steps on this screen.

    decode -> upcast -> validate -> seen before? -> lock and load -> decide -> react inside -> write once -> answer

Operations are decided one after the other, each with all it sets off, so that it makes no difference how a handheld
cut its log into batches.

One transaction per batch. When it fails for a reason nobody foresaw, it is rolled back and run again in a new one,
operation by operation under savepoints; the one that fails is parked, and the others pass (P17).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

import structlog

from server.core import metrics
from server.core.clock import now_ms
from server.core.db import db, is_transient, once_committed, transaction
from server.ops import oplog
from server.ops.batch import Batch, Fault, Item, Result, Writer, split
from server.ops.cases import open_for_faults
from server.ops.decode import decode
from server.ops.load import load
from server.ops.project import listed_tasks
from server.ops.react import settled_notices, work
from server.ops.write import write

log = structlog.get_logger(__name__)
ATTEMPTS = 3
_T = TypeVar("_T")
# Whether a batch that fails takes its transaction with it: only where somebody begins another.
_whole: ContextVar[bool] = ContextVar("doorstep_whole_batch", default=False)


class BatchFailedError(Exception):
    """A batch failed for a reason nobody foresaw; its operations have to be run one by one."""


def submit(writer: Writer, envelopes: Sequence[Any], bodies: Sequence[Any] | None = None) -> list[Result]:
    """Runs operations of a writer that is no handheld, in one transaction.

    Args:
        writer: who hands them in.
        envelopes: complete envelopes, any JSON values.
        bodies: what each was before the server completed it, when the hash is to be taken of that (P16).

    Returns:
        One result per envelope, in order: {op_id, status, code, detail, applied_at, conflict}.
    """
    known = bodies if bodies is not None else envelopes
    items = [decode(writer, raw, body=body) for raw, body in zip(envelopes, known, strict=True)]
    return in_one_transaction(lambda: run(writer, items))


def in_one_transaction(work: Callable[[], _T]) -> _T:
    """Runs `work` in a writing transaction; again when the database asks for it (deadlock, lost server).

    Also again, operation by operation, when its batch failed: few ever do, and a savepoint for each costs all of them.
    """
    try:
        return _tried(work, whole=True)
    except BatchFailedError:
        return _tried(work, whole=False)


def _tried(work: Callable[[], _T], *, whole: bool) -> _T:
    token = _whole.set(whole)
    try:
        return _until_it_stands(work)
    finally:
        _whole.reset(token)


def _until_it_stands(work: Callable[[], _T]) -> _T:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction():
                return work()
        except Exception as error:
            if attempt == ATTEMPTS or not is_transient(error):
                raise
            log.info("transaction_again", attempt=attempt, error=type(error).__name__)
    raise AssertionError("unreachable")


def run(writer: Writer, items: list[Item]) -> list[Result]:
    """Steps 4 to 8 for decoded items, inside the caller's transaction."""
    results = _run(writer, items)
    once_committed(partial(_tell, items, results, now_ms()))
    return results


def _tell(items: Sequence[Item], results: Sequence[Result], now: int) -> None:
    """One line of the log and the metrics: kinds and numbers, no ids; the request's id is on every line."""
    answered = [
        (item.op["type"] if item.op else "unknown", str(result.get("status")))
        for item, result in zip(items, results, strict=True)
    ]
    ages = [now - item.op["at"] for item in items if item.op and item.seq is not None]
    metrics.count_operations(answered, ages)
    log.info(
        "operations", answered={f"{kind} {status}": n for (kind, status), n in Counter(answered).items()}
    )


def _run(writer: Writer, items: list[Item]) -> list[Result]:
    if not _whole.get():
        return [_alone(writer, item) for item in items]
    try:
        return _together(writer, [item.again() for item in items])
    except Exception as error:
        if is_transient(error):
            raise
        log.error("batch_failed", error=type(error).__name__, operations=len(items), at=_where(error))
        raise BatchFailedError from error


def _together(writer: Writer, items: list[Item]) -> list[Result]:
    batch = Batch(writer, list(items), now_ms())
    _seen(batch)
    load(batch, _closing(batch))
    work(batch, batch.live)
    open_for_faults(batch)
    settled_notices(batch, [item for item in batch.items if item.woken])
    write(batch)
    return [(item.twin or item).answer or {} for item in items]


def _alone(writer: Writer, item: Item) -> Result:
    """One operation of a batch that failed; tried twice, since the first failure may be a race with the same one."""
    for attempt in (1, 2):
        try:
            with db.session.begin_nested():
                return _together(writer, [item.again()])[0]
        except Exception as error:
            if is_transient(error):
                raise
            log.error("operation_failed", error=type(error).__name__, attempt=attempt, at=_where(error))
    parked = item.again()
    parked.fault = Fault(
        "internal", "The server could not work this in. It is kept; a person has to look at it."
    )
    with db.session.begin_nested():
        return _together(writer, [parked])[0]


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def _seen(batch: Batch) -> None:
    """Step 4: the first answer again for what was answered before (P16)."""
    known = oplog.answers(batch.writer, batch.items)
    here: dict[str, dict[str, Item]] = {}
    for item in batch.items:
        op_id = oplog.id_of(item)
        at_place = known.by_seq.get(item.seq) if item.seq is not None else None
        same_id = known.by_op.get(op_id, {}) if op_id else {}
        twins = here.setdefault(op_id, {}) if op_id else {}
        if at_place is not None and at_place[0] == item.body_hash:
            item.answer = at_place[1]
        elif item.body_hash in same_id:
            item.answer = same_id[item.body_hash]
        elif item.body_hash in twins:
            item.twin = twins[item.body_hash]
        elif at_place is not None:
            item.fault = Fault(
                "seq_reuse", "Another operation already stands at this place in the handheld's log."
            )
            item.keeps_seq = False
        elif same_id and (answered := oplog.answer_elsewhere(batch.writer, item, str(op_id))) is not None:
            item.answer = answered
        elif same_id or twins:
            item.fault = Fault("id_reuse", "Another operation already has this id.")
        if item.open:
            twins[item.body_hash] = item
        elif at_place is None and item.seq is not None:
            item.repeats = True


def _closing(batch: Batch) -> list[str]:
    """The list of a courier who closes his shift: its finished tasks will leave it."""
    closing = {item.op["author"] for item in batch.live if item.op and item.op["type"] == "shift.closed"}
    return [entity for courier in closing for entity in listed_tasks(courier) if split(entity)[0] == "task"]
