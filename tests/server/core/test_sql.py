"""Statements on many rows at once do on both databases what a statement for each row would."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from server.auth.models import HandheldSession, Station
from server.core.db import db, is_transient, read, transaction
from server.core.outbox import OutboxRow
from server.core.sql import (
    among,
    columns_of,
    insert_rows,
    insertion,
    on_postgres,
    part,
    run,
    update_rows,
    write,
)
from tests.server.core.test_db import make_station, vars_of

TABLE = OutboxRow.__table__


def row(number: int, **beside: Any) -> dict[str, Any]:
    payload = {"n": number, "text": 'a"b\\c\n驿', "list": [1, None, True], "big": 2**53 - 1}
    known = {"id": f"{number:036d}", "topic": "t", "key": f"k{number}", "payload": payload, "due_at": 2**52}
    return {**known, "attempts": 0, "request": None, **beside}


def stored() -> list[Any]:
    with read():
        return run(select(TABLE).order_by(TABLE.c.id))


def test_among_finds_what_is_named_however_much_that_is(app: Flask) -> None:
    """Any text is taken as it is, nothing finds nothing, and more are asked for than a statement has parameters.

    Some builds of SQLite take as many as there are, so how many went along is counted.
    """
    codes = ["X1", 'a"b', "c'd", "驿", "\\"]
    many = [f"no-{number}" for number in range(70_000)]
    with app.app_context():
        with transaction() as session:
            session.execute(insert(Station), [vars_of(make_station(code)) for code in codes])
        given: list[int] = []
        event.listen(db.engine, "before_cursor_execute", lambda *call: given.append(len(call[3])))
        with read() as session:

            def found(*wanted: str) -> set[str]:
                return set(session.scalars(select(Station.code).where(among(Station.code, wanted))))

            assert found(*codes, *many) == set(codes)
            assert found("X1", "X") == {"X1"}
            assert found() == set()
        assert max(given) == 1


def test_rows_come_in_as_they_are(app: Flask) -> None:
    with app.app_context():
        with transaction():
            insert_rows(TABLE, [row(1), row(2, request="r")])
            insert_rows(TABLE, [])
        one, two = stored()
    assert one.payload == row(1)["payload"]
    assert (one.due_at, one.request, one.done_at) == (2**52, None, None)
    assert (two.key, two.request) == ("k2", "r")


def test_rows_get_their_serial_numbers_in_their_order(app: Flask) -> None:
    """The log is read by position: a batch's operations stand in it as they were decided."""
    from server.proofs.models import Proof  # private to its feature; a table with a serial is wanted

    rows = [
        {"task_id": "t", "station_id": "s", "op_id": f"{900 - n}", "kind": "photo", "sha256": "0", "at": n}
        for n in range(300)
    ]
    with app.app_context():
        with transaction():
            insert_rows(Proof.__table__, rows)
        with read():
            found = [one.at for one in run(select(Proof.__table__).order_by(Proof.__table__.c.id))]
    assert found == list(range(300))


def test_rows_are_changed_each_with_its_own_values(app: Flask) -> None:
    with app.app_context():
        with transaction():
            insert_rows(TABLE, [row(1), row(2), row(3)])
            change = [
                {"id": row(n)["id"], "payload": {"new": n}, "request": None, "done_at": n} for n in (1, 3)
            ]
            assert update_rows(TABLE, [*change, {**change[0], "id": "nobody"}]) == 2
        assert [(one.payload.get("new"), one.done_at) for one in stored()] == [(1, 1), (None, None), (3, 3)]


def test_a_guard_leaves_a_row_alone_that_has_moved_on(app: Flask) -> None:
    with app.app_context():
        with transaction():
            insert_rows(TABLE, [row(1, attempts=4), row(2, attempts=5)])
            told = [{"id": row(n)["id"], "attempts": 9, "was": 4} for n in (1, 2)]
            assert update_rows(TABLE, told, guard="attempts") == 1
        assert [one.attempts for one in stored()] == [9, 5]


def test_a_conflict_can_be_answered(app: Flask) -> None:
    names = tuple(row(1))
    with app.app_context():
        with transaction():
            insert_rows(TABLE, [row(1)])
            begun = insertion(TABLE, names)
            set_ = {"attempts": TABLE.c.attempts + 1, "payload": begun.excluded.payload}
            statement = begun.on_conflict_do_update(index_elements=["id"], set_=set_)
            write(statement, [row(1, payload={"second": []}), row(2)])
        first, second = stored()
    assert (first.attempts, first.payload) == (1, {"second": []})
    assert (second.attempts, second.payload) == (0, row(2)["payload"])


def test_an_absent_json_value_is_null(app: Flask) -> None:
    with app.app_context():
        with transaction(), pytest.raises(Exception, match=r"(?i)null"):
            insert_rows(TABLE, [row(1, payload=None)])
        assert stored() == []


def test_what_the_driver_refuses_is_an_error_like_any_other(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(IntegrityError) as told, transaction():
            insert_rows(TABLE, [row(1), row(1)])
        assert not is_transient(told.value)
        assert "驿" not in str(told.value), "values are nobody's business in a log"
        assert stored() == []


def _lose_the_connection() -> None:
    with transaction() as session:
        mine = session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:mine)"), {"mine": mine})
        run(select(TABLE.c.id))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_lost_connection_is_told_to_its_pool(app: Flask) -> None:
    """Every connection it had is as dead as this one; the next transaction has a new one."""
    with app.app_context():
        with pytest.raises(DBAPIError) as told:
            _lose_the_connection()
        assert is_transient(told.value)
        for _ in range(3):
            assert stored() == []


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_statements_stay_prepared_over_what_only_reads(app: Flask) -> None:
    """After a ROLLBACK the driver forgets them, and each of them is planned anew for every exchange."""
    statement = select(TABLE.c.id)
    with app.app_context():
        for _ in range(8):
            with read():
                run(statement)
        with read() as session:
            kept = session.scalars(text("SELECT statement FROM pg_prepared_statements"))
            assert any("outbox" in one for one in kept)
        with read() as session, pytest.raises(DBAPIError):
            session.execute(text("SELECT nothing"))
        assert stored() == []


def test_a_row_of_several_tables_is_taken_apart(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            session.add(make_station("X1"))
        with read():
            both = select(*columns_of(Station), *columns_of(HandheldSession)).outerjoin_from(
                Station.__table__, HandheldSession.__table__, HandheldSession.__table__.c.user_id == "nobody"
            )
            [found] = run(both)
        assert part(found, Station).code == "X1"
        assert part(found, HandheldSession).id is None
        assert on_postgres() == (db.engine.dialect.name == "postgresql")
