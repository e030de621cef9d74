"""A handheld that was taken away: what it still has is evidence, it is told nothing, and it forgets only when all of
it is here (P34)."""

from __future__ import annotations

import hashlib
from typing import Any

from server.auth import service
from server.core.db import transaction
from tests.builders import task_id
from tests.server.ops.house import WAYBILL, House, Phone

PNG = b"\x89PNG\r\n\x1a\n" + b"signature"
SHA = hashlib.sha256(PNG).hexdigest()


def revoked(house: House, waybill: str = WAYBILL, signature: str | None = SHA) -> tuple[str, Phone]:
    """A task delivered and signed for on a handheld that was revoked before it could say so."""
    task = house.assigned(waybill)
    phone = house.phone()
    phone.exchange()
    phone.tape.delivered(waybill, signature=signature)
    phone.tape.envelopes[0]["blobs"] = [signature] if signature else []
    revoke(house, phone)
    return task, phone


def revoke(house: House, phone: Phone) -> None:
    assert house.desk().post(f"/api/v1/devices/{phone.handheld.device}/revoke").status_code == 204


def drain(phone: Phone, **over: Any) -> dict[str, Any]:
    """Hands in what is on the tape and says that this is all."""
    return phone.exchange(phone.tape.envelopes, 1, last_seq=len(phone.tape.envelopes), **over)


def shown(house: House, phone: Phone) -> dict[str, Any]:
    devices = house.desk().get("/api/v1/devices").json["devices"]
    found: dict[str, Any] = next(one for one in devices if one["id"] == phone.handheld.device)
    return found


def put(phone: Phone, data: bytes) -> int:
    path = f"/api/v1/blobs/{hashlib.sha256(data).hexdigest()}"
    return phone.handheld.call("PUT", path, data=data, content_type="image/png").status_code


def test_p34_what_a_revoked_device_hands_in_is_evidence_and_it_is_told_nothing(house: House) -> None:
    task, phone = revoked(house)
    answer = drain(phone)
    [result] = answer["results"]
    assert (result["status"], result["code"]) == ("quarantined", "device_revoked")
    assert (answer["head_seq"], answer["pull"]) == (1, {"state": "revoked", "wipe": False, "scopes": []})
    assert house.status(task) == "assigned"
    [parked] = house.parked()
    [case] = house.cases()
    assert (parked.code, parked.seq, case["id"]) == ("device_revoked", 1, result["conflict"])
    assert (case["kind"], case["task"], case["mine"]["code"]) == ("quarantined", task, "device_revoked")
    assert drain(phone)["results"] == answer["results"]
    assert len(house.parked()) == 1


def test_p34_what_was_answered_before_the_device_was_revoked_keeps_its_answer(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL)
    first = phone.push()
    revoke(house, phone)
    assert drain(phone)["results"] == first
    assert (house.status(task), house.parked()) == ("delivered", [])


def test_p34_evidence_of_what_waits_for_its_order_is_asked_for_as_well(house: House) -> None:
    """A pickup nobody has announced was handed in before; its photo is still on the handheld."""
    phone = house.phone()
    taken = {"pieces": 1, "weight_g": None, "photos": [SHA], "waybill": "SF9"}
    assert (
        phone.sends("task.picked_up", f"task:{task_id('SF9', 'pickup')}", taken, blobs=[SHA])["status"]
        == "deferred"
    )
    revoke(house, phone)
    answer = drain(phone)
    assert (answer["missing_blobs"], answer["pull"]["wipe"]) == ([SHA], False)
    assert put(phone, PNG) == 201
    assert drain(phone)["pull"]["wipe"] is True


def test_p34_its_own_evidence_may_follow_and_the_desk_may_look_at_it(house: House) -> None:
    _, phone = revoked(house)
    assert put(phone, PNG) == 401
    assert drain(phone)["missing_blobs"] == [SHA]
    assert put(phone, PNG + b"another") == 401
    assert house.desk().get(f"/api/v1/blobs/{SHA}").status_code == 404
    assert put(phone, PNG) == 201
    assert house.desk().get(f"/api/v1/blobs/{SHA}").data == PNG
    assert house.desk(house.cast.far_dispatcher).get(f"/api/v1/blobs/{SHA}").status_code == 404
    [case] = house.cases()
    sides = house.case(case["id"])["sides"]
    assert sides["mine"]["evidence"] == [{"sha": SHA, "kind": "signature", "state": "stored"}]


