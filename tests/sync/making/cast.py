"""Who and what the vectors are about: fixed ids, records in a plain state, and operations to vary."""

from typing import Any

from sync.tables import OPERATIONS

Plain = dict[str, Any]

NINE = 1_780_275_600_000  # 2026-06-01 09:00 in Shanghai
MINUTE = 60_000
HOUR = 60 * MINUTE


def uid(group: int, number: int) -> str:
    """A readable id: `00000002-0000-7000-8000-000000000001` is number 1 of group 2."""
    return f"{group:08x}-0000-7000-8000-{number:012d}"


LI = uid(1, 1)  # courier, the former holder
WANG = uid(1, 2)  # courier, the holder after a reassignment
CHEN = uid(1, 3)  # dispatcher
ZHOU = uid(1, 4)  # dispatcher
STATION = uid(2, 1)
TASK = uid(3, 1)
PARCEL = uid(4, 1)
CUSTOMER = uid(5, 1)
SHIFT = uid(6, 1)
CASE = uid(7, 1)
REQUEST = uid(8, 1)
DEVICES = {LI: uid(9, 1), WANG: uid(9, 2)}
INCARNATIONS = {LI: uid(10, 1), WANG: uid(10, 2)}
BOOT = uid(11, 1)
IMPORT = uid(12, 1)
MESSAGE = uid(16, 1)
SHA_A = "a" * 64
SHA_B = "b" * 64

PAYLOADS: dict[str, Plain] = {
    "task.assigned": {"courier": WANG, "sequence": 7},
    "task.reassigned": {"courier": WANG, "sequence": 7, "reason": "李师傅车坏了"},
    "task.cancelled": {"reason": "客户取消"},
    "task.window_changed": {"window_start": NINE + 4 * HOUR, "window_end": NINE + 6 * HOUR},
    "task.reattempt_planned": {"courier": WANG, "window_start": None, "window_end": None},
    "task.out_for_delivery": {},
    "task.arrived": {},
    "task.delivered": {
        "recipient": "self",
        "recipient_name": "王小明",
        "signature": SHA_A,
        "photos": [SHA_B],
        "consent": None,
    },
    "task.picked_up": {"pieces": 1, "weight_g": 1200, "photos": [], "waybill": None},
    "task.attempt_failed": {"reason": "TRAFFIC", "note": None, "photos": []},
    "task.held": {"reason": "SELF_PICKUP", "note": "明天再送", "photos": []},
    "task.returned": {"reason": "UNCLAIMED", "note": None, "photos": [SHA_B]},
    "task.noted": {"text": "门铃坏了, please knock"},
    "task.called": {"channel": "call", "result": "not_answered"},
    "task.consent_asked": {"kind": "neighbour"},
    "task.problem_reported": {"reason": "DAMAGED", "note": "外箱破损", "photos": [SHA_B]},
    "task.handed_over": {"to": WANG},
    "task.taken_over": {"from": LI, "kind": "delivery", "waybill": "SF100200"},
    "parcel.scanned": {
        "code": " sf-100 200 ",
        "waybill": "SF100200",
        "source": "wedge",
        "verdict": "mine",
        "task": TASK,
    },
    "customer.request_set": {
        "request": REQUEST,
        "kind": "no_ring",
        "text": "宝宝睡觉，勿按门铃",
        "active": True,
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": "courier",
        "state": "proposed",
        "valid_from": None,
        "valid_until": None,
    },
    "customer.profile_set": {
        "kind": "company",
        "name": "文三书店",
        "phone": "0571-88880000",
        "email": "books@example.com",
        "language": "zh",
        "tier": "key",
        "contacts": [
            {"id": uid(13, 1), "name": "赵敏", "phone": "13900002222", "email": None, "role": "收货"}
        ],
        "tags": ["易碎"],
    },
    "customer.consent_set": {
        "consent": uid(14, 1),
        "kind": "reception",
        "given": True,
        "source": "customer",
        "note": None,
    },
    "payment.collected": {"task": TASK, "amount_minor": 12_800, "currency": "CNY", "method": "cash"},
    "shift.started": {"station": STATION, "tasks": 42},
    "shift.closed": {"recorded": 50, "confirmed": 48, "waiting": 2, "cash_minor": 12_800},
    "operation.corrected": {"corrects": uid(20, 1), "error": "did_not_occur", "note": None},
    "conflict.decided": {"outcome": "mine", "reason": "签收照片清楚"},
    "conflict.assigned": {"owner": ZHOU},
    "conflict.undone": {"decision": uid(20, 20)},
    "message.sent": {"station": STATION, "to": [LI, WANG], "task": None, "text": "北门封路，请走东门"},
    "message.received": {},
    "message.read": {},
}

ENTITIES = {
    "order": f"task:{TASK}",
    "task": f"task:{TASK}",
    "parcel": f"parcel:{PARCEL}",
    "customer": f"customer:{CUSTOMER}",
    "payment": f"obligation:{TASK}",
    "shift": f"shift:{SHIFT}",
    "operation": f"task:{TASK}",
    "conflict": f"conflict:{CASE}",
    "message": f"message:{MESSAGE}",
}


