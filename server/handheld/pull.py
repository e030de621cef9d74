"""What a handheld pulls: its scopes, page by page, from a pinned ceiling (P24, P26, P29, P30)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from server.core import metrics
from server.core.db import read
from server.ops import epochs, scopes
from server.ops.scopes import UNKNOWN, PulledRow, Standing
from sync.protocol import astray

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pulled:
    """The database's epoch, and one page of each scope."""

    epoch: str
    pages: list[dict[str, Any]]


def pull(names: Sequence[str], cursors: Mapping[str, int], ceilings: Mapping[str, int], limit: int) -> Pulled:
    """Changes of each scope since its cursor, together at most `limit` rows.

    Args:
        names: the scopes the handheld may read; anything else it names is ignored.
        cursors: version it has, by scope.
        ceilings: versions pinned by the first page of this pull, by scope; empty on the first page.

    Returns:
        [{scope, from, to, ceiling, final, reset, digest, rows}]; `final` when the page reaches the ceiling.
    """
    with read():
        pulled = look(names, cursors, ceilings, limit)
    if pulled is not None:
        return pulled
    epochs.first()
    return pull(names, cursors, ceilings, limit)


def look(
    names: Sequence[str], cursors: Mapping[str, int], ceilings: Mapping[str, int], limit: int
) -> Pulled | None:
    """What `pull` answers, inside a `read()` of the caller's; None before the first epoch has begun."""
    epoch, standings = scopes.standings(names)
    if epoch is None:
        return None
    pages = []
    for name in names:
        page = _page(name, standings.get(name, UNKNOWN), cursors.get(name, 0), ceilings.get(name), limit)
        limit -= len(page["rows"])
        pages.append(page)
    return Pulled(epoch, pages)


def _page(name: str, standing: Standing, cursor: int, pinned: int | None, limit: int) -> dict[str, Any]:
    ceiling = standing.ver if pinned is None else min(pinned, standing.ver)
    cause = astray(cursor, pinned is not None, standing.ver, standing.floor)
    after = cursor if cause is None else 0
    rows = scopes.page(name, after, ceiling, limit) if limit > 0 and after < ceiling else []
    final = after >= ceiling or (limit > 0 and len(rows) < limit)
    to = max(ceiling, after) if final else rows[-1].ver if rows else after
    if cause is not None:
        told_anew(name, cause)
    return {
        "scope": name,
        "from": after,
        "to": to,
        "ceiling": ceiling,
        "final": final,
        "reset": cause is not None,
        # Of the version it reaches and no other: what has been written since the ceiling was pinned is not in the rows.
        "digest": asdict(standing.digest) if final and to == standing.ver else None,
        "rows": [_row(row) for row in rows],
    }


def _row(row: PulledRow) -> dict[str, Any]:
    # By hand: `asdict` copies every value of every body, which took as long as all the rest of an exchange.
    return {
        "entity": row.entity,
        "ver": row.ver,
        "rev": row.rev,
        "present": row.present,
        "reason": row.reason,
        "body": row.body,
    }


def told_anew(scope: str, cause: str) -> None:
    """Counts and logs a reader who builds his copy of a scope anew."""
    kind = scope.partition(":")[0]
    metrics.REBUILDS.labels(kind, cause).inc()
    log.warning("mirror_rebuilt", scope=kind, cause=cause)
