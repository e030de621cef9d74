"""Writes from the customer's page: operations like everybody's, through the one pipeline (P2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.core.clock import now_ms
from server.core.db import read
from server.links.policy import LinkView
from server.ops import pipeline
from server.ops.batch import Result, Writer
from server.tracking import queries
from server.tracking.forms import complete

ROLE = "customer"


def submit(link: LinkView, drafts: Sequence[Mapping[str, Any]]) -> list[Result]:
    """Hands drafts in as the link's customer; the hash is taken of the draft, so that a repeat is known as one."""
    author = link.customer_id
    writer = Writer(author, link.station_id, ROLE)
    envelopes = [complete(draft, author, now_ms()) for draft in drafts]
    return pipeline.submit(writer, envelopes, [{**draft, "author": author} for draft in drafts])


def came_of(link: LinkView, results: Sequence[Result], done: str) -> str:
    """The key of the sentence that tells the customer what came of it; `done` is that of the plain case."""
    if not results:
        return "nothing"
    if any(result["status"] == "quarantined" for result in results):
        return "refused"
    disputed = next((result["conflict"] for result in results if result["status"] == "conflict"), None)
    if disputed is None or done == "wrong":
        return "gone" if done == "wrong" and results[0]["status"] == "merged" else done
    with read():
        late = queries.case_kind(disputed, link.station_id) == "request_late"
    return "request_late" if late else "request_conflict"
