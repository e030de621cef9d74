"""One text for one value, so that Python and JavaScript hash the same operation to the same hash (P5).

Keys are ASCII and sorted, there is no white space, strings stay as they are, numbers are integers that a double holds
exactly. Anything else (a float, a lone surrogate, a NUL that PostgreSQL cannot store) has no canonical text.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, Final

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 32

# NUL is refused with the lone surrogates: neither can be kept as text by every database Doorstep runs on.
_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")
_WAYBILL_NOISE = str.maketrans("", "", " \t\n\r\f\v-")
_WAYBILL_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class NotCanonicalError(ValueError):
    """The value has no canonical text; the message names the path and what is wrong there."""


def unclean(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (path, "number" | "text" | "nesting" | "key" | "type") for every part that has no canonical text.

    A path joins keys and list positions with dots: `payload.photos.0`.
    """
    if not isinstance(value, dict | list):
        what = _unclean_leaf(value)
        if what is not None:
            yield path, what
        return
    if depth >= MAX_DEPTH:
        yield path, "nesting"
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(value, dict) and not _good_key(key):
            yield path, "key"
        else:
            yield from unclean(item, f"{path}.{key}" if path else str(key), depth + 1)


def _unclean_leaf(value: object) -> str | None:
    if isinstance(value, str):
        return "text" if _BAD_TEXT.search(value) else None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if -MAX_INTEGER <= value <= MAX_INTEGER else "number"
    return "number" if isinstance(value, float) else "type"


def is_clean(value: object) -> bool:
    """Whether `unclean` would find nothing: asked of every operation, so it goes level by level and names nothing."""
    level: list[Any] = [value]
    texts: list[str] = []
    keys: list[Any] = []
    for depth in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                texts.append(item)
            elif kind is dict:
                inner.extend(item.values())
                keys.extend(item)
                if depth == MAX_DEPTH:
                    return False
            elif kind is list:
                inner.extend(item)
                if depth == MAX_DEPTH:
                    return False
            elif kind is int:
                if not -MAX_INTEGER <= item <= MAX_INTEGER:
                    return False
            elif item is not None and kind is not bool:
                return next(unclean(value), None) is None
        if not inner:
            break
        level = inner
    good_keys = all(type(key) is str for key in keys) and _good_key("".join(keys))
    return good_keys and _BAD_TEXT.search("".join(texts)) is None


def _good_key(key: object) -> bool:
    return isinstance(key, str) and key.isascii() and "\x00" not in key


def canonical(value: object) -> str:
    """The canonical JSON text of `value`.

    Raises NotCanonicalError for floats, integers beyond ±(2^53-1), keys that are no ASCII strings, NUL, lone surrogates
    and nesting deeper than MAX_DEPTH.
    """
    if not is_clean(value):
        path, what = next(unclean(value))
        raise NotCanonicalError(f"{what} at {path or 'the top'}")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256_hex(data: str | bytes) -> str:
    """Lower-case hex SHA-256 of bytes, or of a text's UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def body_hash(envelope: dict[str, Any]) -> str:
    """What makes "the same id, the same body" decidable (P16): the hash of the envelope's canonical text."""
    return sha256_hex(canonical(envelope))


def evidence_hash(value: object) -> str:
    """A hash for what may have no canonical text: quarantined evidence must be recognisable when it is sent again.

    Equals `body_hash` wherever that exists, so that a resend of a clean operation is never taken for another body.
    """
    try:
        return sha256_hex(canonical(value))
    except NotCanonicalError:
        return sha256_hex("doorstep/unclean\n" + json.dumps(value, sort_keys=True, default=repr))


def storable(value: object) -> Any:
    """A copy of `value` that any JSON column takes: U+FFFD stands for NUL and lone surrogates, text for odd numbers.

    For evidence only; what was understood never needs it.
    """
    if isinstance(value, str):
        return _BAD_TEXT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_BAD_TEXT.sub("\ufffd", str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, float) or (isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER):
        return repr(value)
    return value


def derive(*parts: str) -> str:
    """The id that follows from `parts`, a UUID of version 8: whoever knows the parts names the same thing (P4)."""
    digest = bytearray(hashlib.sha256(("doorstep/1\n" + "\n".join(parts)).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def normal_waybill(code: str) -> str:
    """A waybill number as it is compared: no ASCII white space, no hyphens, ASCII letters in upper case.

    Only ASCII is touched, because the two languages do not agree on the case or the white space of anything else (P5).
    """
    return code.translate(_WAYBILL_NOISE).translate(_WAYBILL_UPPER)
