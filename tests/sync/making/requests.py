"""Vectors of special requests: from several hands, for one door or for all, proposed and accepted."""

from typing import Any

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import (
    CHEN,
    CUSTOMER,
    LI,
    REQUEST,
    TASK,
    ZHOU,
    customer,
    op,
    request,
    stamped,
    uid,
)

SAME: Plain = {"status": "merged", "changes": {}, "kinds": []}


def requests() -> Book:
    book = Book("requests", "Special requests from several hands")
    key = f"customer:{CUSTOMER}"

    def change(name: str, record: Plain, base: Plain, payload: Plain, claim: Plain) -> Plain:
        desk = {"source": "csr", "state": "accepted"}
        given = op("customer.request_set", ZHOU, 9, base=base, payload=desk | payload)
        return book.decide(name, "P20 P24", {key: record}, given, claim)

    stands = {"text": "先打电话", "active": True}
    touch = {REQUEST: stamped(op("customer.request_set", ZHOU, 9))}
    change(
        "a request is changed",
        customer(),
        stands,
        {"kind": "call_first", "text": "先打座机"},
        {
            "status": "applied",
            "after.requests": [request(text="先打座机", source="csr")],
            "after.touched": touch,
        },
    )
    change(
        "a new request comes last",
        customer(),
        {},
        {"request": uid(8, 2), "kind": "fragile", "text": ""},
        {"status": "applied", "after.requests.#": 2, "after.requests.1.kind": "fragile"},
    )
    by = op("customer.request_set", CHEN, 5)
    off = customer(
        requests=[request(active=False)],
        touched={REQUEST: stamped(by)},
    )
    change(
        "I change the text, they switched it off",
        off,
        stands,
        {"kind": "call_first", "text": "先打座机"},
        {"status": "applied", "after.requests.0.text": "先打座机", "after.requests.0.active": False},
    )
    rewritten = customer(
        requests=[request(text="打手机")],
        touched={REQUEST: stamped(by)},
    )
    change(
        "we both change the text",
        rewritten,
        stands,
        {"kind": "call_first", "text": "先打座机"},
        {
            "status": "conflict",
            "kinds": ["field"],
            "changes": {},
            "cases.0.fields": ["text"],
            "cases.0.mine.text": "先打座机",
            "cases.0.theirs.text": "打手机",
            "cases.0.base": {"text": "先打电话"},
            "cases.0.theirs_op": by["op_id"],
            "cases.0.task": None,
        },
    )
    change("nothing is changed", customer(), stands, {"kind": "call_first", "text": "先打电话"}, SAME)
    _scopes(change, by)
    _proposals(book, change, by)
    return book


def _scopes(change: Any, by: Plain) -> None:
    """What a request is about goes with its scope, and days are one value."""
    here = {"scope": "parcel", "task": TASK}
    narrowed = {"scope": "always", "text": "先打电话", "active": True}
    again = {"kind": "call_first", "text": "先打电话"}
    change(
        "a request is narrowed to one parcel",
        customer(),
        narrowed,
        again | here,
        {
            "status": "applied",
            "after.requests.0.scope": "parcel",
            "after.requests.0.task": TASK,
            "after.requests.0.source": "csr",
        },
    )
    elsewhere = request(scope="address", address="文三路 100 号")
    moved = customer(requests=[elsewhere], touched={REQUEST: stamped(by)})
    change(
        "they bound it to an address, I to a parcel",
        moved,
        narrowed,
        again | here,
        {"status": "conflict", "kinds": ["field"], "changes": {}, "cases.0.fields": ["scope"]},
    )
    change(
        "they bound it to an address, I change the text",
        moved,
        narrowed,
        again | {"text": "先打座机"},
        {
            "status": "applied",
            "after.requests.0.text": "先打座机",
            "after.requests.0.scope": "address",
            "after.requests.0.address": "文三路 100 号",
        },
    )
    change(
        "only the address moves",
        moved,
        {"scope": "address", "text": "先打电话"},
        again | {"scope": "address", "address": "文二路 1 号"},
        {"status": "applied", "after.requests.0.address": "文二路 1 号"},
    )
    days = customer(requests=[request(weekdays=[1, 2])], touched={REQUEST: stamped(by)})
    change(
        "they chose days, I chose the same",
        days,
        {"weekdays": []},
        again | {"weekdays": [1, 2]},
        {"status": "merged", "changes": {}},
    )
    change(
        "they chose days, I chose others",
        days,
        {"weekdays": []},
        again | {"weekdays": [6, 7]},
        {
            "status": "conflict",
            "changes": {},
            "cases.0.mine.weekdays": [6, 7],
            "cases.0.theirs.weekdays": [1, 2],
            "cases.0.base": {"weekdays": []},
        },
    )
    change(
        "they chose days, I left them as I saw them",
        days,
        {"weekdays": []},
        again,
        {"status": "merged", "changes": {}},
    )


def _proposals(book: Book, change: Any, by: Plain) -> None:
    """What the door proposes counts when the desk has accepted it."""
    waits = request(source="courier", state="proposed")
    asked = customer(requests=[waits], touched={REQUEST: stamped(by)})
    accepted = {"kind": "call_first", "text": "先打电话", "source": "courier"}
    change(
        "a proposal is accepted",
        asked,
        {"state": "proposed"},
        accepted,
        {"status": "applied", "after.requests": [request(source="courier")]},
    )
    key = f"customer:{CUSTOMER}"
    board = {key: customer(touched={REQUEST: stamped(by)})}

    def propose(name: str, payload: Plain, claim: Plain) -> None:
        given = op("customer.request_set", LI, 9, base={"state": "proposed"}, payload=payload)
        book.decide(name, "P20 P24", board, given, claim)

    same = {"kind": "call_first", "text": "先打电话"}
    propose("what has been accepted is proposed once more", same, SAME)
    propose(
        "a proposal to change what has been accepted goes before a person",
        same | {"text": "先打座机", "active": False},
        {
            "status": "conflict",
            "changes": {},
            "kinds": ["field"],
            "cases.0.fields": ["text", "active"],
            "cases.0.mine.text": "先打座机",
            "cases.0.theirs.active": True,
        },
    )
