"""Vectors of values and counts: canonical text, ids, clocks, batches, places."""

import hashlib
import uuid

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import CHEN, DEVICES, INCARNATIONS, LI, NINE, op, order, uid


def canonical() -> Book:
    book = Book("canonical", "One text for one value")

    def text(name: str, value: object, expected: str) -> None:
        digest = hashlib.sha256(expected.encode()).hexdigest()
        book.case(name, "P5", "canonical", {"value": value}, {"text": expected, "sha256": digest})

    def refused(name: str, value: object) -> None:
        book.case(name, "P5", "canonical", {"value": value}, {"error": True})

    text("null", None, "null")
    text("true", True, "true")
    text("zero", 0, "0")
    text("minus one", -1, "-1")
    text("largest integer", 2**53 - 1, "9007199254740991")
    text("smallest integer", -(2**53) + 1, "-9007199254740991")
    text("empty object and list", {"b": [], "a": {}}, '{"a":{},"b":[]}')
    text("keys sort by code, capitals first", {"b": 1, "a": 2, "B": 3, "_": 4}, '{"B":3,"_":4,"a":2,"b":1}')
    text("keys that look like numbers sort as text", {"10": 1, "9": 2, "a": 3}, '{"10":1,"9":2,"a":3}')
    text("absent and null differ", {"a": None}, '{"a":null}')
    text("Chinese stays as it is", {"text": "门铃坏了"}, '{"text":"门铃坏了"}')
    text("beyond the basic plane", "𠮷野家 🚚", '"𠮷野家 🚚"')
    text(
        "escapes", 'a"b\\c/d\b\f\n\r\t\u0001\u001f\u007f', '"a\\"b\\\\c/d\\b\\f\\n\\r\\t\\u0001\\u001f\u007f"'
    )
    text("line separators are not escaped", "\u2028\u2029", '"\u2028\u2029"')
    text("composed and decomposed stay apart", ["é", "e\u0301"], '["é","e\u0301"]')
    text("list order is kept", [3, 1, 2], "[3,1,2]")
    text("nothing between the parts", {"a": [1, {"b": 2}]}, '{"a":[1,{"b":2}]}')
    refused("a fraction", 1.5)
    refused("a fraction deep inside", {"a": [{"b": 0.1}]})
    refused("one above the largest integer", 2**53)
    refused("one below the smallest integer", -(2**53))
    refused("a lone high surrogate", "\ud83d")
    refused("a lone low surrogate", "\ude9a")
    refused("a NUL in a text", "a\x00b")
    refused("a key beyond ASCII", {"ключ": 1})
    refused("nesting without end", _nested(33))
    text("nesting as deep as allowed", _nested(32), "[" * 32 + "]" * 32)
    return book


def _nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def ids() -> Book:
    book = Book("ids", "Ids that follow from what they name")

    def derived(name: str, *parts: str) -> None:
        digest = hashlib.sha256(("doorstep/1\n" + "\n".join(parts)).encode()).digest()[:16]
        number = int.from_bytes(digest) & ~(0xF << 76) & ~(0x3 << 62) | 8 << 76 | 2 << 62
        book.case(name, "P4", "derive", {"parts": list(parts)}, {"id": str(uuid.UUID(int=number))})

    derived("parcel of a waybill", "parcel", "SF100200")
    derived("task of a waybill", "task", "delivery", "SF100200")
    derived("the pickup of the same waybill", "task", "pickup", "SF100200")
    derived("customer by name", "customer", uid(2, 1), "王小明")
    derived("case of an operation", "conflict", uid(20, 1), "cancelled")
    derived("no parts")
    derived("an empty part", "parcel", "")
    derived("beyond the basic plane", "parcel", "𠮷🚚")

    def waybill(name: str, code: str, expected: str) -> None:
        book.case(name, "P4", "normal_waybill", {"code": code}, {"waybill": expected})

    waybill("waybill already normal", "SF100200", "SF100200")
    waybill("waybill in small letters with spaces and hyphens", " sf-100 200\r\n", "SF100200")
    waybill("only ASCII letters are raised", "straße-é", "STRAßEé")
    waybill("other spaces and dashes stay", "A\u00a0B\u2013C", "A\u00a0B\u2013C")
    waybill("nothing left", " - ", "")
    return book


