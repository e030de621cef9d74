"""A handheld that lost operations, and one that says it has none left: the server knows how far each log goes (P32)."""

from __future__ import annotations

from server.core.ids import uuid7
from tests.server.ops.house import House, Phone


def said(phone: Phone, last_seq: int | None, **over: object) -> dict:
    extra = {} if last_seq is None else {"last_seq": last_seq}
    return phone.exchange(**extra, **over)


def incidents(house: House) -> list[dict]:
    return [case for case in house.cases() if case["kind"] == "device_lost"]


def sends_two(house: House) -> Phone:
    task = house.assigned()
    phone = house.phone()
    phone.tape.record("task.noted", f"task:{task}", {"text": "one"})
    phone.tape.record("task.noted", f"task:{task}", {"text": "two"})
    phone.push()
    return phone


def device_of(house: House, phone: Phone) -> dict:
    devices = house.desk().get("/api/v1/devices").json["devices"]
    return next(device for device in devices if device["id"] == phone.handheld.device)


def test_p32_the_server_knows_how_far_each_log_goes_and_what_still_waits(house: House) -> None:
    phone = sends_two(house)
    answer = said(phone, 5)
    assert answer["head_seq"] == 2
    shown = device_of(house, phone)
    assert (shown["head_seq"], shown["waiting"], shown["incarnation"]) == (2, 3, phone.tape.incarnation)
    said(phone, 2)
    assert device_of(house, phone)["waiting"] == 0


def test_p32_a_new_local_database_while_operations_were_still_due_opens_an_incident(house: House) -> None:
    phone = sends_two(house)
    said(phone, 5)
    old, phone.tape.incarnation = phone.tape.incarnation, uuid7()
    said(phone, 0)
    [incident] = incidents(house)
    assert (incident["mine"]["first_seq"], incident["mine"]["last_seq"], incident["mine"]["operations"]) == (
        3,
        5,
        3,
    )
    assert incident["mine"]["incarnation"] == old
    assert (incident["mine_author_name"], incident["outcomes"]) == ("阿良", ["noted"])
    said(phone, 0), said(phone, 0)
    assert len(incidents(house)) == 1
    assert house.decide(incident["id"], "noted")["status"] == "applied"
    phone.pull()
    assert [notice["case_kind"] for notice in phone.notices()] == ["device_lost"]


def test_p32_a_new_local_database_after_everything_had_arrived_is_no_incident(house: House) -> None:
    phone = sends_two(house)
    said(phone, 2)
    phone.tape.incarnation = uuid7()
    said(phone, 0)
    assert incidents(house) == []


def test_p32_a_storage_that_went_back_in_time_opens_an_incident(house: House) -> None:
    phone = sends_two(house)
    said(phone, 9)
    said(phone, 6)
    [incident] = incidents(house)
    assert (incident["mine"]["first_seq"], incident["mine"]["last_seq"]) == (7, 9)
    said(phone, 6)
    assert len(incidents(house)) == 1


def test_p32_going_back_only_behind_what_the_server_holds_loses_nothing(house: House) -> None:
    phone = sends_two(house)
    said(phone, 2)
    said(phone, 1)
    assert incidents(house) == []


def test_p32_a_handheld_that_does_not_say_how_far_its_log_goes_has_lost_nothing(house: House) -> None:
    phone = sends_two(house)
    said(phone, 5)
    said(phone, None)
    assert incidents(house) == []
    assert device_of(house, phone)["waiting"] == 3
    said(phone, 4)
    assert [case["mine"]["operations"] for case in incidents(house)] == [1]


def test_p32_the_rest_of_a_log_may_still_come_and_is_taken(house: House) -> None:
    phone = sends_two(house)
    said(phone, 4)
    task = phone.tape.envelopes[0]["entity"]
    phone.tape.record("task.noted", task, {"text": "three"})
    phone.tape.record("task.noted", task, {"text": "four"})
    assert [result["status"] for result in phone.push()] == ["applied", "applied"]
    said(phone, 4)
    assert incidents(house) == []


def test_p32_two_local_databases_keep_two_counts(house: House) -> None:
    phone = sends_two(house)
    phone.tape.incarnation = uuid7()
    answer = said(phone, 0)
    assert (answer["head_seq"], answer["expected_seq"]) == (0, 1)
    assert device_of(house, phone)["head_seq"] == 0


BOOT, NEXT_BOOT = uuid7(), uuid7()


def test_p32_an_exchange_that_was_overtaken_on_its_way_says_nothing_of_today(house: House) -> None:
    """A slow request of the same start of the app arrives after a later one: it knows less, and nothing is lost."""
    phone = sends_two(house)
    said(phone, 5, mono=9_000, boot=BOOT)
    said(phone, 3, mono=4_000, boot=BOOT)
    assert incidents(house) == []
    assert device_of(house, phone)["waiting"] == 3


def test_p32_a_stray_from_before_the_app_was_started_anew_is_doubted_first(house: House) -> None:
    phone = sends_two(house)
    said(phone, 5, mono=9_000, boot=NEXT_BOOT)
    said(phone, 3, mono=8_000, boot=BOOT)
    assert incidents(house) == []
    said(phone, 5, mono=10_000, boot=NEXT_BOOT)
    said(phone, 3, mono=8_000, boot=BOOT)
    said(phone, 5, mono=11_000, boot=NEXT_BOOT)
    assert incidents(house) == []


def test_p32_a_loss_that_is_said_again_is_a_loss(house: House) -> None:
    """A phone restored from a backup starts anew and goes on saying less than the server knows of."""
    phone = sends_two(house)
    said(phone, 5, mono=9_000, boot=BOOT)
    said(phone, 3, mono=1_000, boot=NEXT_BOOT)
    assert incidents(house) == []
    said(phone, 3, mono=2_000, boot=NEXT_BOOT)
    [incident] = incidents(house)
    assert (incident["mine"]["first_seq"], incident["mine"]["last_seq"]) == (4, 5)


def test_p32_a_loss_while_the_app_runs_is_said_at_once(house: House) -> None:
    phone = sends_two(house)
    said(phone, 5, mono=1_000, boot=BOOT)
    said(phone, 3, mono=2_000, boot=BOOT)
    assert len(incidents(house)) == 1
