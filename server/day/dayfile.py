"""A recorded day of pickups, read straight from its file.

Reads the times on its own and not through intake: the oracle compares what the server made of the file with what the
file says, and a shared mistake would cancel itself out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from server.intake.problems import UnusableFileError
from server.intake.table import read_table

ZONE = ZoneInfo("Asia/Shanghai")
COLUMNS = (
    "order_id",
    "city",
    "courier_id",
    "accept_time",
    "time_window_start",
    "time_window_end",
    "lng",
    "lat",
    "aoi_id",
    "pickup_time",
)
_MINUTE_MS = 60_000


class UnusableDayError(Exception):
    """A file that is no recorded day; the message is one sentence."""


@dataclass(frozen=True)
class Pickup:
    """One row. Times are ms since the epoch."""

    row: int
    reference: str
    courier: str
    accepted: int
    arrived: int
    picked_up: int
    window_start: int
    window_end: int


@dataclass(frozen=True)
class Tally:
    """Pickups by their window; a pickup on the edge of its window is in it."""

    picked_up: int
    in_window: int
    early: int
    late: int


@dataclass(frozen=True)
class Day:
    """A whole file; `year` is the one its dates were given."""

    year: int
    pickups: tuple[Pickup, ...]

    @property
    def couriers(self) -> list[str]:
        """Everybody who picked something up, by id."""
        return sorted({pickup.courier for pickup in self.pickups})

    def tally(self) -> Tally:
        """The counts straight from the file."""
        return tally((one.picked_up, one.window_start, one.window_end) for one in self.pickups)


def tally(times: Iterable[tuple[int, int, int]]) -> Tally:
    """Counts (picked up, window start, window end), all ms."""
    early = late = total = 0
    for at, start, end in times:
        total += 1
        early += at < start
        late += at > end
    return Tally(total, total - early - late, early, late)


def read_day(path: Path, year: int) -> Day:
    """The day in a file; a 29 February moves it to the last leap year.

    Raises:
        UnusableDayError: no such file, no table, columns missing, a row without its times, an order twice.
    """
    try:
        table = read_table(path)
    except UnusableFileError as error:
        raise UnusableDayError(error.say("en")) from error
    lacking = [name for name in COLUMNS if name not in table.header]
    if lacking:
        raise UnusableDayError(f"This is no recorded pickup day: it lacks the columns {', '.join(lacking)}")
    if table.problems:
        raise UnusableDayError(table.problems[0].say("en").capitalize())
    fitting = _fitting_year(table.rows, year)
    pickups = tuple(_pickup(number, row, fitting) for number, row in table.rows.items())
    seen: dict[str, int] = {}
    for pickup in pickups:
        if pickup.reference in seen:
            raise UnusableDayError(f"Row {pickup.row} repeats the order_id of row {seen[pickup.reference]}")
        seen[pickup.reference] = pickup.row
    return Day(fitting, pickups)


def _pickup(number: int, row: dict[str, str], year: int) -> Pickup:
    for name in ("order_id", "courier_id"):
        if not row[name]:
            raise UnusableDayError(f"Row {number} has no {name}")
    picked_up = _time(number, row, "pickup_time", year)
    arrived = picked_up - _MINUTE_MS
    if row.get("pickup_gps_time"):
        fix = _time(number, row, "pickup_gps_time", year)
        arrived = fix if fix < picked_up else arrived
    return Pickup(
        row=number,
        reference=row["order_id"],
        courier=row["courier_id"],
        accepted=_time(number, row, "accept_time", year),
        arrived=arrived,
        picked_up=picked_up,
        window_start=_time(number, row, "time_window_start", year),
        window_end=_time(number, row, "time_window_end", year),
    )


def _time(number: int, row: dict[str, str], column: str, year: int) -> int:
    text = row[column]
    dated = text if len(text) > 4 and text[:4].isdecimal() else f"{year}-{text}"
    try:
        wall = datetime.fromisoformat(dated)
    except ValueError as error:
        raise UnusableDayError(
            f"Row {number}: {column} “{text}” is not a time such as 05-01 09:30:00"
        ) from error
    local = wall if wall.tzinfo else wall.replace(tzinfo=ZONE)
    return (local - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))) // timedelta(milliseconds=1)


def _fitting_year(rows: dict[int, dict[str, str]], year: int) -> int:
    leap = any(text.startswith("02-29") for row in rows.values() for text in row.values())
    while leap and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
        year -= 1
    return year
