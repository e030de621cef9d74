"""Mounts the features on the app and adds the operations to the OpenAPI document."""

from __future__ import annotations

from flask import Flask

from server.auth.api import blp as auth
from server.core.openapi import DoorstepApi, init_openapi
from server.dispatch.api import blp as dispatch
from server.dispatch.customers_api import blp as customers
from server.dispatch.devices_api import blp as devices
from server.dispatch.inbox_api import blp as inbox
from server.dispatch.live_api import blp as live
from server.dispatch.messages_api import blp as messages
from server.handheld.api import blp as handheld
from server.handheld.blobs import blp as blobs
from server.handheld.ground import blp as ground
from server.handheld.rescue_api import blp as rescue
from server.intake.api import blp as orders
from server.intake.schemas import OrdersIn
from server.links.api import blp as links
from server.notifications.api import blp as notifications
from server.ops.api import blp as operations
from server.tracking.api import pages as customer_page
from sync.schemas import OPERATIONS, ROW_BODIES, ExchangeRequest

FEATURES = (
    auth,
    devices,
    operations,
    handheld,
    blobs,
    ground,
    rescue,
    dispatch,
    inbox,
    links,
    customers,
    notifications,
    live,
    messages,
    orders,
)


def mount(app: Flask) -> None:
    """Register every feature's addresses."""
    for feature in FEATURES:
        app.register_blueprint(feature)
    app.register_blueprint(customer_page)
    init_openapi(app, FEATURES, describe_operations)


def describe_operations(api: DoorstepApi) -> None:
    """Every operation type as a schema of its own, and `Operation` as their union told apart by `type`.

    Registered by hand: a polymorphic marshmallow schema comes out of apispec as an empty object.
    """
    components = api.spec.components
    mapping = {}
    for op_type, operation in OPERATIONS.items():
        name = operation.__name__
        components.schema(name, schema=operation)
        mapping[op_type] = f"#/components/schemas/{name}"
    components.schema(
        "Operation",
        {
            "description": "An operation: something a person did, recorded once, never edited.",
            "oneOf": [{"$ref": ref} for ref in mapping.values()],
            "discriminator": {"propertyName": "type", "mapping": mapping},
        },
    )
    # These bodies are read raw (P18; what makes a repeat a repeat), so nothing else would name their shape.
    components.schema(ExchangeRequest.__name__, schema=ExchangeRequest)
    components.schema(OrdersIn.__name__, schema=OrdersIn)
    bodies = {}
    for kind, schema in ROW_BODIES.items():
        if schema.__name__ not in components.schemas:
            components.schema(schema.__name__, schema=schema)
        bodies[kind] = {"$ref": f"#/components/schemas/{schema.__name__}"}
    components.schema(
        "RowBody",
        {
            "description": f"The body of a pulled row, by the kind of its entity: {', '.join(bodies)}.",
            "anyOf": list(bodies.values()),
        },
    )
