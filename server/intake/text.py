"""Bytes of a CSV file as records of text: which encoding, which separator. Knows nothing about orders."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from server.intake.problems import UnusableFileError

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SEPARATORS = ",;\t"
_LONGEST_CELL = 20_000
# More separators than any table has columns, even where texts hold some; looked for before a line is taken apart.
_MOST_SEPARATORS = 5_000
_GUESS_FROM = 100_000
_PLAIN_SHARE = 0.9
_MARKS = "，。、；：？！（）《》【】“”‘’·—…￥％＋－／＃＆～\u3000"


@dataclass(frozen=True)
class Records:
    """The lines of a CSV file taken apart, and how they were written. `bom` is kept to write alike."""

    rows: list[list[str]]
    encoding: str
    separator: str
    bom: bool


def read_records(raw: bytes, most_rows: int, most_columns: int) -> Records:
    """All records of a CSV file.

    Raises:
        UnusableFileError: empty, no text in an encoding that is understood, broken, or larger than order files are.
    """
    text, encoding, bom = decode(raw)
    if not text.strip():
        raise UnusableFileError("empty")
    if "\x00" in text:
        raise UnusableFileError("binary")
    separator = _separator(text)
    reader = csv.reader(_lines(text, separator, most_columns), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    try:
        for cells in reader:
            if len(cells) > most_columns and any(cell.strip() for cell in cells[most_columns:]):
                raise UnusableFileError("too_many_columns", limit=most_columns)
            if len(rows) > most_rows:
                raise UnusableFileError("too_many_rows", limit=most_rows)
            if any(len(cell) > _LONGEST_CELL for cell in cells):
                raise UnusableFileError("no_table")
            rows.append(cells)
    except csv.Error as error:
        raise UnusableFileError("broken_csv", line=reader.line_num, why=str(error)) from error
    return Records(rows, encoding, separator, bom)


def decode(raw: bytes) -> tuple[str, str, bool]:
    """The text, its encoding (utf-8, utf-16-le, utf-16-be, gb18030), whether a BOM said so.

    GB18030 gives nearly every byte a meaning, so it is believed only when most of what comes out are characters
    people write: Big5, Shift JIS and Latin letters read as GB18030 are rare ones.

    Raises:
        UnusableFileError: none of these, or no text at all.
    """
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return _strictly(raw[len(bom) :], name), name, True
    if not raw.strip():
        raise UnusableFileError("empty")
    wide = _wide(raw)
    if wide is not None:
        return _strictly(raw, wide), wide, False
    try:
        return raw.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError as error:
        if b"\x00" in raw:
            raise UnusableFileError("binary") from error
        line = raw.count(b"\n", 0, error.start) + 1
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError as error:
        raise UnusableFileError("encoding", line=line) from error
    if not _is_written(text):
        raise UnusableFileError("encoding", line=line)
    return text, "gb18030", False


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnusableFileError("encoding", line=line) from error


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of its separators and digits is zero."""
    start = raw[:4096]
    if len(start) < 4 or len(raw) % 2:
        return None
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > len(start) // 8 and even == 0:
        return "utf-16-le"
    if even > len(start) // 8 and odd == 0:
        return "utf-16-be"
    return None


def _is_written(text: str) -> bool:
    """Whether what is not ASCII is mostly what GB 2312 holds: the characters of everyday Chinese."""
    seen = Counter(char for char in text[:_GUESS_FROM] if char > "\x7f")
    everyday = sum(count for char, count in seen.items() if _everyday(char))
    return everyday >= _PLAIN_SHARE * sum(seen.values())


def _everyday(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return "一" <= char <= "\u9fff" or "０" <= char <= "ｚ" or char in _MARKS


def _separator(text: str) -> str:
    """Whichever stands most often in the first line that holds one, texts in quotes aside."""
    for line in text[:65_536].splitlines()[:20]:
        plain = "".join(line.split('"')[0::2])
        best = max(_SEPARATORS, key=plain.count)
        if best in plain:
            return best
    return ","


def _lines(text: str, separator: str, most_columns: int) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        if text.count(separator, start, end) > _MOST_SEPARATORS:
            raise UnusableFileError("too_many_columns", limit=most_columns)
        yield text[start:end]
        start = end
