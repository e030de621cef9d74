"""What the customers' stories share: a customer with canary words, and the desk's operations on him."""

from __future__ import annotations

from typing import Any

from server.auth.policy import UserView
from sync.canonical import derive
from tests import builders
from tests.builders import order
from tests.server.ops.house import WAYBILL, House

NAME, PHONE = "金丝雀莉莉", "13987650123"
ADDRESS = {
    "text": "杭州市西湖区文三路 100 号 88 单元 9417 室",
    "community": "文三小区",
    "building": "100",
    "unit": "88 单元",
    "room": "9417",
    "lng_e7": 1_201_234_567,
    "lat_e7": 302_765_432,
}
CANARIES = (NAME, PHONE, "9417", "88 单元", "1201234567")


def customer_of(house: House, phone: str = "13800000001") -> str:
    """The id an order gives the customer with this phone number."""
    return str(order(house.cast.home.id, phone=phone)["customer"]["id"])


def request(waybill: str) -> str:
    """The id of the special request of an order of `tests.builders`."""
    return derive("request", waybill)


def ordered(house: House, waybill: str = WAYBILL, **over: Any) -> str:
    """An order of the canary; answers the customer's id."""
    customer = customer_of(house, PHONE)
    given = {"id": customer, "name": NAME, "phone": PHONE}
    house.order(waybill, customer=given, address=ADDRESS, **over)
    return customer


def ask(house: House, path: str, by: UserView | None = None, **query: Any) -> Any:
    """A GET of a dispatch address; the body."""
    response = house.desk(by).get(f"/api/v1/dispatch/{path}", query_string=query or None)
    assert response.status_code == 200, response.text
    return response.json


def profile(house: House, customer: str, **over: Any) -> dict[str, Any]:
    """`customer.profile_set` from the desk: the record as it stands with these fields changed; the result."""
    by, base = over.pop("by", None), over.pop("base", {})
    record = house.record(f"customer:{customer}")
    assert record is not None
    names = ("kind", "name", "phone", "email", "language", "tier", "contacts", "tags")
    payload = {**{name: record[name] for name in names}, **base, **over}
    return house.tell("customer.profile_set", f"customer:{customer}", payload, base=base, by=by)


def wish(kind: str, text: str, **over: Any) -> dict[str, Any]:
    """The payload of a new `customer.request_set`."""
    return builders.wish(kind=kind, text=text, **over)


def set_request(house: House, customer: str, kind: str, text: str, **over: Any) -> dict[str, Any]:
    """A special request written at the desk; its payload."""
    by, base = over.pop("by", None), over.pop("base", {})
    payload = wish(kind, text, **over)
    result = house.tell("customer.request_set", f"customer:{customer}", payload, v=2, base=base, by=by)
    assert result["status"] in ("applied", "merged"), result
    return payload
