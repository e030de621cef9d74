"""The server's one clock. Everything that needs the time asks here, so that a test day can be replayed.

Times are integers, milliseconds since the epoch in UTC. The test clock is a file holding one such integer; it
is read at every call, so that server, worker and driver, three processes, share one virtual time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from server.core.config import ConfigError, Settings

Source = Callable[[], int]


def system() -> int:
    """Wall-clock time of this machine in ms."""
    return time.time_ns() // 1_000_000


def from_file(path: Path) -> Source:
    """A clock that stands where the file says."""

    def read() -> int:
        return int(path.read_text(encoding="ascii").strip())

    return read


class _Clock:
    source: Source = staticmethod(system)


_clock = _Clock()


def configure(settings: Settings) -> None:
    """Take the clock the settings name.

    :raises ConfigError: a test clock in production or demo; whoever writes that file could date a sign-off.
    """
    if settings.clock_file is None:
        use(system)
        return
    if settings.env != "test":
        raise ConfigError(f"DOORSTEP_CLOCK_FILE is for tests only and is refused in {settings.env}.")
    use(from_file(settings.clock_file))


def use(source: Source) -> None:
    """Replace the clock of this process (start-up and tests)."""
    _clock.source = source


def now_ms() -> int:
    """Server time in ms since the epoch, UTC."""
    return _clock.source()


def day_of(ms: int, zone: str) -> str:
    """The calendar day of a moment at a station, `YYYY-MM-DD`; `zone` is an IANA name."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).date().isoformat()


def day_bounds(ms: int, zone: str) -> tuple[int, int]:
    """First and last+1 ms of the station's calendar day that holds `ms`."""
    start = datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    end = start + timedelta(days=1)
    return _to_ms(start), _to_ms(end)


def _to_ms(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) * 1000
