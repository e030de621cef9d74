"""What the desk makes of a customer, as plain data: tiers, search lines, proposals, and how much may be revealed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

Record = dict[str, Any]

TIERS: Final = ("key", "monthly", "casual")
"""From the one who waits least to the one who waits like everybody."""

REVEALABLE: Final = ("name", "phone", "email", "address", "contacts")
REASON: Final = 200
"""Longest reason for a reveal, characters."""

SEARCH: Final = 500
"""Longest search text kept of a customer, characters: it has to fit an index entry of PostgreSQL (2,700 bytes)."""

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
PER_HOUR: Final = 30
PER_DAY: Final = 100

_NO_DIGIT: Final = re.compile("[^0-9]")


# --- what a customer is found by --------------------------------------------------------------------------------------


def tier_rank(record: Record) -> int:
    """0 for a key account, 2 for a casual customer."""
    return TIERS.index(record["tier"])


def search_lines(record: Record) -> str:
    """The text a customer is found by; see `models.Customer`.

    Phone numbers come before names and tags, so that a long list of contacts never pushes one out of the index.
    """
    people = [record, *record["contacts"]]
    lines = [_digits(person["phone"]) for person in people]
    lines += [_folded(person["name"]) for person in people]
    lines += [f"#{_folded(tag)}" for tag in record["tags"]]
    kept: list[str] = []
    room = SEARCH - 1
    for line in dict.fromkeys(filter(None, lines)):
        if len(line) < room:
            kept.append(line)
            room -= len(line) + 1
    return "\n" + "".join(f"{line}\n" for line in kept)


def search_pattern(text: str) -> str | None:
    """What a person typed, as the part of a search text to look for; None when nothing is left of it.

    Four digits are the end of a phone number (`0001` + the line's end), other digits any part of one, `#tag` exactly a
    tag, all else any part of a name or a tag.
    """
    plain = _folded(text)
    digits = _digits(plain)
    if digits and not plain.strip("0123456789+-() "):
        return f"{digits}\n" if len(digits) == 4 else digits
    if plain.startswith("#"):
        return f"\n{plain}\n" if len(plain) > 1 else "\n#"
    return plain or None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _digits(text: str) -> str:
    return _NO_DIGIT.sub("", text)


# --- proposals --------------------------------------------------------------------------------------------------------


def open_proposals(record: Record) -> list[Record]:
    """Requests that somebody proposed and nobody has accepted or declined yet."""
    return [one for one in record["requests"] if one["active"] and one["state"] == "proposed"]


def proposed_at(record: Record) -> int | None:
    """When the oldest of them was proposed, ms; 0 when nobody wrote that down."""
    times = [record["touched"].get(one["id"], {}).get("at", 0) for one in open_proposals(record)]
    return min(times, default=None)


# --- reveals ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Allowance:
    """How many reveals one person has left: `left` in these 24 hours, `wait_ms` until the next when there is none."""

    left: int
    wait_ms: int

    @property
    def capped(self) -> bool:
        """Whether the next reveal is refused."""
        return self.wait_ms > 0


def allowance(times: Iterable[int], now: int) -> Allowance:
    """What a person's reveals at these times (ms) leave him: 30 in any hour, 100 in any 24 hours."""
    newest = sorted((at for at in times if at > now - DAY_MS), reverse=True)
    wait = max(_wait(newest, PER_HOUR, HOUR_MS, now), _wait(newest, PER_DAY, DAY_MS, now))
    return Allowance(max(0, PER_DAY - len(newest)), wait)


def _wait(newest: Sequence[int], most: int, span: int, now: int) -> int:
    """How long until fewer than `most` lie within `span` of now."""
    if len(newest) < most:
        return 0
    return max(0, newest[most - 1] + span - now)
