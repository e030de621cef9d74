"""Corrected time (P35): every clock is kept, none is trusted to order anything."""

from dataclasses import dataclass
from typing import Final

SKEW_LIMIT_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Corrected:
    """A moment on the server's clock, the device's skew in ms (server minus device), and whether it is suspicious."""

    at: int
    skew: int
    flagged: bool


def corrected(at: int, device_now: int, server_now: int) -> Corrected:
    """Move a device's `at` onto the server's clock.

    `device_now` is what the device's wall clock said when it sent, `server_now` what the server's said on receipt;
    all in ms since the epoch, UTC. Beyond SKEW_LIMIT_MS the moment is flagged, never refused.
    """
    skew = server_now - device_now
    return Corrected(at=at + skew, skew=skew, flagged=abs(skew) > SKEW_LIMIT_MS)