def clocks() -> Book:
    book = Book("clocks", "Corrected time")

    def moment(name: str, at: int, device_now: int, server_now: int, claim: Plain) -> None:
        given = {"at": at, "device_now": device_now, "server_now": server_now}
        book.case(name, "P35", "corrected", given, claim)

    moment("clocks agree", NINE, NINE + 500, NINE + 500, {"at": NINE, "skew": 0, "flagged": False})
    moment("device is slow", NINE, NINE, NINE + 9_000, {"at": NINE + 9_000, "skew": 9_000, "flagged": False})
    moment(
        "five minutes are not flagged",
        NINE,
        NINE + 300_000,
        NINE,
        {"at": NINE - 300_000, "skew": -300_000, "flagged": False},
    )
    moment(
        "a day ahead is flagged and corrected",
        NINE + 86_400_000,
        NINE + 86_400_000,
        NINE,
        {"at": NINE, "skew": -86_400_000, "flagged": True},
    )
    moment(
        "just over five minutes",
        NINE,
        NINE,
        NINE + 300_001,
        {"at": NINE + 300_001, "skew": 300_001, "flagged": True},
    )
    return book


def batches() -> Book:
    book = Book("batches", "Cutting, placing and reading a push")

    def cut(name: str, sizes: list[int], count: int) -> None:
        book.case(name, "P14", "slice", {"sizes": sizes}, {"count": count})

    cut("nothing waits", [], 0)
    cut("a few small ones", [400] * 7, 7)
    cut("exactly a hundred", [400] * 100, 100)
    cut("a backlog goes by hundreds", [400] * 1000, 100)
    cut("as many bytes as allowed", [131_072, 131_072, 1], 2)
    cut("one byte too many", [131_072, 131_073], 1)
    cut("one larger than a batch goes alone", [300_000, 10], 1)
    cut("a large one waits for its own batch", [10, 300_000], 1)

    def halved(count: int, expected: int) -> None:
        book.case(
            f"{count} unreadable, try {expected}", "P18", "narrowed", {"count": count}, {"count": expected}
        )

    halved(100, 50)
    halved(3, 1)
    halved(1, 1)

    def push(
        name: str, rules: str, head: int, start: int, count: int, claim: tuple[str, int, int, int]
    ) -> None:
        given = {"head_seq": head, "from_seq": start, "count": count}
        action, known, fresh, expected = claim
        book.case(
            name,
            rules,
            "plan_push",
            given,
            {"action": action, "known": known, "fresh": fresh, "expected_seq": expected},
        )

    push("the first push", "P15", 0, 1, 10, ("accept", 0, 10, 11))
    push("the next push", "P15", 10, 11, 5, ("accept", 0, 5, 16))
    push("a gap consumes nothing", "P15", 10, 12, 5, ("gap", 0, 0, 11))
    push("a new incarnation that starts late", "P15 P32", 0, 40, 5, ("gap", 0, 0, 1))
    push("all of it again", "P16", 10, 1, 10, ("overlap", 10, 0, 11))
    push("the tail again and new ones", "P15 P16", 10, 8, 5, ("overlap", 3, 2, 13))
    push("old ones again", "P16", 10, 2, 3, ("overlap", 3, 0, 11))
    push("an empty push", "P15", 10, 11, 0, ("accept", 0, 0, 11))

    mine = op("task.arrived", LI, 7)
    place = {"device": DEVICES[LI], "incarnation": INCARNATIONS[LI], "seq": 7}

    def placed(name: str, content: object, code: str | None) -> None:
        book.case(name, "P15", "position", {"op": content, **place}, {"code": code})

    placed("in its place", mine, None)
    placed("claims another seq", mine | {"seq": 8}, "position_mismatch")
    placed("claims another device", mine | {"device": uid(9, 2)}, "position_mismatch")
    placed("claims another incarnation", mine | {"incarnation": uid(10, 2)}, "position_mismatch")
    placed("claims no place", mine | {"seq": None}, "position_mismatch")
    placed("claims its place as a text", mine | {"seq": "7"}, "position_mismatch")
    placed("is no operation", 17, "position_mismatch")
    first = {"op": op("task.arrived", LI, 1, seq=True), **place, "seq": 1}
    book.case("claims the first place as true", "P15", "position", first, {"code": "position_mismatch"})

    def read(name: str, text: str, claim: Plain) -> None:
        book.case(name, "P18", "parse", {"text": text}, claim)

    read("a body", '{"protocol":1,"push":null}', {"value": {"protocol": 1, "push": None}})
    read("a text that is a lone surrogate is let through", '{"a":"\\ud83d"}', {"value": {"a": "\ud83d"}})
    read("broken off", '{"protocol":1', {"error": True})
    read("no object", "[1]", {"error": True})
    read("empty", "", {"error": True})
    read("NaN is no JSON", '{"a":NaN}', {"error": True})
    return book


