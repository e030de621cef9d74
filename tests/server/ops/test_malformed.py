"""Senseless things in the middle of a batch: parked with a case, and everything around them passes (P5, P17, P18)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from server.ops import pipeline
from server.ops.owners import OWNERS
from sync.canonical import derive
from tests.builders import draft
from tests.server.ops.house import SHA, WAYBILL, House

Spoil = Callable[[dict[str, Any]], Any]
SIX_HOURS = 6 * 3_600_000


def _with(**change: Any) -> Spoil:
    return lambda op: {**op, **change}


def _payload(**change: Any) -> Spoil:
    return lambda op: {**op, "payload": {**op["payload"], **change}}


def _without(key: str) -> Spoil:
    return lambda op: {name: value for name, value in op.items() if name != key}


def _nested(depth: int) -> Any:
    value: Any = "at the bottom"
    for _ in range(depth):
        value = [value]
    return value


SPOILT: dict[str, tuple[Spoil, str]] = {
    "null": (lambda _: None, "malformed"),
    "a number": (lambda _: 7, "malformed"),
    "a text": (lambda _: "deliver it", "malformed"),
    "a list": (lambda op: [op], "malformed"),
    "an empty object": (lambda _: {}, "position_mismatch"),
    "a NUL alone": (lambda _: "\u0000", "malformed"),
    "a surrogate alone": (lambda _: "\ud800", "malformed"),
    "no op_id": (_without("op_id"), "malformed"),
    "op_id a number": (_with(op_id=12), "malformed"),
    "op_id no uuid": (_with(op_id="x" * 36), "malformed"),
    "op_id with NUL": (_with(op_id="\u0000" * 36), "malformed"),
    "op_id with a surrogate": (_with(op_id="\udfff"), "malformed"),
    "op_id in capitals": (lambda op: {**op, "op_id": op["op_id"].upper()}, "malformed"),
    "no entity": (_without("entity"), "malformed"),
    "entity with NUL": (_with(entity="task:\u0000"), "malformed"),
    "entity a list": (_with(entity=["task"]), "malformed"),
    "entity of another kind": (
        lambda op: {**op, "entity": op["entity"].replace("task", "parcel")},
        "wrong_entity",
    ),
    "no type": (_without("type"), "malformed"),
    "type with NUL": (_with(type="task.\u0000"), "malformed"),
    "type with a surrogate": (_with(type="\ud83d"), "malformed"),
    "type an object": (_with(type={"a": "\u0000"}), "malformed"),
    "no payload": (_without("payload"), "malformed"),
    "payload a list": (_with(payload=[1]), "malformed"),
    "a float": (_payload(text=1.5), "out_of_range"),
    "a huge exponent": (_with(at=1e300), "out_of_range"),
    "a huge integer": (_with(at=2**53), "out_of_range"),
    "a number of 4,000 digits": (_payload(text=10**4000), "out_of_range"),
    "at negative": (_with(at=-1), "malformed"),
    "NUL in a note": (_payload(text="a\u0000b"), "malformed"),
    "a surrogate in a note": (_payload(text="a\ud800b"), "malformed"),
    "a key with NUL": (_payload(**{"te\u0000xt": 1}), "malformed"),
    "a Chinese key": (_payload(备注=1), "malformed"),
    "an unknown field": (_payload(colour="red"), "invalid_payload"),
    "an unknown field with a long name": (_payload(**{"c" * 5000: "red"}), "invalid_payload"),
    "a missing field": (_with(payload={}), "invalid_payload"),
    "true for a number": (_with(v=True), "malformed"),
    "nested 40 deep": (lambda op: {**op, "payload": _nested(40)}, "malformed"),
    "nested 400 deep": (lambda op: {**op, "payload": _nested(400)}, "malformed"),
    "an empty batch of blobs spoilt": (_with(blobs=[None]), "malformed"),
}


def test_p18_what_makes_no_sense_is_parked_and_its_neighbours_pass(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it in one batch, a good note before and after each; no fallback of P17 is needed to get through."""
    monkeypatch.setattr(pipeline, "_alone", lambda *_: pytest.fail("the batch broke"))
    task = house.assigned()
    phone = house.phone()
    pushed: list[Any] = []
    for change, _ in SPOILT.values():
        phone.tape.record("task.noted", f"task:{task}", {"text": "good"})
        op = phone.tape.record("task.noted", f"task:{task}", {"text": "spoilt"})
        pushed += [phone.tape.envelopes[-2], change(op)]
    first = phone.exchange(pushed, 1)
    parked = {row.seq: row for row in house.parked()}
    for position, (what, (_, code)) in enumerate(SPOILT.items()):
        good, wrong = first["results"][2 * position : 2 * position + 2]
        assert good["status"] == "applied", what
        assert (wrong["status"], wrong["code"]) == ("quarantined", code), (what, wrong)
        assert len(wrong["detail"]) <= 500, what
        kept = json.loads(parked.pop(wrong["seq"]).raw)
        assert kept == json.loads(json.dumps(_bounded(pushed[2 * position + 1]))), what
    assert not parked
    assert {note["text"] for note in house.record(f"task:{task}")["notes"]} == {"good"}
    assert {case["id"] for case in house.cases()} == {result["conflict"] for result in first["results"][1::2]}
    assert phone.exchange(pushed, 1)["results"] == first["results"]
    assert len(house.parked()) == len(SPOILT)


