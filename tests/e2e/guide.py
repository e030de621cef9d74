"""The courier's guide: one readable source for each language, the very words of the screens, the pictures of a walk.

In a source `{t:key}` is a word that the walk has seen on a screen (`{t:load.leaveAsk n=1}`: with its values filled
in), `{says:key}` one that need not come up on it, `{reason:CODE}` a reason of the closed list, and
`{picture:name what it shows}` a picture. `handover/give` is the key `give` of the dictionary `handover`.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "guide"
LANGUAGES = ("zh", "en")
HEAVIEST = 3_000_000
"""All pictures together, bytes: they travel with every copy of the project."""
_SHARED = ("common", "records", "courier", "closing", "later", "road", "door", "scan")
_TOKEN = re.compile(r"\{(t|says|reason|picture):([^{}]+)\}")
_VALUE = re.compile(r"\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}")
_QUOTES = {"zh": "「{}」", "en": "**{}**"}
_NOTICE = "<!-- Generated from source/courier.{}.md by `make guide`: change that, not this. -->\n\n"

Strings = dict[str, dict[str, dict[str, str]]]


class GuideError(Exception):
    """What is wrong with a source, in a sentence."""


def strings() -> Strings:
    """Every dictionary of the apps, by language and name."""
    done = subprocess.run(
        ["node", "pwa/scripts/strings.mjs"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: Strings = json.loads(done.stdout)
    return found


def reasons() -> dict[str, dict[str, str]]:
    """The closed list of reasons by code."""
    table = json.loads((ROOT / "sync" / "tables" / "reasons.json").read_text(encoding="utf-8"))
    return {one["code"]: one for one in table["reasons"]}


@dataclass
class Guide:
    """One language's guide. `render` fills the lists beside the text."""

    language: str
    words: Strings
    pictures: list[str] = field(default_factory=list)
    quoted: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        return FOLDER / "source" / f"courier.{self.language}.md"

    @property
    def target(self) -> Path:
        return FOLDER / f"courier.{self.language}.md"

    @property
    def gallery(self) -> Path:
        return FOLDER / "pictures" / self.language

    def render(self) -> str:
        """The guide's text; fails on a word or a picture that does not add up."""
        self.pictures, self.quoted = [], {}
        text = _TOKEN.sub(self._fill, self.source.read_text(encoding="utf-8"))
        if left := re.search(r"\{[\w/.:|]+\}", text):
            raise GuideError(f"{self.source.name}: {left[0]} is filled by nothing")
        return _NOTICE.format(self.language) + text

    def _fill(self, token: re.Match[str]) -> str:
        kind, said = token[1], token[2].strip()
        if kind == "picture":
            return self._picture(said)
        if kind == "reason":
            return self._quote(reasons()[said][self.language])
        key, *values = said.split(" ")
        template = self._template(key)
        if kind == "t":
            self.quoted[key] = template
        return self._quote(_filled(template, dict(value.split("=", 1) for value in values)))

    def _quote(self, words: str) -> str:
        return _QUOTES[self.language].format(words)

    def _template(self, key: str) -> str:
        name, _, own = key.rpartition("/")
        spoken = self.words[self.language]
        for one in (name,) if name else _SHARED:
            if own in spoken.get(one, {}):
                return spoken[one][own]
        raise GuideError(f"{self.source.name}: no screen says {key}")

    def _picture(self, said: str) -> str:
        name, _, caption = said.partition(" ")
        if not caption or name in self.pictures:
            raise GuideError(f"{self.source.name}: picture {name} needs a caption, and is shown once")
        self.pictures.append(name)
        file = f"pictures/{self.language}/{self.file(name)}"
        return f'<img src="{file}" width="{WIDTHS.get(name, 260)}" alt="{caption}">'

    def file(self, name: str) -> str:
        """Pictures are numbered in the order of the text."""
        return f"{self.pictures.index(name) + 1:02d}-{name}.webp"

    def unseen(self, seen: str) -> list[str]:
        """Quoted words that no screen of the walk showed."""
        return [key for key, template in self.quoted.items() if not _pattern(template).search(seen)]


WIDTHS = {
    f"verdict-{one}": 300 for one in ("mine", "other_route", "recalled", "duplicate", "signed", "unknown")
}
"""A verdict is a picture of its card alone."""


def _filled(template: str, values: dict[str, str]) -> str:
    def one(found: re.Match[str]) -> str:
        value = values.get(found[1])
        if value is None or found[2] is None:
            return found[0] if value is None else value
        return found[2] if value == "1" else found[3]

    return _VALUE.sub(one, template)


def _pattern(template: str) -> re.Pattern[str]:
    fixed = (re.escape(spaced(part)) for part in re.split(r"\{[^}]*\}", template))
    return re.compile(".*?".join(fixed))


def spaced(text: str) -> str:
    """Blanks as a page may break or draw them are one blank."""
    return re.sub(r"\s+", " ", text)


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height of a lossy WebP, plain or in the extended form."""
    form = picture[8:16] if picture[:4] == b"RIFF" else b""
    if form == b"WEBPVP8X":
        wide, high = (int.from_bytes(picture[at : at + 3], "little") + 1 for at in (24, 27))
        return wide, high
    if form == b"WEBPVP8 ":
        wide, high = (int.from_bytes(picture[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        return wide, high
    raise GuideError("this is no lossy WebP")
