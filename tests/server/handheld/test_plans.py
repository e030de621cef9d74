"""What an exchange asks of the database is found by keys: none of it reads a table that grows with the company."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import Flask
from sqlalchemy import text

from server.core.db import db
from tests.server import statements
from tests.server.ops.house import House

GROWING = {"operations", "tasks", "board_lines", "parcels", "customers", "projections", "scope_entities"}
_NAMED = re.compile(r"%\((\w+)\)s")


def test_an_exchange_looks_for_nothing_in_whole_tables(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.pull()
    with statements.heard(house.app) as said:
        phone.tape.record("task.noted", f"task:{task}", {"text": "one"})
        phone.exchange(operations=phone.tape.envelopes, cursors={})
        phone.exchange(cursors=phone.cursors, operations=phone.tape.envelopes)
        phone.exchange(cursors=phone.cursors)
    asked = [one for one in dict.fromkeys(said) if one.startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))]
    assert len(asked) > 15
    assert read_whole(house.app, asked) == []


def test_a_look_without_a_key_is_seen(house: House) -> None:
    house.assigned()
    asked = ["SELECT op_id FROM operations WHERE body_hash = ''"]
    assert read_whole(house.app, asked) == [("operations", asked[0])]


def read_whole(app: Flask, asked: Sequence[str]) -> list[tuple[str, str]]:
    """Tables that these statements could only read as a whole, and for which of them."""
    with app.app_context(), db.engine.connect() as connection:
        look = _postgres if db.engine.dialect.name == "postgresql" else _sqlite
        found = [(table, one) for one in asked for table in look(connection, one)]
        connection.rollback()
    return [(table, one) for table, one in found if table in GROWING]


def _postgres(connection: Any, one: str) -> list[str]:
    """Small tables are read as a whole for good reasons: it is told to do so only where there is no other way."""
    names = list(dict.fromkeys(_NAMED.findall(one)))
    asked = _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", one).replace("%%", "%")
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    plan = connection.connection.driver_connection.execute(f"EXPLAIN (GENERIC_PLAN) {asked}", prepare=False)
    return re.findall(r"Seq Scan on (\w+)", "\n".join(row[0] for row in plan))


def _sqlite(connection: Any, one: str) -> list[str]:
    plan = connection.connection.driver_connection.execute(
        f"EXPLAIN QUERY PLAN {one}", [None] * one.count("?")
    )
    return [found[1] for row in plan if (found := re.match(r"SCAN (\w+)", row[3]))]
