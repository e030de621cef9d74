"""Where every simulation begins: a station, its people, its customers, and the orders of the first day."""

from typing import Any

from server.auth import service
from server.auth.policy import UserView
from server.core.db import transaction
from server.ops import pipeline
from server.ops.batch import Writer
from sync.canonical import derive
from tests.simulation.machine import HOUR

COURIERS = 5
ORDERS = 25
CUSTOMERS = 8
PASSWORD = "the desk's password"


def name_of(courier: int) -> str:
    return f"courier{courier}"


def settle(now: int) -> None:
    """Writes it all into an empty database, inside an application context. Every third order is paid at the door."""
    with transaction():
        station = service.create_station("SIM", "Simulated").id
        couriers = [
            service.create_user(station, name_of(n), f"Courier {n}", "courier") for n in range(COURIERS)
        ]
        desk = _desk(station, "dispatcher")
        _desk(station, "csr")
    waybills = [f"SF{n:04d}" for n in range(ORDERS)]
    given = [assignment(waybill, couriers[n % COURIERS].id) for n, waybill in enumerate(waybills)]
    drafts = [*(order(station, waybill, now) for waybill in waybills), *given]
    operations = [
        {**COMPLETE, **made, "op_id": derive("simulated", str(n)), "author": desk.id, "at": now}
        for n, made in enumerate(drafts)
    ]
    results = pipeline.submit(Writer(desk.id, station, "dispatcher"), operations)
    if {result["status"] for result in results} != {"applied"}:
        raise RuntimeError(f"the first day's plan: {results}")


COMPLETE: dict[str, Any] = {
    **dict.fromkeys(("device", "incarnation", "seq", "prev", "mono", "boot", "base_rev")),
    "app": "simulation/1",
    "blobs": [],
    "base": {},
    "v": 1,
}


def _desk(station: str, role: Any) -> UserView:
    return service.create_user(station, role, role.title(), role, password=PASSWORD)


def assignment(waybill: str, courier: str) -> dict[str, Any]:
    """`task.assigned` of a task nobody holds."""
    payload = {"courier": courier, "sequence": None}
    return {
        "type": "task.assigned",
        "entity": f"task:{task_of(waybill)}",
        "base": {"courier": None},
        "payload": payload,
    }


def order(station: str, waybill: str, now: int) -> dict[str, Any]:
    """`order.imported` of one waybill; who orders, what is due and when follow from its number."""
    number = int(waybill[2:])
    kind = "pickup" if number % 5 == 4 else "delivery"
    phone = f"138{number % CUSTOMERS:08d}"
    window = now + (1 + number % 6) * HOUR
    wish = {"id": derive("request", waybill), "kind": "call_first", "text": "请先打电话"}
    return {
        "type": "order.imported",
        "v": 2,
        "entity": f"task:{task_of(waybill)}",
        "payload": {
            "kind": kind,
            "merchant": "茶铺",
            "reference": f"R-{waybill}",
            "waybill": waybill,
            "pieces": 1,
            "weight_g": None,
            "goods": "龙井茶",
            "customer": {"id": derive("customer", station, phone), "name": "王小明", "phone": phone},
            "address": _ADDRESS,
            "window_start": window,
            "window_end": window + HOUR,
            "cod_minor": 1_000 + number if kind == "delivery" and number % 3 == 0 else 0,
            "currency": "CNY",
            "requests": [wish] if number % 4 == 0 else [],
            "courier": None,
            "sequence": None,
            "import": None,
            "after": None,
        },
    }


def task_of(waybill: str) -> str:
    """The id of a waybill's task."""
    return derive("task", "pickup" if int(waybill[2:]) % 5 == 4 else "delivery", waybill)


_ADDRESS = {
    "text": "文三路 100 号",
    "community": None,
    "building": None,
    "unit": None,
    "room": None,
    "lng_e7": 1_201_000_000,
    "lat_e7": 302_700_000,
}
