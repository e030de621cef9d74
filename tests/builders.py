"""Builders of operations: drafts as the desk sends them, and a tape of envelopes as a handheld does."""

from __future__ import annotations

from typing import Any

from server.core.ids import uuid7
from sync.canonical import body_hash, derive, normal_waybill

APP = "test-1"
AT = 1_777_856_400_000
"""Monday 4 May 2026, 09:00 in Asia/Shanghai."""


def task_id(waybill: str, kind: str = "delivery") -> str:
    """The id of the task of a waybill."""
    return derive("task", kind, normal_waybill(waybill))


def parcel_id(waybill: str) -> str:
    """The id of the parcel of a waybill."""
    return derive("parcel", normal_waybill(waybill))


def order(station: str, waybill: str = "SF1000000001", kind: str = "delivery", **over: Any) -> dict[str, Any]:
    """The payload of `order.imported`: a delivery in Hangzhou with one special request and no COD."""
    phone = over.pop("phone", "13800000001")
    return {
        "kind": kind,
        "merchant": "茶铺",
        "reference": f"R-{waybill}",
        "waybill": normal_waybill(waybill),
        "pieces": 1,
        "weight_g": 1200,
        "goods": "龙井茶",
        "customer": {"id": derive("customer", station, phone), "name": "王小明", "phone": phone},
        "address": {
            "text": "杭州市西湖区文三路 100 号 3 单元 502 室",
            "community": "文三小区",
            "building": "100",
            "unit": "3 单元",
            "room": "502",
            "lng_e7": 1_201_000_000,
            "lat_e7": 302_700_000,
        },
        "window_start": AT + 3_600_000,
        "window_end": AT + 7_200_000,
        "cod_minor": 0,
        "currency": "CNY",
        "requests": [{"id": derive("request", waybill), "kind": "call_first", "text": "请先打电话"}],
        "courier": None,
        "sequence": None,
        "import": None,
        "after": None,
        **over,
    }


def draft(op_type: str, entity: str, payload: dict[str, Any], **over: Any) -> dict[str, Any]:
    """An operation as `POST /api/v1/operations` takes it."""
    made = {
        "op_id": uuid7(),
        "type": op_type,
        "v": 1,
        "entity": entity,
        "base_rev": None,
        "base": {},
        "payload": payload,
    }
    return {**made, **over}


def wish(**over: Any) -> dict[str, Any]:
    """The payload of `customer.request_set`: the desk asks for something, for all that comes to the customer."""
    return {
        "request": uuid7(),
        "kind": "no_ring",
        "text": "宝宝在睡觉",
        "active": True,
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": "csr",
        "state": "accepted",
        "valid_from": None,
        "valid_until": None,
        **over,
    }


def request_draft(customer: str, *, base: dict[str, Any] | None = None, **over: Any) -> dict[str, Any]:
    """`customer.request_set` from a web session; `over` changes the payload of `wish`."""
    return draft("customer.request_set", f"customer:{customer}", wish(**over), v=2, base=base or {})


def order_draft(
    station: str, waybill: str = "SF1000000001", kind: str = "delivery", **over: Any
) -> dict[str, Any]:
    """`order.imported` from the desk."""
    payload = order(station, waybill, kind, **over)
    return draft("order.imported", f"task:{task_id(waybill, kind)}", payload, v=2)


def assign_draft(
    waybill: str, courier: str, kind: str = "delivery", sequence: int | None = 1
) -> dict[str, Any]:
    """`task.assigned` of a task nobody holds."""
    payload = {"courier": courier, "sequence": sequence}
    return draft("task.assigned", f"task:{task_id(waybill, kind)}", payload, base={"courier": None})


class Tape:
    """What one local database of a handheld records: seq without gaps, each envelope naming its predecessor."""

    def __init__(self, author: str, device: str, *, at: int = AT) -> None:
        self.author = author
        self.device = device
        self.incarnation = uuid7()
        self.boot = uuid7()
        self.at = at
        self.envelopes: list[dict[str, Any]] = []

    def record(self, op_type: str, entity: str, payload: dict[str, Any], **over: Any) -> dict[str, Any]:
        """Append an operation and return its envelope."""
        self.at += 1_000
        made: dict[str, Any] = {
            "op_id": uuid7(),
            "type": op_type,
            "v": 1,
            "author": self.author,
            "device": self.device,
            "incarnation": self.incarnation,
            "seq": len(self.envelopes) + 1,
            "prev": body_hash(self.envelopes[-1]) if self.envelopes else None,
            "app": APP,
            "entity": entity,
            "base_rev": None,
            "base": {},
            "payload": payload,
            "blobs": [],
            "at": self.at,
            "mono": self.at - AT,
            "boot": self.boot,
            **over,
        }
        self.envelopes.append(made)
        return made

    def delivered(self, waybill: str, **over: Any) -> dict[str, Any]:
        """`task.delivered` to the recipient, without pictures."""
        payload = {
            "recipient": "self",
            "recipient_name": None,
            "signature": None,
            "photos": [],
            "consent": None,
            **over,
        }
        return self.record("task.delivered", f"task:{task_id(waybill)}", payload)

    def failed(self, waybill: str, reason: str = "NOT_HOME", **over: Any) -> dict[str, Any]:
        """`task.attempt_failed`."""
        payload = {"reason": reason, "note": None, "photos": [], **over}
        return self.record("task.attempt_failed", f"task:{task_id(waybill)}", payload)

    def exchange(self, from_seq: int = 1, cursors: dict[str, int] | None = None) -> dict[str, Any]:
        """The body of an exchange that pushes everything from `from_seq` on."""
        operations = self.envelopes[from_seq - 1 :]
        return {
            "protocol": 1,
            "app": APP,
            "incarnation": self.incarnation,
            "push": {"from_seq": from_seq, "operations": operations} if operations else None,
            "cursors": cursors or {},
            "ceilings": {},
            "limit": 500,
            "sent_at": self.at,
        }
