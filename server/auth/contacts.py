"""When handhelds were last heard of, in memory: most exchanges tell nothing else, and a sync of the disk for each of
ten thousand handhelds every half minute would be the busiest thing a server does.

The database is told every `KEEP_MS`, and with whatever else an exchange has to write. So after a crash the age of a
last contact may be that much too high until the handheld comes again; nothing that is decided rests on it alone.
"""

from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from server.core.db import db

KEEP_MS = 300_000

# For each database (tests have many): device -> (its local database, ms).
_heard: WeakKeyDictionary[Engine, dict[str, tuple[str, int]]] = WeakKeyDictionary()


def note(device_id: str, incarnation: str, at: int) -> None:
    """A handheld was heard of, and nothing else has to be written."""
    _heard.setdefault(db.engine, {})[device_id] = (incarnation, at)


def latest(device_id: str, kept: int | None, incarnation: str | None = None) -> int | None:
    """When a handheld (or this one of its local databases) was last heard of, ms; `kept` is what the database knows."""
    of, at = _heard.get(db.engine, {}).get(device_id, (None, 0))
    if incarnation is not None and of != incarnation:
        return kept
    return max(kept or 0, at) or kept
