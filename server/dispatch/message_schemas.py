"""Shapes of the desk's messages to couriers. Times are ms since the epoch, UTC."""

from marshmallow import Schema, fields, validate

from server.dispatch.schemas import Person, word
from sync.schemas.fields import array, boolean, identity, moment, nested, text


class MessagesQuery(Schema):
    """Which page: older than message `before`, or the newest."""

    before = fields.UUID(load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


class DeskReader(Schema):
    """A courier a message is for: since when his handheld has it, and since when he has read it."""

    courier = nested(Person)
    received_at = moment(nullable=True)
    read_at = moment(nullable=True)


class DeskMessage(Schema):
    """A message to couriers, with everybody it is for."""

    id = identity()
    at = moment()
    author = nested(Person)
    task = identity(nullable=True)
    waybill = word(nullable=True)
    readers = array(nested(DeskReader))
    # Last, since it takes the name of what makes it.
    text = text()


class DeskMessages(Schema):
    """A page of them, newest first."""

    messages = array(nested(DeskMessage))
    more = boolean()
    server_time = moment()
