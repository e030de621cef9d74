"""Shapes of the list of handhelds."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.auth.policy import DEVICE_STATES
from server.auth.schemas import PersonRef


class ToldCounts(Schema):
    """What a handheld counted when it closed its shift."""

    recorded = fields.Integer(required=True)
    confirmed = fields.Integer(required=True)
    waiting = fields.Integer(required=True)


class DeviceShift(Schema):
    """The courier's shift of the last two days; `here`: it began on this handheld, and the counts are of it."""

    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("open", "closed")))
    started_at = fields.Integer(required=True)
    closed_at = fields.Integer(required=True, allow_none=True)
    here = fields.Boolean(required=True)
    told = fields.Nested(ToldCounts, required=True, allow_none=True)


class Device(Schema):
    """A handheld with its counts; times in ms.

    `recorded` it told of, `confirmed` the server has answered, `refused` of them are in quarantine, `waiting` it said
    last that it still holds, all since `since` (null: all that its present log holds; `waiting` also what is older).
    `releasable` was handed in after it was revoked and may still be let count. `lost` operations it had told of cannot
    come any more, by the open case `lost_case`. `skew_ms` is server minus handheld. `state`: a revoked one drains, was
    told to forget, has forgotten. `login_since` and `login_until` are null when nobody is logged in.
    """

    id = fields.String(required=True)
    label = fields.String(required=True, allow_none=True)
    user = fields.Nested(PersonRef, required=True)
    enrolled_at = fields.Integer(required=True)
    last_heard = fields.Integer(required=True, allow_none=True)
    revoked_at = fields.Integer(required=True, allow_none=True)
    app = fields.String(required=True, allow_none=True)
    head_seq = fields.Integer(required=True)
    incarnation = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(DEVICE_STATES))
    login_since = fields.Integer(required=True, allow_none=True)
    login_until = fields.Integer(required=True, allow_none=True)
    shift = fields.Nested(DeviceShift, required=True, allow_none=True)
    since = fields.Integer(required=True, allow_none=True)
    recorded = fields.Integer(required=True)
    confirmed = fields.Integer(required=True)
    waiting = fields.Integer(required=True, allow_none=True)
    refused = fields.Integer(required=True)
    releasable = fields.Integer(required=True)
    lost = fields.Integer(required=True)
    lost_case = fields.String(required=True, allow_none=True)
    skew_ms = fields.Integer(required=True, allow_none=True)


class Devices(Schema):
    """All handhelds of a station, newest first."""

    devices = fields.List(fields.Nested(Device), required=True)


class Release(Schema):
    """Why what a revoked handheld handed in is to count."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class Released(Schema):
    """How much counts now, how much could not, and how much is left for another call."""

    released = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    left = fields.Integer(required=True)
