"""The raw floor: the rows an operation leaves behind, written by plain SQL through the driver, without Doorstep.

For each batch one transaction, synced as the product's: a ledger row, a record, a projection, a scope's row and an
outbox row for each operation, and the counter of the scope. No validation, no merge, no HTTP.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson
import psutil
import psycopg
from sqlalchemy import make_url

from server.core.engines import journal_mode_for
from server.core.ids import uuid7

TABLES = (
    (
        "CREATE TABLE floor_ledger (op_id VARCHAR(36) PRIMARY KEY, device VARCHAR(36), seq BIGINT, entity VARCHAR(60), "
        "envelope {json}, result {json}, UNIQUE (device, seq))"
    ),
    "CREATE TABLE floor_record (id VARCHAR(60) PRIMARY KEY, rev INTEGER, body {json})",
    "CREATE TABLE floor_projection (entity VARCHAR(60) PRIMARY KEY, rev INTEGER, body {json})",
    "CREATE TABLE floor_scope_row (scope VARCHAR(60), entity VARCHAR(60), ver BIGINT, PRIMARY KEY (scope, entity))",
    "CREATE TABLE floor_outbox (id VARCHAR(36) PRIMARY KEY, body {json})",
    "CREATE TABLE floor_scope (id VARCHAR(60) PRIMARY KEY, ver BIGINT)",
)
_POSTGRES = (
    (
        "INSERT INTO floor_ledger SELECT op_id, device, seq, entity, envelope, result FROM jsonb_to_recordset(%s) AS x"
        "(op_id varchar, device varchar, seq bigint, entity varchar, envelope jsonb, result jsonb)"
    ),
    (
        "INSERT INTO floor_record SELECT entity, 1, record FROM jsonb_to_recordset(%s) AS x"
        "(entity varchar, record jsonb) "
        "ON CONFLICT (id) DO UPDATE SET rev = floor_record.rev + 1, body = excluded.body"
    ),
    (
        "INSERT INTO floor_projection SELECT entity, 1, projection FROM jsonb_to_recordset(%s) AS x"
        "(entity varchar, projection jsonb) "
        "ON CONFLICT (entity) DO UPDATE SET rev = floor_projection.rev + 1, body = excluded.body"
    ),
    (
        "INSERT INTO floor_scope_row SELECT device, entity, seq FROM jsonb_to_recordset(%s) AS x"
        "(device varchar, entity varchar, seq bigint) ON CONFLICT (scope, entity) DO UPDATE SET ver = excluded.ver"
    ),
    "INSERT INTO floor_outbox SELECT op_id, result FROM jsonb_to_recordset(%s) AS x(op_id varchar, result jsonb)",
)
_POSTGRES_SCOPE = """INSERT INTO floor_scope VALUES (%s, %s)
    ON CONFLICT (id) DO UPDATE SET ver = floor_scope.ver + excluded.ver"""
_SQLITE = (
    (
        "INSERT INTO floor_ledger VALUES (?, ?, ?, ?, ?, ?)",
        ("op_id", "device", "seq", "entity", "envelope", "result"),
    ),
    (
        "INSERT INTO floor_record VALUES (?, 1, ?) ON CONFLICT (id) DO UPDATE SET rev = rev + 1, body = excluded.body",
        ("entity", "record"),
    ),
    (
        (
            "INSERT INTO floor_projection VALUES (?, 1, ?) "
            "ON CONFLICT (entity) DO UPDATE SET rev = rev + 1, body = excluded.body"
        ),
        ("entity", "projection"),
    ),
    (
        "INSERT INTO floor_scope_row VALUES (?, ?, ?) ON CONFLICT (scope, entity) DO UPDATE SET ver = excluded.ver",
        ("device", "entity", "seq"),
    ),
    ("INSERT INTO floor_outbox VALUES (?, ?)", ("op_id", "result")),
)


@dataclass(frozen=True)
class Floor:
    """Operations/s, and processor time of client and database per operation, ms."""

    ops_s: float
    cpu_ms_op: float


def measure(url: str, batches: int, size: int, clients: int) -> Floor:
    """Writes so many batches by so many clients at once, into tables of the floor's own."""
    write = _postgres if url.startswith("postgresql") else _sqlite
    turn, before = count(), _used()
    made = [_batch(number, size) for number in range(batches)]
    write(url, list(TABLES), None)
    threads = [threading.Thread(target=write, args=(url, made, turn), daemon=True) for _ in range(clients)]
    before, began = _used(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - began
    return Floor(batches * size / wall, (_used() - before) * 1000 / (batches * size))


def _batch(number: int, size: int) -> list[dict[str, Any]]:
    """Operations of one device; envelope about 600 bytes, record 900, projection 1,700, as the product's are."""
    device = f"floor-device-{number // 6:06d}"
    return [
        {
            "op_id": uuid7(),
            "device": device,
            "seq": number % 6 * size + at + 1,
            "entity": f"task:{number:06d}-{at:04d}",
            "envelope": {"filled": "e" * 590},
            "result": {"filled": "r" * 180},
            "record": {"filled": "t" * 890},
            "projection": {"filled": "p" * 1690},
        }
        for at in range(size)
    ]


def _postgres(url: str, work: list[Any], turn: Any) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        if turn is None:
            for statement in work:
                connection.execute(statement.format(json="JSONB"))
            return
        while (at := next(turn)) < len(work):
            batch = work[at]
            rows = orjson.dumps(batch).decode()
            with connection.transaction():
                for statement in _POSTGRES:
                    connection.execute(statement, (rows,))
                connection.execute(_POSTGRES_SCOPE, (batch[0]["device"], len(batch)))


_WRITING = threading.Lock()


def _sqlite(url: str, work: list[Any], turn: Any) -> None:
    connection = sqlite3.connect(str(make_url(url).database), isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_mode = {journal_mode_for(sqlite3.sqlite_version_info)}")
    if turn is None:
        for statement in work:
            connection.execute(statement.format(json="TEXT"))
        return connection.close()
    while (at := next(turn)) < len(work):
        batch = work[at]
        told = [{key: _text(value) for key, value in row.items()} for row in batch]
        with _WRITING:
            connection.execute("BEGIN IMMEDIATE")
            for statement, keys in _SQLITE:
                connection.executemany(statement, [[row[key] for key in keys] for row in told])
            connection.execute(
                "INSERT INTO floor_scope VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET ver = ver + excluded.ver",
                (batch[0]["device"], len(batch)),
            )
            connection.execute("COMMIT")
    return connection.close()


def _text(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict) else value


def _used() -> float:
    """Processor seconds of this process and of every database process of this user so far."""
    names = {"postgres"}
    total = sum(psutil.Process().cpu_times()[:2])
    for process in psutil.process_iter(["name", "cpu_times"]):
        if process.info["name"] in names and process.info["cpu_times"]:
            total += sum(process.info["cpu_times"][:2])
    return float(total)
