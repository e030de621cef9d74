"""The worker: does each row, survives whatever a handler does, stops when asked."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask
from sqlalchemy import select

from server.core import outbox
from server.core.db import db, transaction
from server.core.jobs import Periodic
from server.core.outbox import Claimed, OutboxRow
from server.worker import Worker
from tests.conftest import Clock


def enqueue(app: Flask, *topics: str) -> None:
    with app.app_context(), transaction() as session:
        for topic in topics:
            outbox.enqueue(session, topic, topic, {"to": topic})


def row(app: Flask, topic: str) -> OutboxRow:
    with app.app_context():
        found = db.session.scalars(select(OutboxRow).where(OutboxRow.topic == topic)).one()
        db.session.expunge(found)
        return found


def test_rows_are_done_once(app: Flask) -> None:
    seen: list[Claimed] = []
    worker = Worker(app, {"a": seen.append, "b": seen.append}, name="w")
    enqueue(app, "a", "b")
    assert worker.once() == 2
    assert worker.once() == 0
    assert [claimed.payload for claimed in seen] == [{"to": "a"}, {"to": "b"}]
    assert row(app, "a").done_at is not None


def test_a_failing_or_unknown_row_is_given_back_and_the_others_are_done(app: Flask, clock: Clock) -> None:
    tries: list[str] = []

    def fail(claimed: Claimed) -> None:
        tries.append(claimed.topic)
        raise ValueError("王小明")

    worker = Worker(app, {"bad": fail, "good": lambda claimed: tries.append(claimed.topic)}, name="w")
    enqueue(app, "bad", "unknown", "good")
    worker.once()
    assert tries == ["bad", "good"]
    assert row(app, "good").done_at is not None
    assert (row(app, "bad").attempts, row(app, "bad").last_error) == (1, "ValueError")
    assert row(app, "unknown").last_error == "KeyError"
    clock.advance(minutes=1)
    worker.once()
    assert tries == ["bad", "good", "bad"]


def test_a_handlers_half_done_work_is_rolled_back(app: Flask) -> None:
    def half(_: Claimed) -> None:
        with transaction() as session:
            outbox.enqueue(session, "made", "made", {})
            session.flush()
            raise ValueError

    worker = Worker(app, {"half": half}, name="w")
    enqueue(app, "half")
    worker.once()
    with app.app_context():
        assert [found.topic for found in outbox.waiting(db.session())] == ["half"]


def test_periodic_jobs_come_round_and_one_that_fails_stops_no_other(app: Flask, clock: Clock) -> None:
    runs: list[str] = []

    def broken() -> None:
        runs.append("broken")
        raise ValueError

    jobs = [Periodic("broken", 60_000, broken), Periodic("good", 60_000, lambda: runs.append("good"))]
    worker = Worker(app, {}, jobs, name="w")
    worker.once()
    worker.once()
    assert runs == ["broken", "good"]
    clock.advance(minutes=1)
    worker.once()
    assert runs == ["broken", "good"] * 2


def test_it_outlives_trouble_and_stops_when_asked(app: Flask, monkeypatch: Any) -> None:
    monkeypatch.setattr("server.worker.TROUBLE_S", 0.01)
    monkeypatch.setattr("server.worker.PAUSE_S", 0.01)
    done = threading.Event()
    worker = Worker(app, {"a": lambda _: done.set()}, name="w")
    real, broken = worker.once, [True, True]

    def sometimes() -> int:
        if broken and broken.pop():
            raise ConnectionError
        return real()

    monkeypatch.setattr(worker, "once", sometimes)
    thread = threading.Thread(target=worker.run)
    thread.start()
    enqueue(app, "a")
    assert done.wait(10)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_second_worker_takes_over_what_a_killed_one_held(app: Flask, clock: Clock) -> None:
    enqueue(app, "a")
    with app.app_context(), transaction() as session:
        assert len(outbox.claim(session, "killed")) == 1
    seen: list[str] = []
    second = Worker(app, {"a": lambda claimed: seen.append(claimed.key)}, name="second")
    second.once()
    assert seen == []
    clock.advance(minutes=2)
    second.once()
    assert seen == ["a"]
