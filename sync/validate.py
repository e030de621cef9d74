"""Is this an operation, and does it make sense? A list of problems, never an exception (P6, P18).

What is refused here is quarantined by the caller: kept, visible, and in nobody's way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import Schema, ValidationError

from sync.canonical import derive, is_clean, normal_waybill, unclean
from sync.compiled import Fits, compiled
from sync.schemas import PAYLOADS, Envelope
from sync.tables import KIND_OF_ENTITY_ANY, OPERATIONS, REASONS

Shape = tuple[Schema, Fits]


def _shape_of(schema: type[Schema]) -> Shape:
    made = schema()
    return made, compiled(made)


# One instance for each type: making a schema costs eight times what using one does.
_ENVELOPE: Final[Shape] = _shape_of(Envelope)
_PAYLOADS: Final[dict[str, Shape]] = {op_type: _shape_of(schema) for op_type, schema in PAYLOADS.items()}

# What a writer may say of himself: a courier proposes, a customer speaks for himself.
_SPEAKS_AS: Final[dict[tuple[str, str | None], dict[str, str]]] = {
    ("customer.request_set", "courier"): {"state": "proposed", "source": "courier"},
    ("customer.request_set", "customer"): {"source": "customer"},
    ("customer.consent_set", "customer"): {"source": "customer"},
}

_EXCEPTIONS: Final = ("task.attempt_failed", "task.held", "task.returned", "task.problem_reported")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong, where (a path like `payload.photos.0`) and, for a person, why."""

    field: str
    code: str
    detail: str


def validate(envelope: object, role: str | None = None) -> list[Problem]:
    """The problems of an upcast operation, sorted by field and code; an empty list means it may be decided.

    The stages run in order and the first one that finds something answers alone, since each rests on those before it.
    `role` is the author's; None leaves the question of permission open.
    """
    if not isinstance(envelope, dict):
        return [Problem("", "malformed", "An operation is an object.")]
    stages: tuple[Callable[[], Iterable[Problem]], ...] = (
        lambda: _unclean(envelope),
        lambda: _shape(envelope),
        lambda: _known(envelope, role),
        lambda: _payload(envelope),
        lambda: _sense(envelope["type"], envelope["entity"], envelope["payload"], role),
    )
    for stage in stages:
        problems = sorted(set(stage()))
        if problems:
            return problems
    return []


def _unclean(envelope: dict[str, Any]) -> Iterable[Problem]:
    if is_clean(envelope):
        return
    for path, what in unclean(envelope):
        if what == "number":
            yield Problem(path, "out_of_range", "Numbers are integers within ±(2^53-1).")
        else:
            yield Problem(path, "malformed", f"Nothing can hold this {what}.")


def _shape(envelope: dict[str, Any]) -> Iterable[Problem]:
    head = {key: value for key, value in envelope.items() if key != "payload"}
    yield from _refusals(_ENVELOPE, head, "malformed", "")
    if not isinstance(envelope.get("payload"), dict):
        yield Problem("payload", "malformed", "The payload is an object.")


def _known(envelope: dict[str, Any], role: str | None) -> Iterable[Problem]:
    rule = OPERATIONS.get(envelope["type"])
    if rule is None:
        yield Problem("type", "unknown_type", "No such type of operation.")
        return
    if envelope["v"] != rule["v"]:
        yield Problem("v", "unknown_version", f"Version {rule['v']} is known.")
    kind = envelope["entity"].partition(":")[0]
    if rule["entity"] not in (kind, KIND_OF_ENTITY_ANY):
        yield Problem("entity", "wrong_entity", f"This is about a {rule['entity']}.")
    if role is not None and role not in rule["roles"]:
        yield Problem("type", "forbidden", f"A {role} may not write this.")


def _payload(envelope: dict[str, Any]) -> Iterable[Problem]:
    shape = _PAYLOADS[envelope["type"]]
    return _refusals(shape, envelope["payload"], "invalid_payload", "payload")


