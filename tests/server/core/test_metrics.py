"""The numbers: what is counted, when, and that a scrape outlives what it watches."""

from __future__ import annotations

import contextlib
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from server import watch
from server.core import metrics, outbox
from server.core.config import ConfigError, Settings
from server.core.db import once_committed, transaction
from server.core.metrics import REGISTRY, Row
from tests.builders import order_draft
from tests.conftest import Clock
from tests.people import Cast

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@contextmanager
def counted(name: str, **labels: str) -> Iterator[list[float]]:
    """How much a number grew inside."""
    grew = [0.0]
    before = value(name, **labels)
    yield grew
    grew[0] = value(name, **labels) - before


@sqlite_only
def test_requests_are_counted_by_rule_and_never_by_path(app: Flask, cast: Cast) -> None:
    desk = cast.desk(cast.dora)
    rule = "/api/v1/dispatch/tasks/<string:task_id>"
    with counted("doorstep_requests_total", method="GET", route=rule, status="4xx") as known:
        desk.get("/api/v1/dispatch/tasks/王小明")
    assert known == [1.0]
    with counted("doorstep_requests_total", method="GET", route="-", status="4xx") as unknown:
        desk.get("/nowhere/13800000001")
    assert unknown == [1.0]
    with counted("doorstep_requests_total", method="-", route="-", status="4xx") as odd:
        desk.call("BREW13800000001", "/nowhere/x")
    assert odd == [1.0]
    assert value("doorstep_request_seconds_count", route=rule) > 0


@sqlite_only
def test_what_is_rolled_back_is_not_told(app: Flask) -> None:
    told: list[str] = []
    with app.app_context():
        with transaction():
            once_committed(lambda: told.append("stands"))
            assert told == []
        with contextlib.suppress(RuntimeError), transaction():
            once_committed(lambda: told.append("fell"))
            raise RuntimeError
        with transaction():
            pass
    assert told == ["stands"]


@sqlite_only
def test_operations_are_counted_when_they_stand(app: Flask, cast: Cast) -> None:
    labels = {"type": "order.imported", "status": "applied"}
    with counted("doorstep_operations_total", **labels) as grew:
        cast.desk(cast.dora).submit(order_draft(cast.home.id))
    assert grew == [1.0]


def test_the_outbox_is_counted_by_topic_and_handhelds_by_silence(
    app: Flask, cast: Cast, clock: Clock
) -> None:
    cast.handheld(cast.liang)
    with app.app_context(), transaction() as session:
        outbox.enqueue(session, "late", "a", {})
        outbox.enqueue(session, "late", "b", {}, due_at=clock.now + 3_600_000)
    clock.advance(minutes=5)
    rows = {(row.name, *row.labels.values()): row.value for row in watch._rows(app)}
    assert rows["doorstep_outbox_rows", "late", "waiting"] == 2
    assert rows["doorstep_outbox_rows", "late", "dead"] == 0
    assert 300 <= rows["doorstep_outbox_oldest_seconds", "late"] < 301
    assert rows["doorstep_handhelds", "never"] == 1


@sqlite_only
def test_an_outbox_row_names_the_request_that_caused_it(app: Flask, cast: Cast) -> None:
    desk = cast.desk(cast.dora)
    body = {"operations": [order_draft(cast.home.id)]}
    desk.post("/api/v1/operations", json=body, headers={"X-Request-ID": "request-of-mine"})
    with app.app_context(), transaction() as session:
        claimed = outbox.claim(session, "test")
    assert {row.request for row in claimed} == {"request-of-mine"}


def test_numbers_are_served_on_an_address_of_their_own_and_outlive_the_database() -> None:
    def trouble() -> Any:
        yield Row("doorstep_test_rows", "Rows", {"topic": "x"}, 1.0)
        raise OSError("the database is away")

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = metrics.serve("127.0.0.1", port, trouble)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
    assert "doorstep_sockets" in text
    assert "doorstep_test_rows" not in text


def test_a_taken_port_stops_nobody(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = replace(app.extensions["doorstep_settings"], metrics=taken.getsockname())
        monkeypatch.setitem(app.extensions, "doorstep_settings", settings)
        watch.serve(app, offset=0)


@pytest.mark.parametrize(
    "environ",
    [
        {"DOORSTEP_METRICS": "9464"},
        {"DOORSTEP_METRICS": "127.0.0.1:x"},
        {"DOORSTEP_METRICS": "127.0.0.1:65535"},
        {"DOORSTEP_TILES": "map.png"},
        {"DOORSTEP_SOCKETS": "many"},
    ],
)
def test_settings_that_cannot_be_honoured_are_refused(environ: dict[str, str], tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match=next(iter(environ))):
        Settings.from_env({"DOORSTEP_DATA": str(tmp_path), **environ})
