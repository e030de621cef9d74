"""The log of a handheld that cannot send, brought by a colleague's or in a file: its author, its place, once (P11)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from server.handheld import rescue_api
from tests.server.ops.house import WAYBILL, House, Phone

PNG = b"\x89PNG\r\n\x1a\n" + b"signature"


def sealed(phone: Phone, **over: Any) -> dict[str, str]:
    """What the dead handheld had written of itself before it died."""
    body = json.dumps(
        {
            "device": phone.handheld.device,
            "incarnation": phone.tape.incarnation,
            "from_seq": 1,
            "operations": phone.tape.envelopes,
            **over,
        }
    )
    key = hashlib.sha256(phone.handheld.credential.encode()).hexdigest()
    return {"body": body, "seal": hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()}


def dead(house: House) -> tuple[str, Phone]:
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL)
    return task, phone


def carry(carrier: Phone, log: dict[str, str]) -> tuple[int, dict[str, Any]]:
    answer = carrier.handheld.post("/api/v1/rescue", json=log)
    told: dict[str, Any] = answer.json or {}
    return answer.status_code, told


def test_p11_what_a_colleague_brings_keeps_its_author_and_its_place(house: House) -> None:
    task, phone = dead(house)
    status, told = carry(house.phone(house.cast.bei), sealed(phone))
    assert (status, told["taken"], told["head_seq"], told["statuses"]) == (200, 1, 1, {"applied": 1})
    assert house.status(task) == "delivered"
    [row] = house.log(type="task.delivered")
    assert (row.author, row.device_id, row.seq) == (house.cast.liang.id, phone.handheld.device, 1)


def test_p16_a_log_is_taken_once_whoever_brings_it_and_the_first_one_finds_it_answered(house: House) -> None:
    task, phone = dead(house)
    for courier in (house.cast.bei, house.cast.bei, None):
        assert carry(house.phone(courier), sealed(phone))[1]["statuses"] == {"applied": 1}
    [result] = phone.push()
    assert (result["status"], len(house.log(type="task.delivered"))) == ("applied", 1)
    assert (house.status(task), house.cases(), house.audit()) == ("delivered", [], [])


def test_p11_nobody_can_write_a_log_for_another(house: House) -> None:
    task, phone = dead(house)
    carrier = house.phone(house.cast.bei)
    log = sealed(phone)
    forged = {**log, "body": log["body"].replace("task.delivered", "task.returned")}
    own = {**log, "seal": sealed(carrier)["seal"]}
    far = house.phone(house.cast.far_courier)
    for who, one in ((carrier, forged), (carrier, own), (far, log)):
        assert carry(who, one)[0] == 403
    assert carry(carrier, sealed(phone, operations="none"))[0] == 400
    assert (house.status(task), house.log(type="task.delivered")) == ("assigned", [])


def test_p15_a_log_whose_beginning_is_missing_consumes_nothing(house: House) -> None:
    task, phone = dead(house)
    _, told = carry(house.phone(house.cast.bei), sealed(phone, from_seq=3))
    assert (told["taken"], told["expected_seq"], told["head_seq"]) == (0, 1, 0)
    assert house.status(task) == "assigned"


def test_p34_what_a_revoked_handheld_recorded_is_evidence_whoever_brings_it(house: House) -> None:
    task, phone = dead(house)
    house.desk().post(f"/api/v1/devices/{phone.handheld.device}/revoke")
    assert carry(house.phone(house.cast.bei), sealed(phone))[1]["statuses"] == {"quarantined": 1}
    assert (house.status(task), house.parked()[0].code) == ("assigned", "device_revoked")


def test_p11_an_operator_takes_in_a_file_with_its_proofs(house: House, tmp_path: Path) -> None:
    task, phone = dead(house)
    sha = hashlib.sha256(PNG).hexdigest()
    proofs = [
        {"sha256": sha, "type": "image/png", "bytes": base64.b64encode(PNG).decode()},
        {"sha256": sha, "type": "image/png", "bytes": base64.b64encode(b"no picture").decode()},
        {"sha256": sha, "bytes": "?"},
    ]
    file = tmp_path / "rescue.json"
    file.write_text(json.dumps({"doorstep": "rescue", "v": 1, "packages": [sealed(phone)], "proofs": proofs}))
    done = house.inside(lambda: CliRunner().invoke(rescue_api.command, [str(file)]))
    assert done.exit_code == 0, done.output
    assert "1 operations (1 applied)" in done.output and "1 of 3" in done.output
    assert house.status(task) == "delivered"
    file.write_text("no file of ours")
    assert (
        "cannot be read" in house.inside(lambda: CliRunner().invoke(rescue_api.command, [str(file)])).output
    )
