"""Shapes of subscriptions and dead letters. Times are ms since the epoch, UTC."""

from marshmallow import Schema, fields, validate

from server.auth.policy import LANGS


class PushKey(Schema):
    """What `pushManager.subscribe` takes as applicationServerKey, base64url."""

    key = fields.String(required=True)


class SubscriptionKeys(Schema):
    """The browser's keys as `PushSubscription.toJSON()` gives them, base64url."""

    p256dh = fields.String(required=True, validate=validate.Length(1, 120))
    auth = fields.String(required=True, validate=validate.Length(1, 40))


class Subscription(Schema):
    """A browser that wants to be told."""

    endpoint = fields.String(required=True, validate=validate.Length(1, 2048))
    keys = fields.Nested(SubscriptionKeys, required=True)
    lang = fields.String(required=True, validate=validate.OneOf(LANGS))


class Subscribed(Schema):
    """The subscription as it is kept."""

    id = fields.String(required=True)


class Unsubscription(Schema):
    """Which browser is to be forgotten."""

    endpoint = fields.String(required=True, validate=validate.Length(1, 2048))


class Unsubscribed(Schema):
    """How many subscriptions that was; 0 is no error."""

    removed = fields.Integer(required=True)


class DeadOwner(Schema):
    """The courier a notice was for; customers are not named."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class DeadNotice(Schema):
    """A notice that could not be delivered."""

    id = fields.String(required=True)
    kind = fields.String(required=True, allow_none=True)
    to = fields.String(required=True, allow_none=True, metadata={"description": "courier or customer"})
    courier = fields.Nested(DeadOwner, required=True, allow_none=True)
    task = fields.String(required=True, allow_none=True)
    waybill = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    dead_at = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True)


class DeadNotices(Schema):
    """A station's dead letters, newest first."""

    notices = fields.List(fields.Nested(DeadNotice), required=True)
    server_time = fields.Integer(required=True)


class Replayed(Schema):
    """The dead letter that lives again."""

    id = fields.String(required=True)
