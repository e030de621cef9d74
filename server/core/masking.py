"""Masking of personal data: at least one character of a name, six digits of a phone, the unit and the room.

It is the default of every screen, export and log; the few places that show more say why.
"""

from __future__ import annotations

import re
from typing import Any

STAR = "*"
_CJK = re.compile(r"[\u3400-\u9fff]")
_LETTERS = re.compile(r"\w+", re.UNICODE)
_HIDDEN_DIGITS = 6
# What stands for a unit or a room inside a free text, Chinese and English.
_INDOORS = re.compile(
    r"[0-9一二三四五六七八九十百A-Za-z甲乙丙丁东西南北]{1,6}\s*(?:单元|號室|号室|室|房间|房)"
    r"|\b(?:unit|room|rm\.?|apt\.?|apartment|suite|ste\.?|flat)\s*#?\s*[0-9A-Za-z-]+"
    r"|#\s*\d+(?:-\d+)*",
    re.IGNORECASE,
)


def mask_name(name: str) -> str:
    """`王小明` to `王*明`, `欧阳` to `欧*`, `John Smith` to `J*** S****`, `阿` to `*`."""
    text = name.strip()
    if _CJK.search(text):
        return _mask_word(text, keep_last=len(text) > 2)
    return _LETTERS.sub(lambda word: _mask_word(word.group(), keep_last=False), text)


def mask_phone(phone: str) -> str:
    """Six digits hidden, the last two kept: `13812345678` to `138******78`; short numbers vanish whole."""
    places = [at for at, char in enumerate(phone) if char.isdigit()]
    keep = max(0, min(2, len(places) - _HIDDEN_DIGITS))
    end = len(places) - keep
    hidden = set(places[max(0, end - _HIDDEN_DIGITS) : end])
    return "".join(STAR if at in hidden else char for at, char in enumerate(phone))


def mask_address(address: dict[str, Any]) -> dict[str, Any]:
    """The address down to the building: no unit, no room, no exact position, also not inside the text."""
    text = str(address.get("text") or "")
    for part in ("room", "unit"):
        value = address.get(part)
        if value:
            text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(str(value))}(?![0-9A-Za-z])", STAR * 3, text)
    text = _INDOORS.sub(STAR * 3, text)
    hidden = {"unit", "room", "lng_e7", "lat_e7"}
    kept = {name: None if name in hidden else value for name, value in address.items()}
    return {**kept, "text": re.sub(r"(?:\*{3}[\s,，、-]*)+$|(?:\*{3}[\s,，、-]*){2,}", STAR * 3, text)}


def _mask_word(word: str, *, keep_last: bool) -> str:
    if len(word) == 1:
        return STAR
    if keep_last:
        return word[0] + STAR * (len(word) - 2) + word[-1]
    return word[0] + STAR * (len(word) - 1)
