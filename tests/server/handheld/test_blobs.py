"""Evidence by the hash of its bytes: verified, bounded, never active, shown to its own station only (P33)."""

from __future__ import annotations

import hashlib

from werkzeug.test import TestResponse

from tests.server.ops.house import WAYBILL, House, Phone

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
JPEG = b"\xff\xd8\xff\xe0" + b"pixels"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 pixels"
LIMIT = 5 * 1024 * 1024


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(phone: Phone, data: bytes, kind: str = "image/png", name: str | None = None) -> TestResponse:
    path = f"/api/v1/blobs/{name or sha(data)}"
    return phone.handheld.call("PUT", path, data=data, content_type=kind)


def signed(house: House, data: bytes = PNG) -> tuple[str, Phone]:
    """A task with a signature whose bytes have arrived."""
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL, signature=sha(data))
    phone.push()
    assert put(phone, data).status_code in (200, 201)
    return task, phone


def test_p33_a_picture_is_stored_once_under_its_hash(house: House) -> None:
    phone = house.phone()
    fresh = PNG + phone.handheld.device.encode()
    assert [put(phone, fresh).status_code for _ in range(3)] == [201, 200, 200]
    for kind, data in (("image/jpeg", JPEG), ("image/webp", WEBP)):
        assert put(phone, data, kind).status_code in (200, 201)


def test_p33_other_bytes_than_the_name_says_are_refused_and_nothing_is_stored(house: House) -> None:
    phone = house.phone()
    missing = sha(b"never stored")
    response = put(phone, PNG, name=missing)
    assert (response.status_code, response.json["code"]) == (422, "hash_mismatch")
    phone.tape.delivered(WAYBILL, signature=missing)
    phone.tape.envelopes[0]["blobs"] = [missing]
    assert phone.exchange(phone.tape.envelopes, 1)["missing_blobs"] == [missing]


def test_p33_only_pictures_are_evidence(house: House) -> None:
    phone = house.phone()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    refused = [
        (svg, "image/svg+xml"),
        (svg, "image/png"),
        (b"<html><script>1</script>", "text/html"),
        (b"<html>", "image/jpeg"),
        (PNG, "application/octet-stream"),
        (PNG, "image/jpeg"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", "image/webp"),
        (b"", "image/png"),
        (b"GIF89a", "image/gif"),
    ]
    for data, kind in refused:
        response = put(phone, data, kind)
        assert (response.status_code, response.json["code"]) == (415, "unsupported_media_type"), (data, kind)


def test_p33_a_name_that_is_no_hash_never_becomes_a_path(house: House) -> None:
    phone = house.phone()
    for name in ("..%2f..%2fetc%2fpasswd", "A" * 64, "a" * 63, "a" * 65, "a" * 63 + "\n"):
        assert put(phone, PNG, name=name).status_code in (404, 405), name


def test_p33_five_megabytes_are_enough(house: House) -> None:
    phone = house.phone()
    largest = PNG + b"x" * (LIMIT - len(PNG))
    assert put(phone, largest).status_code in (200, 201)
    response = put(phone, largest + b"x")
    assert (response.status_code, response.json["code"]) == (413, "too_large")


def test_p33_the_station_sees_its_evidence_and_nobody_else_does(house: House) -> None:
    _, phone = signed(house)
    path = f"/api/v1/blobs/{sha(PNG)}"
    for person in (house.cast.dora, house.cast.chen, house.cast.ada):
        response = house.desk(person).get(path)
        assert (response.status_code, response.data, response.mimetype) == (200, PNG, "image/png")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in response.headers["Cache-Control"]
    assert house.desk().call("HEAD", path).status_code == 200
    strange = house.desk(house.cast.far_dispatcher).get(path)
    assert (strange.status_code, strange.json["code"]) == (404, "not_found")
    assert house.app.test_client().get(path).status_code == 401
    assert phone.handheld.get(path).status_code == 401


def test_p33_bytes_that_no_operation_names_are_shown_to_nobody(house: House) -> None:
    phone = house.phone()
    loose = PNG + b"loose"
    put(phone, loose)
    assert house.desk().get(f"/api/v1/blobs/{sha(loose)}").status_code == 404
    assert house.desk().get(f"/api/v1/blobs/{'0' * 64}").status_code == 404


def test_p33_evidence_named_but_not_arrived_is_not_found(house: House) -> None:
    house.assigned()
    absent = sha(b"absent")
    house.phone().delivers(signature=absent)
    assert house.desk().get(f"/api/v1/blobs/{absent}").status_code == 404


def test_p33_the_desk_may_store_evidence_too_with_its_token(house: House) -> None:
    path = f"/api/v1/blobs/{sha(PNG)}"
    assert house.desk().call("PUT", path, data=PNG, content_type="image/png").status_code in (200, 201)
    bare = house.desk().client.put(path, data=PNG, content_type="image/png")
    assert (bare.status_code, bare.json["code"]) == (403, "csrf_invalid")
    assert house.app.test_client().put(path, data=PNG, content_type="image/png").status_code == 401
