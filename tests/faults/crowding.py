"""F10, F11 and F24: many at once, a backlog, and poison at the head of a queue. Nobody stands in another's way."""

from __future__ import annotations

import time
from typing import Any

from tests.bench.stand import Stand
from tests.faults.kills import on_the_street
from tests.faults.oracle import Outcome, judge
from tests.faults.site import Site
from tests.faults.street import ask, busy, settle

SLICE = 100
# Of how many slices of a backlog another's push may see the end before its own.
OVERTAKEN = 5
_POISON: tuple[Any, ...] = (
    None,
    {},
    7,
    {"type": "task.vanished"},
    {"payload": {"text": 1.5}},
    {"entity": "task:\x00"},
)


def writers(site: Site, seconds: float, *, bug: str = "", number: int = 8) -> Outcome:
    """F24: so many handhelds push all the time; nobody is ever told that the database is busy."""
    outcome = Outcome("F24 writers at once", site.database)
    site.serve(bug)
    couriers = on_the_street(site, number, site.port)
    with busy(couriers, f"F24{bug}"):
        until = time.monotonic() + seconds
        while time.monotonic() < until and not any(one.seen[503] for one in couriers):
            time.sleep(0.05)
    refused = sum(one.seen.total() - one.seen[200] for one in couriers)
    took = sorted((ended - began) * 1000 for one in couriers for began, ended in one.took)
    outcome.figures |= {"writers": number, "s": round(seconds), "pushes": len(took), "refused": refused}
    outcome.figures["push p95 ms"] = round(took[int(len(took) * 0.95)])
    if refused:
        outcome.wrong.append(f"{refused} pushes were not answered with 200")
    judge(site, couriers, outcome, bug)
    return outcome


def backlog(site: Site, operations: int, *, bug: str = "", beside: int = 2) -> Outcome:
    """F10: one device drains a long queue in slices while others push as ever."""
    outcome = Outcome("F10 backlog", site.database)
    site.serve(bug)
    laden, *others = on_the_street(site, 1 + beside, site.port)
    for _ in range(operations):
        laden.note("backlog")
    laden.batch = SLICE
    began = time.monotonic()
    with busy(others, f"F10{bug}", pause_s=0.2):
        settle([laden], 600)
        drained = time.monotonic() - began
    slices = [ended for _, ended in laden.took]
    waits = [(a, b) for one in others for a, b in one.took if a < slices[-1]]
    passed = [sum(a < ended < b for ended in slices) for a, b in waits]
    took = sorted((b - a) * 1000 for a, b in waits)
    outcome.figures |= {
        "queued": operations,
        "drained in s": round(drained, 1),
        "others' pushes meanwhile": len(waits),
        "others' push p95 ms": round(took[int(len(took) * 0.95)]),
        "slices at most before another's push": max(passed),
    }
    if max(passed) > OVERTAKEN:
        outcome.wrong.append(f"a push had to wait for {max(passed)} slices of somebody else's backlog")
    judge(site, [laden, *others], outcome, bug)
    return outcome


def poison(site: Site, *, bug: str = "cursed") -> Outcome:
    """F11: what can never work stands at the head of a queue; all behind it passes in the same exchange.

    `cursed` is an operation at which the server itself fails; the others make no sense by themselves.
    """
    outcome = Outcome("F11 poison", site.database)
    site.serve(bug)
    [courier] = on_the_street(site, 1, site.port)
    cursed, other, *rest = courier.carried.waybills
    courier.note("cursed", cursed)
    for _ in _POISON:
        courier.note("spoilt", other)
    for waybill in rest:
        courier.note("sound", waybill)
    sent = [*courier.carried.tape.envelopes]
    for place, spoilt in enumerate(_POISON, start=1):
        sent[place] = {**sent[place], **spoilt} if isinstance(spoilt, dict) and spoilt else spoilt
    answer = ask(site.port, courier.body(1, sent), courier.carried.headers)
    head = len(_POISON) + 1
    if answer.status != 200:
        outcome.wrong.append(f"stopped at the poison: HTTP {answer.status}")
    else:
        results = answer.told["results"]
        ended = [one["status"] for one in results]
        outcome.wrong += [f"poison ended as {one}" for one in ended[:head] if one != "quarantined"]
        outcome.wrong += [f"a sound one ended as {one}" for one in ended[head:] if one != "applied"]
        outcome.wrong += [
            f"no reason: {one}" for one in results[:head] if not one["code"] or not one["detail"]
        ]
        outcome.wrong += _unseen(site, [one["conflict"] for one in results[:head]])
        again = ask(site.port, courier.body(1, sent), courier.carried.headers)
        if again.status != 200 or again.told["results"] != results:
            outcome.wrong.append("the second answer is another one")
        outcome.figures |= {"parked": ended.count("quarantined"), "passed": ended.count("applied")}
    return outcome


def _unseen(site: Site, cases: list[str | None]) -> list[str]:
    """Cases of parked operations that the desk's inbox does not show."""
    desk = Stand(site.port, site.cast, {}, site.url)
    session = desk.log_in()
    _, told, _ = desk.call("GET", "/api/v1/dispatch/conflicts?status=open&limit=100", **session)
    shown = {case["id"] for case in told["conflicts"]}
    return [f"the desk does not see case {case}" for case in cases if case not in shown]
