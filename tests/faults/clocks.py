"""F17: clocks that jump by hours and days, the server's too. Its order stands, a skew beyond 5 min is flagged."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import select

from server.core.db import read
from server.ops.models import Operation
from server.ops.owners import OWNERS
from sync.clock import SKEW_LIMIT_MS
from tests.builders import task_id
from tests.faults.kills import on_the_street
from tests.faults.oracle import Outcome
from tests.faults.replays import DAY_MS, ServersClock
from tests.faults.site import Site, dice
from tests.faults.street import Courier, complaints

_BATCH = 5
# Beyond the limit by more than a journey takes, or well within it.
_MINUTE_MS = 60_000


def jumps(site: Site, pushes: int, *, bug: str = "") -> Outcome:
    """Two couriers in turn on one task; their clocks are set again and again, and the server's is as well."""
    outcome = Outcome("F17 clock jumps", site.database)
    clock = ServersClock(site)
    site.serve(bug, DOORSTEP_CLOCK_FILE=str(clock.file))
    random = dice("F17", site.database, bug)
    couriers = on_the_street(site, 2, site.port)
    waybill = couriers[0].carried.waybills[0]
    order, skewed, right, off, servers = list[str](), set[str](), set[str](), 0, 0
    for number in range(pushes):
        courier = couriers[number % 2]
        # Every other clock is set before every third push: by up to a day, or back to what it should be.
        if number % 3 == 0:
            off = random.choice((0, 1, -1)) * random.randint(SKEW_LIMIT_MS + _MINUTE_MS, DAY_MS)
        # The server's own clock is put back or forward by an hour now and then: a skew is what lies between the two.
        servers = random.choice((-3_600_000, 0, 3_600_000)) if number % 5 == 4 else servers
        clock.set(time.time_ns() // 1_000_000 + servers)
        made = _record(courier, waybill, off, random.sample(range(_BATCH), _BATCH))
        order += made
        if abs(abs(off - servers) - SKEW_LIMIT_MS) > _MINUTE_MS // 2:
            (skewed if abs(off - servers) > SKEW_LIMIT_MS else right).update(made)
        # Once both are known, a clock is sometimes set between recording and sending: only the other clock knows then.
        _push(courier, -off if number > 2 and number % 4 == 3 else off)
    outcome.figures |= {"operations": len(order), "of a wrong clock": len(skewed)}
    outcome.wrong += complaints(couriers) + site.inside(lambda: _judge(waybill, order, skewed, right))
    return outcome


def _record(courier: Courier, waybill: str, off: int, shuffled: Sequence[int]) -> list[str]:
    """A few notes by a clock that is off, and that goes back and forth by seconds between them."""
    tape, now = courier.carried.tape, time.time_ns() // 1_000_000
    return [
        tape.record(
            "task.noted",
            f"task:{task_id(waybill)}",
            {"text": f"{courier.carried.tape.device} {len(tape.envelopes)}"},
            at=now + off - 1000 * place,
            mono=time.monotonic_ns() // 1_000_000,
        )["op_id"]
        for place in shuffled
    ]


def _push(courier: Courier, off: int) -> None:
    first = courier.acked + 1
    body = courier.body(
        first, courier.carried.tape.envelopes[courier.acked :], sent_at=time.time_ns() // 1_000_000 + off
    )
    courier.send(first, courier.carried.tape.envelopes[courier.acked :], body)


def _judge(waybill: str, order: list[str], skewed: set[str], right: set[str]) -> list[str]:
    wrong = []
    with read() as session:
        rows = session.execute(
            select(Operation.op_id, Operation.skew_ms, Operation.envelope)
            .where(Operation.op_id.in_(order))
            .order_by(Operation.position)
        ).all()
        record = OWNERS["task"].load([task_id(waybill)], lock=False)[task_id(waybill)].record
    if [row.op_id for row in rows] != order:
        wrong.append("order: the log does not lie in the order of arrival")
    texts = {row.op_id: row.envelope["payload"]["text"] for row in rows}
    noted = [note["text"] for note in record["notes"] if note["text"] in texts.values()]
    if noted != [texts[op_id] for op_id in order if op_id in texts]:
        wrong.append("order: the record has its notes in another order than the log")
    flagged = {row.op_id for row in rows if abs(row.skew_ms or 0) > SKEW_LIMIT_MS}
    wrong += [f"not flagged: {op_id}" for op_id in skewed - flagged]
    wrong += [f"flagged for nothing: {op_id}" for op_id in right & flagged]
    return wrong
