"""A copy of the database, and a server that comes back from it: handhelds bring what it has forgotten (P31, F21)."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from server.app import create_app
from server.auth.limits import limiter
from server.core import backup as copies
from server.core import clock as server_clock
from server.core import migrations
from server.core.config import Settings
from server.core.db import db
from server.core.ids import uuid7
from server.core.stores import blob_store
from server.ops import cli, epochs
from server.ops.models import Operation
from tests.builders import task_id
from tests.conftest import SECRET, Clock, new_postgres_database
from tests.people import make_cast
from tests.server.ops.house import House, Phone

PNG = b"\x89PNG\r\n\x1a\n a signature"
SHA = hashlib.sha256(PNG).hexdigest()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def migrated(request: pytest.FixtureRequest, fast_folder: Path) -> Iterator[Flask]:
    """The application on a database made by the migrations, as an operator has it."""
    data = fast_folder / f"installed-{request.param}"
    data.mkdir()
    if request.param == "sqlite":
        url = f"sqlite:///{data / 'doorstep.db'}"
    else:
        url = new_postgres_database(request.getfixturevalue("postgres_url"), "doorstep_installed")
    app = create_app(Settings(url, data, SECRET, env="test", log_level="critical"))
    with app.app_context():
        migrations.upgrade()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def installed(migrated: Flask, clock: Clock) -> House:
    """An empty house in it, with its people."""
    server_clock.use(clock)
    limiter.reset()
    data = settings(migrated).data
    for folder in (data / "blobs", *data.glob("before-restore-*")):
        shutil.rmtree(folder, ignore_errors=True)
    with migrated.app_context():
        with db.engine.begin() as connection:
            for table in reversed(db.metadata.sorted_tables):
                connection.execute(table.delete())
        cast = make_cast(migrated)
    return House(migrated, cast, clock)


def typed(house: House, command: Any, *words: str | Path) -> Result:
    return house.inside(lambda: CliRunner().invoke(command, [str(word) for word in words]))


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return str(result.output)


def settings(app: Flask) -> Settings:
    found: Settings = app.extensions["doorstep_settings"]
    return found


def signs(phone: Phone, waybill: str) -> dict[str, Any]:
    """A sign-off with its proof, which arrives."""
    result = phone.delivers(waybill, signature=SHA)
    sends_proof(phone)
    return result


def sends_proof(phone: Phone) -> None:
    sent = phone.handheld.call("PUT", f"/api/v1/blobs/{SHA}", data=PNG, content_type="image/png")
    assert sent.status_code in (200, 201), sent.text


def notes(house: House, waybill: str) -> list[str]:
    record = house.record(f"task:{task_id(waybill)}")
    return [note["text"] for note in record["notes"]] if record else []


def half_a_day(house: House, folder: Path) -> tuple[Phone, str]:
    """Two tasks, a note, a copy, and then a sign-off and a second note; answers the handheld and the epoch it knows."""
    house.assigned("SF1"), house.assigned("SF2")
    phone = house.phone()
    phone.sends("task.noted", f"task:{task_id('SF1')}", {"text": "before"})
    phone.pull()
    done(typed(house, cli.backup, folder))
    phone.sends("task.noted", f"task:{task_id('SF1')}", {"text": "after"})
    signs(phone, "SF2")
    phone.pull()
    return phone, phone.exchange(last_seq=3)["epoch"]


def test_p31_f21_what_handhelds_hold_is_not_lost(installed: House, tmp_path: Path) -> None:
    house = installed
    phone, epoch = half_a_day(house, tmp_path / "copy")
    said = done(typed(house, cli.restore, tmp_path / "copy"))
    assert "2 operations at the end of the log are gone" in said
    assert notes(house, "SF1") == ["before"]

    answer = phone.exchange(cursors=phone.cursors, last_seq=3)
    assert answer["epoch"] not in (epoch, "1")
    assert (answer["head_seq"], answer["expected_seq"]) == (1, 2)
    mine = next(page for page in answer["pull"]["scopes"] if page["scope"] == phone.scope)
    assert (mine["reset"], mine["from"]) == (True, 0)

    phone.acked = answer["head_seq"]
    assert [result["status"] for result in phone.push()] == ["applied", "applied"]
    assert notes(house, "SF1") == ["before", "after"]
    assert house.status(task_id("SF2")) == "delivered"
    assert [row.seq for row in house.log(device_id=phone.handheld.device)] == [1, 2, 3]
    phone.cursors = {}
    phone.pull()
    assert set(phone.rows()) == {f"task:{task_id('SF1')}", f"task:{task_id('SF2')}"}
    assert house.audit() == []


def test_p31_all_that_is_offered_again_is_answered_as_the_first_time(
    installed: House, tmp_path: Path
) -> None:
    house = installed
    phone, _ = half_a_day(house, tmp_path / "copy")
    before = phone.exchange(phone.tape.envelopes, 1)["results"]
    done(typed(house, cli.restore, tmp_path / "copy"))
    for _ in range(2):
        again = phone.exchange(phone.tape.envelopes, 1)["results"]
        assert [(one["op_id"], one["status"]) for one in again] == [
            (one["op_id"], one["status"]) for one in before
        ]
    assert house.count(Operation) == 2 * 2 + 3


def test_p31_proofs_are_asked_for_again(installed: House, tmp_path: Path) -> None:
    house = installed
    phone, _ = half_a_day(house, tmp_path / "copy")
    house.inside(lambda: blob_store().path(SHA).unlink())
    done(typed(house, cli.restore, tmp_path / "copy"))
    assert phone.exchange(proofs=[SHA, "0" * 63, 7])["missing_blobs"] == [SHA]
    sends_proof(phone)
    assert phone.exchange(proofs=[SHA])["missing_blobs"] == []


def test_p31_f21_what_only_the_server_had_is_an_incident_at_the_desk(
    installed: House, tmp_path: Path
) -> None:
    """The handheld's journal does not reach back far enough: it says how far it had been, and begins a new chain."""
    house = installed
    phone, _ = half_a_day(house, tmp_path / "copy")
    done(typed(house, cli.restore, tmp_path / "copy"))
    phone.exchange(last_seq=3)
    old, last = phone.tape.incarnation, phone.tape.envelopes[2]
    phone.tape.incarnation = uuid7()
    [moved] = phone.exchange([{**last, "incarnation": phone.tape.incarnation, "seq": 1, "prev": None}])[
        "results"
    ]
    assert (moved["status"], house.status(task_id("SF2"))) == ("applied", "delivered")
    [lost] = [case for case in house.cases() if case["kind"] == "device_lost"]
    assert (lost["mine"]["incarnation"], lost["mine"]["first_seq"], lost["mine"]["last_seq"]) == (old, 2, 3)