def upcasts() -> Book:
    book = Book("upcasts", "Versions of operations")
    current = op("task.arrived")
    book.case("the current version stays", "P6", "upcast", {"envelope": current}, {"envelope": current})
    newer = op("task.arrived", v=9)
    book.case("a newer version stays for validate", "P6", "upcast", {"envelope": newer}, {"envelope": newer})
    strange = op("task.arrived", type="task.teleported")
    book.case("an unknown type stays", "P6", "upcast", {"envelope": strange}, {"envelope": strange})
    _requests_of_version_1(book)
    _orders_of_version_1(book)
    _deliveries_of_version_1(book)
    return book


def _deliveries_of_version_1(book: Book) -> None:
    """Sign-offs as the product wrote them when a consent was a sentence."""
    now = op("task.delivered", LI, 3)

    def lifted(name: str, was: object, is_now: object, **payload: object) -> None:
        old = now["payload"] | payload | {"consent": was}
        given = {"envelope": now | {"v": 1, "payload": old}}
        book.case(name, "P6", "upcast", given, {"envelope": now | {"payload": old | {"consent": is_now}}})

    told = {"kind": "reception", "source": "told", "ref": None, "v": None, "note": "电话同意"}
    lifted("a sign-off, version 1, with what the courier was told", "电话同意", told, recipient="reception")
    lifted("a sign-off, version 1, by the recipient", None, None)
    none = {"envelope.v": 2, "envelope.payload": None}
    given = {"envelope": now | {"v": 1, "payload": None}}
    book.case("a sign-off, version 1, without a payload", "P6", "upcast", given, none)


def _orders_of_version_1(book: Book) -> None:
    """Orders as the product wrote them before one could follow a cancellation."""
    now = order()
    old = {key: value for key, value in now["payload"].items() if key != "after"}
    lifted = {"envelope": now | {"payload": old | {"after": None}}}
    was = now | {"v": 1, "payload": old}
    book.case("an order, version 1", "P6", "upcast", {"envelope": was}, lifted)
    none = {"envelope.v": 2, "envelope.payload": None}
    book.case(
        "an order, version 1, without a payload", "P6", "upcast", {"envelope": was | {"payload": None}}, none
    )


def _requests_of_version_1(book: Book) -> None:
    """Envelopes as the product wrote them before requests had a scope."""

    def lifted(name: str, envelope: object, claim: Plain) -> None:
        spelled = {f"envelope.{path}".rstrip("."): value for path, value in claim.items()}
        book.case(name, "P6", "upcast", {"envelope": envelope}, spelled)

    now = op("customer.request_set", CHEN, 3)
    since = ("scope", "address", "task", "weekdays", "source", "state", "valid_from", "valid_until")
    old = {key: value for key, value in now["payload"].items() if key not in since}
    was = now | {"v": 1, "payload": old, "base": {"text": "先打电话", "active": True}}
    everywhere = {
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": "csr",
        "state": "accepted",
        "valid_from": None,
        "valid_until": None,
    }
    lifted("a request of the desk, version 1", was, {"": was | {"v": 2, "payload": old | everywhere}})
    door = op("customer.request_set", LI, 3) | {"v": 1, "payload": old}
    proposed = old | everywhere | {"source": "courier", "state": "proposed"}
    lifted("a request from the door, version 1", door, {"v": 2, "payload": proposed})
    lifted("version 1 without a payload", was | {"payload": None}, {"v": 2, "payload": None})
    lifted("a request of this version stays", now, {"": now})
    lifted("true is no version", was | {"v": True}, {"v": True, "payload": old})