def test_p34_evidence_of_what_was_accepted_before_may_follow_too(house: House) -> None:
    house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL, signature=SHA)
    phone.push()
    revoke(house, phone)
    assert drain(phone)["pull"]["wipe"] is False
    assert put(phone, PNG) == 201
    assert drain(phone)["pull"]["wipe"] is True


def test_p34_it_forgets_only_when_the_server_has_everything(house: House) -> None:
    _, phone = revoked(house)
    phone.tape.record("task.noted", phone.tape.envelopes[0]["entity"], {"text": "later"})
    assert phone.exchange(phone.tape.envelopes[:1], 1, last_seq=2)["pull"]["wipe"] is False
    assert (shown(house, phone)["state"], shown(house, phone)["waiting"]) == ("draining", 1)
    assert phone.exchange(phone.tape.envelopes[1:], 2)["pull"]["wipe"] is False, (
        "it did not say that this is all"
    )
    assert drain(phone)["pull"]["wipe"] is False, "the signature is missing"
    assert shown(house, phone)["state"] == "draining"
    assert put(phone, PNG) == 201
    assert drain(phone)["pull"]["wipe"] is True
    assert shown(house, phone)["state"] == "drained"
    phone.tape.record("task.noted", phone.tape.envelopes[0]["entity"], {"text": "and another"})
    assert phone.exchange(last_seq=3)["pull"]["wipe"] is False, "it has recorded more since"
    assert shown(house, phone)["state"] == "draining"
    assert drain(phone)["pull"]["wipe"] is True


def test_p34_what_a_handheld_has_lost_does_not_keep_it_from_forgetting(house: House) -> None:
    _, phone = revoked(house)
    assert drain(phone, lost_proofs=["0" * 64, 7])["pull"]["wipe"] is False
    assert drain(phone, lost_proofs=[SHA])["pull"]["wipe"] is True


def test_p34_a_wiped_device_opens_no_door_any_more(house: House) -> None:
    _, phone = revoked(house, signature=None)
    assert phone.handheld.post("/api/v1/devices/wiped").status_code == 409
    drain(phone)
    assert [phone.handheld.post("/api/v1/devices/wiped").status_code for _ in range(2)] == [204, 401]
    assert shown(house, phone)["state"] == "wiped"
    refused = phone.send(phone.tape.exchange())
    assert (refused.status_code, refused.json["code"]) == (401, "device_revoked")


def test_p34_only_a_device_that_was_told_to_forget_may_say_that_it_did(house: House) -> None:
    phone = house.phone()
    assert phone.handheld.post("/api/v1/devices/wiped").status_code == 409
    revoke(house, phone)
    assert phone.handheld.post("/api/v1/devices/wiped").status_code == 409
    assert shown(house, phone)["state"] == "draining"


def test_p34_a_courier_who_left_is_drained_like_a_device_that_was_taken_away(house: House) -> None:
    house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL)

    def leave() -> None:
        with transaction():
            service.disable_user(house.cast.liang.id)

    house.inside(leave)
    answer = drain(phone)
    assert [result["code"] for result in answer["results"]] == ["device_revoked"]
    assert answer["pull"] == {"state": "revoked", "wipe": True, "scopes": []}
    assert shown(house, phone)["state"] == "drained"


def test_p34_every_other_door_stays_closed_to_a_revoked_device(house: House) -> None:
    _, phone = revoked(house)
    for method, path in (
        ("GET", "/api/v1/manifest"),
        ("POST", "/api/v1/push/subscriptions"),
        ("POST", "/api/v1/devices/login"),
        ("GET", f"/api/v1/blobs/{SHA}"),
        ("POST", "/api/v1/operations"),
        ("GET", "/api/v1/dispatch/tasks"),
    ):
        assert phone.handheld.call(method, path, json={}).status_code == 401, path
