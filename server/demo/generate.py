"""The demo day: made up, the same for the same date and seed. Plain data in, plain data out."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from server.demo.words import (
    BEATS,
    COURIERS,
    ENGLISH,
    FIRMS,
    GIVEN,
    GOODS,
    MERCHANTS,
    PHONE_PREFIX,
    REQUESTS,
    SURNAMES,
)

TASKS = 160
UNASSIGNED = 12
SEED = 2026
_WINDOWS = ((9, 11), (11, 13), (13, 15), (15, 17), (17, 19))
_SPREAD_E7 = 90_000
_ORDER_COLUMNS = (
    "kind", "merchant", "reference", "waybill", "pieces", "weight_kg", "goods", "name", "phone", "address",
    "community", "building", "unit", "room", "longitude", "latitude", "window_start", "window_end", "cod_yuan",
    "requests", "courier", "pin_required",
)  # fmt: skip
_DAY_COLUMNS = (
    "order_id", "region_id", "city", "courier_id", "accept_time", "time_window_start", "time_window_end", "lng", "lat",
    "aoi_id", "aoi_type", "pickup_time", "pickup_gps_time", "pickup_gps_lng", "pickup_gps_lat", "accept_gps_time",
    "accept_gps_lng", "accept_gps_lat", "ds",
)  # fmt: skip


SECURED = 24
"""Every so many orders one is handed over for a code only, when it is a delivery."""


@dataclass(frozen=True)
class Door:
    """An invented place. Coordinates in 1e-7 degrees."""

    address: str
    community: str
    building: str
    unit: str
    room: str
    lng_e7: int
    lat_e7: int


def order_rows(day: date, seed: int = SEED, tasks: int = TASKS) -> list[dict[str, str]]:
    """A station's day in the columns of our own template; the last twelve have no courier yet."""
    random = Random(f"{day.isoformat()}/{seed}")
    rows = [_order(day, number, random) for number in range(1, tasks + 1)]
    for row in rows[-min(UNASSIGNED, tasks // 4) :]:
        row["courier"] = ""
    return rows


def orders_csv(rows: Iterable[dict[str, str]]) -> str:
    """Orders as a file for `doorstep orders import`."""
    return _csv(_ORDER_COLUMNS, rows)


def day_csv(day: date, seed: int = SEED, tasks: int = TASKS, couriers: int = len(COURIERS)) -> str:
    """A recorded day of pickups for `doorstep day`, in the shape of the public LaDe-P files."""
    random = Random(f"day/{day.isoformat()}/{seed}")
    return _csv(_DAY_COLUMNS, [_pickup(day, number, couriers, random) for number in range(1, tasks + 1)])


def _order(day: date, number: int, random: Random) -> dict[str, str]:
    beat = number % len(BEATS)
    pickup = random.random() < 0.25
    firm = random.random() < 0.15
    english = random.random() < 0.2
    door = _door(beat, english, random)
    start, end = random.choice(_WINDOWS)
    name = random.choice(FIRMS)[english] if firm else _person(english, random)
    cod = not pickup and random.random() < 0.15
    return {
        "kind": "pickup" if pickup else "delivery",
        "merchant": random.choice(MERCHANTS),
        "reference": f"{day:%Y%m%d}-{number:04d}",
        "waybill": f"DD{day:%y%m%d}{number:05d}",
        "pieces": str(random.choice((1, 1, 1, 1, 2, 3))),
        "weight_kg": f"{random.randint(1, 120) / 10:.1f}",
        "goods": random.choice(GOODS),
        "name": name,
        "phone": f"{PHONE_PREFIX}{random.randint(0, 99_999_999):08d}",
        "address": door.address,
        "community": door.community,
        "building": door.building,
        "unit": door.unit,
        "room": door.room,
        "longitude": _degrees(door.lng_e7),
        "latitude": _degrees(door.lat_e7),
        "window_start": f"{day.isoformat()} {start:02d}:00",
        "window_end": f"{day.isoformat()} {end:02d}:00",
        "cod_yuan": f"{random.randint(900, 49_900) // 10 / 10:.2f}" if cod else "",
        "requests": _requests(random),
        "courier": COURIERS[beat][0],
        "pin_required": "yes" if number % SECURED == 0 and not pickup else "",
    }


def _door(beat: int, english: bool, random: Random) -> Door:
    area, (lng, lat), streets, communities = BEATS[beat]
    community, street = random.choice(communities)[english], random.choice(streets)[english]
    number, building, unit, floor = (random.randint(1, most) for most in (399, 28, 4, 18))
    if english:
        house = f"Building {building}, Unit {unit}, {community}"
        address = f"{house}, {number} {street}, {area[1]}, Xihu District, Hangzhou"
    else:
        address = f"杭州市西湖区{area[0]}{street}{number}号{community}{building}幢{unit}单元"
    return Door(
        address=address,
        community=community,
        building=str(building),
        unit=str(unit),
        room=f"{floor}0{random.randint(1, 4)}",
        lng_e7=lng + random.randint(-_SPREAD_E7, _SPREAD_E7),
        lat_e7=lat + random.randint(-_SPREAD_E7, _SPREAD_E7),
    )


def _person(english: bool, random: Random) -> str:
    return random.choice(ENGLISH) if english else random.choice(SURNAMES) + random.choice(GIVEN)


def _requests(random: Random) -> str:
    if random.random() > 0.3:
        return ""
    chosen = random.sample(REQUESTS, 2 if random.random() < 0.2 else 1)
    return " | ".join(f"{kind}: {text}" for kind, text in chosen)


def _pickup(day: date, number: int, couriers: int, random: Random) -> dict[str, str]:
    """One pickup: mostly in its window, one in five before it, a few after it, a third without a GPS fix."""
    lng, lat = BEATS[number % len(BEATS)][1]
    place = (lng + random.randint(-_SPREAD_E7, _SPREAD_E7), lat + random.randint(-_SPREAD_E7, _SPREAD_E7))
    start, end = random.choice(_WINDOWS)
    opens, closes = _at(day, start), _at(day, end)
    fate = random.random()
    if fate < 0.2:
        picked = opens - timedelta(minutes=random.randint(1, 45))
    elif fate < 0.24:
        picked = closes + timedelta(minutes=random.randint(1, 60))
    else:
        picked = opens + timedelta(minutes=random.randint(0, 120))
    accepted = picked - timedelta(minutes=random.randint(8, 150))
    fixed = random.random() < 0.7
    return {
        "order_id": str(1_000_000 + number),
        "region_id": "0",
        "city": "Demo",
        "courier_id": str(100 + number * 7 % couriers),
        "accept_time": _stamp(accepted),
        "time_window_start": _stamp(opens),
        "time_window_end": _stamp(closes),
        "lng": _degrees(place[0]),
        "lat": _degrees(place[1]),
        "aoi_id": str(random.randint(1, 60)),
        "aoi_type": str(random.choice((1, 14))),
        "pickup_time": _stamp(picked),
        "pickup_gps_time": _stamp(picked - timedelta(minutes=random.randint(0, 4))) if fixed else "",
        "pickup_gps_lng": _degrees(place[0] + random.randint(-3000, 3000)) if fixed else "",
        "pickup_gps_lat": _degrees(place[1] + random.randint(-3000, 3000)) if fixed else "",
        "accept_gps_time": "",
        "accept_gps_lng": "",
        "accept_gps_lat": "",
        "ds": f"{day.month}{day.day:02d}",
    }


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)  # only ever printed, without its zone


def _stamp(moment: datetime) -> str:
    """As in the public files: without a year."""
    return f"{moment:%m-%d %H:%M:%S}"


def _degrees(e7: int) -> str:
    whole, part = divmod(e7, 10_000_000)
    return f"{whole}.{part:07d}".rstrip("0")


def _csv(columns: tuple[str, ...], rows: Iterable[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