def _bounded(value: Any) -> Any:
    """A number longer than any database holds is cut to one that is as much out of range."""
    if isinstance(value, dict):
        return {key: _bounded(item) for key, item in value.items()}
    return 10**40 if isinstance(value, int) and value > 10**40 else value


def test_p18_things_nested_without_end_never_break_the_server(house: House) -> None:
    """Up to a bound a thing is parked; beyond, the body is unreadable. Never a 5xx."""
    phone = house.phone()
    seen = set()
    for depth in (40, 400, 480, 520, *range(800, 850, 12), *range(850, 1000, 12), 20_000):
        phone.tape.envelopes.clear()
        task = phone.tape.record("task.noted", "task:" + phone.courier.id, {"text": "x"})
        phone.tape.incarnation = task["incarnation"]
        body = phone.tape.exchange()
        text = json.dumps(body).replace('"payload": {"text": "x"}', '"payload": ' + "[" * depth + "]" * depth)
        response = phone.send_raw(text.encode())
        assert response.status_code in (200, 400), (depth, response.text)
        seen.add(response.status_code)
    assert seen == {200, 400}


def test_p17_an_error_nobody_foresaw_parks_the_one_operation_it_came_from(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, cursed, fine = (house.assigned(f"SF{number}") for number in (1, 2, 3))
    phone = house.phone()
    for waybill in ("SF1", "SF2", "SF3"):
        phone.tape.delivered(waybill)
    store, write = OWNERS["task"], OWNERS["task"].write

    def fails(changes: Any) -> None:
        if any(change.id == cursed for change in changes):
            raise RuntimeError("a bug in this one")
        write(changes)

    monkeypatch.setattr(store, "write", fails)
    results = phone.push()
    assert [(result["status"], result["code"]) for result in results] == [
        ("applied", None),
        ("quarantined", "internal"),
        ("applied", None),
    ]
    assert "bug" not in results[1]["detail"]
    assert [house.status(task) for task in (good, cursed, fine)] == ["delivered", "assigned", "delivered"]
    assert phone.acked == 3
    [row] = house.parked()
    assert (row.code, row.seq) == ("internal", 2)
    assert json.loads(row.raw) == phone.tape.envelopes[1]
    assert results[1]["conflict"] in {case["id"] for case in house.cases()}
    monkeypatch.undo()
    assert phone.exchange(phone.tape.envelopes, 1)["results"] == results


def test_p17_a_failure_in_a_transaction_leaves_nothing_half_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger fails after the task was written: neither the money nor the sign-off stands."""
    from server.ops import write as writing

    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    payment = {"task": task, "amount_minor": 1000, "currency": "CNY", "method": "cash"}
    phone.tape.record("payment.collected", f"obligation:{task}", payment)
    phone.tape.delivered(WAYBILL)

    def fails(*_: Any) -> None:
        raise RuntimeError("the ledger is broken")

    monkeypatch.setattr(writing.payments, "book", lambda fresh, *_back: fails() if fresh else None)
    assert {result["code"] for result in phone.push()} == {"internal"}
    assert house.status(task) == "assigned"
    assert house.record(f"obligation:{task}")["status"] == "due"
    assert house.log(type="payment.collected") == []
    phone.pull()
    assert phone.rows()[f"task:{task}"]["task"]["status"] == "assigned"


def test_p18_a_missing_picture_holds_nothing_back(house: House) -> None:
    house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL, signature=SHA)
    phone.tape.envelopes[0]["blobs"] = [SHA]
    answer = phone.exchange(phone.tape.envelopes, 1)
    assert answer["results"][0]["status"] == "applied"
    assert answer["missing_blobs"] == [SHA]


def test_p18_senseless_things_from_the_desk_are_parked_too(house: House) -> None:
    task = house.assigned()
    drafts = [
        draft("task.noted", f"task:{task}", {"text": "a\u0000b"}),
        draft("task.noted", f"task:{task}", {"text": "lone \ud800"}),
        draft("task.window_changed", f"task:{task}", {"window_start": 2**60, "window_end": None}),
        draft("task.levitated", f"task:{task}", {}),
        draft("task.noted", f"task:{task}", {"text": "fine"}),
    ]
    body = json.dumps({"operations": drafts})
    response = house.desk().post("/api/v1/operations", data=body, content_type="application/json")
    assert [result["code"] for result in response.json["results"]] == [
        "malformed",
        "malformed",
        "out_of_range",
        "unknown_type",
        None,
    ]
    assert len(house.parked()) == 4
    assert len(house.record(f"task:{task}")["notes"]) == 1


def test_p18_the_longest_values_the_rules_allow_fit_the_database(house: House) -> None:
    """What validate lets through must not fail in a column: on PostgreSQL that would park a good operation."""
    task = house.order(phone="1" * 64, goods="g" * 500, merchant="m" * 120, reference="r" * 120)
    payload = {"courier": house.cast.liang.id, "sequence": 2**53 - 1}
    assert house.tell("task.assigned", f"task:{task}", payload, base={"courier": None})["status"] == "applied"
    code = "W" * 500
    scan = {"code": code, "waybill": code, "source": "camera", "verdict": "unknown", "task": None}
    result = house.phone().sends("parcel.scanned", f"parcel:{derive('parcel', code)}", scan)
    assert result["status"] == "applied", result


def test_p35_a_batch_that_is_run_again_has_its_times_set_right_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.assigned("SF1"), house.assigned("SF2")
    phone = house.phone()
    sent_at = phone.tape.at + SIX_HOURS
    house.clock.now = sent_at + SIX_HOURS
    for waybill in ("SF1", "SF2"):
        phone.tape.delivered(waybill)
    store, write, tries = OWNERS["task"], OWNERS["task"].write, []

    def fails_once(changes: Any) -> None:
        tries.append(changes)
        if len(tries) == 1:
            raise RuntimeError("a race")
        write(changes)

    monkeypatch.setattr(store, "write", fails_once)
    answer = phone.exchange(phone.tape.envelopes, 1, sent_at=sent_at)
    assert [result["status"] for result in answer["results"]] == ["applied", "applied"]
    assert len(tries) == 3, "once for both, then for each"
    skews = [op.skew_ms or 0 for op in house.log(type="task.delivered")]
    assert len(skews) == 2 and all(abs(skew - SIX_HOURS) < 60_000 for skew in skews), skews
