"""What operations do to a customer: contact and special requests from an order, from the desk, from the door."""

from typing import Any, Final

from sync.requests import ordered
from sync.values import Op, Record, new_values, stamp

_NEW: Final[Record] = {
    "kind": "person",
    "email": None,
    "language": None,
    "tier": "casual",
    "contacts": [],
    "consents": [],
    "tags": [],
    "requests": [],
    "touched": {},
    "profile_touched": {},
}


def ordered_customer(record: Record | None, op: Op, station: str) -> Record:
    """The customer of an order: name and phone as the newest order has them, requests by id.

    What a person has set since is left alone, a request as well as a name; an order repeats what it was told long ago.
    """
    given = op["payload"]["customer"]
    known: Record = record or {**_NEW, "id": given["id"], "station": station}
    requests = {request["id"]: request for request in known["requests"]}
    for request in op["payload"]["requests"]:
        if request["id"] not in known["touched"]:
            requests[request["id"]] = ordered(request)
    contact = {name: given[name] for name in ("name", "phone") if name not in known["profile_touched"]}
    return {**known, **contact, "requests": list(requests.values())}


def request_of(record: Record, op: Op) -> Record | None:
    """The request an operation speaks of, as it stands; None for a new one."""
    wanted = op["payload"]["request"]
    return next((known for known in record["requests"] if known["id"] == wanted), None)


def request_set(record: Record, op: Op, values: dict[str, Any]) -> Record:
    """The customer after one request takes `values`, the fields that merge; an unknown request is added at the end.

    Address and task say what the scope means and go with it. The part of a customer that a handheld holds has no
    `touched`, and gets none.
    """
    payload = op["payload"]
    known = request_of(record, op)
    about = payload if known is None or values["scope"] == payload["scope"] else known
    request = {
        "id": payload["request"],
        "kind": payload["kind"],
        "source": payload["source"],
        "address": about["address"],
        "task": about["task"],
        **values,
    }
    if known is None:
        requests = [*record["requests"], request]
    else:
        requests = [request if one["id"] == request["id"] else one for one in record["requests"]]
    after = {**record, "requests": requests}
    if "touched" in record:
        after["touched"] = {**record["touched"], request["id"]: stamp(op)}
    return after


def says_more(known: Record, op: Op, values: dict[str, Any]) -> bool:
    """Whether a request with merged `values` is another than the one that stands, whoever it came from."""
    if any(known[name] != value for name, value in values.items()):
        return True
    return any(known[name] != op["payload"][name] for name in ("kind", "address", "task"))


def profile_set(record: Record, op: Op, values: dict[str, Any]) -> Record:
    """The customer after his profile takes `values`; `profile_touched` names the last writer of each field.

    The part of a customer that a handheld holds has fewer fields, and gets no more.
    """
    changed = {name: value for name, value in values.items() if name in record and record[name] != value}
    if not changed:
        return record
    after = {**record, **changed}
    if "profile_touched" in record:
        after["profile_touched"] = {**record["profile_touched"], **{name: stamp(op) for name in changed}}
    return after


def requested(record: Record | None, op: Op) -> Record | None:
    """The effect of `customer.request_set`."""
    return None if record is None else request_set(record, op, new_values(op))


def profiled(record: Record | None, op: Op) -> Record | None:
    """The effect of `customer.profile_set`."""
    return None if record is None else profile_set(record, op, new_values(op))


def consented(record: Record | None, op: Op) -> Record | None:
    """The effect of `customer.consent_set`: of each kind one consent counts for all parcels, and one for each parcel it
    names: the newest, where the first one stood. `v` counts them."""
    if record is None:
        return None
    payload, task = op["payload"], op["payload"].get("task")
    said = {name: payload[name] for name in ("kind", "given", "source", "note")}
    consent = {"id": payload["consent"], **said, "at": op["at"], "author": op["author"], "v": 1}
    consent |= {name: payload[name] for name in ("task", "answers") if payload.get(name) is not None}
    consents = list(record["consents"])
    for place, known in enumerate(consents):
        if (known["kind"], known.get("task")) == (payload["kind"], task):
            consents[place] = {**consent, "v": known.get("v", 1) + 1}
            return {**record, "consents": consents}
    return {**record, "consents": [*consents, consent]}
