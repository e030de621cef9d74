"""What a quarantined operation says, as far as it may be read without knowing what it is: its shape, values masked.

Nobody can tell which field of an operation that was not understood names a person, so no list of forbidden names would
do. It is the other way round: names are shown, and of the values only those that cannot be personal: ids, digests,
counts, times and words of our own tables. The rest is told by its kind and length. That is enough to see which build
sent what and why it was not understood; the text itself stays in the quarantine as evidence, word for word.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from sync.schemas import OPERATIONS
from sync.schemas.fields import (
    MAX_INTEGER,
    OUTCOMES,
    PAYMENT_METHODS,
    RECIPIENTS,
    REQUEST_KINDS,
    STATUSES,
    TASK_KINDS,
)
from sync.tables import REASONS

MOST_LINES = 200
DEEPEST = 6
_WORDS = frozenset(
    (
        *OPERATIONS,
        *OUTCOMES,
        *PAYMENT_METHODS,
        *RECIPIENTS,
        *REQUEST_KINDS,
        *STATUSES,
        *TASK_KINDS,
        *REASONS,
        "CNY",
    )
)
_NUMBERS = frozenset(
    (
        "v",
        "seq",
        "base_rev",
        "at",
        "mono",
        "sequence",
        "window_start",
        "window_end",
        "valid_from",
        "valid_until",
        "pieces",
        "weight_g",
        "amount_minor",
        "cod_minor",
        "tasks",
    )
)
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ID = re.compile(rf"(?:[a-z]{{1,20}}:)?{_UUID}|[0-9a-f]{{64}}")
_TYPE = re.compile(r"[a-z_]{1,30}\.[a-z_]{1,30}")
_BUILD = re.compile(r"(?!.*\d{5})[a-z]{1,12}[-/ ]?[0-9a-z.+-]{0,24}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOBILE = re.compile(r"1[3-9]\d{9}")

Line = dict[str, Any]


def structure(raw: str) -> list[Line]:
    """The shape of what was handed in, a line per value.

    Args:
        raw: its text; JSON, or the beginning of it, or anything.

    Returns:
        [{name: dotted path, kind: text|number|yes_no|nothing|list|object, value: shown text or None, length: characters
        of a text or entries of a list, else None}], at most MOST_LINES; one line without a name for what is no JSON.
    """
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return [_line("", "text", None, len(raw))]
    lines: list[Line] = []
    for line in _walk("", "", value, 0):
        lines.append(line)
        if len(lines) == MOST_LINES:
            break
    return lines


def said_at(raw: str) -> int | None:
    """When the handheld's clock says it happened, ms; None when it says nothing that could be a time."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    said = value.get("at") if isinstance(value, dict) else None
    return said if type(said) is int and 0 <= said <= MAX_INTEGER else None


def _walk(path: str, name: str, value: Any, depth: int) -> Iterator[Line]:
    if isinstance(value, dict) and value and depth < DEEPEST:
        for key, inner in value.items():
            said = key if _NAME.fullmatch(key) else "…"
            yield from _walk(f"{path}.{said}" if path else said, said, inner, depth + 1)
    elif isinstance(value, list) and value and depth < DEEPEST:
        for at, inner in enumerate(value):
            yield from _walk(f"{path}.{at}" if path else str(at), name, inner, depth + 1)
    else:
        yield _leaf(path, name, value)


def _leaf(path: str, name: str, value: Any) -> Line:
    if value is None:
        return _line(path, "nothing", None, None)
    if isinstance(value, bool):
        return _line(path, "yes_no", "true" if value else "false", None)
    if isinstance(value, int | float):
        return _line(path, "number", str(value) if _may_count(name, value) else None, None)
    if isinstance(value, str):
        return _line(path, "text", value if _may_say(name, value) else None, len(value))
    return _line(path, "list" if isinstance(value, list) else "object", None, len(value))


def _may_count(name: str, value: float) -> bool:
    return isinstance(value, int) and name in _NUMBERS and not _MOBILE.fullmatch(str(value))


def _may_say(name: str, value: str) -> bool:
    if value in _WORDS or _ID.fullmatch(value):
        return True
    return (name == "type" and _TYPE.fullmatch(value) is not None) or (
        name == "app" and _BUILD.fullmatch(value) is not None
    )


def _line(name: str, kind: str, value: str | None, length: int | None) -> Line:
    return {"name": name, "kind": kind, "value": value, "length": length}
