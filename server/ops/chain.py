"""The chain of a handheld's log: each operation names the hash of the one before it (P4).

A break refuses nothing, the evidence counts all the same: the operation is marked in the ledger and a line is logged.
It means that somebody wrote into the log on the handheld, or that the app there has a fault.
"""

from collections.abc import Sequence
from typing import Any

import structlog

from server.core.blobs import is_sha256
from server.core.db import db, upsert
from server.ops.batch import Item, Writer
from server.ops.heads import Head
from server.ops.models import RepeatedPlace
from server.ops.oplog import id_of

log = structlog.get_logger(__name__)


def follow(head: Head, items: Sequence[Item], known: int) -> None:
    """Holds each item that is new here against the one before it, and remembers the last one's hash.

    Args:
        head: how far the log has been consumed; `chain_hash` moves on.
        items: what has come, in the order of their places.
        known: how many of them were consumed before.
    """
    before, sure = head.chain_hash, head.head_seq == 0 or head.chain_hash is not None
    for item in items[known:]:
        said = item.raw.get("prev") if isinstance(item.raw, dict) else None
        item.breaks_chain = sure and said != before
        before, sure = link(item.raw, item.body_hash), True
    broken = [item.seq for item in items[known:] if item.breaks_chain]
    if broken:
        log.warning("chain_broken", incarnation=head.incarnation, seqs=broken)
    head.chain_hash = before


def link(raw: Any, body_hash: str) -> str:
    """What the next one has to name; one that could not travel is represented by a stub that tells its hash (P18)."""
    parked = raw.get("parked") if isinstance(raw, dict) else None
    told = parked.get("body_hash") if isinstance(parked, dict) else None
    return told if isinstance(told, str) and is_sha256(told) else body_hash


def keep_repeats(writer: Writer, items: Sequence[Item]) -> None:
    """Remembers the places of what was answered at another place: the log shows no gap where there is none (P16)."""
    rows = [
        {
            "device_id": writer.device_id,
            "incarnation": writer.incarnation,
            "seq": item.seq,
            "op_id": id_of(item),
            "chain_hash": link(item.raw, item.body_hash),
        }
        for item in items
        if item.repeats
    ]
    if rows:
        db.session.execute(upsert(RepeatedPlace).on_conflict_do_nothing(), rows)
