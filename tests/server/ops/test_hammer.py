"""Everybody at once on the same few tasks for some seconds: no error, and all adds up afterwards (P25, I2, I5, I8)."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from server.core.db import db, read
from server.core.ids import uuid7
from server.ops import oplog
from server.ops.models import Operation, Quarantined, Scope, ScopeEntity
from server.payments import queries as payments
from sync.merge import fold
from tests.builders import draft, order, order_draft, parcel_id, task_id
from tests.people import Desk
from tests.server.ops.house import House, Phone
from tests.server.ops.threads import together

SECONDS = float(os.environ.get("DOORSTEP_HAMMER_SECONDS", "3"))
WAYBILLS = [f"SF{number}" for number in range(6)]
PHONES = [f"1390000000{number}" for number in range(3)]
WORDS = {"applied", "merged", "conflict", "quarantined", "deferred"}


def phone_of(waybill: str) -> str:
    """Two tasks share a customer."""
    return PHONES[WAYBILLS.index(waybill) % len(PHONES)]


@dataclass
class Tally:
    """What one worker saw: status codes of answers that were no 200, and the ids it sent."""

    refused: list[int] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)


def at_the_desk(house: House, desk: Desk, dice: random.Random, until: float) -> Tally:
    """Assigns, reassigns, cancels, wishes and decides, several at once, without looking at what others do."""
    couriers = [house.cast.liang.id, house.cast.bei.id]
    tally = Tally()

    def one() -> dict[str, Any]:
        waybill = dice.choice(WAYBILLS)
        task, courier = f"task:{task_id(waybill)}", dice.choice(couriers)
        customer = order(house.cast.home.id, phone=phone_of(waybill))["customer"]["id"]
        kind = dice.randrange(6)
        if kind == 0:
            wish = {"request": uuid7(), "kind": "other", "text": str(dice.random()), "active": True}
            return draft("customer.request_set", f"customer:{customer}", wish)
        if kind == 1 and dice.random() < 0.1:
            return draft("task.cancelled", task, {"reason": "changed their mind"})
        if kind == 2:
            plan = {"courier": courier, "window_start": None, "window_end": None}
            return draft("task.reattempt_planned", task, plan)
        payload = {"courier": courier, "sequence": dice.randrange(9), "reason": "balance"}
        return draft("task.reassigned", task, payload)

    while time.monotonic() < until:
        batch = [one() for _ in range(dice.randrange(1, 4))]
        open_cases = desk.get("/api/v1/dispatch/conflicts").json["conflicts"][:3]
        if open_cases and dice.random() < 0.5:
            case = dice.choice(open_cases)
            verdict = {"outcome": dice.choice(case["outcomes"]), "reason": "hammer"}
            batch.append(draft("conflict.decided", f"conflict:{case['id']}", verdict))
        response = desk.post("/api/v1/operations", json={"operations": batch})
        tally.sent += [made["op_id"] for made in batch]
        note(tally, response.status_code, response.json)
    return tally


def on_the_street(phone: Phone, dice: random.Random, until: float) -> Tally:
    """Scans, tries, delivers, takes money and pulls, whoever has the task by now; sometimes says it all again."""
    tally = Tally()
    tape = phone.tape
    while time.monotonic() < until:
        for _ in range(dice.randrange(1, 4)):
            waybill = dice.choice(WAYBILLS)
            task = task_id(waybill)
            kind = dice.randrange(5)
            if kind == 0:
                scan = {
                    "code": waybill,
                    "waybill": waybill,
                    "source": "wedge",
                    "verdict": "mine",
                    "task": task,
                }
                made = tape.record("parcel.scanned", f"parcel:{parcel_id(waybill)}", scan)
            elif kind == 1:
                made = tape.failed(waybill)
            elif kind == 2 and dice.random() < 0.2:
                made = tape.delivered(waybill)
            elif kind == 3 and dice.random() < 0.3:
                money = {"task": task, "amount_minor": 100, "currency": "CNY", "method": "cash"}
                made = tape.record("payment.collected", f"obligation:{task}", money)
            else:
                made = tape.record("task.noted", f"task:{task}", {"text": str(dice.random())})
            tally.sent.append(made["op_id"])
        first = max(0, phone.acked - dice.randrange(3))
        body = tape.exchange(first + 1) | {"limit": 1}
        response = phone.send(body)
        note(tally, response.status_code, response.json)
        if response.status_code == 200:
            phone.acked = response.json["head_seq"]
            phone.pull(limit=dice.choice((2, 5, 500)))
    return tally


def note(tally: Tally, status: int, body: Any) -> None:
    if status != 200:
        tally.refused.append(status)
    else:
        tally.words |= {result["status"] for result in body["results"]}


def test_p25_hammered_by_desks_and_handhelds_nothing_fails_and_everything_adds_up(house: House) -> None:
    orders = [order_draft(house.cast.home.id, one, phone=phone_of(one), cod_minor=100) for one in WAYBILLS]
    house.desk().submit(*orders)
    phones = [house.phone(), house.phone(house.cast.bei)]
    desks = [house.cast.desk(house.cast.dora), house.cast.desk(house.cast.ada)]
    until = time.monotonic() + SECONDS
    work: list[Callable[[], Tally]] = [
        lambda desk=desk, seed=seed: at_the_desk(house, desk, random.Random(seed), until)  # type: ignore[misc]
        for seed, desk in enumerate(desks)
    ]
    work += [
        lambda phone=phone, seed=seed: on_the_street(phone, random.Random(seed), until)  # type: ignore[misc]
        for seed, phone in enumerate(phones, start=10)
    ]
    tallies = together(work)
    assert [tally.refused for tally in tallies] == [[]] * 4
    assert set().union(*(tally.words for tally in tallies)) <= WORDS
    assert sum(len(tally.sent) for tally in tallies) > 20
    assert house.parked(code="internal") == []
    every_operation_is_kept_once(house, [op_id for tally in tallies for op_id in tally.sent])
    mirrors_are_what_the_server_says(house, phones)
    scopes_count_right(house)
    records_are_what_the_log_says(house)
    money_adds_up(house)


def every_operation_is_kept_once(house: House, sent: list[str]) -> None:
    def kept() -> list[str]:
        with read() as session:
            return [*session.scalars(select(Operation.op_id)), *session.scalars(select(Quarantined.op_id))]

    found = house.inside(kept)
    assert len(found) == len(set(found))
    assert set(sent) <= set(found)


def mirrors_are_what_the_server_says(house: House, phones: list[Phone]) -> None:
    """What was pulled page by page meanwhile equals what a new handheld pulls at once, and what the records say."""
    for phone in phones:
        phone.pull()
        fresh = house.phone(phone.courier)
        fresh.pull()
        assert phone.rows() == fresh.rows()
        assert phone.notices() == fresh.notices()
        held = {
            f"task:{task_id(one)}"
            for one in WAYBILLS
            if house.record(f"task:{task_id(one)}")["courier"] == phone.courier.id
        }
        assert set(fresh.rows()) == held
        for entity, body in fresh.rows().items():
            assert body["task"] == house.record(entity)
            assert body["parcel"] == house.record(f"parcel:{body['task']['parcel']}")
            assert body["obligation"] == house.record(f"obligation:{body['task']['id']}")
            requests = house.record(f"customer:{body['customer']['id']}")["requests"]
            assert body["customer"]["requests"] == [request for request in requests if request["active"]]


def scopes_count_right(house: House) -> None:
    """No version is taken twice, and none is beyond its counter."""

    def look() -> list[Any]:
        versions = (func.count(), func.count(ScopeEntity.ver.distinct()), func.max(ScopeEntity.ver))
        with read() as session:
            ends = {row.id: row.ver for row in session.execute(select(Scope.id, Scope.ver))}
            rows = session.execute(select(ScopeEntity.scope, *versions).group_by(ScopeEntity.scope))
            return [(*row, ends[row[0]]) for row in rows]

    for _, rows, versions, last, end in house.inside(look):
        assert rows == versions and last == end


def records_are_what_the_log_says(house: House) -> None:
    """Every record folds out of its own history as it stands."""
    for waybill in WAYBILLS:
        for entity in (f"task:{task_id(waybill)}", f"obligation:{task_id(waybill)}"):

            def rebuild(entity: str = entity) -> Any:
                past = oplog.history(entity, ())
                void = {one.op["op_id"] for one in past if one.voided_by}
                force = {one.op["op_id"] for one in past if one.forced_by}
                db.session.rollback()
                return fold(entity, [one.op for one in past], void, force, station=house.cast.home.id)[entity]

            assert house.inside(rebuild) == house.record(entity)


def money_adds_up(house: House) -> None:
    assert house.inside(payments.unbalanced_transfers) == []
    standing = [row for row in house.log(type="payment.collected") if row.voided_by is None]
    couriers = (house.cast.liang, house.cast.bei)
    cash = sum(house.inside(lambda who=who: payments.balance(f"cash:{who.id}")) for who in couriers)
    assert cash == 100 * len(standing)
    assert house.inside(lambda: payments.balance("due")) == 100 * len(WAYBILLS) - cash
