"""Text messages by a gateway: who gets one, what it says, once; and a courier whose question can reach nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from server.core import pins
from server.core.config import ConfigError, Settings
from server.core.ids import uuid7
from server.core.outbox import OutboxRow
from server.notifications import policy
from server.notifications.channels.sms import Gateway
from tests.server.notifications.scene import Scene
from tests.server.notifications.strangers import Stranger, hang, say
from tests.server.ops.house import WAYBILL, House, Phone

sqlite_only = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
PUBLIC = "https://doorstep.example"
PATH = "/send"


@pytest.fixture
def gateway() -> Iterator[Stranger]:
    with Stranger() as made:
        yield made


@pytest.fixture
def texting(scene: Scene, gateway: Stranger) -> Iterator[Scene]:
    """The house of the scene with a gateway."""
    settings = replace(
        scene.app.extensions["doorstep_settings"],
        sms_url=gateway.url + PATH,
        sms_token="geheim",
        public_url=PUBLIC,
    )
    made = Gateway(settings)
    made._rules = replace(made._rules, limit_s=0.5)
    scene.app.extensions.update(doorstep_settings=settings, doorstep_sms=made)
    yield scene
    scene.app.extensions.pop("doorstep_sms", None)


def sent(gateway: Stranger) -> list[dict[str, Any]]:
    return [json.loads(got.body) for got in list(gateway.requests)]


def asks(phone: Phone, task: str) -> dict[str, Any]:
    return phone.sends("task.consent_asked", f"task:{task}", {"kind": "neighbour"})


def told(phone: Phone) -> list[str]:
    phone.pull()
    return [one["kind"] for one in phone.notices()]


@sqlite_only
def test_who_has_no_browser_is_told_by_a_text_that_says_where_to_look(
    house: House, texting: Scene, gateway: Stranger
) -> None:
    task = house.assigned()
    house.phone().sends("task.out_for_delivery", f"task:{task}", {})
    texting.work()
    [text] = sent(gateway)
    assert (text["to"], text["lang"], text["kind"]) == ("+8613800000001", "zh", "out_for_delivery")
    assert text["text"].startswith(
        "包裹正在派送。尾号 0001 的包裹。点开看什么时候到。 https://doorstep.example/t/"
    )
    page = texting.app.test_client().get(text["text"].rsplit(PUBLIC)[1])
    assert page.status_code == 200
    [got] = gateway.requests
    assert got.path == PATH
    assert got.headers["authorization"] == "Bearer geheim"
    assert got.headers["idempotency-key"] == text["id"]
    assert [word for word in ("王小明", "文三路", WAYBILL) if word in text["text"]] == []


@sqlite_only
def test_where_a_code_is_asked_for_the_text_says_so_and_the_page_shows_it(
    house: House, texting: Scene, gateway: Stranger
) -> None:
    task = house.assigned(pin_required=True)
    house.phone().sends("task.out_for_delivery", f"task:{task}", {})
    texting.work()
    [text] = sent(gateway)
    code = house.inside(lambda: pins.of_task(task))
    assert "取件码" in text["text"] and code not in text["text"]
    page = texting.app.test_client().get(text["text"].rsplit(PUBLIC)[1])
    assert code in page.text.replace(" ", "")


@sqlite_only
def test_who_has_a_browser_is_not_sent_texts_as_well(house: House, texting: Scene, gateway: Stranger) -> None:
    task = house.assigned()
    browser = texting.customer(task)
    house.phone().delivers()
    texting.work()
    assert [one["kind"] for one in browser.shown()] == ["delivered"]
    assert sent(gateway) == []


@pytest.mark.parametrize(
    ("kind", "op_type", "status"),
    [
        ("delivery", "task.held", "held"),
        ("delivery", "task.returned", "returned"),
        ("pickup", "task.picked_up", "picked_up"),
    ],
)
@sqlite_only
def test_held_returned_and_picked_up_are_told_too(
    house: House, texting: Scene, gateway: Stranger, kind: str, op_type: str, status: str
) -> None:
    task = house.assigned(kind=kind)
    payload: dict[str, Any] = {"reason": "UNCLAIMED", "note": None, "photos": []}
    if kind == "pickup":
        payload = {"pieces": 1, "weight_g": None, "photos": [], "waybill": None}
    assert house.phone().sends(op_type, f"task:{task}", payload)["status"] == "applied"
    texting.work()
    assert [one["kind"] for one in sent(gateway)] == [status]
    page = texting.app.test_client().get(sent(gateway)[0]["text"].rsplit(PUBLIC)[1])
    assert page.status_code == 200


@pytest.mark.parametrize("phone", ["0571-88880000", "", "12345"])
@sqlite_only
def test_a_landline_is_sent_nothing(house: House, texting: Scene, gateway: Stranger, phone: str) -> None:
    task = house.assigned(phone=phone)
    handheld = house.phone()
    handheld.delivers()
    texting.work()
    assert sent(gateway) == []
    assert house.record(f"task:{task}") is not None


@sqlite_only
def test_who_wants_no_notices_gets_no_text_and_the_courier_hears_that_nobody_can_be_asked(
    house: House, texting: Scene, gateway: Stranger
) -> None:
    task = house.assigned()
    record = house.record(f"task:{task}")
    assert record is not None
    refused = {"consent": uuid7(), "kind": "notices", "given": False, "source": "customer", "note": None}
    house.tell("customer.consent_set", f"customer:{record['customer']}", refused)
    phone = house.phone()
    asks(phone, task)
    assert told(phone) == ["unreached"]
    texting.work()
    assert sent(gateway) == []


def test_a_question_nobody_can_be_asked_is_answered_in_the_same_exchange(house: House, scene: Scene) -> None:
    """No gateway, no browser: the courier does not wait for an answer that cannot come."""
    task = house.assigned()
    phone = house.phone()
    result = asks(phone, task)
    assert result["status"] == "applied"
    phone.pull()
    [notice] = phone.notices()
    assert (notice["kind"], notice["op_id"], notice["task"]) == ("unreached", result["op_id"], task)
    assert notice["waybill"] == WAYBILL
    scene.work()
    assert told(phone) == ["unreached"]


@sqlite_only
def test_a_question_goes_out_as_a_text_and_is_answered_on_the_page(
    house: House, texting: Scene, gateway: Stranger
) -> None:
    task = house.assigned()
    phone = house.phone()
    asks(phone, task)
    assert told(phone) == []
    texting.work()
    [text] = sent(gateway)
    assert text["kind"] == "consent_asked"
    page = texting.app.test_client().get(text["text"].rsplit(PUBLIC)[1])
    assert "邻居" in page.text


@sqlite_only
def test_a_gateway_that_refuses_the_number_is_no_reason_to_wait(
    house: House, texting: Scene, gateway: Stranger
) -> None:
    gateway.script[PATH] = [say(422)]
    task = house.assigned()
    phone = house.phone()
    asks(phone, task)
    texting.work()
    assert gateway.times(PATH) == 1
    assert told(phone) == ["unreached"]
    [dead] = house.desk().get("/api/v1/notices/dead").json["notices"]
    assert (dead["kind"], dead["to"], dead["reason"]) == ("consent_asked", "customer", "answer_422")


@sqlite_only
def test_a_gateway_that_stays_away_is_asked_again_under_the_same_id_and_the_courier_told_meanwhile(
    house: House, texting: Scene, gateway: Stranger
) -> None:
    gateway.script[PATH] = [hang, say(500), say(429, {"Retry-After": "30"}), say(202)]
    task = house.assigned()
    phone = house.phone()
    asks(phone, task)
    for _ in range(8):
        texting.work(ms=20_000)
    assert [one["id"] for one in sent(gateway)] == [sent(gateway)[0]["id"]] * 4
    assert told(phone) == ["unreached"]
    texting.work(ms=3_600_000)
    assert gateway.times(PATH) == 4


@sqlite_only
def test_a_browser_that_is_gone_for_good_is_replaced_by_a_text(
    house: House, texting: Scene, gateway: Stranger
) -> None:
    task = house.assigned()
    browser = texting.customer(task)
    browser.then(say(410))
    phone = house.phone()
    asks(phone, task)
    texting.work()
    assert [one["kind"] for one in sent(gateway)] == ["consent_asked"]
    assert told(phone) == []


@sqlite_only
def test_a_browser_that_is_gone_for_good_with_nothing_in_its_place_is_told_to_who_asked(
    house: House, scene: Scene
) -> None:
    task = house.assigned()
    scene.customer(task).then(say(410))
    phone = house.phone()
    asks(phone, task)
    assert told(phone) == []
    scene.work()
    assert told(phone) == ["unreached"]


@sqlite_only
def test_what_is_taken_back_is_corrected_by_a_text(house: House, texting: Scene, gateway: Stranger) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.delivers()
    texting.work()
    payload = {"corrects": phone.tape.envelopes[-1]["op_id"], "error": "did_not_occur", "note": None}
    phone.sends("operation.corrected", f"task:{task}", payload)
    texting.work(ms=20_000)
    assert [one["kind"] for one in sent(gateway)] == ["delivered", "correction"]


@sqlite_only
def test_neither_numbers_nor_links_are_kept_or_logged(
    house: House, texting: Scene, gateway: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    house.assigned()
    house.phone().delivers()
    texting.work()
    [text] = sent(gateway)
    rows = texting._all(select(OutboxRow))
    kept = json.dumps([[row.payload, row.last_error] for row in rows], ensure_ascii=False)
    kept += json.dumps([vars(row) for row in texting.messages()], default=str) + capsys.readouterr().err
    link = text["text"].rsplit("/t/")[1]
    assert [word for word in ("13800000001", link, "geheim") if word in kept] == []


@sqlite_only
def test_a_message_of_the_station_wakes_the_closed_app_and_says_nothing_on_the_lock_screen(
    house: House, scene: Scene
) -> None:
    (_, zh), (_, en) = scene.handheld(), scene.handheld(house.cast.bei, "en")
    payload = {
        "station": house.cast.home.id,
        "to": [house.cast.liang.id, house.cast.bei.id],
        "task": None,
        "text": "北门封路，请走东门",
    }
    entity = f"message:{uuid7()}"
    assert house.tell("message.sent", entity, payload)["status"] == "applied"
    scene.work()
    [one], [other] = zh.shown(), en.shown()
    assert (one["kind"], one["title"], one["url"]) == ("courier_message", "站点发来消息", "/#/news")
    assert other["title"] == "A message from the station"
    assert "北门" not in json.dumps([one, other], ensure_ascii=False)
    assert {got.headers["urgency"] for got in scene.stranger.requests} == {"high"}
    house.tell("message.sent", entity, payload | {"text": "改走西门"})
    scene.work()
    assert len(zh.shown()) == 1, "sent twice it is one message"


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("138 0000 0001", "+8613800000001"),
        ("+86 138-0000-0001", "+8613800000001"),
        ("008613800000001", "+8613800000001"),
        ("+44 7700 900123", "+447700900123"),
        ("0571-88880000", None),
        ("+86 571 88880000", None),
        ("13800000001 转 3", None),
        ("12800000001", None),
        ("", None),
    ],
)
def test_which_numbers_can_get_a_text(phone: str, number: str | None) -> None:
    assert policy.mobile_of(phone) == number


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("http://sms.example.com/send", PUBLIC),
        ("https://10.0.0.5/send", PUBLIC),
        ("https://user@sms.example.com/send", PUBLIC),
        ("http://192.168.0.4:8080/send", PUBLIC),
        ("https://sms.example.com/send", ""),
    ],
)
def test_a_gateway_that_cannot_be_meant_is_refused_at_the_start(tmp_path: Any, url: str, public: str) -> None:
    source = {"DOORSTEP_DATA": str(tmp_path), "DOORSTEP_SMS_URL": url, "DOORSTEP_URL": public}
    with pytest.raises(ConfigError, match="DOORSTEP_SMS_URL"):
        Settings.from_env(source)
    fine = Settings.from_env(
        source | {"DOORSTEP_SMS_URL": "http://127.0.0.1:9000/send", "DOORSTEP_URL": PUBLIC}
    )
    assert fine.sms_url == "http://127.0.0.1:9000/send"
