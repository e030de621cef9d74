"""What a handheld pulls: its scopes, page by page, from a pinned ceiling (P24, P26)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from server.core.db import read
from server.ops import scopes


def pull(
    names: Sequence[str], cursors: Mapping[str, int], ceilings: Mapping[str, int], limit: int
) -> list[dict[str, Any]]:
    """Changes of each scope since its cursor, together at most `limit` rows.

    Args:
        names: the scopes the handheld may read; anything else it names is ignored.
        cursors: version it has, by scope.
        ceilings: versions pinned by the first page of this pull, by scope; empty on the first page.

    Returns:
        [{scope, from, to, ceiling, final, rows}]; `final` when the page reaches the ceiling.
    """
    pages = []
    with read():
        for scope in names:
            version = scopes.version(scope)
            ceiling = min(ceilings.get(scope, version), version)
            after = min(cursors.get(scope, 0), version)
            rows = scopes.page(scope, after, ceiling, limit) if limit > 0 and after < ceiling else []
            final = after >= ceiling or (limit > 0 and len(rows) < limit)
            limit -= len(rows)
            to = max(ceiling, after) if final else rows[-1].ver if rows else after
            pages.append(
                {
                    "scope": scope,
                    "from": after,
                    "to": to,
                    "ceiling": ceiling,
                    "final": final,
                    "rows": [asdict(row) for row in rows],
                }
            )
    return pages
