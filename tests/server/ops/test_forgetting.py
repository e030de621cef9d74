"""Removals are kept for ninety days; who comes back after longer begins anew, and loses nothing of his own (P29)."""

from __future__ import annotations

from server.auth import service
from server.core import metrics
from server.core.db import transaction
from server.core.ids import uuid7
from server.ops.forgetting import KEPT_MS, forget_removals
from server.ops.models import ScopeEntity
from server.wiring import PERIODIC
from tests.builders import task_id
from tests.server.ops.house import House, Phone

DAY = 86_400_000


def first_page(phone: Phone, cursor: int | None = None, **over: object) -> dict:
    cursors = phone.cursors if cursor is None else {phone.scope: cursor}
    return dict(phone.exchange(cursors=cursors, **over)["pull"]["scopes"][0])


def away_with_one(house: House) -> Phone:
    """A handheld with two tasks that has not heard that one of them is somebody else's now."""
    house.assigned("SF1"), house.assigned("SF2")
    phone = house.phone()
    phone.pull()
    house.reassign(task_id("SF1"), house.cast.liang, house.cast.bei)
    return phone


def logs_in_again(house: House, phone: Phone) -> None:
    """Nobody's login lasts so long; the device's own credential does (P34)."""

    def code() -> str:
        with transaction():
            key = house.app.extensions["doorstep_settings"].secret_key
            return service.issue_code(phone.courier, issued_by=None, key=key).code

    answer = phone.handheld.post("/api/v1/devices/login", json={"code": house.inside(code)})
    assert answer.status_code == 200, answer.text
    phone.handheld.session = answer.json["session"]


def ninety_one_days_later(house: House, phone: Phone) -> None:
    house.clock.advance(ms=91 * DAY)
    house.inside(forget_removals)
    logs_in_again(house, phone)


def rebuilds(cause: str) -> float:
    labels = {"scope": "courier", "cause": cause}
    return metrics.REGISTRY.get_sample_value("doorstep_mirror_rebuilds_total", labels) or 0.0


def test_p29_a_removal_lives_for_ninety_days(house: House) -> None:
    phone = away_with_one(house)
    house.clock.advance(ms=KEPT_MS - 1_000)
    house.inside(forget_removals)
    logs_in_again(house, phone)
    assert len(house.listed(phone.scope)) == 2
    page = first_page(phone)
    assert (page["reset"], [row["present"] for row in page["rows"]]) == (False, [False])


def test_p29_a_handheld_ninety_one_days_away_begins_anew_and_loses_nothing_of_its_own(house: House) -> None:
    phone = away_with_one(house)
    phone.tape.record("task.noted", f"task:{task_id('SF1')}", {"text": "far from everything"})
    phone.tape.delivered("SF2")
    ninety_one_days_later(house, phone)
    before = rebuilds("floor")
    page = first_page(phone)
    assert (page["from"], page["reset"]) == (0, True)
    assert [row["entity"] for row in page["rows"]] == [f"task:{task_id('SF2')}"]
    phone.pull()
    assert rebuilds("floor") == before + 2
    assert [result["status"] for result in phone.push()] == ["applied", "applied"]
    phone.pull()
    assert list(phone.rows()) == [f"task:{task_id('SF2')}"]
    assert phone.rows()[f"task:{task_id('SF2')}"]["task"]["status"] == "delivered"
    record = house.record(f"task:{task_id('SF1')}")
    assert record is not None and record["notes"][0]["text"] == "far from everything"