def op(op_type: str, author: str = LI, number: int = 1, /, **changes: Any) -> Plain:
    """An operation; couriers write on their handheld, everyone else at the desk.

    `changes` replace members of the envelope, `payload` members of the payload.
    """
    device = DEVICES.get(author)
    payload = PAYLOADS.get(op_type, {}) | changes.pop("payload", {})
    envelope: Plain = {
        "op_id": uid(20, number),
        "type": op_type,
        "v": OPERATIONS[op_type]["v"],
        "author": author,
        "device": device,
        "incarnation": INCARNATIONS.get(author),
        "seq": number if device else None,
        "prev": None,
        "app": "test",
        "entity": ENTITIES[op_type.split(".", maxsplit=1)[0]],
        "base_rev": None,
        "base": {},
        "payload": payload,
        "blobs": [],
        "at": NINE + number * MINUTE,
        "mono": number * MINUTE if device else None,
        "boot": BOOT if device else None,
    }
    return envelope | changes


def order(number: int = 1, /, **payload: Any) -> Plain:
    """An order as imported by the desk; its entity is the fixed task unless a test of ids says otherwise."""
    body: Plain = {
        "kind": "delivery",
        "merchant": "Lade",
        "reference": "R-1",
        "waybill": "SF100200",
        "pieces": 1,
        "weight_g": 1200,
        "goods": "书",
        "customer": {"id": CUSTOMER, "name": "王小明", "phone": "13800001111"},
        "address": address(),
        "window_start": NINE,
        "window_end": NINE + 2 * HOUR,
        "cod_minor": 12_800,
        "currency": "CNY",
        "requests": [{"id": REQUEST, "kind": "call_first", "text": "先打电话"}],
        "courier": None,
        "sequence": 3,
        "import": IMPORT,
        "after": None,
    }
    return op("order.imported", CHEN, number, payload=body | payload)


def address() -> Plain:
    """An address with every part."""
    return {
        "text": "文三路 100 号 3 幢 2 单元 501",
        "community": "文三小区",
        "building": "3",
        "unit": "2",
        "room": "501",
        "lng_e7": 1_201_234_567,
        "lat_e7": 302_345_678,
    }


def stamped(by: Plain) -> Plain:
    """Who did an operation, when."""
    return {"op_id": by["op_id"], "author": by["author"], "at": by["at"]}


def task(**changes: Any) -> Plain:
    """A delivery on Li's list that nothing has happened to."""
    return {
        "id": TASK,
        "station": STATION,
        "kind": "delivery",
        "parcel": PARCEL,
        "customer": CUSTOMER,
        "merchant": "Lade",
        "reference": "R-1",
        "address": address(),
        "status": "assigned",
        "courier": LI,
        "sequence": 3,
        "window_start": NINE,
        "window_end": NINE + 2 * HOUR,
        "outcome": None,
        "cancelled": None,
        "attempts": 0,
        "notes": [],
        "touched": {},
    } | changes


def outcome(by: Plain) -> Plain:
    """The outcome an operation leaves in the record."""
    return stamped(by) | {
        "type": by["type"],
        "reason": by["payload"].get("reason"),
        "recipient": by["payload"].get("recipient"),
    }


def parcel(**changes: Any) -> Plain:
    """A parcel nobody has scanned."""
    return {
        "id": PARCEL,
        "waybill": "SF100200",
        "pieces": 1,
        "weight_g": 1200,
        "goods": "书",
        "scans": 0,
        "last_scan": None,
    } | changes


def request(**changes: Any) -> Plain:
    """The request that came with the order: for whatever comes to this customer."""
    return {
        "id": REQUEST,
        "kind": "call_first",
        "text": "先打电话",
        "active": True,
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": "order",
        "state": "accepted",
        "valid_from": None,
        "valid_until": None,
    } | changes


def customer(**changes: Any) -> Plain:
    """A customer with one request, of whom no more is known than an order says."""
    return {
        "id": CUSTOMER,
        "station": STATION,
        "kind": "person",
        "name": "王小明",
        "phone": "13800001111",
        "email": None,
        "language": None,
        "tier": "casual",
        "contacts": [],
        "consents": [],
        "tags": [],
        "requests": [request()],
        "touched": {},
        "profile_touched": {},
    } | changes


def contact() -> Plain:
    """The part of a customer that goes to the door."""
    door = ("id", "name", "phone", "language", "requests", "consents")
    return {key: value for key, value in customer().items() if key in door}


def obligation(**changes: Any) -> Plain:
    """128 yuan to collect."""
    return {
        "id": TASK,
        "task": TASK,
        "amount_minor": 12_800,
        "currency": "CNY",
        "status": "due",
        "collected": None,
    } | changes


def row(**changes: Any) -> Plain:
    """A task's row as pulled."""
    body = {"task": task(), "parcel": parcel(), "customer": contact(), "obligation": None, "conflict": None}
    return {"rev": 3, "present": True, "reason": None, "body": body | changes}


def result(by: Plain, status: str = "applied", ver: int | None = 10, **changes: Any) -> Plain:
    """The server's answer to one of Li's operations."""
    at = None if ver is None else {"scope": f"courier:{LI}", "ver": ver}
    return {
        "seq": by["seq"],
        "op_id": by["op_id"],
        "status": status,
        "code": None,
        "detail": None,
        "applied_at": at,
        "conflict": None,
    } | changes
