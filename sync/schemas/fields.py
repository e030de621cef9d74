"""The few field types every schema is built from.

marshmallow is lenient where the wire must not be (1 passes for true, "$" lets a trailing line feed through), and
a validator written as a function would vanish from OpenAPI; so every rule here is declarative and strict.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

MAX_INTEGER = 2**53 - 1
TEXT = 500
NAME = 120
CODE = 64

# `$(?!\n)`: Python's `$` also matches before a final line feed, JavaScript's does not.
_END = r"$(?!\n)"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ENTITY_KINDS = ("task", "parcel", "customer", "shift", "obligation", "conflict", "message")
SCOPE_KINDS = ("courier", "notices", "reference")
STATUSES = (
    "created",
    "assigned",
    "out_for_delivery",
    "arrived",
    "delivered",
    "picked_up",
    "attempt_failed",
    "held",
    "returned",
    "cancelled",
)
TASK_KINDS = ("delivery", "pickup")
REQUEST_KINDS = (
    "call_first",
    "no_ring",
    "leave_at_reception",
    "weekdays_only",
    "fragile",
    "id_check",
    "other",
)
REQUEST_SCOPES = ("always", "address", "parcel", "weekdays")
REQUEST_SOURCES = ("order", "customer", "courier", "csr", "merchant")
REQUEST_STATES = ("proposed", "accepted")
CUSTOMER_KINDS = ("person", "company")
TIERS = ("key", "monthly", "casual")
LANGUAGES = ("zh", "en")
CONSENT_KINDS = ("reception", "neighbour", "locker", "station", "notices", "marketing")
CONSENT_SOURCES = ("customer", "csr", "courier", "paper")
RECIPIENTS = ("self", "family", "reception", "neighbour", "locker", "station")
PAYMENT_METHODS = ("cash", "qr")
# Who takes a parcel for somebody else only with a consent that is recorded; and what a courier goes by.
PROXIES = ("reception", "neighbour", "locker", "station")
CONSENT_BASES = ("crm", "asked", "request", "told", "none")
CALL_CHANNELS = ("call", "sms")
CALL_RESULTS = ("answered", "not_answered", "unknown")
EVIDENCE = ("calls", "dwell_s", "photos", "note")
PACKAGING = ("own", "envelope", "bag", "box", "reinforced", "cold")
SCAN_SOURCES = ("wedge", "typed", "camera")
OUTCOMES = ("mine", "theirs", "noted")


class Strict(Schema):
    """Base of every shape: an unknown field is an error, since nobody would ever look at it again."""

    class Meta:
        unknown = RAISE


class StrictBoolean(fields.Boolean):
    """true or false; 0, 1 and "yes" are none."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if value is not True and value is not False:
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def _options(nullable: bool, required: bool, description: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {"required": required, "allow_none": nullable}
    if description:
        options["metadata"] = {"description": description}
    return options


def integer(
    minimum: int = -MAX_INTEGER,
    maximum: int = MAX_INTEGER,
    *,
    nullable: bool = False,
    required: bool = True,
    key: str | None = None,
    description: str | None = None,
) -> fields.Integer:
    """A whole number that a double holds exactly; true and 1.0 are no numbers here."""
    limits = validate.Range(min=minimum, max=maximum)
    options = _options(nullable, required, description)
    return fields.Integer(strict=True, validate=limits, data_key=key, **options)


def moment(*, nullable: bool = False, required: bool = True) -> fields.Integer:
    """Milliseconds since the epoch, UTC."""
    return integer(0, nullable=nullable, required=required, description="ms since 1970-01-01T00:00Z")


def matching(
    pattern: str, *, nullable: bool = False, required: bool = True, longest: int | None = None
) -> fields.String:
    """Text that matches `pattern` from its first to its last character."""
    rules: list[validate.Validator] = [validate.Regexp(f"^{pattern}{_END}")]
    if longest is not None:
        rules.append(validate.Length(max=longest))
    return fields.String(validate=rules, **_options(nullable, required, None))


def identity(*, nullable: bool = False, required: bool = True, key: str | None = None) -> fields.String:
    """A UUID in lower case; `key` is its name on the wire where Python could not write it."""
    rules = validate.Regexp(f"^{_UUID}{_END}")
    return fields.String(validate=rules, data_key=key, **_options(nullable, required, None))


def sha256(*, nullable: bool = False, required: bool = True) -> fields.String:
    """A SHA-256 in lower-case hex."""
    return matching("[0-9a-f]{64}", nullable=nullable, required=required)


def entity(
    kinds: tuple[str, ...] = ENTITY_KINDS, *, nullable: bool = False, required: bool = True
) -> fields.String:
    """`kind:id`."""
    return matching(f"(?:{'|'.join(kinds)}):{_UUID}", nullable=nullable, required=required)


def line(
    longest: int = NAME, *, shortest: int = 1, nullable: bool = False, required: bool = True
) -> fields.String:
    """Text on one line: no control characters, so that an id derived from it cannot be forged with a line feed."""
    rules = [validate.Regexp(rf"^[^\u0000-\u001f\u007f]*{_END}"), validate.Length(min=shortest, max=longest)]
    return fields.String(validate=rules, **_options(nullable, required, None))


def email(*, nullable: bool = False, required: bool = True) -> fields.String:
    """Something before an @ and something behind it; whether it exists only a letter can tell."""
    return matching("[!-?A-~]+@[!-?A-~]+", longest=254, nullable=nullable, required=required)


def weekdays(*, required: bool = True) -> fields.List[int]:
    """Days of the week, Monday 1."""
    return array(integer(1, 7), 7, required=required)


def text(
    longest: int = TEXT, *, shortest: int = 1, nullable: bool = False, required: bool = True
) -> fields.String:
    """Free text of a person, line feeds allowed; lengths count code points in both languages."""
    limits = validate.Length(min=shortest, max=longest)
    return fields.String(validate=limits, **_options(nullable, required, None))


def constant(value: str | int) -> fields.String | fields.Integer:
    """Exactly this value: what tells the members of a union apart."""
    rule = validate.Equal(value)
    if isinstance(value, str):
        return fields.String(required=True, validate=rule)
    return fields.Integer(required=True, strict=True, validate=rule)


def one_of(choices: tuple[str, ...], *, nullable: bool = False, required: bool = True) -> fields.String:
    """One of the words listed."""
    return fields.String(validate=validate.OneOf(choices), **_options(nullable, required, None))


def boolean(*, nullable: bool = False, required: bool = True) -> StrictBoolean:
    """true or false."""
    return StrictBoolean(**_options(nullable, required, None))


def nested(schema: type[Schema], *, nullable: bool = False, required: bool = True) -> fields.Nested:
    """An object of its own shape."""
    return fields.Nested(schema, **_options(nullable, required, None))


def array(
    inner: fields.Field[Any],
    longest: int | None = None,
    *,
    shortest: int | None = None,
    key: str | None = None,
    required: bool = True,
) -> fields.List[Any]:
    """A list of `inner`, of at most `longest` where a writer could make it grow."""
    limits = [validate.Length(min=shortest, max=longest)] if longest is not None else []
    return fields.List(inner, validate=limits, data_key=key, **_options(False, required, None))


def mapping(keys: fields.String, values: fields.Field[Any], *, required: bool = True) -> fields.Dict:
    """An object whose keys are data (ids), all values alike."""
    return fields.Dict(keys=keys, values=values, **_options(False, required, None))
