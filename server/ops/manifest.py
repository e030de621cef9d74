"""The station manifest: what an offline scan is judged by when the parcel is not the courier's own (P24).

Published by the worker, outside any operation's transaction. It carries hashes of waybill numbers, route labels and two
flags: no personal data.
"""

from typing import Any

from server.auth import queries as auth_queries
from server.core.clock import day_bounds, now_ms
from server.core.db import db, read, transaction, upsert
from server.ops.models import Manifest
from server.parcels import queries as parcel_queries
from server.tasks import queries as task_queries
from sync.canonical import sha256_hex

HASH_LENGTH = 16
RECALLED = 1
CLOSED = 2
_CLOSED = ("delivered", "picked_up", "returned")
_CHUNK = 500


def publish(station_id: str) -> None:
    """Builds and stores a station's manifest."""
    with read():
        body = _build(station_id)
    with transaction():
        insert = upsert(Manifest)
        changed = {"published_at": insert.excluded.published_at, "body": insert.excluded.body}
        row = {"station_id": station_id, "published_at": body["published_at"], "body": body}
        db.session.execute(
            insert.on_conflict_do_update(index_elements=[Manifest.station_id], set_=changed), row
        )


def publish_all() -> None:
    """Publishes the manifest of every station; the worker's every-minute job."""
    with read():
        stations = auth_queries.stations()
    for station in stations:
        publish(station.id)


def _build(station_id: str) -> dict[str, Any]:
    station = auth_queries.station(station_id)
    since = day_bounds(now_ms(), station.timezone)[0] if station else 0
    tasks = task_queries.manifest(station_id, since)
    waybills = _waybills([parcel for parcel, _, _ in tasks])
    labels = _route_labels(station_id)
    entries = []
    for parcel, courier, status in tasks:
        flags = RECALLED if status == "cancelled" else CLOSED if status in _CLOSED else 0
        entries.append([sha256_hex(waybills[parcel])[:HASH_LENGTH], labels.get(courier or "", ""), flags])
    return {"station": station_id, "published_at": now_ms(), "entries": entries}


def _waybills(parcels: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(parcels), _CHUNK):
        records = parcel_queries.by_ids(parcels[start : start + _CHUNK])
        found |= {parcel: record["waybill"] for parcel, record in records.items()}
    return found


def _route_labels(station_id: str) -> dict[str, str]:
    """A courier's route as a number, not a name: R1, R2, ... in the order they joined."""
    couriers = sorted(auth_queries.users_of(station_id, "courier"), key=lambda user: user.id)
    return {user.id: f"R{number}" for number, user in enumerate(couriers, start=1)}
