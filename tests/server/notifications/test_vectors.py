"""The encryption and signature examples of the RFCs, where the public vectors lie beside the project."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from server.notifications.vapid import are_keys

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "webpush" / "vectors.json"


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    if not VECTORS.exists():
        pytest.skip(f"the RFC vectors are not at {VECTORS}: our encryption was compared with no RFC")
    found: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return found


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(raw(text), "big"), ec.SECP256R1())


def test_rfc_8291_the_very_bytes(vectors: dict[str, Any]) -> None:
    case = vectors["rfc8291"]
    made = http_ece.encrypt(
        case["plaintext"].encode(),
        salt=raw(case["salt"]),
        private_key=key(case["as_private"]),
        dh=raw(case["ua_public"]),
        auth_secret=raw(case["auth_secret"]),
        version="aes128gcm",
    )
    assert made == raw(case["expected_body"])
    read = http_ece.decrypt(
        made, private_key=key(case["ua_private"]), auth_secret=raw(case["auth_secret"]), version="aes128gcm"
    )
    assert read.decode() == case["plaintext"]
    assert are_keys(raw(case["ua_public"]), raw(case["auth_secret"]))


def test_rfc_8188_records(vectors: dict[str, Any]) -> None:
    for case in vectors["rfc8188"]:
        read = http_ece.decrypt(raw(case["ciphertext"]), key=raw(case["key"]), version="aes128gcm")
        assert read.decode() == case["plaintext"]


def test_rfc_8292_a_signature_of_others_verifies_and_a_changed_one_does_not(vectors: dict[str, Any]) -> None:
    case = vectors["rfc8292"]
    token = case["jwt"]
    assert Vapid02.verify(f"vapid t={token},k={case['k']}")
    head, claims, signature = token.split(".")
    other = ("A" if claims[0] != "A" else "B") + claims[1:]
    assert not Vapid02.verify(f"vapid t={head}.{other}.{signature},k={case['k']}")
