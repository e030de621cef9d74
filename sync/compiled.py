"""Does a value surely fit a schema? A quick yes for what handhelds send all day; the schema itself says what is wrong.

marshmallow walks a schema's fields anew for every operation, which costs more than deciding it. The same fields are
turned here, once, into plain checks. A check may say no to what the schema would take; it never says yes to what the
schema would refuse (`tests/sync/test_compiled.py` holds the two together).
"""

from collections.abc import Callable
from typing import Any, Final

from marshmallow import RAISE, Schema, fields, validate

Fits = Callable[[Any], bool]

_PLAIN: Final[dict[type, Fits]] = {
    fields.String: lambda value: type(value) is str,
    fields.Integer: lambda value: type(value) is int,
    fields.Raw: lambda _value: True,
}


def _never(_value: Any) -> bool:
    return False


def compiled(schema: Schema) -> Fits:
    """The check of a whole object; always no for a schema with rules of its own beside its fields."""
    # marshmallow has no public name for the rules of a whole object.
    if schema.unknown != RAISE or any(schema._hooks.values()):  # noqa: SLF001
        return _never
    checks = {field.data_key or name: _field(field) for name, field in schema.load_fields.items()}
    required = frozenset(
        field.data_key or name for name, field in schema.load_fields.items() if field.required
    )

    def fits(value: Any) -> bool:
        if type(value) is not dict or not required <= value.keys():
            return False
        for key, item in value.items():
            check = checks.get(key)
            if check is None or not check(item):
                return False
        return True

    return fits


def _field(field: fields.Field[Any]) -> Fits:
    checks = [_kind(field), *(_rule(rule) for rule in field.validators)]
    nullable = bool(field.allow_none)
    if len(checks) == 1:
        only = checks[0]
        return lambda value: nullable if value is None else only(value)
    first, second, *rest = checks
    if not rest:
        return lambda value: nullable if value is None else first(value) and second(value)
    return lambda value: nullable if value is None else all(check(value) for check in checks)


def _kind(field: fields.Field[Any]) -> Fits:
    if isinstance(field, fields.Boolean):
        return lambda value: value is True or value is False
    if isinstance(field, fields.Nested) and not field.many:
        return compiled(field.schema)
    if isinstance(field, fields.List):
        inner = _field(field.inner)
        return lambda value: type(value) is list and all(map(inner, value))
    if isinstance(field, fields.Dict) and field.key_field is None and field.value_field is None:
        return lambda value: type(value) is dict
    return _PLAIN.get(type(field), _never)


def _rule(rule: Callable[[Any], Any]) -> Fits:
    if isinstance(rule, validate.Regexp):
        match = rule.regex.match
        return lambda value: match(value) is not None
    if isinstance(rule, validate.Length) and rule.equal is None:
        low, high = rule.min or 0, float("inf") if rule.max is None else rule.max
        return lambda value: low <= len(value) <= high
    if isinstance(rule, validate.Range) and rule.min_inclusive and rule.max_inclusive:
        least = float("-inf") if rule.min is None else rule.min
        most = float("inf") if rule.max is None else rule.max
        return lambda value: least <= value <= most
    if isinstance(rule, validate.OneOf):
        choices = frozenset(rule.choices)
        return lambda value: value in choices
    if isinstance(rule, validate.Equal):
        wanted = rule.comparable
        return lambda value: value == wanted
    return _never
