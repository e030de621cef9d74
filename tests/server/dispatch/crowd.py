"""A station's day of any size, written straight into the tables: for how fast the board is, not for what it means."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from server.core.db import db, transaction
from server.core.ids import uuid7
from server.crm import service as crm
from server.crm.models import Customer
from server.parcels.models import Parcel
from server.parcels.service import store as parcels
from server.tasks import lines
from server.tasks.models import BoardLine, Task
from server.tasks.service import store as tasks
from sync.customers import ordered_customer
from tests.builders import AT, order

STATUSES = ("assigned", "assigned", "out_for_delivery", "delivered", "attempt_failed", "created")
CHUNK = 1000


def fill(station: str, couriers: list[str], number: int, *, old: int = 0) -> None:
    """`number` tasks of the day and `old` ones that were finished before; a customer and a parcel each."""
    for start in range(0, number + old, CHUNK):
        chunk = range(start, min(start + CHUNK, number + old))
        made = [_one(station, couriers, at, past=at >= number) for at in chunk]
        with transaction() as session:
            for model, rows in zip((Customer, Parcel, Task, BoardLine), zip(*made, strict=True), strict=True):
                session.execute(insert(model.__table__), list(rows))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _one(station: str, couriers: list[str], at: int, *, past: bool) -> tuple[dict[str, Any], ...]:
    waybill = f"SF{at:010d}"
    payload = order(station, waybill, phone=f"138{at:08d}")
    wishes = [{"id": uuid7(), "kind": "other", "text": "轻放"}] if at % 3 == 0 else []
    who = {**payload["customer"], "id": uuid7(), "name": f"王{chr(0x4E00 + at % 5000)}明"}
    customer = ordered_customer(None, {"payload": {"customer": who, "requests": wishes}}, station)
    parcel = {"id": uuid7(), "waybill": waybill, "pieces": 1, "weight_g": 1, "goods": "茶", "scans": 0}
    status = "delivered" if past else STATUSES[at % len(STATUSES)]
    ends = AT + 3_600_000 + at * 500 - (86_400_000 if past else 0)
    task = {
        "id": uuid7(),
        "station": station,
        "kind": "pickup" if at % 10 == 0 else "delivery",
        "parcel": parcel["id"],
        "customer": customer["id"],
        "merchant": f"商户{at % 40}",
        "reference": f"R-{at}",
        "address": {
            **payload["address"],
            "text": f"杭州市西湖区文三路 {at % 999} 号 {at % 9} 单元 {at % 700} 室",
        },
        "status": status,
        "courier": None if status == "created" else couriers[at % len(couriers)],
        "sequence": at % 300,
        "window_start": ends - 3_600_000,
        "window_end": ends,
        "outcome": None,
        "cancelled": None,
        "attempts": 0,
        "notes": [],
        "touched": {},
    }
    now = AT - 86_400_000 if past else AT
    return (
        {"id": customer["id"], "rev": 1, "record": customer, **crm.store._promote(customer)},
        {"id": parcel["id"], "rev": 1, "record": parcel, **parcels._promote(parcel)},
        {"id": task["id"], "rev": 1, "record": task, **tasks._promote(task)},
        {**lines.describe(task, 1, parcel, customer, now), "import_id": None},
    )
