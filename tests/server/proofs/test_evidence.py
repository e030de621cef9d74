"""Signatures and photos: named by an operation at once, stored when their bytes arrive (P18, P33)."""

from __future__ import annotations

import hashlib
from typing import Any

from server.proofs.policy import proofs_of
from tests.server.ops.house import WAYBILL, House

PNG = b"\x89PNG\r\n\x1a\n" + b"a signature"
JPEG = b"\xff\xd8\xff\xe0" + b"a photo"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def proofs(house: House, task: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json["proofs"]
    return found


def test_p18_evidence_reads_pending_until_its_bytes_are_there(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL, signature=sha(PNG), photos=[sha(JPEG)])
    phone.tape.envelopes[0]["blobs"] = [sha(PNG), sha(JPEG)]
    answer = phone.exchange(phone.tape.envelopes, 1)
    assert answer["results"][0]["status"] == "applied"
    assert answer["missing_blobs"] == [sha(PNG), sha(JPEG)]
    assert {(proof["kind"], proof["state"]) for proof in proofs(house, task)} == {
        ("signature", "pending"),
        ("photo", "pending"),
    }
    path = f"/api/v1/blobs/{sha(PNG)}"
    assert phone.handheld.call("PUT", path, data=PNG, content_type="image/png").status_code == 201
    assert {proof["kind"]: proof["state"] for proof in proofs(house, task)} == {
        "signature": "stored",
        "photo": "pending",
    }
    assert phone.exchange(phone.tape.envelopes, 1)["missing_blobs"] == [sha(JPEG)]


def test_p22_a_case_shows_the_evidence_of_the_disputed_operation(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    house.cancel(task)
    conflict = phone.delivers(signature=sha(PNG))["conflict"]
    assert house.case(conflict)["evidence"] == [{"sha": sha(PNG), "kind": "signature", "state": "pending"}]


def test_p16_a_repeat_names_its_evidence_once(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.delivers(signature=sha(PNG), photos=[sha(JPEG), sha(JPEG)])
    phone.exchange(phone.tape.envelopes, 1)
    assert sorted(proof["kind"] for proof in proofs(house, task)) == ["photo", "signature"]


def test_p19_evidence_of_a_fact_that_lost_stays_with_the_task(house: House) -> None:
    task = house.assigned()
    lost, holder = house.phone(), house.phone(house.cast.bei)
    house.reassign(task, house.cast.liang, house.cast.bei)
    holder.delivers(signature=sha(PNG))
    house.decide(lost.fails(photos=[sha(JPEG)])["conflict"], "theirs")
    assert {proof["sha"] for proof in proofs(house, task)} == {sha(PNG), sha(JPEG)}


def test_p18_what_is_quarantined_proves_nothing(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL, signature=sha(PNG))
    phone.tape.envelopes[0]["author"] = house.cast.bei.id
    assert phone.push()[0]["status"] == "quarantined"
    assert proofs(house, task) == []


def test_p33_proofs_are_named_once_by_their_first_use() -> None:
    op = {"op_id": "o", "at": 5, "payload": {"signature": "s", "photos": ["p", "s", "p"]}}
    rows = proofs_of("task", "station", op)
    assert {(row["kind"], row["sha256"]) for row in rows} == {("signature", "s"), ("photo", "p")}
    assert {(row["task_id"], row["station_id"], row["op_id"], row["at"]) for row in rows} == {
        ("task", "station", "o", 5)
    }
    assert proofs_of("task", "station", {"op_id": "o", "at": 5, "payload": {"text": "no evidence"}}) == []
