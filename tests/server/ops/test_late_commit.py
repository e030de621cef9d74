"""A transaction that commits late: nobody's cursor skips it (P25, F14). Two PostgreSQL sessions, forced interleavings.

The oracle is shown to see: the same interleaving with numbers from one global sequence, as every tutorial has it, loses
rows; so does an assignment that reads its customer without a lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import func, select, text

from server.core.db import db, transaction, upsert
from server.core.ids import uuid7
from server.core.records import RecordStore
from server.ops import scopes
from server.ops import write as writing
from server.ops.models import Scope, ScopeEntity
from server.ops.scopes import Move, Standing
from sync.digest import EMPTY
from tests.builders import assign_draft, draft, order, order_draft, task_id
from tests.server.ops.house import House, Phone, postgres_only
from tests.server.ops.threads import PATIENCE_S, WATCHED_S, gate, together

ROUNDS = int(os.environ.get("DOORSTEP_LATE_COMMITS", "5"))
pytestmark = postgres_only


def phone_of(waybill: str) -> str:
    """Each waybill has a customer of its own, so that nothing but the scope is shared."""
    return f"139{crc32(waybill.encode()) % 100_000_000:08d}"


def orders(house: House, *waybills: str) -> None:
    house.desk().submit(*(order_draft(house.cast.home.id, one, phone=phone_of(one)) for one in waybills))


def assigns(house: House, *waybills: str) -> Callable[[], list[str]]:
    """One request that assigns tasks to 阿良, from a desk of its own."""
    desk = house.cast.desk(house.cast.dora)
    drafts = [assign_draft(waybill, house.cast.liang.id) for waybill in waybills]
    return lambda: [result["status"] for result in desk.submit(*drafts)]


def interleaved(
    house: House, monkeypatch: pytest.MonkeyPatch, reader: Phone, turn: int, patience_s: float = WATCHED_S
) -> tuple[bool, set[str]]:
    """A writer stands before its commit while a second one writes and a reader reads; answers (waited, never seen)."""
    early, late = (f"EARLY{turn}A", f"EARLY{turn}B"), (f"LATE{turn}",)
    if turn % 2:
        early, late = late, early
    orders(house, *early, *late)
    first, second = assigns(house, *early), assigns(house, *late)
    with gate(monkeypatch) as held:
        held.start(first)
        waited = held.then(second, patience_s)
        reader.pull()
        assert held.let_go() == (["applied"] * len(early), ["applied"] * len(late))
    reader.pull()
    expected = {f"task:{task_id(waybill)}" for waybill in (*early, *late)}
    return waited, expected - set(reader.rows())


def test_p25_f14_the_second_writer_to_a_scope_waits_and_a_cursor_never_skips(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = house.phone()
    for turn in range(ROUNDS):
        assert interleaved(house, monkeypatch, reader, turn) == (True, set())
    versions = sorted(row["ver"] for row in reader.mirror[reader.scope].values())
    assert versions == list(range(1, 3 * ROUNDS + 1))


def test_p25_f14_the_oracle_sees_what_a_global_sequence_loses(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE IF NOT EXISTS naive"))
    monkeypatch.setattr(writing.scopes, "move", naive_move)
    monkeypatch.setattr(scopes, "version", naive_version)
    monkeypatch.setattr(scopes, "standings", naive_standings)
    house.sound, reader = False, house.phone()
    reader.compares = False
    waited, lost = interleaved(house, monkeypatch, reader, 0, PATIENCE_S / 2)
    assert not waited
    assert lost == {f"task:{task_id(waybill)}" for waybill in ("EARLY0A", "EARLY0B")}


def naive_move(moves: Sequence[Move], revs: Mapping[str, int]) -> dict[str, int]:
    """The planted bug: versions from one sequence, nothing locked, so that they become visible out of order."""
    rows = [
        {
            "scope": one.scope,
            "entity": one.entity,
            "ver": db.session.execute(text("SELECT nextval('naive')")).scalar_one(),
            "present": one.present,
            "rev": revs.get(one.entity, 0),
            "reason": one.reason,
        }
        for one in moves
    ]
    insert = upsert(ScopeEntity)
    changed = {column: insert.excluded[column] for column in ("ver", "present", "rev", "reason")}
    if rows:
        db.session.execute(
            insert.on_conflict_do_update(
                index_elements=[ScopeEntity.scope, ScopeEntity.entity], set_=changed
            ),
            rows,
        )
    return {row["scope"]: row["ver"] for row in rows}


def naive_version(scope: str) -> int:
    query = select(func.coalesce(func.max(ScopeEntity.ver), 0)).where(ScopeEntity.scope == scope)
    return int(db.session.execute(query).scalar_one())


def naive_standings(names: Sequence[str]) -> tuple[str, dict[str, Standing]]:
    return "naive", {name: Standing(naive_version(name), 0, EMPTY) for name in names}


def test_p25_writers_to_different_scopes_do_not_wait_for_each_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(house, "SF1", "SF2")
    other = house.cast.desk(house.cast.ada)
    with gate(monkeypatch) as held:
        held.start(assigns(house, "SF1"))
        second = lambda: other.submit(assign_draft("SF2", house.cast.bei.id))[0]["status"]  # noqa: E731
        waited = held.then(second, PATIENCE_S / 2)
        assert held.let_go() == (["applied"], "applied")
    assert not waited


def test_p25_scopes_are_locked_in_one_order_whatever_order_they_are_named_in(house: House) -> None:
    """Two writers over the same many scopes in opposite orders: neither deadlocks, no version is taken twice."""
    house.sound = False
    names = [f"courier:{uuid7()}" for _ in range(6)]

    def writes(turn: int, ordered: list[str]) -> Callable[[], None]:
        def work() -> None:
            for number in range(15):
                entity = f"task:{turn}-{number}"
                with transaction():
                    scopes.move([Move(name, entity, True) for name in ordered], {})

        return lambda: house.inside(work)

    together([writes(0, names), writes(1, names[::-1]), writes(2, names[3:] + names[:3])])

    def counted() -> list[tuple[Any, ...]]:
        query = select(ScopeEntity.scope, func.count(), func.max(ScopeEntity.ver)).group_by(ScopeEntity.scope)
        rows = db.session.execute(query.where(ScopeEntity.scope.in_(names))).all()
        ends = {row.id: row.ver for row in db.session.execute(select(Scope.id, Scope.ver))}
        return [(number, last, ends[scope]) for scope, number, last in rows]

    assert house.inside(counted) == [(45, 45, 45)] * 6


def wishes(house: House, waybill: str) -> Callable[[], list[str]]:
    """A request of the customer of a task, from a desk of its own."""
    desk = house.cast.desk(house.cast.chen)
    customer = order(house.cast.home.id, phone=phone_of(waybill))["customer"]["id"]
    wish = {"request": uuid7(), "kind": "no_ring", "text": f"wish for {waybill}", "active": True}
    made = draft("customer.request_set", f"customer:{customer}", wish)
    return lambda: [result["status"] for result in desk.submit(made)]


def at_the_door(reader: Phone, waybill: str) -> list[str]:
    reader.pull()
    requests = reader.rows()[f"task:{task_id(waybill)}"]["customer"]["requests"]
    return [request["text"] for request in requests if request["text"].startswith("wish")]


@pytest.mark.parametrize("first", ["assignment", "request"])
def test_p25_a_request_set_while_an_assignment_is_in_flight_reaches_the_door(
    house: House, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    waited, texts = crossing(house, monkeypatch, first)
    assert (waited, texts) == (True, ["wish for SF1"])


def test_p25_the_oracle_sees_a_request_that_misses_the_door(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: an assignment reads its customer without the FOR SHARE lock."""
    load = RecordStore.load

    def careless(store: RecordStore, ids: Any, lock: bool = True, share: bool = False) -> Any:
        return load(store, ids, lock=lock and not share, share=share)

    monkeypatch.setattr(RecordStore, "load", careless)
    assert crossing(house, monkeypatch, "request")[1] == []


def crossing(house: House, monkeypatch: pytest.MonkeyPatch, first: str) -> tuple[bool, list[str]]:
    """An assignment and a request of one door, one of them held before its commit: (waited, what the door says)."""
    orders(house, "SF1")
    reader = house.phone()
    works = [assigns(house, "SF1"), wishes(house, "SF1")]
    if first == "request":
        works.reverse()
    with gate(monkeypatch) as held:
        held.start(works[0])
        waited = held.then(works[1])
        assert held.let_go() == (["applied"], ["applied"])
    return waited, at_the_door(reader, "SF1")


def test_p25_assignments_and_requests_at_once_never_miss_a_door(house: House) -> None:
    waybills = [f"SF{number}" for number in range(8)]
    orders(house, *waybills)
    works = [assigns(house, waybill) for waybill in waybills]
    works += [wishes(house, waybill) for waybill in waybills]
    reader = house.phone()
    assert together(works) == [["applied"]] * 16
    assert [at_the_door(reader, waybill) for waybill in waybills] == [
        [f"wish for {waybill}"] for waybill in waybills
    ]