def test_p31_what_was_there_before_is_kept_beside_it(installed: House, tmp_path: Path) -> None:
    house = installed
    half_a_day(house, tmp_path / "copy")
    house.order("SF9", phone="13900000009")
    said = done(typed(house, cli.restore, tmp_path / "copy"))
    assert house.record(f"task:{task_id('SF9')}") is None
    kept = max(settings(house.app).data.glob("before-restore-*"))
    assert str(kept) in said
    done(typed(house, cli.restore, kept))
    assert house.record(f"task:{task_id('SF9')}") is not None


def test_p31_what_no_handheld_can_bring_back_is_named(installed: House, tmp_path: Path) -> None:
    house = installed
    half_a_day(house, tmp_path / "copy")
    house.assigned("SF9", phone="13900000009")
    said = done(typed(house, cli.restore, tmp_path / "copy"))
    assert "4 operations at the end of the log are gone" in said
    named = "order.imported 1, task.assigned 1"
    assert f"2 of them no handheld has, from desks, imports and customers: {named}.\n" in said
    again = done(typed(house, cli.restore, tmp_path / "copy"))
    assert "no handheld has" not in again


def test_p31_proofs_travel_with_the_copy_and_are_never_taken_away(installed: House, tmp_path: Path) -> None:
    house = installed
    house.assigned("SF1")
    signs(house.phone(), "SF1")
    assert "1 proofs were new" in done(typed(house, cli.backup, tmp_path / "copy"))
    assert "0 proofs were new" in done(typed(house, cli.backup, tmp_path / "copy"))
    house.inside(lambda: blob_store().path(SHA).unlink())
    assert "1 proofs came with it" in done(typed(house, cli.restore, tmp_path / "copy"))
    assert house.inside(lambda: blob_store().open(SHA).read()) == PNG