def test_p6_p29_an_app_of_the_first_version_comes_back_after_ninety_one_days(house: House) -> None:
    """Its requests know neither scope nor source, its frames neither `last_seq` nor a boot, its login is long over."""
    phone = away_with_one(house)
    record = house.record(f"task:{task_id('SF2')}")
    assert record is not None
    wish = {"request": uuid7(), "kind": "no_ring", "text": "宝宝在睡觉", "active": True}
    asked = phone.tape.record("customer.request_set", f"customer:{record['customer']}", wish)
    phone.tape.failed("SF1"), phone.tape.delivered("SF2")
    house.clock.advance(ms=91 * DAY)
    house.inside(forget_removals)

    answer = phone.exchange(phone.tape.envelopes, cursors=phone.cursors)
    assert answer["pull"] == {"state": "login_required", "scopes": []}
    assert [result["status"] for result in answer["results"]] == ["applied", "conflict", "applied"]
    [kept] = house.log(type="customer.request_set")
    assert (kept.envelope, kept.breaks_chain) == (asked, None)
    customer = house.record(f"customer:{record['customer']}")
    assert customer is not None
    [request] = [one for one in customer["requests"] if one["id"] == wish["request"]]
    assert (request["state"], request["source"], request["scope"]) == ("proposed", "courier", "always")
    assert [case["kind"] for case in house.cases()] == ["reassigned"]

    logs_in_again(house, phone)
    phone.acked = answer["head_seq"]
    phone.pull()
    [row] = phone.rows().values()
    assert (row["task"]["status"], house.parked()) == ("delivered", [])
    assert wish["request"] in [one["id"] for one in row["customer"]["requests"]]


def test_p29_begins_anew_page_by_page(house: House) -> None:
    phone = away_with_one(house)
    for number in range(5):
        house.assigned(f"NEW{number}", phone=f"1390000000{number}")
    house.reassign(task_id("NEW4"), house.cast.liang, house.cast.bei)
    ninety_one_days_later(house, phone)
    phone.pull(limit=2)
    assert len(phone.rows()) == 5
    assert house.listed(phone.scope).keys() == phone.rows().keys()


def test_p29_a_younger_removal_stays_and_whoever_has_seen_the_older_is_told_of_it(house: House) -> None:
    phone = away_with_one(house)
    phone.pull()
    house.clock.advance(ms=10 * DAY)
    house.reassign(task_id("SF2"), house.cast.liang, house.cast.bei)
    house.clock.advance(ms=85 * DAY)
    house.inside(forget_removals)
    logs_in_again(house, phone)
    page = first_page(phone)
    assert (page["reset"], [row["entity"] for row in page["rows"]]) == (False, [f"task:{task_id('SF2')}"])
    assert first_page(phone, 2)["reset"] is True


def test_p29_whoever_had_seen_the_removals_goes_on_as_before(house: House) -> None:
    phone = away_with_one(house)
    phone.pull()
    ninety_one_days_later(house, phone)
    page = first_page(phone)
    assert (page["reset"], page["rows"]) == (False, [])
    assert first_page(phone, 0)["reset"] is False


def test_p29_a_task_that_came_back_is_no_removal(house: House) -> None:
    phone = away_with_one(house)
    house.reassign(task_id("SF1"), house.cast.bei, house.cast.liang)
    house.clock.advance(ms=91 * DAY)
    house.inside(forget_removals)
    assert sorted(house.listed(phone.scope).values()) == [(True, None), (True, None)]
    assert house.listed(f"courier:{house.cast.bei.id}") == {}
    assert house.count(ScopeEntity) == 2


def test_p29_a_cursor_of_a_scope_nobody_knows_or_from_the_future_begins_anew(house: House) -> None:
    phone = house.phone()
    before = rebuilds("ahead")
    page = first_page(phone, 7)
    assert (page["from"], page["to"], page["final"], page["reset"], page["rows"]) == (0, 0, True, True, [])
    assert page["digest"] == {"count": 0, "sum": 0}
    house.assigned("SF1")
    page = first_page(phone, 7)
    assert (page["reset"], page["to"], len(page["rows"])) == (True, 1, 1)
    assert rebuilds("ahead") == before + 2


def test_p29_the_worker_forgets_every_day() -> None:
    [job] = [job for job in PERIODIC if job.run is forget_removals]
    assert job.every_ms == DAY