def _refusals(shape: Shape, value: dict[str, Any], code: str, path: str) -> Iterable[Problem]:
    schema, fits = shape
    if fits(value):
        return
    try:
        schema.load(value)
    except ValidationError as error:
        for field, detail in _flat(error.messages, path):
            yield Problem(field, code, detail)


def _flat(messages: object, path: str) -> Iterable[tuple[str, str]]:
    """marshmallow's tree of messages as (path, first message); `_schema` speaks of the object itself."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _flat(below, path if key == "_schema" else f"{path}.{key}" if path else str(key))
    elif isinstance(messages, list) and messages:
        yield path, str(messages[0])


def _sense(op_type: str, entity: str, payload: dict[str, Any], role: str | None) -> Iterable[Problem]:
    """What no shape can say: values that contradict each other or name what does not exist."""
    if op_type == "customer.request_set":
        yield from _request_sense(payload)
    for name, allowed in _SPEAKS_AS.get((op_type, role), {}).items():
        if payload[name] != allowed:
            yield Problem(f"payload.{name}", "invalid_payload", f"A {role} can only say {allowed} here.")
    if op_type in _EXCEPTIONS and payload["reason"] not in REASONS:
        yield Problem("payload.reason", "invalid_payload", "No such reason.")
    if op_type == "task.delivered":
        yield from _delivered_sense(payload)
    start, end = payload.get("window_start"), payload.get("window_end")
    if start is not None and end is not None and end < start:
        yield Problem("payload.window_end", "invalid_payload", "The window ends before it starts.")
    named = _named_entity(op_type, payload)
    if named is not None and entity != named:
        yield Problem("entity", "wrong_entity", "The payload speaks of another entity.")
    if op_type in ("order.imported", "parcel.scanned"):
        waybill = payload["waybill"]
        if not waybill or waybill != normal_waybill(waybill):
            yield Problem("payload.waybill", "invalid_payload", "The waybill is not in its normal form.")


def _delivered_sense(payload: dict[str, Any]) -> Iterable[Problem]:
    """A consent for whoever took it, and a rest only of pieces that were counted."""
    consent, rest = payload["consent"], payload.get("rest")
    if consent is not None and consent["kind"] != payload["recipient"]:
        yield Problem("payload.consent.kind", "invalid_payload", "The consent is for somebody else.")
    if rest is not None and rest["reason"] not in REASONS:
        yield Problem("payload.rest.reason", "invalid_payload", "No such reason.")
    if rest is not None and "pieces" not in payload:
        yield Problem("payload.pieces", "invalid_payload", "A rest is of pieces that were counted.")


def _request_sense(payload: dict[str, Any]) -> Iterable[Problem]:
    """A scope that says what it is about, weekdays in their order, and an end after the start."""
    weekdays = payload["weekdays"]
    for scope, name in (("address", "address"), ("parcel", "task")):
        if payload["scope"] == scope and payload[name] is None:
            yield Problem(f"payload.{name}", "invalid_payload", f"A request for one {scope} names it.")
    if weekdays != sorted(set(weekdays)) or (payload["scope"] == "weekdays" and not weekdays):
        yield Problem("payload.weekdays", "invalid_payload", "Weekdays are named once each, in their order.")
    start, end = payload["valid_from"], payload["valid_until"]
    if start is not None and end is not None and end < start:
        yield Problem("payload.valid_until", "invalid_payload", "The request ends before it starts.")


def _named_entity(op_type: str, payload: dict[str, Any]) -> str | None:
    if op_type == "order.imported":
        return f"task:{derive('task', payload['kind'], payload['waybill'])}"
    if op_type == "parcel.scanned":
        return f"parcel:{derive('parcel', payload['waybill'])}"
    if op_type == "payment.collected":
        return f"obligation:{payload['task']}"
    return None
