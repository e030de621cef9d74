"""Evidence in pieces: it goes on where it broke off, is a blob whole or not at all, and its sender's alone (P33)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from server.core.blobs import ContentStore
from server.core.parts import MAX_CHUNK
from server.handheld.blobs import PARTS_KEPT_MS, forget_parts
from server.wiring import PERIODIC
from tests.people import Handheld
from tests.server.ops.house import WAYBILL, House

PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 3_000
SIZE = len(PHOTO)
SHA = hashlib.sha256(PHOTO).hexdigest()


def head(phone: Handheld, sha: str = SHA) -> tuple[int, str]:
    """(offset, complete) as the server says."""
    answer = phone.call("HEAD", f"/api/v1/blobs/{sha}")
    assert answer.status_code == 200, answer.text
    return int(answer.headers["Upload-Offset"]), answer.headers["Upload-Complete"]


def patch(
    phone: Handheld,
    offset: Any,
    data: bytes,
    *,
    total: Any = SIZE,
    sha: str = SHA,
    kind: str = "image/jpeg",
) -> TestResponse:
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(total)}
    return phone.call("PATCH", f"/api/v1/blobs/{sha}", data=data, content_type=kind, headers=headers)


def piece(at: int, size: int = MAX_CHUNK) -> bytes:
    return PHOTO[at : at + size]


def kept(house: House) -> list[Path]:
    return list(house.app.extensions["doorstep_settings"].blobs.glob(".parts/*/*"))


def stored(house: House) -> bool:
    return ContentStore(house.app.extensions["doorstep_settings"].blobs).has(SHA)


def test_p33_pieces_go_on_where_they_broke_off_and_become_one_blob(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    assert head(phone.handheld) == (0, "?0")
    at = 0
    while at < len(PHOTO):
        assert not stored(house)
        answer = patch(phone.handheld, at, piece(at))
        at += len(piece(at))
        assert answer.status_code == (204 if at < len(PHOTO) else 201), answer.text
        assert answer.headers["Upload-Offset"] == str(at)
        assert head(phone.handheld) == (at, "?0" if at < len(PHOTO) else "?1")
    assert kept(house) == []
    phone.delivers(signature=SHA)
    assert house.desk().get(f"/api/v1/blobs/{SHA}").data == PHOTO
    detail = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json
    assert [proof["state"] for proof in detail["proofs"]] == ["stored"]
    again = patch(phone.handheld, 0, piece(0))
    assert (again.status_code, again.headers["Upload-Complete"]) == (200, "?1")


def test_p33_a_piece_that_does_not_go_on_at_the_end_changes_nothing(house: House) -> None:
    phone = house.phone().handheld
    patch(phone, 0, piece(0))
    for wrong in (0, 1, MAX_CHUNK - 1, MAX_CHUNK + 1, 2 * MAX_CHUNK):
        answer = patch(phone, wrong, piece(wrong))
        assert (answer.status_code, answer.json["code"]) == (409, "offset_mismatch"), wrong
        assert head(phone) == (MAX_CHUNK, "?0")


def test_p33_wrong_bytes_are_refused_and_the_part_is_dropped(house: House) -> None:
    phone = house.phone().handheld
    patch(phone, 0, piece(0))
    patch(phone, MAX_CHUNK, piece(0))
    rest = b"x" * (len(PHOTO) - 2 * MAX_CHUNK)
    answer = patch(phone, 2 * MAX_CHUNK, rest)
    assert (answer.status_code, answer.json["code"]) == (422, "hash_mismatch")
    assert (head(phone), kept(house), stored(house)) == ((0, "?0"), [], False)


def test_p33_a_part_is_its_senders_alone(house: House) -> None:
    mine, others = house.phone().handheld, house.cast.handheld(house.cast.bei)
    patch(mine, 0, piece(0))
    assert head(others) == (0, "?0")
    assert patch(others, MAX_CHUNK, piece(MAX_CHUNK)).status_code == 409
    assert patch(others, 0, PHOTO[:8] + b"spoilt").status_code == 204
    assert (head(mine), head(others)) == ((MAX_CHUNK, "?0"), (14, "?0"))
    # The other sends it whole: then it is there for both, and what is left of mine is nobody's hurry.
    whole = others.call("PUT", f"/api/v1/blobs/{SHA}", data=PHOTO, content_type="image/jpeg")
    assert (whole.status_code, whole.headers["Upload-Complete"]) == (201, "?1")
    assert head(mine) == (len(PHOTO), "?1")
    assert house.desk().call("HEAD", f"/api/v1/blobs/{SHA}").status_code == 404


@pytest.mark.parametrize(
    ("how", "code", "status"),
    [
        ({"offset": 0, "data": b"x" * (MAX_CHUNK + 1)}, "too_large", 413),
        ({"offset": 0, "data": piece(0), "total": 5 * 1024 * 1024 + 1}, "too_large", 413),
        ({"offset": 0, "data": piece(0), "total": 100}, "bad_request", 400),
        ({"offset": -1, "data": piece(0)}, "bad_request", 400),
        ({"offset": "½", "data": piece(0)}, "bad_request", 400),
        ({"offset": 0, "data": piece(0), "total": ""}, "bad_request", 400),
        ({"offset": 0, "data": b"<svg onload=alert(1)>"}, "unsupported_media_type", 415),
        ({"offset": 0, "data": piece(0), "kind": "image/png"}, "unsupported_media_type", 415),
        ({"offset": 0, "data": piece(0), "sha": "A" * 64}, "not_found", 404),
        ({"offset": 0, "data": piece(0), "sha": "a" * 63}, "not_found", 404),
    ],
)
def test_p33_a_senseless_piece_is_refused_and_nothing_is_kept(
    house: House, how: dict[str, Any], code: str, status: int
) -> None:
    answer = patch(house.phone().handheld, **how)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert kept(house) == []


def test_p33_all_bytes_and_no_look_at_them_is_made_good_by_an_empty_piece(house: House) -> None:
    phone = house.phone().handheld
    patch(phone, 0, piece(0))
    [part] = kept(house)
    part.write_bytes(PHOTO)
    assert head(phone) == (len(PHOTO), "?0")
    assert patch(phone, len(PHOTO), b"").status_code == 201
    assert (stored(house), kept(house)) == (True, [])


def test_p33_a_part_nobody_continues_is_removed_by_the_worker(house: House) -> None:
    phone = house.phone().handheld
    patch(phone, 0, piece(0))
    for waited, left in ((PARTS_KEPT_MS - 60_000, 1), (120_000, 0)):
        house.clock.advance(ms=waited)
        with house.app.app_context():
            forget_parts()
        assert len(kept(house)) == left
    assert head(phone) == (0, "?0")
    assert [job.every_ms for job in PERIODIC if job.run is forget_parts] == [86_400_000]


def test_p33_a_revoked_handheld_sends_in_pieces_only_what_it_has_named(house: House) -> None:
    house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL, signature=SHA)
    house.desk().post(f"/api/v1/devices/{phone.handheld.device}/revoke")
    path = f"/api/v1/blobs/{SHA}"
    assert patch(phone.handheld, 0, piece(0)).status_code == 401
    assert phone.handheld.call("HEAD", path).status_code == 401
    phone.push()
    assert patch(phone.handheld, 0, piece(0)).status_code == 204
    assert head(phone.handheld) == (MAX_CHUNK, "?0")
