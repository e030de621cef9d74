"""The digest of a scope follows its rows, whatever happens to them (P30). Every story is held to it: see house.py."""

from __future__ import annotations

from sqlalchemy import text

from server.core import metrics
from server.core.db import transaction
from server.core.ids import uuid7
from server.ops import scopes
from server.ops.scopes import Move
from tests.builders import assign_draft, order_draft, task_id
from tests.server.ops.house import House, Phone
from tests.server.ops.test_lists import COUNTS
from tests.server.statements import heard


def page(phone: Phone, cursor: int = 0, ceiling: int | None = None, limit: int = 500) -> dict:
    ceilings = {} if ceiling is None else {phone.scope: ceiling}
    found = phone.exchange(cursors={phone.scope: cursor}, ceilings=ceilings, limit=limit)["pull"]["scopes"]
    return dict(next(one for one in found if one["scope"] == phone.scope))


def full(house: House, tasks: int = 5) -> None:
    waybills = [f"SF{number}" for number in range(tasks)]
    house.desk().submit(*(order_draft(house.cast.home.id, waybill) for waybill in waybills))
    house.desk().submit(*(assign_draft(waybill, house.cast.liang.id) for waybill in waybills))


def rebuilds(scope: str, cause: str) -> float:
    labels = {"scope": scope, "cause": cause}
    return metrics.REGISTRY.get_sample_value("doorstep_mirror_rebuilds_total", labels) or 0.0


def test_p30_a_digest_follows_every_kind_of_change(house: House) -> None:
    """A day of a list: what a handheld pulls after each step is held against the digest, and so is the database."""
    full(house)
    phone, other = house.phone(), house.phone(house.cast.bei)
    steps = [
        lambda: None,
        lambda: phone.delivers("SF0"),
        lambda: house.tell("task.noted", f"task:{task_id('SF1')}", {"text": "门铃坏了"}),
        lambda: house.reassign(task_id("SF1"), house.cast.liang, house.cast.bei),
        lambda: house.reassign(task_id("SF1"), house.cast.bei, house.cast.liang),
        lambda: house.cancel(task_id("SF2")),
        lambda: house.decide(phone.delivers("SF2")["conflict"], "mine"),
        lambda: phone.fails("SF3"),
        lambda: phone.sends("shift.started", shift, {"station": house.cast.home.id, "tasks": 5}),
        lambda: phone.sends("shift.closed", shift, COUNTS),
    ]
    shift = f"shift:{uuid7()}"
    for step in steps:
        step()
        phone.pull(), other.pull()
        assert house.audit() == []
    assert 0 < len(phone.rows()) < 5
    assert phone.notices()


def test_p30_the_digest_comes_with_the_final_page_alone(house: House) -> None:
    full(house)
    phone = house.phone()
    first = page(phone, limit=2)
    assert (first["final"], first["digest"]) == (False, None)
    last = page(phone, first["to"], first["ceiling"])
    assert (last["final"], last["digest"]["count"]) == (True, 5)


def test_p30_a_walk_below_a_pinned_ceiling_has_no_digest_when_more_has_been_written(house: House) -> None:
    full(house)
    phone = house.phone()
    first = page(phone, limit=2)
    house.tell("task.noted", f"task:{task_id('SF0')}", {"text": "meanwhile"})
    last = page(phone, first["to"], first["ceiling"])
    assert (last["final"], last["digest"]) == (True, None)
    assert page(phone, last["to"])["digest"]["count"] == 5


def test_p30_the_row_that_counts_is_the_one_that_is_pulled(house: House) -> None:
    """A changed request changes rows, not tasks: their revision moves, and with it the digest."""
    full(house, 1)
    phone = house.phone()
    before = page(phone)
    phone.pull()
    record = house.record(f"task:{task_id('SF0')}")
    assert record is not None
    wish = {"request": uuid7(), "kind": "no_ring", "text": "别按门铃", "active": True}
    house.tell("customer.request_set", f"customer:{record['customer']}", wish)
    after = page(phone)
    assert after["digest"] != before["digest"]
    assert after["rows"][0]["rev"] > before["rows"][0]["rev"]
    phone.pull()


def test_p30_a_row_somebody_changed_past_the_services_is_named(house: House) -> None:
    full(house, 2)
    house.sound = False

    def tamper() -> None:
        with transaction() as session:
            session.execute(text("UPDATE projections SET rev = rev + 1 WHERE entity LIKE 'task:%'"))

    house.inside(tamper)
    [finding] = house.audit()
    assert (finding.kind, finding.about) == ("digest", f"courier:{house.cast.liang.id}")
    assert finding.said.startswith("2 rows, sum ")


def test_p30_a_removal_of_what_was_never_there_changes_no_digest(house: House) -> None:
    scope = f"courier:{uuid7()}"

    def removes() -> None:
        with transaction():
            scopes.move([Move(scope, f"task:{uuid7()}", False, "reassigned")], {})

    house.inside(removes)
    assert house.audit() == []


def test_p30_why_a_scope_is_pulled_anew_is_counted(house: House) -> None:
    phone = house.phone()
    before = rebuilds("courier", "digest"), rebuilds("courier", "nonsense")
    phone.exchange(rebuilding={phone.scope: "digest", "courier:somebody": "digest"})
    phone.exchange(rebuilding={phone.scope: "nonsense"})
    assert (rebuilds("courier", "digest"), rebuilds("courier", "nonsense")) == (before[0] + 1, before[1])


def test_p30_digest_and_version_are_one_statement_for_all_scopes(house: House) -> None:
    """What an exchange costs is counted: epoch, versions, floors and digests ride together."""
    full(house, 2)
    phone = house.phone()
    phone.pull()
    with heard(house.app) as said:
        phone.exchange(cursors=phone.cursors)
    assert len([one for one in said if "scopes" in one or "epochs" in one]) == 1
