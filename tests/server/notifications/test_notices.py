"""From the fact to the phone: who is told what, once, and what is taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from server.core import logs
from server.core.ids import uuid7
from tests.builders import draft, parcel_id, request_draft
from tests.server.notifications.scene import Scene
from tests.server.notifications.strangers import drip, hang, say
from tests.server.ops.house import WAYBILL, House, Phone

sqlite_only = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
PERSONAL = ("王小明", "13800000001", "文三路", "文三小区", "502 室", WAYBILL)


def on_the_road(house: House) -> tuple[str, Phone]:
    """A task that is with its courier; its id and his handheld."""
    task = house.assigned()
    return task, house.phone()


def kinds(shown: list[dict[str, Any]]) -> list[str]:
    return [one["kind"] for one in shown]


def corrected(phone: Phone, op: dict[str, Any]) -> None:
    payload = {"corrects": op["op_id"], "error": "did_not_occur", "note": "wrong door"}
    assert phone.sends("operation.corrected", op["entity"], payload)["status"] == "applied"


@sqlite_only
def test_a_customer_hears_of_each_step_in_her_language(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    zh, en = scene.customer(task), scene.customer(task, "en")
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    scene.work()
    phone.fails()
    scene.work()
    assert kinds(zh.shown()) == kinds(en.shown()) == ["out_for_delivery", "attempt_failed"]
    first, second = zh.shown()
    assert (first["title"], first["body"]) == ("包裹正在派送", "尾号 0001 的包裹。点开看什么时候到。")
    assert en.shown()[0]["title"] == "Your parcel is out for delivery"
    assert en.shown()[0]["body"] == "Parcel ending in 0001. Tap to see when it comes."
    assert first["tag"] == second["tag"] and first["id"] != second["id"]
    assert first["url"].startswith("/t/") and len(first["url"]) >= 3 + 22
    answer = scene.app.test_client().get("/api/v1/push/key")
    assert len(answer.json["key"]) == 87


@pytest.fixture
def talkative(scene: Scene) -> Iterator[None]:
    """Everything that is ever logged is logged."""
    settings = scene.app.extensions["doorstep_settings"]
    logs.configure(replace(settings, log_level="debug"))
    yield
    logs.configure(settings)


def test_what_is_sent_kept_or_logged_holds_nobodys_name_phone_address_or_whole_waybill(
    house: House, scene: Scene, talkative: None, capsys: pytest.CaptureFixture[str]
) -> None:
    task, phone = on_the_road(house)
    browsers = [
        scene.customer(task),
        scene.customer(task, "en"),
        scene.handheld()[1],
        scene.handheld(None, "en")[1],
    ]
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    scene.work()
    phone.delivers()
    scene.work()
    corrected(phone, phone.tape.envelopes[-1])
    scene.work()
    house.tell(
        "task.window_changed",
        f"task:{task}",
        {"window_start": None, "window_end": None},
        base={"window_start": None, "window_end": None},
    )
    scene.work(ms=20_000)
    said = json.dumps([browser.shown() for browser in browsers], ensure_ascii=False)
    kept = json.dumps([[row.payload, row.last_error] for row in scene.pushes()], ensure_ascii=False)
    assert "0001" in said and "correction" in said and "task_new" in said
    logged = capsys.readouterr().err
    assert '"event": "push"' in logged and "request" in logged
    assert [word for word in PERSONAL if word in said + kept + logged] == []
    secrets = [browser.path for browser in browsers] + [one["url"] for one in browsers[0].shown()]
    assert [word for word in secrets if word in kept + logged] == [], "neither endpoints nor tracking links"


@sqlite_only
def test_the_push_service_learns_only_what_it_needs(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    phone.delivers()
    scene.work()
    (got,) = scene.stranger.requests
    assert got.headers["content-encoding"] == "aes128gcm"
    assert got.headers["content-type"] == "application/octet-stream"
    assert 0 < int(got.headers["ttl"]) <= 24 * 3600
    assert got.headers["urgency"] == "normal"
    assert len(got.headers["topic"]) == 32
    assert got.headers["authorization"].startswith("vapid t=")
    assert b"/t/" not in got.body and task.encode() not in got.body
    assert kinds(browser.shown()) == ["delivered"]


@sqlite_only
def test_nobody_who_did_not_ask_for_it_hears_anything(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    other = house.assigned("SF2000000002")
    elsewhere = scene.customer(other)
    stranger = scene.customer(task, customer=uuid7())
    phone.delivers()
    scene.work()
    assert elsewhere.shown() == stranger.shown() == []
    assert scene.stranger.connections == 0


def test_a_customer_who_wants_no_notices_gets_none(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    record = house.record(f"task:{task}")
    assert record is not None

    def consents(given: bool) -> None:
        payload = {"consent": uuid7(), "kind": "notices", "given": given, "source": "customer", "note": None}
        result = house.tell("customer.consent_set", f"customer:{record['customer']}", payload)
        assert result["status"] == "applied", result

    consents(False)
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    scene.work()
    assert browser.shown() == []
    consents(True)
    phone.fails()
    scene.work()
    assert kinds(browser.shown()) == ["attempt_failed"]


@sqlite_only
def test_a_refusal_that_comes_while_a_notice_waits_is_obeyed(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    browser.then(say(500), say(201))
    phone.delivers()
    scene.work()
    record = house.record(f"task:{task}")
    assert record is not None
    payload = {"consent": uuid7(), "kind": "notices", "given": False, "source": "customer", "note": None}
    house.tell("customer.consent_set", f"customer:{record['customer']}", payload)
    scene.work(ms=60_000)
    assert scene.stranger.times(browser.path) == 1
    assert [message.state for message in scene.messages()] == ["gone"]


def test_a_withdrawn_outcome_that_was_not_told_is_not_told_any_more(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    browser.then(say(503), say(201))
    phone.delivers()
    scene.work()
    corrected(phone, phone.tape.envelopes[-1])
    scene.work(ms=3_600_000)
    assert scene.stranger.times(browser.path) == 1, "only the attempt that was refused"
    assert [message.state for message in scene.messages()] == ["withdrawn"]


@sqlite_only
def test_a_withdrawal_that_is_worked_on_first_stops_the_notice_too(house: House, scene: Scene) -> None:
    """Both lie in the outbox when the worker comes; whichever it takes first, nothing false is told."""
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    phone.delivers()
    corrected(phone, phone.tape.envelopes[-1])
    scene.work()
    assert "delivered" not in kinds(browser.shown()) or kinds(browser.shown())[-1] == "correction"


def test_a_withdrawn_outcome_that_was_told_is_corrected_in_its_place(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    phone.delivers()
    scene.work()
    later = scene.customer(task)
    corrected(phone, phone.tape.envelopes[-1])
    scene.work()
    told, correction = browser.shown()
    assert (told["kind"], correction["kind"]) == ("delivered", "correction")
    assert told["tag"] == correction["tag"]
    assert correction["title"] == "更正：上一条通知有误"
    assert later.shown() == [], "who was not told wrong needs no correction"


@sqlite_only
def test_who_may_have_been_told_is_corrected_too_and_later(house: House, scene: Scene) -> None:
    """The push service took the notice and we never heard: the correction goes out after the flight."""
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    browser.then(hang, say(201))
    phone.delivers()
    scene.work()
    corrected(phone, phone.tape.envelopes[-1])
    scene.work()
    assert kinds(browser.shown()) == ["delivered"]
    scene.work(ms=20_000)
    assert kinds(browser.shown()) == ["delivered", "correction"]


@sqlite_only
def test_a_desks_decision_against_the_handheld_is_a_withdrawal_too(house: House, scene: Scene) -> None:
    task = house.assigned()
    phone = house.phone()
    browser = scene.customer(task)
    house.cancel(task)
    result = phone.delivers()
    scene.work()
    assert kinds(browser.shown()) == ["delivered"]
    house.decide(result["conflict"], "theirs")
    scene.work()
    assert kinds(browser.shown()) == ["delivered", "correction"]


@sqlite_only
def test_a_newer_notice_replaces_an_older_one_that_still_waits(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    browser.then(say(503), say(201))
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    scene.work()
    phone.delivers()
    scene.work(ms=3_600_000)
    assert kinds(browser.shown()) == ["out_for_delivery", "delivered"]
    assert scene.stranger.times(browser.path) == 2, "the older one was not tried again"


def test_a_courier_hears_once_of_a_morning_of_assignments(house: House, scene: Scene) -> None:
    _, zh = scene.handheld()
    _, en = scene.handheld(None, "en")
    tasks = [house.assigned(f"SF30000000{number:02}") for number in range(12)]
    scene.work()
    assert zh.shown() == [], "what comes within three seconds is told at once"
    scene.work(ms=4_000)
    (told,) = zh.shown()
    assert (told["kind"], told["title"], told["url"]) == ("task_new", "新任务 12 个", "/#/")
    assert [one["title"] for one in en.shown()] == ["12 new tasks"]
    house.cancel(tasks[0])
    scene.work(ms=4_000)
    (_, changed) = zh.shown()
    assert (changed["kind"], changed["url"]) == ("task_changed", f"/#/task/{tasks[0]}")
    house.reassign(tasks[1], house.cast.liang, house.cast.bei)
    scene.work(ms=4_000)
    removed = zh.shown()[-1]
    assert (removed["kind"], removed["title"], removed["url"]) == ("task_removed", "1 个任务已撤走", "/#/")


@sqlite_only
def test_one_new_task_opens_by_a_tap(house: House, scene: Scene) -> None:
    _, browser = scene.handheld()
    task = house.assigned()
    scene.work(ms=4_000)
    (told,) = browser.shown()
    assert (told["title"], told["body"], told["url"]) == ("新任务 1 个", "点开查看", f"/#/task/{task}")
    assert scene.stranger.requests[0].headers["urgency"] == "high"


@sqlite_only
def test_a_task_that_came_and_went_is_no_news(house: House, scene: Scene) -> None:
    _, browser = scene.handheld()
    task = house.assigned()
    house.reassign(task, house.cast.liang, house.cast.bei)
    scene.work()
    scene.work(ms=60_000)
    assert browser.shown() == []


@sqlite_only
def test_his_own_work_wakes_nobody(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    scene.work(ms=60_000)
    _, browser = scene.handheld()
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    phone.delivers()
    scene.work(ms=60_000)
    assert browser.shown() == []


@sqlite_only
def test_a_customers_new_request_reaches_the_courier_on_the_road(house: House, scene: Scene) -> None:
    task, _ = on_the_road(house)
    scene.work(ms=60_000)
    _, browser = scene.handheld()
    record = house.record(f"task:{task}")
    assert record is not None
    [result] = house.desk().submit(request_draft(record["customer"]))
    assert result["status"] == "applied", result
    scene.work(ms=4_000)
    assert kinds(browser.shown()) == ["task_changed"]


@sqlite_only
def test_a_handheld_that_was_taken_away_hears_nothing(house: House, scene: Scene) -> None:
    held, browser = scene.handheld()
    house.assigned()
    answer = house.desk().post(f"/api/v1/devices/{held.device}/revoke")
    assert answer.status_code == 204
    scene.work(ms=4_000)
    assert browser.shown() == []
    assert [message.state for message in scene.messages()] == ["gone"]


@sqlite_only
def test_a_slow_answer_counts_when_its_status_has_come(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    browser = scene.customer(task)

    def slowly(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n")
        drip(b"x" * 100)(connection)

    browser.then(slowly)
    phone.delivers()
    scene.work()
    scene.work(ms=60_000)
    assert scene.stranger.times(browser.path) == 1
    assert [message.state for message in scene.messages()] == ["sent"]


@sqlite_only
def test_a_scan_or_a_note_is_nobodys_news(house: House, scene: Scene) -> None:
    task, phone = on_the_road(house)
    browser = scene.customer(task)
    phone.sends(
        "parcel.scanned",
        f"parcel:{parcel_id(WAYBILL)}",
        {"code": WAYBILL, "source": "wedge", "verdict": "mine"},
    )
    house.desk().submit(draft("task.noted", f"task:{task}", {"text": "门禁坏了"}))
    scene.work(ms=60_000)
    assert browser.shown() == []
