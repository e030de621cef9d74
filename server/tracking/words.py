"""Sentences, times and numbers of the customer's page in one language, in the station's time zone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from sync.tables import REASONS

LANGUAGES: Final = ("zh", "en")
SYMBOLS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
# A time with Chinese right behind it: a space keeps them apart, as everywhere else on the page.
_TIGHT: Final = re.compile(r"(\d\d:\d\d)(?=[\u4e00-\u9fff])")
_NEXT: Final = (
    "reattempt",
    "crm",
    "return",
    "claim",
    "trace",
    "new_date",
    "hold",
    "transfer",
    "carry_over",
    "door",
)


def _load(language: str) -> dict[str, Any]:
    file = files("server.tracking") / "strings" / f"{language}.json"
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


STRINGS: Final[Mapping[str, Mapping[str, Any]]] = {language: _load(language) for language in LANGUAGES}


@dataclass(frozen=True)
class Words:
    """`say(key, ...)` gives a sentence; the other methods give what goes into one."""

    language: str
    zone: str
    now: int

    def say(self, key: str, **values: object) -> str:
        """The sentence of a key with its gaps filled.

        :raises KeyError: for a key no language file has; a test holds the two files and the code together.
        """
        return _TIGHT.sub(r"\1 ", str(STRINGS[self.language][key]).format(**values))

    def has(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in STRINGS[self.language]

    def local(self, at: int) -> datetime:
        """A moment in the station's zone."""
        return datetime.fromtimestamp(at / 1000, ZoneInfo(self.zone))

    def iso(self, at: int) -> str:
        """A moment for machines, to the second."""
        return self.local(at).isoformat(timespec="seconds")

    def time(self, at: int) -> str:
        """14:02"""
        return self.local(at).strftime("%H:%M")

    def day(self, at: int) -> str:
        """today, tomorrow, yesterday, or Mon 4 May."""
        day, today = self.local(at).date(), self.local(self.now).date()
        for shift, name in ((0, "today"), (1, "tomorrow"), (-1, "yesterday")):
            if day == today + timedelta(days=shift):
                return self.say(f"day.{name}")
        return self.date(at)

    def date(self, at: int) -> str:
        """Mon 4 May, whatever day it is."""
        day = self.local(at)
        names: Mapping[str, Sequence[str]] = STRINGS[self.language]
        return self.say(
            "day.date",
            weekday=names["weekdays"][day.weekday()],
            month=names["months"][day.month - 1],
            date=day.day,
        )

    def moment(self, at: int) -> str:
        """today 14:02, which no line break takes apart."""
        return f"{self.day(at)}\u00a0{self.time(at)}"

    def window(self, start: int | None, end: int | None) -> str:
        """15:10–15:40, or with one end open."""
        if start is None:
            return self.say("when.until", end=self.time(end or 0))
        if end is None:
            return self.say("when.from", start=self.time(start))
        return self.say("when.between", start=self.time(start), end=self.time(end))

    def when(self, start: int | None, end: int | None) -> str:
        """today, 15:10–15:40; a band over two days names both."""
        first = start if start is not None else end
        if first is None:
            return ""
        if start is not None and end is not None and self.local(start).date() != self.local(end).date():
            return self.say("when.between", start=self.moment(start), end=self.moment(end))
        return self.say("when.day", day=self.day(first), window=self.window(start, end))

    def reason(self, code: str | None) -> str:
        """The trade's words for a reason; its code when this server does not know it (yet)."""
        known = REASONS.get(code or "")
        if known is None:
            return code or ""
        text = known["zh"] if self.language == "zh" else known["en"]
        # What the list tells a courier to attach is not for the customer.
        return text.split("(", maxsplit=1)[0].strip() if code == "OTHER" else text

    def follows(self, code: str | None) -> str:
        """What happens next after a reason."""
        known = REASONS.get(code or "")
        step = known["next"] if known is not None else ""
        return self.say(f"next.{step if step in _NEXT else 'other'}")

    def money(self, minor: int, currency: str) -> str:
        """¥1,280.00"""
        return f"{SYMBOLS.get(currency, currency + ' ')}{minor // 100:,}.{minor % 100:02d}"


def choose(asked: str | None, kept: str | None, accepted: Sequence[str]) -> str:
    """The page's language: what `?lang=` asks, else the customer's own, else the browser's first of ours, else zh."""
    for wish in (asked, kept):
        if wish in LANGUAGES:
            return str(wish)
    for one in accepted:
        plain = one.lower().replace("_", "-").split("-")[0]
        if plain in LANGUAGES:
            return plain
    return LANGUAGES[0]
