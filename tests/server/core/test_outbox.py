"""The outbox: claimed once, given back when a worker dies, buried after the last attempt, never deleted."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import outbox
from server.core.db import db, transaction
from server.core.outbox import LEASE_MS, MAX_ATTEMPTS, OutboxRow, backoff_ms
from tests.conftest import Clock


def fail_after_enqueueing(session: Session) -> None:
    outbox.enqueue(session, "sms.send", "k", {})
    session.flush()
    raise ZeroDivisionError


def put(*keys: str) -> None:
    with transaction() as session:
        for key in keys:
            outbox.enqueue(session, "sms.send", key, {"n": key})


def test_a_row_is_written_with_the_callers_transaction_or_not_at_all(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), transaction() as session:
            fail_after_enqueueing(session)
        assert outbox.waiting(db.session()) == []


def test_rows_come_in_the_order_they_fall_due_and_not_before(app: Flask, clock: Clock) -> None:
    with app.app_context():
        with transaction() as session:
            outbox.enqueue(session, "t", "later", {}, due_at=clock.now + 60_000)
            outbox.enqueue(session, "t", "second", {}, due_at=clock.now - 100)
            outbox.enqueue(session, "t", "first", {}, due_at=clock.now - 200)
        with transaction() as session:
            assert [row.key for row in outbox.claim(session, "w1")] == ["first", "second"]
        clock.advance(minutes=2)
        with transaction() as session:
            assert [row.key for row in outbox.claim(session, "w2")] == ["first", "second", "later"]


def test_two_workers_at_once_never_hold_the_same_row(app: Flask) -> None:
    with app.app_context():
        put(*(f"k{n:02}" for n in range(40)))
    taken: dict[str, list[str]] = {"a": [], "b": [], "c": []}

    def work(name: str) -> None:
        with app.app_context():
            for _ in range(20):
                with transaction() as session:
                    taken[name] += [row.key for row in outbox.claim(session, name, limit=3)]

    threads = [threading.Thread(target=work, args=(name,)) for name in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [key for keys in taken.values() for key in keys]
    assert len(everything) == len(set(everything)) == 40


def test_a_dead_workers_rows_are_taken_over_and_it_cannot_finish_them_any_more(
    app: Flask, clock: Clock
) -> None:
    with app.app_context():
        put("k")
        with transaction() as session:
            (held,) = outbox.claim(session, "dead")
        with transaction() as session:
            assert outbox.claim(session, "other") == []
        clock.advance(ms=LEASE_MS)
        with transaction() as session:
            (again,) = outbox.claim(session, "other")
            assert again.attempts == 2
        with transaction() as session:
            assert not outbox.complete(session, held, "dead")
            assert outbox.complete(session, again, "other")
        assert outbox.waiting(db.session()) == []


def test_a_failure_waits_longer_each_time_and_is_buried_in_the_end(app: Flask, clock: Clock) -> None:
    assert [backoff_ms(n) for n in (1, 2, 3, 13, 99)] == [1_000, 2_000, 4_000, 3_600_000, 3_600_000]
    with app.app_context():
        put("k")
        for _ in range(MAX_ATTEMPTS):
            clock.advance(hours=2)
            with transaction() as session:
                (row,) = outbox.claim(session, "w")
            with transaction() as session:
                assert outbox.fail(session, row, "w", "no gateway")
        clock.advance(hours=2)
        with transaction() as session:
            assert outbox.claim(session, "w") == []
        kept = db.session.scalars(select(OutboxRow)).one()
        assert kept.dead_at is not None
        assert kept.last_error == "no gateway"
