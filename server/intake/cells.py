"""From the text of a cell to a value an operation may carry: integers only, in the units of the protocol (P5)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from server.intake.fields import REQUEST_KINDS, Field
from server.intake.mapping import FieldRule

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_PHONE = re.compile(r"\+?[0-9][0-9 ()\-]{3,30}[0-9]")
_YES = frozenset(("yes", "y", "true", "1", "是", "要", "需要", "√", "✓"))
_NO = frozenset(("no", "n", "false", "0", "否", "不", "不要", "不需要", "-"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Days of a spreadsheet from 1954 to 2119: no time format of a merchant looks like that.
_SERIAL = re.compile(r"[2-7][0-9]{4}(\.[0-9]{1,15})?")
_SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall time; the mapping's zone comes later
ISO_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


class CellError(Exception):
    """A cell that says nothing usable; `code` and `facts` make the sentence."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class Reading:
    """What is needed to read a cell besides its text."""

    rule: FieldRule
    field: Field
    zone: ZoneInfo
    year: int


def read_cell(text: str, reading: Reading) -> object | None:
    """The value of a cell, None when it is empty.

    Raises:
        CellError: the text does not fit the field.
    """
    if _CONTROL.search(text):
        raise CellError("control")
    if not text:
        return None
    return _READERS[reading.field.kind](text, reading)


def _text(text: str, reading: Reading) -> str:
    if len(text) > reading.field.limit:
        raise CellError("too_long", limit=reading.field.limit)
    return text


def _choice(text: str, reading: Reading) -> str:
    value = reading.rule.words.get(text, text.lower())
    if value not in reading.field.choices:
        raise CellError(
            "choice", value=text, choices=" / ".join((*reading.field.choices, *reading.rule.words))
        )
    return value


def _whole(text: str, reading: Reading) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise CellError("whole_number", value=text)
    return _scaled(text, 0, 1, reading.field.limit)


def _weight(text: str, reading: Reading) -> int:
    return _scaled(text, 3 if reading.rule.unit != "g" else 0, 1, reading.field.limit)


def _money(text: str, reading: Reading) -> int:
    return _scaled(text, 2 if reading.rule.unit != "fen" else 0, 0, reading.field.limit)


def _longitude(text: str, _reading: Reading) -> int:
    return _degrees(text, 180)


def _latitude(text: str, _reading: Reading) -> int:
    return _degrees(text, 90)


def _degrees(text: str, most: int) -> int:
    """Degrees to 1e-7 degrees by decimal arithmetic; digits beyond the seventh are rounded, half to even."""
    value = int((_decimal(text) * 10_000_000).quantize(Decimal(1)))
    if abs(value) > most * 10_000_000:
        raise CellError("range", value=text, low=-most, high=most)
    return value


def _time(text: str, reading: Reading) -> int:
    """Ms since the epoch of a wall time in the mapping's zone; a format without a year takes the given one."""
    found = _moment(text, reading.rule.formats, reading.zone, reading.year)
    if found is not None:
        return found
    example = datetime(reading.year, 5, 1, 9, 30, tzinfo=reading.zone)
    form = next(iter(reading.rule.formats), ISO_FORMATS[0])
    raise CellError("time", value=text, example=example.strftime(form))


@lru_cache(maxsize=10_000)
def _moment(text: str, formats: tuple[str, ...], zone: ZoneInfo, year: int) -> int | None:
    """A file has few different times: each text is parsed once.

    What a spreadsheet keeps as a date arrives as ISO text, or as days since 1900 where nobody formatted the cell.
    """
    if _SERIAL.fullmatch(text):
        return _from_serial(text, zone)
    for form in (*formats, *ISO_FORMATS):
        dated = "%Y" in form or "%y" in form
        whole, shape = (text, form) if dated else (f"{year} {text}", f"%Y {form}")
        try:
            moment = datetime.strptime(whole, shape).replace(tzinfo=zone)
        except ValueError:
            continue
        return _ms(moment)
    return None


def _from_serial(text: str, zone: ZoneInfo) -> int:
    """Days since 30 December 1899 and the part of the day, to the second (a float keeps no more)."""
    seconds = (Decimal(text) * 86_400).quantize(Decimal(1))
    return _ms((_SERIAL_ZERO + timedelta(seconds=int(seconds))).replace(tzinfo=zone))


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _phone(text: str, reading: Reading) -> str:
    if len(text) > reading.field.limit or not _PHONE.fullmatch(text):
        raise CellError("phone", value=text)
    return re.sub(r"[ ()\-]", "", text)


def _requests(text: str, reading: Reading) -> list[tuple[str, str]]:
    """`kind: words | kind: words`; what names no known kind is a request of kind other."""
    found: list[tuple[str, str]] = []
    for part in filter(None, (piece.strip() for piece in text.split("|"))):
        kind, colon, words = (piece.strip() for piece in part.partition(":"))
        if not colon or kind not in REQUEST_KINDS:
            kind, words = ("other", part) if part not in REQUEST_KINDS else (part, "")
        if len(words) > reading.field.limit:
            raise CellError("too_long", limit=reading.field.limit)
        found.append((kind, words))
    return found


def _flag(text: str, reading: Reading) -> bool:
    """Yes or no; whatever else stands there is asked about, since a code is a promise to the customer."""
    word = reading.rule.words.get(text, text).lower()
    if word not in _YES and word not in _NO:
        raise CellError("choice", value=text, choices="yes / no / 是 / 否")
    return word in _YES


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?[0-9]{1,12}(\.[0-9]{1,15})?", text):
        raise CellError("number", value=text)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise CellError("number", value=text) from error


def _scaled(text: str, shift: int, low: int, high: int) -> int:
    """A number in the unit of the file times 10^shift; `low` and `high` are in the unit of the protocol."""
    value = _decimal(text).scaleb(shift)
    if value != value.to_integral_value():
        raise CellError("too_precise", value=text)
    if not low <= value <= high:
        ends = {"low": f"{Decimal(low).scaleb(-shift):f}", "high": f"{Decimal(high).scaleb(-shift):f}"}
        raise CellError("range", value=text, **ends)
    return int(value)


_READERS: dict[str, Callable[[str, Reading], object]] = {
    "text": _text,
    "choice": _choice,
    "whole": _whole,
    "weight": _weight,
    "money": _money,
    "longitude": _longitude,
    "latitude": _latitude,
    "time": _time,
    "phone": _phone,
    "requests": _requests,
    "flag": _flag,
}
