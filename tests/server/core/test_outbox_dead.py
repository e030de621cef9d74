"""Rows that are put off, buried and brought back; and leases that are held while a batch is worked on."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.core import outbox
from server.core.db import db, transaction
from server.core.outbox import LEASE_MS, MAX_ATTEMPTS, Claimed, GiveUpError, OutboxRow, PutOffError
from server.worker import Worker
from tests.conftest import Clock

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def put(app: Flask, *keys: str, station: str = "s1") -> list[str]:
    with app.app_context(), transaction() as session:
        return [outbox.enqueue(session, "push", key, {"station": station}) for key in keys]


def only(app: Flask) -> OutboxRow:
    with app.app_context():
        found = db.session.scalars(select(OutboxRow)).one()
        db.session.expunge(found)
        return found


def raising(error: Exception) -> Any:
    def handler(_row: Claimed) -> None:
        raise error

    return handler


@sqlite_only
def test_a_handler_says_when_to_come_back(app: Flask, clock: Clock) -> None:
    put(app, "k")
    Worker(app, {"push": raising(PutOffError("answer_429", 60_000))}, name="w").once()
    row = only(app)
    assert (row.attempts, row.last_error, row.leased_by) == (1, "answer_429", None)
    assert 59_000 < row.due_at - clock.now <= 60_000


@sqlite_only
def test_what_was_not_tried_loses_no_attempt(app: Flask, clock: Clock) -> None:
    put(app, "k")
    worker = Worker(app, {"push": raising(PutOffError("resting", 1_000, counted=False))}, name="w")
    for _ in range(MAX_ATTEMPTS + 4):
        assert worker.once() == 1
        clock.advance(ms=2_000)
    row = only(app)
    assert (row.attempts, row.dead_at) == (0, None)


@sqlite_only
def test_putting_off_ends_with_the_last_attempt(app: Flask, clock: Clock) -> None:
    put(app, "k")
    worker = Worker(app, {"push": raising(PutOffError("answer_503", 1_000))}, name="w")
    for _ in range(MAX_ATTEMPTS):
        assert worker.once() == 1
        clock.advance(ms=2_000)
    assert worker.once() == 0
    assert only(app).dead_at is not None


def test_a_handler_gives_up_and_a_person_brings_it_back(app: Flask, clock: Clock) -> None:
    mine, other = put(app, "k")[0], put(app, "elsewhere", station="s2")[0]
    done: list[str] = []
    failing = Worker(app, {"push": raising(GiveUpError("answer_413"))}, name="w")
    failing.once()
    with app.app_context(), transaction() as session:
        (letter,) = outbox.dead(session, station="s1")
        assert (letter.id, letter.topic, letter.key, letter.reason) == (mine, "push", "k", "answer_413")
        assert {one.id for one in outbox.dead(session, topics=["push"])} == {mine, other}
        assert outbox.dead(session, topics=["manifest"]) == []
        assert outbox.dead_letter(session, mine) == letter
        assert not outbox.is_waiting(session, mine)
    assert failing.once() == 0, "a dead letter is not claimed"
    with app.app_context(), transaction() as session:
        assert outbox.replay(session, mine)
        assert not outbox.replay(session, mine), "it lives already"
        assert not outbox.replay(session, "nobody")
        assert outbox.is_waiting(session, mine)
    working = Worker(app, {"push": lambda row: done.append(row.key)}, name="w")
    working.once()
    assert done == ["k"]
    with app.app_context(), transaction() as session:
        assert [one.id for one in outbox.dead(session)] == [other]
        assert not outbox.replay(session, mine), "what is done is done"


def test_a_row_begun_late_is_held_anew_so_that_no_other_worker_takes_it(app: Flask, clock: Clock) -> None:
    """A batch of slow rows outlives the lease it was claimed with; the second worker comes by all the time."""
    put(app, *(f"k{n}" for n in range(6)))
    done: list[str] = []
    second = Worker(app, {"push": lambda row: done.append(f"second {row.key}")}, name="second")

    def slow(row: Claimed) -> None:
        clock.advance(ms=LEASE_MS // 3)
        done.append(row.key)
        second.once()

    Worker(app, {"push": slow}, name="first").once()
    assert sorted(done) == sorted(set(done)), "a row was done twice"
    assert sorted(key.removeprefix("second ") for key in done) == [f"k{n}" for n in range(6)]
    with app.app_context():
        assert outbox.waiting(db.session()) == []


@sqlite_only
def test_a_lease_that_was_lost_is_not_held(app: Flask, clock: Clock) -> None:
    put(app, "k")
    with app.app_context():
        with transaction() as session:
            (row,) = outbox.claim(session, "first")
        clock.advance(ms=LEASE_MS)
        with transaction() as session:
            (taken,) = outbox.claim(session, "second")
        with transaction() as session:
            assert outbox.hold(session, row, "first") is None
            held = outbox.hold(session, taken, "second")
        assert held is not None and held.leased_until > taken.leased_until
        with transaction() as session:
            assert not outbox.complete(session, taken, "second"), "the lease was taken anew"
            assert outbox.complete(session, held, "second")
