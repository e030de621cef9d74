"""A promise is on the disk before it is given; the eye that sees it is shown to see."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from server.core.db import db
from tests.faults import durability
from tests.faults.oracle import Outcome
from tests.faults.site import Site
from tests.faults.tracing import parse, postgres_verdict, sqlite_verdict

BATCHES = 8


def test_every_batch_is_synced_before_it_is_answered_on_sqlite(sqlite_site: Site, strace: None) -> None:
    outcome = durability.synced_before_answered(sqlite_site, BATCHES)
    print(outcome)
    assert outcome.wrong == []


def test_every_batch_is_synced_before_it_is_answered_on_postgresql(postgres_site: Site, strace: None) -> None:
    outcome = durability.synced_before_answered(postgres_site, BATCHES)
    print(outcome)
    assert outcome.wrong == []


def test_the_eye_sees_a_batch_that_was_answered_too_early_on_postgresql(
    postgres_site: Site, strace: None
) -> None:
    """Planted: `synchronous_commit = off`; the log's own writer may come by in time, now and then."""
    _tell(postgres_site, "ALTER SYSTEM SET synchronous_commit = off")
    try:
        outcome: Outcome = durability.synced_before_answered(postgres_site, BATCHES)
    finally:
        _tell(postgres_site, "ALTER SYSTEM RESET synchronous_commit")
    assert int(outcome.figures["answered before the disk"]) >= BATCHES // 2, outcome


def _tell(site: Site, command: str) -> None:
    def tell() -> None:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(command))
            connection.execute(text("SELECT pg_reload_conf()"))

    site.inside(tell)


# --- the reading of what strace says ----------------------------------------------------------------------------------

_SQLITE = """\
7 pwrite64(9</d/doorstep.db-journal>, "..", 512, 0) = 512
7 fdatasync(9</d/doorstep.db-journal>) = 0
7 pwrite64(8</d/doorstep.db>, "..", 4096, 0 <unfinished ...>
6 fdatasync(8</d/doorstep.db>) = 0
7 <... pwrite64 resumed>) = 4096
7 fdatasync(8</d/doorstep.db> <unfinished ...>
6 sendto(5<TCP:[1]>, "HTTP/1.1 200 OK\\r\\n", 17, 0, NULL, 0) = 17
7 <... fdatasync resumed>) = 0
7 ftruncate(9</d/doorstep.db-journal>, 0) = 0
7 fdatasync(9</d/doorstep.db-journal>) = 0
7 sendto(5<TCP:[1]>, "HTTP/1.1 200 OK\\r\\n", 17, 0, NULL, 0) = 17
"""
_POSTGRES = """\
7 sendto(8<UNIX-STREAM:[1]>, "Q\\0\\0\\0\\vCOMMIT\\0", 12, MSG_NOSIGNAL, NULL, 0) = 12
90 fdatasync(5</p/pg_wal/000000010000000000000001>) = 0
7 sendto(5<TCP:[1]>, "HTTP/1.1 200 OK\\r\\n", 17, 0, NULL, 0) = 17
"""


def verdict(told: str) -> tuple[int, int]:
    seen = sqlite_verdict(parse(told), Path("/d/doorstep.db"))
    return seen.acknowledged, len(seen.early)


def test_calls_that_interrupt_each_other_are_put_together() -> None:
    calls = parse(_SQLITE)
    assert [(call.thread, call.name, call.began, call.ended) for call in calls][2:5] == [
        (7, "pwrite64", 2, 4),
        (6, "fdatasync", 3, 3),
        (7, "fdatasync", 5, 7),
    ]
    assert verdict(_SQLITE) == (1, 0)


@pytest.mark.parametrize("missing", [1, 9])
def test_a_journal_that_was_not_synced_is_seen(missing: int) -> None:
    lines = _SQLITE.splitlines()
    told = "\n".join([*lines[:missing], *lines[missing + 1 :]])
    assert verdict(told) == (1, 1 if missing == 9 else 0), "the journal's first sync is made good by its last"


def test_a_sync_that_began_before_the_write_ended_does_not_count() -> None:
    told = "\n".join(line for line in _SQLITE.splitlines() if "7 fdatasync(8" not in line)
    assert verdict(told.replace("7 <... fdatasync resumed>) = 0\n", "")) == (1, 1)


def test_a_journal_that_was_removed_needs_a_sync_of_its_folder() -> None:
    removed = _SQLITE.replace(
        "7 ftruncate(9</d/doorstep.db-journal>, 0) = 0", '7 unlink("/d/doorstep.db-journal") = 0'
    )
    assert verdict(removed) == (1, 1)
    assert verdict(
        removed.replace(
            "7 fdatasync(9</d/doorstep.db-journal>) = 0\n7 send", "7 fdatasync(4</d>) = 0\n7 send"
        )
    ) == (1, 0)


def test_a_sync_of_the_log_before_the_commit_does_not_count() -> None:
    assert postgres_verdict(parse(_POSTGRES)).early == []
    [commit, sync, answer] = _POSTGRES.splitlines()
    assert len(postgres_verdict(parse(f"{sync}\n{commit}\n{answer}")).early) == 1
