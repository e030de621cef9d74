"""Shapes of the session and device addresses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.auth.policy import LANGS, ROLES


class StationRef(Schema):
    """A station, short."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    timezone = fields.String(required=True)


class StationFull(StationRef):
    """A station as a handheld needs it."""

    currency = fields.String(required=True)


class Login(Schema):
    """What a login sends."""

    username = fields.String(required=True, validate=validate.Length(1, 64))
    password = fields.String(required=True, validate=validate.Length(1, 200), load_only=True)


class SessionUser(Schema):
    """The person of a web session."""

    id = fields.String(required=True)
    username = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    lang = fields.String(required=True, validate=validate.OneOf(LANGS))
    station = fields.Nested(StationRef, required=True)


class Session(Schema):
    """A live web session; send the token as X-CSRF-Token on everything that is no GET."""

    user = fields.Nested(SessionUser, required=True)
    csrf_token = fields.String(required=True)


class CodeRequest(Schema):
    """For whom an enrolment code is made."""

    courier = fields.String(required=True, validate=validate.Length(equal=36))


class Code(Schema):
    """A one-time code, shown once: to type, and as a link in a QR picture (inline SVG)."""

    code = fields.String(required=True)
    expires_at = fields.Integer(required=True)
    url = fields.String(required=True)
    qr_svg = fields.String(required=True)


class Enrolment(Schema):
    """What a handheld sends to become a device."""

    code = fields.String(required=True, validate=validate.Length(1, 40))
    app = fields.String(required=True, validate=validate.Length(1, 80))
    label = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=120))


class PersonRef(Schema):
    """A colleague, short."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class EnrolledUser(PersonRef):
    """The courier of a fresh device."""

    lang = fields.String(required=True, validate=validate.OneOf(LANGS))


class Enrolled(Schema):
    """A fresh device. Credential and session are shown this once and kept as hashes here."""

    device = fields.String(required=True)
    credential = fields.String(required=True)
    session = fields.String(required=True)
    user = fields.Nested(EnrolledUser, required=True)
    station = fields.Nested(StationFull, required=True)


class HandheldLogin(Schema):
    """What a handheld sends to log a courier in."""

    code = fields.String(required=True, validate=validate.Length(1, 40))


class HandheldSession(Schema):
    """A courier's login on a handheld: send `session` as X-Doorstep-Session beside the device's credential."""

    session = fields.String(required=True)
    user = fields.Nested(EnrolledUser, required=True)
    station = fields.Nested(StationFull, required=True)
