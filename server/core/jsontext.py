"""JSON as text, fast: an order of a file is written as JSON nine times on its way in.

The fast writer knows more than JSON does. Dates and dataclasses are refused here as Python's own writer refuses them; a
UUID and a member of an enumeration it can not be told to refuse: they become their text and their value.
"""

import hashlib
import json
from typing import Any, Final

import orjson

_PLAIN: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def compact(value: object) -> str:
    """A value without a space; what is beyond 64 bits or has a lone surrogate is written as Python would.

    What is no number (NaN, an infinity) becomes null, as in a browser: Python's words for it are not JSON, and a reader
    would refuse all that stands beside it.
    """
    try:
        return orjson.dumps(value, option=_PLAIN).decode()
    except TypeError:
        text = _by_python(value)
        return _by_python(json.loads(text, parse_constant=lambda _no_number: None))


def read(text: str | bytes) -> Any:
    """A JSON text as the database kept it. A number beyond 64 bits is rounded: what must come back as it was handed in,
    whatever it is, is kept as text."""
    return orjson.loads(text)


def plain_hash(value: object) -> str:
    """SHA-256 of the canonical text (`sync.canonical`) of a value that is known to have one."""
    return hashlib.sha256(orjson.dumps(value, option=_PLAIN | orjson.OPT_SORT_KEYS)).hexdigest()


def _by_python(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
