"""Bugs on purpose: each breaks one rule of the protocol, and the simulator must notice (RELIABILITY F2).

Those of the server replace a function of it in a process that does nothing else; those of the handheld are in
pwa/node/simulation-planted.ts. Neither can be reached from the product.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import UniqueConstraint

from server.core.clock import now_ms
from server.handheld import api
from server.ops import oplog, pipeline
from server.ops.models import Operation, Quarantined
from server.ops.push import Pushed
from tests.simulation import house
from tests.simulation.house import Crash, House, Request
from tests.simulation.machine import DAY

BUGS: Final = (
    "no-dedupe",
    "new-id-on-retry",
    "queue-cleared-whole",
    "dedupe-other-transaction",
    "device-clock-order",
    "wipe-on-401",
    "ack-before-commit",
    "drop-on-4xx",
    "stop-at-poison",
    "keys-pruned-24h",
    "partial-batch-acked",
    "restore-without-epoch",
)
ELSEWHERE: Final = {
    "sequence-cursor": "sequence-cursor needs two writers at once, and here every call is atomic: it is caught by the "
    "interleavings on PostgreSQL (RELIABILITY F14), not here."
}


def plant(bug: str | None) -> None:
    """Breaks the server of this process for good, when the bug is one of the server's."""
    if bug in _SERVER:
        _SERVER[bug]()


def _no_dedupe() -> None:
    """P16: every arrival is taken for a new one, and the database does not mind either."""
    _without_uniqueness()
    _replace(pipeline, "_seen", lambda _real: lambda _batch: None)


def _keys_pruned() -> None:
    """P16: what was answered more than a day ago is forgotten."""
    _without_uniqueness()

    def answers(real: Callable[..., oplog.Answers]) -> Callable[..., oplog.Answers]:
        def forgetful(*asked: Any) -> oplog.Answers:
            found = real(*asked)
            old = _older_than(now_ms() - DAY)
            found.by_op = {op_id: known for op_id, known in found.by_op.items() if op_id not in old}
            found.by_seq = {seq: known for seq, known in found.by_seq.items() if known[1]["op_id"] not in old}
            return found

        return forgetful

    _replace(oplog, "answers", answers)


def _older_than(moment: int) -> set[str]:
    from sqlalchemy import select

    from server.core.db import db

    return set(db.session.scalars(select(Operation.op_id).where(Operation.received_at < moment)))


def _dedupe_other_transaction() -> None:
    """P17: the keys of a batch are remembered before, and not with, what the batch does."""
    remembered: dict[str, set[str]] = {}

    def push(real: Callable[..., Pushed]) -> Callable[..., Pushed]:
        def pushed(writer: Any, from_seq: int, raws: Sequence[Any], **said: Any) -> Pushed:
            keys = remembered.setdefault(str(writer.incarnation), set())
            ids = [raw["op_id"] for raw in raws]
            if not ids or not keys.issuperset(ids):
                keys.update(ids)
                return real(writer, from_seq, raws, **said)
            head = from_seq + len(raws) - 1
            results = [_applied(raw["op_id"], from_seq + n) for n, raw in enumerate(raws)]
            return replace(
                real(writer, from_seq, [], **said), results=results, head_seq=head, expected_seq=head + 1
            )

        return pushed

    _replace(api, "push", push)


def _device_clock_order() -> None:
    """P1: what a batch holds is decided in the order of the handheld's wall clock."""

    def run(real: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        def sorted_run(writer: Any, items: list[Any]) -> list[Any]:
            order = sorted(range(len(items)), key=lambda n: items[n].raw["at"])
            answers = dict(zip(order, real(writer, [items[n] for n in order]), strict=True))
            return [answers[n] for n in range(len(items))]

        return sorted_run

    _replace(pipeline, "run", run)


def _partial_batch_acked() -> None:
    """P17: half of a batch is taken in, all of it is acknowledged."""

    def run(real: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        def half(writer: Any, items: list[Any]) -> list[Any]:
            kept = items[: max(1, len(items) // 2)]
            rest = items[len(kept) :]
            return real(writer, kept) + [_applied(item.raw["op_id"], None) for item in rest]

        return half

    _replace(pipeline, "run", run)


def _ack_before_commit() -> None:
    """P17: the answer leaves before the commit; the server may die in between."""
    dying: list[bool] = []

    def hasty(real: Callable[..., Any]) -> Callable[..., Any]:
        def in_one_transaction(work: Callable[[], Any]) -> Any:
            done: list[Any] = []

            def noted() -> Any:
                done.append(work())
                return done[-1]

            try:
                return real(noted)
            except Crash:
                dying.append(True)
                return done[-1]

        return in_one_transaction

    def handle(real: Callable[..., Any]) -> Callable[..., Any]:
        def answered(server: House, request: Request) -> Any:
            answer = real(server, request)
            if dying:
                dying.clear()
                server.kill()
            return answer

        return answered

    _replace(pipeline, "in_one_transaction", hasty)
    _replace(House, "handle", handle)


def _restore_without_epoch() -> None:
    """P31: nobody is told that the server is another one now."""
    _replace(house, "begin_epoch", lambda _real: lambda _house: None)


_SERVER: Final[dict[str, Callable[[], None]]] = {
    "no-dedupe": _no_dedupe,
    "dedupe-other-transaction": _dedupe_other_transaction,
    "device-clock-order": _device_clock_order,
    "ack-before-commit": _ack_before_commit,
    "keys-pruned-24h": _keys_pruned,
    "partial-batch-acked": _partial_batch_acked,
    "restore-without-epoch": _restore_without_epoch,
}


def _replace(where: Any, name: str, make: Callable[[Any], Any]) -> None:
    setattr(where, name, make(getattr(where, name)))


def _without_uniqueness() -> None:
    for model in (Operation, Quarantined):
        table = model.__table__
        table.constraints = {one for one in table.constraints if not isinstance(one, UniqueConstraint)}


def _applied(op_id: str, seq: int | None) -> dict[str, Any]:
    empty = dict.fromkeys(("code", "detail", "applied_at", "conflict"))
    return {**empty, "seq": seq, "op_id": op_id, "status": "applied"}
