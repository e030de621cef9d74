"""An exchange that brings nothing and tells nothing new costs no write; whatever it does tell is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from server.auth.contacts import KEEP_MS
from server.core.db import read, transaction
from server.core.ids import uuid7
from server.ops import heads
from server.ops.models import Epoch
from server.ops.push import DRIFT_MS
from tests.server import statements
from tests.server.ops.house import House, Phone

BOOT = uuid7()


@contextmanager
def writes(house: House) -> Iterator[list[str]]:
    """The statements that write, once it is closed."""
    seen: list[str] = []
    with statements.heard(house.app) as said:
        yield seen
    seen += statements.written(said)


def asks(phone: Phone, house: House, took: int = 120, **over: Any) -> dict[str, Any]:
    """An exchange whose way here took so many ms, a few more than it took those that made the handheld known."""
    told = {"last_seq": 1, "sent_at": house.clock.now - took, "mono": 10_000, "boot": BOOT}
    answer: dict[str, Any] = phone.exchange(**(told | over))
    return answer


def known(house: House) -> Phone:
    """A handheld of which everything is written down."""
    task = house.assigned()
    phone = house.phone()
    phone.tape.record("task.noted", f"task:{task}", {"text": "one"})
    asks(phone, house, took=100, operations=phone.tape.envelopes, mono=8_000)
    answer = asks(phone, house, took=100)
    phone.cursors = {page["scope"]: page["to"] for page in answer["pull"]["scopes"]}
    return phone


def heard(house: House, phone: Phone) -> int:
    devices = house.desk().get("/api/v1/devices").json["devices"]
    return next(int(one["last_heard"]) for one in devices if one["id"] == phone.handheld.device)


def test_a_handheld_that_only_asks_costs_no_write_and_is_still_heard(house: House) -> None:
    phone = known(house)
    house.clock.now += 30_000
    with writes(house) as seen:
        answer = asks(phone, house, mono=40_000)
    assert seen == []
    assert (answer["head_seq"], answer["expected_seq"], answer["results"]) == (1, 2, [])
    assert 0 <= house.clock.now - heard(house, phone) < 50


def test_what_changes_for_it_still_reaches_it(house: House) -> None:
    phone = known(house)
    house.assigned("SF0000000000777")
    with writes(house) as seen:
        answer = asks(phone, house, mono=11_000, cursors=phone.cursors)
    assert seen == []
    assert any(row["present"] for scope in answer["pull"]["scopes"] for row in scope["rows"])


@pytest.mark.parametrize(
    "told",
    [
        {"last_seq": 2},
        {"app": "another build"},
        {"boot": uuid7()},
        {"mono": 7_000},
        {"mono": None},
    ],
    ids=["more is waiting", "a new build", "started anew", "an older message", "no such clock"],
)
def test_whatever_it_tells_is_written(house: House, told: dict[str, Any]) -> None:
    phone = known(house)
    with writes(house) as seen:
        asks(phone, house, **told)
    assert seen


@pytest.mark.parametrize(
    ("took", "written"), [(50, True), (90, False), (8 * DRIFT_MS, False), (8 * DRIFT_MS + 300, True)]
)
def test_p35_a_better_look_at_its_clock_is_written_and_a_slow_one_is_not(
    house: House, took: int, written: bool
) -> None:
    phone = known(house)
    with writes(house) as seen:
        asks(phone, house, took=took)
    assert bool(seen) is written


def test_now_and_then_the_database_is_told_that_it_is_there(house: House) -> None:
    phone = known(house)
    house.clock.now += KEEP_MS + 1
    with writes(house) as seen:
        asks(phone, house)
    assert any("device" in statement for statement in seen)


def test_p32_what_an_older_local_database_turns_out_to_have_lost_is_no_quiet_matter(house: House) -> None:
    """A message of the old one comes late, when the new one is long known, and tells of more than ever came."""
    phone = known(house)
    old, phone.tape.incarnation = phone.tape.incarnation, uuid7()
    new = {"last_seq": 0, "boot": uuid7()}
    asks(phone, house, took=100, **new), asks(phone, house, took=100, **new)
    assert house.cases() == []
    asks(phone, house, incarnation=old, last_seq=3, mono=10_100)
    asks(phone, house, **new), asks(phone, house, **new)
    assert [case["kind"] for case in house.cases()] == ["device_lost"]


def test_p31_a_database_without_an_epoch_begins_one_also_for_whoever_only_asks(house: House) -> None:
    phone = known(house)
    with house.app.app_context(), transaction() as session:
        session.execute(delete(Epoch))
    assert asks(phone, house)["epoch"]
    with house.app.app_context(), read() as session:
        assert session.scalar(select(func.count()).select_from(Epoch)) == 1


def test_p35_an_operation_is_placed_by_the_last_contact_also_when_that_was_not_written(house: House) -> None:
    """The clock is set two minutes forward and the app started anew: the deed was done after the last contact, by the
    clock as it was before. Judged by the contact that was written last, it would be two minutes early."""
    phone = known(house)
    task = house.assigned("SF0000000000888")
    quiet = house.clock.now = house.clock.now + 240_000
    with writes(house) as seen:
        asks(phone, house, mono=250_000)
    assert seen == []
    done = house.clock.now = quiet + 20_000
    phone.tape.record("task.noted", f"task:{task}", {"text": "two"}, at=done, mono=None, boot=None)
    house.clock.now = quiet + 40_000
    body = phone.tape.exchange(from_seq=2) | {
        "sent_at": house.clock.now + 120_000,
        "last_seq": 2,
        "boot": uuid7(),
    }
    assert phone.send(body).json["results"][0]["status"] == "applied"
    [row] = [one for one in house.log(type="task.noted") if one.seq == 2]
    assert abs(row.at + row.skew_ms - done) < 300


def test_a_restart_forgets_no_more_than_the_age_of_a_contact(house: House) -> None:
    phone = known(house)
    house.clock.now += 60_000
    asks(phone, house, mono=70_000)
    with house.app.app_context(), read():
        head, _ = heads.of_device(phone.handheld.device, phone.tape.incarnation, house.clock.now)
    assert (head.head_seq, head.known_seq) == (1, 1)
    assert house.clock.now - head.last_heard >= 60_000
