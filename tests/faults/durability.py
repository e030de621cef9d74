"""Durability: for every acknowledged batch a sync lies between its writes and its answer, shown by strace."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.kills import on_the_street
from tests.faults.oracle import Outcome
from tests.faults.site import Site
from tests.faults.street import Courier, complaints
from tests.faults.tracing import Trace, family, postgres_verdict, sqlite_verdict, traced


def synced_before_answered(site: Site, batches: int, *, bug: str = "", size: int = 10) -> Outcome:
    """One courier pushes batch after batch, watched; the figures have the fsyncs of a push."""
    outcome = Outcome("durability", site.database)
    site.serve(bug)
    [courier] = on_the_street(site, 1, site.port)
    _push(courier, 2, size)  # what is made at first use is not part of a push
    trace = watched(site, lambda: _push(courier, batches, size))
    verdict = postgres_verdict(trace.calls)
    if site.database == "sqlite":
        verdict = sqlite_verdict(trace.calls, site.file)
    outcome.wrong += [f"early: {one}" for one in verdict.early] + complaints([courier])
    if verdict.acknowledged != batches:
        outcome.wrong.append(f"{batches} batches were answered, {verdict.acknowledged} answers were seen")
    outcome.figures |= {
        "batches": batches,
        "answered before the disk": len(verdict.early),
        "fsyncs per push": round(trace.fsyncs() / batches, 2),
    }
    return outcome


def watched(site: Site, work: Callable[[], None]) -> Trace:
    """Does something while the server, and PostgreSQL with it, is watched."""
    heads = [site.worker] + ([site.postmaster] if site.database == "postgres" else [])
    with traced(family(*heads)) as trace:
        work()
    return trace


def _push(courier: Courier, batches: int, size: int) -> None:
    courier.batch = size
    for _ in range(batches):
        for _ in range(size):
            courier.note("traced")
        courier.push()
