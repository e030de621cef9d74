"""JSON as text, fast: an order of a file is written as JSON nine times on its way in."""

import hashlib
import json

import orjson


def compact(value: object) -> str:
    """A value without a space; what is beyond 64 bits or has a lone surrogate is written as Python would."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain_hash(value: object) -> str:
    """SHA-256 of the canonical text (`sync.canonical`) of a value that is known to have one."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
