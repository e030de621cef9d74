"""The shapes survive the way into OpenAPI: nothing is a function, nothing becomes an empty object."""

from collections.abc import Iterator
from typing import Any

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from sync import tables
from sync.schemas import OPERATIONS, RECORDS, ROW_BODIES, ExchangeRequest, ExchangeResponse

Plain = dict[str, Any]


@pytest.fixture(scope="module")
def components() -> Plain:
    spec = APISpec(title="sync", version="1", openapi_version="3.1.0", plugins=[MarshmallowPlugin()])
    for schema in (
        *OPERATIONS.values(),
        *RECORDS.values(),
        *ROW_BODIES.values(),
        ExchangeRequest,
        ExchangeResponse,
    ):
        spec.components.schema(schema.__name__, schema=schema)
    found = spec.to_dict()["components"]["schemas"]
    assert isinstance(found, dict)
    return found


def objects(value: Any, path: str = "") -> Iterator[tuple[str, Plain]]:
    if isinstance(value, dict):
        if value.get("type") == "object":
            yield path, value
        for key, below in value.items():
            yield from objects(below, f"{path}/{key}")
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from objects(below, f"{path}/{index}")


def test_no_object_lost_its_shape(components: Plain) -> None:
    empty = [
        path
        for path, schema in objects(components)
        if not schema.get("properties") and schema.get("additionalProperties") is not False
    ]
    # Bodies follow the entity's kind, keys of ids are data: both say what their values are.
    for path in list(empty):
        schema = components
        for step in path.strip("/").split("/"):
            schema = schema[int(step)] if isinstance(schema, list) else schema[step]
        if schema.get("additionalProperties"):
            empty.remove(path)
    assert empty in ([], ["/Row/properties/body"])


def test_every_operation_names_itself_and_takes_no_more_than_it_knows(components: Plain) -> None:
    for op_type, schema in OPERATIONS.items():
        shape = components[schema.__name__]
        assert shape["properties"]["type"]["enum"] == [op_type]
        assert shape["properties"]["v"]["enum"] == [tables.OPERATIONS[op_type]["v"]]
        assert shape["additionalProperties"] is False
        assert set(shape["properties"]) - set(shape["required"]) == {"position"}


def test_numbers_and_texts_have_limits(components: Plain) -> None:
    for path, schema in objects(components):
        for name, field in schema.get("properties", {}).items():
            types = field.get("type", [])
            if "integer" in types and "enum" not in field:
                assert "maximum" in field and "minimum" in field, f"{path}/{name}"
            if "string" in types:
                assert {"maxLength", "pattern", "enum"} & set(field), f"{path}/{name}"
