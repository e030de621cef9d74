"""Special requests: to which task one belongs, and whether it counts at the door just now.

A request record is {id, kind, text, active, scope, address, task, weekdays, source, state, valid_from, valid_until}.
"""

from typing import Any

Record = dict[str, Any]


def belongs(request: Record, task: Record) -> bool:
    """Whether a customer's request is about this task of his.

    One for a parcel is about the task it names, one for an address about every task with that very address text, any
    other about all of them.
    """
    if request["scope"] == "parcel":
        return bool(request["task"] == task["id"])
    if request["scope"] == "address":
        return bool(request["address"] == task["address"]["text"])
    return True


def applies(request: Record, task: Record, weekday: int, now: int) -> bool:
    """Whether it is to be kept at this task's door now; `weekday` (Monday 1) and `now` (ms) are the station's.

    It is switched on, accepted, belongs to the task, and is valid at this moment (both ends included) and, where it
    names weekdays, on this one.
    """
    start, end = request["valid_from"], request["valid_until"]
    return (
        request["active"]
        and request["state"] == "accepted"
        and belongs(request, task)
        and (start is None or start <= now)
        and (end is None or now <= end)
        and (not request["weekdays"] or weekday in request["weekdays"])
    )


def unknown_wish(customer: Record, task: Record, base: Record) -> Record | None:
    """The first wish of the customer's own for this task that the handheld did not know of when it reported an outcome.

    `base` is that of the operation: one that does not say which requests its writer knew is not asked.
    """
    known = base.get("requests")
    if known is None:
        return None
    for request in customer["requests"]:
        counts = request["active"] and request["state"] == "accepted"
        own = request["source"] == "customer" and request["id"] not in known
        if counts and own and belongs(request, task):
            return dict(request)
    return None


def ordered(given: Record) -> Record:
    """The request of an order ({id, kind, text}): for whatever comes to this customer, and nobody has to accept it."""
    return {
        **given,
        "active": True,
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": "order",
        "state": "accepted",
        "valid_from": None,
        "valid_until": None,
    }
