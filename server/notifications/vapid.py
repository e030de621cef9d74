"""The installation's push key (VAPID, RFC 8292): signs what we send, and is what browsers subscribe for."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import current_app
from py_vapid import Vapid02

from server.core.config import Settings, kept_vapid_key
from server.core.outward import Rules


def private_key(settings: Settings) -> Vapid02:
    """The key of the settings, else the one kept with the data, made when there is none."""
    text = settings.vapid_key or kept_vapid_key(settings.data)
    return Vapid02.from_raw(text.encode("ascii"))


def public_key(settings: Settings) -> str:
    """What `pushManager.subscribe` takes as applicationServerKey: the uncompressed point as base64url."""
    point = private_key(settings).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode("ascii")


def are_keys(p256dh: bytes, auth: bytes) -> bool:
    """Whether a browser's keys are a point on P-256 and 16 bytes, so that a notice can be encrypted for them."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    except ValueError:
        return False
    return len(p256dh) == 65 and len(auth) == 16


def rules_of(settings: Settings) -> Rules:
    """Whom an installation may push to."""
    return Rules(settings.push_hosts, settings.push_test_service)


def current_rules() -> Rules:
    """Whom the running app may push to."""
    return rules_of(current_app.extensions["doorstep_settings"])
