"""Shapes of the desk's door to tracking links."""

from __future__ import annotations

from marshmallow import Schema, fields

from sync.schemas.fields import identity, moment


class LinkWanted(Schema):
    """The task whose customer is to get a link."""

    task = identity()


class Link(Schema):
    """The address to hand to the customer, and until when it works."""

    url = fields.String(required=True)
    expires_at = moment()
