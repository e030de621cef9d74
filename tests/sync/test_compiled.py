"""The quick yes of `sync.compiled` against the schemas it is made of."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import INCLUDE, RAISE, Schema, ValidationError, fields, validate, validates_schema

from sync.canonical import MAX_INTEGER
from sync.compiled import compiled
from sync.schemas import PAYLOADS, Envelope
from tests.sync.test_vectors import vectors

SCHEMAS: dict[str, Schema] = {"": Envelope()} | {name: schema() for name, schema in PAYLOADS.items()}
CHECKS = {name: compiled(schema) for name, schema in SCHEMAS.items()}
ODD: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        7,
        8,
        500,
        1.0,
        0.5,
        float("nan"),
        MAX_INTEGER,
        MAX_INTEGER + 1,
        -(10**30),
    ),
    *(
        "",
        " ",
        "a",
        "A",
        "a\n",
        "\n",
        "\x00",
        "\ud800",
        "中" * 121,
        "x" * 501,
        "1",
        "true",
        "zh",
        "self",
        "a@b",
    ),
    *("0198f000-0000-7000-8000-000000000001", "0198F000-0000-7000-8000-000000000001", "0" * 64),
    *("0198f000-0000-7000-8000-000000000001\n", "task:0198f000-0000-7000-8000-000000000001"),
    *([], [None], ["a"], [1, 1], [1] * 20, {}, {"a": 1}, {"text": None}, ("a",), b"a"),
]


def parts(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """An operation as the two shapes it is judged by: schema's name and value."""
    yield "", {key: value for key, value in operation.items() if key != "payload"}
    yield operation["type"], operation["payload"]


def takes(schema: Schema, value: Any) -> bool:
    try:
        schema.load(value)
    except ValidationError:
        return False
    return True


def _operations() -> list[dict[str, Any]]:
    """Those of the vectors whose two shapes the schemas take."""
    found = [one["input"]["envelope"] for one in vectors() if one["function"] == "validate"]
    known = [
        one for one in found if isinstance(one, dict) and one.get("type") in PAYLOADS and "payload" in one
    ]
    return [one for one in known if all(takes(SCHEMAS[name], value) for name, value in parts(one))]


SOUND = _operations()


def test_every_sound_operation_gets_the_quick_yes() -> None:
    assert {operation["type"] for operation in SOUND} == set(PAYLOADS)
    slow = {name for one in SOUND for name, value in parts(one) if not CHECKS[name](value)}
    assert slow == set()


@given(st.data())
@settings(max_examples=1500)
def test_it_never_says_yes_to_what_the_schema_refuses(data: st.DataObject) -> None:
    name, value = data.draw(st.sampled_from([part for one in SOUND for part in parts(one)]))
    broken = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(1, 2))):
        _break(broken, data)
    if CHECKS[name](broken):
        assert takes(SCHEMAS[name], broken), (name, broken)


def _break(value: Any, data: st.DataObject) -> None:
    """Something somewhere inside becomes odd, goes away or is added."""
    while True:
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not places or data.draw(st.booleans(), label="here"):
            break
        inner = value[data.draw(st.sampled_from(places))]
        if not isinstance(inner, dict | list):
            break
        value = inner
    odd = copy.deepcopy(data.draw(st.sampled_from(ODD)))
    places = list(value) if isinstance(value, dict) else list(range(len(value)))
    if isinstance(value, list):
        value[len(value) :] = [odd]
    elif not places or data.draw(st.integers(0, 4), label="what") == 0:
        value["extra"] = odd
    elif data.draw(st.integers(0, 4), label="what") == 0:
        del value[data.draw(st.sampled_from(places))]
    else:
        value[data.draw(st.sampled_from(places))] = odd


class Ruled(Schema):
    """A shape with a rule of its own beside its fields."""

    class Meta:
        unknown = RAISE

    a = fields.Integer(strict=True)

    @validates_schema
    def never(self, _data: Any, **_: Any) -> None:
        raise ValidationError("never")


class Shouted(fields.String):
    """A field that is no plain text any more."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        raise ValidationError("never")


SHAPES: dict[str, type[Schema]] = {
    "a rule of the whole": Ruled,
    "unknown fields allowed": Schema.from_dict({"a": fields.Integer(strict=True)}),
    "a field of its own kind": Schema.from_dict({"a": Shouted()}),
    "a lenient number": Schema.from_dict({"a": fields.Integer(validate=lambda value: value > 5)}),
    "an open end": Schema.from_dict(
        {"a": fields.Integer(strict=True, validate=validate.Range(min=1, min_inclusive=False))}
    ),
}


@pytest.mark.parametrize("shape", list(SHAPES))
def test_what_it_does_not_understand_it_leaves_to_the_schema(shape: str) -> None:
    unknown = INCLUDE if shape == "unknown fields allowed" else RAISE
    assert not compiled(SHAPES[shape](unknown=unknown))({"a": 1})