def test_p31_a_copy_made_while_everybody_writes_is_whole(installed: House, tmp_path: Path) -> None:
    house, stop, made = installed, threading.Event(), [installed.assigned("SF")]

    def writes() -> None:
        while not stop.is_set():
            made.append(house.assigned(f"SF{len(made)}", phone=f"139{len(made):08d}"))

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        for _ in range(3):
            house.inside(lambda: copies.copy_to(settings(house.app), tmp_path / "copy"))
    finally:
        stop.set()
        writer.join()
    ended = house.count(Operation)
    done(typed(house, cli.restore, tmp_path / "copy"))
    assert 0 < house.count(Operation) <= ended == 2 * len(made)
    assert done(typed(house, cli.audit)) == "everything adds up\n"


def test_p31_a_new_epoch_by_hand_asks_for_nothing_but_a_look(installed: House) -> None:
    house = installed
    house.assigned("SF1")
    phone = house.phone()
    phone.delivers("SF1")
    phone.pull()
    before = phone.exchange(cursors=phone.cursors)
    assert done(typed(house, cli.epoch, "new")).startswith("epoch ")
    after = phone.exchange(cursors=phone.cursors)
    assert after["epoch"] != before["epoch"]
    assert (after["head_seq"], after["pull"]) == (before["head_seq"], before["pull"])
    assert phone.exchange()["epoch"] == after["epoch"]


def test_p31_the_first_epoch_is_made_once_whoever_asks(installed: House) -> None:
    first = installed.inside(epochs.first)
    assert installed.inside(epochs.first) == first == installed.phone().exchange()["epoch"]
    assert len(first) == 36


def test_what_is_no_copy_is_refused_in_a_sentence(installed: House, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused = typed(installed, cli.restore, tmp_path / "empty")
    assert refused.exit_code == 1
    assert "it holds no copy for this kind of database" in refused.output
    assert "Traceback" not in refused.output


def test_a_damaged_copy_is_not_brought_back(installed: House, tmp_path: Path) -> None:
    house, folder = installed, tmp_path / "copy"
    house.order("SF1")
    done(typed(house, cli.backup, folder))
    [copy] = [path for path in folder.iterdir() if path.is_file()]
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 3] + bytes(len(whole) // 3) + whole[2 * len(whole) // 3 :])
    refused = typed(house, cli.restore, folder)
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
    assert house.status(task_id("SF1")) == "created"


def test_an_audit_names_what_does_not_add_up(installed: House) -> None:
    house = installed
    house.assigned("SF1")
    house.sound = False

    def tamper() -> None:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE scopes SET digest_count = 9")

    house.inside(tamper)
    named = typed(house, cli.audit)
    assert named.exit_code == 1
    assert f"digest  courier:{house.cast.liang.id}  9 rows" in named.output


def test_the_demo_folder_is_a_file_of_sqlite(tmp_path: Path) -> None:
    """Nobody needs Doorstep to look into a copy."""
    source, target = tmp_path / "one.db", tmp_path / "copy"
    with sqlite3.connect(source) as connection:
        connection.execute("CREATE TABLE one (a INTEGER)")
    target.mkdir()
    copied = copies.copy_database(Settings(f"sqlite:///{source}", tmp_path, SECRET, env="test"), target)
    with sqlite3.connect(copied) as connection:
        assert connection.execute("SELECT count(*) FROM one").fetchone() == (0,)
