"""When something really happened: a handheld's clock may be hours off, or be set while the work waits (P35).

The log keeps the handheld's own times; everything made of an operation (records, cases, ledger) has the corrected one.
"""

from dataclasses import dataclass
from typing import Any

JOURNEY_MS = 30_000
"""At the first contact a difference up to this may as well be the journey of the message: it is not taken for skew."""
SET_MS = 60_000
"""The difference moved by more than this since the last contact: somebody has set the handheld's clock."""


@dataclass(frozen=True)
class Contact:
    """One exchange: the server's time and what the handheld's clocks said at sending, ms; None for what it left out."""

    server: int
    wall: int | None
    mono: int | None = None
    boot: str | None = None

    @property
    def skew(self) -> int | None:
        """Server minus handheld, ms."""
        return None if self.wall is None else self.server - self.wall


def learned(skew: int, before: int | None) -> int:
    """What the contacts so far tell of a handheld's clock, ms: server minus handheld without the journey.

    A journey only ever adds, so the least difference is the nearest to the truth. It follows a rising one slowly, for
    the case that the clock was put right by seconds, and at once when it was set.
    """
    if before is None or _was_set(skew, before):
        return skew
    return min(skew, before + (skew - before) // 8)


def captured_at(
    op: dict[str, Any], contact: Contact, skew_before: int | None, heard_before: int | None
) -> int:
    """The moment of an operation on the server's clock, ms; never later than the contact that brought it.

    Args:
        op: the operation; `at` is the handheld's wall clock, `mono` and `boot` its monotonic one.
        contact: the exchange that brought it.
        skew_before: what the contacts before this one told of the clock (`learned`), None when there was none.
        heard_before: server time of that contact, ms.

    While the skew stays the same, it is the answer. When it has moved, the wall clock was set between the two contacts,
    and the monotonic clock tells how long ago it was, unless the handheld has been started anew meanwhile: then
    whichever skew puts the deed between the two contacts.
    """
    at, skew = int(op["at"]), contact.skew
    if skew is None:
        return at
    if skew_before is None:
        return min(at + _beyond_journey(skew), max(contact.server, at))
    if not _was_set(skew, skew_before):
        return min(at + learned(skew, skew_before), contact.server)
    if _same_boot(op, contact):
        return contact.server - (int(contact.mono or 0) - int(op["mono"]))
    guesses = (at + _beyond_journey(skew), at + skew_before)
    earliest = (heard_before or 0) - JOURNEY_MS
    fitting = [guess for guess in guesses if earliest <= guess <= contact.server + JOURNEY_MS]
    return fitting[0] if fitting else min(guesses[0], contact.server)


def _was_set(skew: int, before: int) -> bool:
    return abs(skew - before) > SET_MS


def _beyond_journey(skew: int) -> int:
    return skew if abs(skew) > JOURNEY_MS else 0


def _same_boot(op: dict[str, Any], contact: Contact) -> bool:
    known = op["mono"] is not None and contact.mono is not None and op["boot"] is not None
    return known and op["boot"] == contact.boot and op["mono"] <= contact.mono
