"""Vectors of validate: a good operation of every type, and one for each way to be wrong."""

from collections.abc import Callable
from typing import Any

from sync.canonical import derive
from sync.tables import OPERATIONS
from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import CHEN, LI, NINE, PAYLOADS, SHA_A, TASK, op, order, uid

ROLES = {
    LI: "courier",
    CHEN: "dispatcher",
}
# The roles the contract gives each type, written down a second time so that the table cannot drift unseen.
MAY: dict[str, str] = {
    "order.imported": "dispatcher admin",
    "task.assigned": "dispatcher admin",
    "task.reassigned": "dispatcher admin",
    "task.cancelled": "dispatcher csr admin",
    "task.window_changed": "dispatcher csr admin",
    "task.reattempt_planned": "dispatcher admin",
    "task.out_for_delivery": "courier",
    "task.arrived": "courier",
    "task.delivered": "courier dispatcher",
    "task.picked_up": "courier",
    "task.attempt_failed": "courier",
    "task.held": "courier",
    "task.returned": "courier",
    "task.noted": "courier dispatcher csr admin",
    "task.called": "courier",
    "task.consent_asked": "courier",
    "task.problem_reported": "courier",
    "task.handed_over": "courier",
    "task.taken_over": "courier",
    "parcel.scanned": "courier",
    "customer.request_set": "customer courier dispatcher csr admin",
    "customer.profile_set": "dispatcher csr admin",
    "customer.consent_set": "customer dispatcher csr admin",
    "payment.collected": "courier",
    "shift.started": "courier",
    "shift.closed": "courier",
    "operation.corrected": "customer courier dispatcher csr admin",
    "conflict.decided": "dispatcher csr admin",
    "conflict.assigned": "dispatcher csr admin",
    "conflict.undone": "dispatcher csr admin",
    "message.sent": "dispatcher csr admin",
    "message.received": "courier",
    "message.read": "courier",
}
# One wrong member for every payload: (member, value).
WRONG: dict[str, tuple[str, object]] = {
    "order.imported": ("pieces", 0),
    "task.assigned": ("courier", "Li"),
    "task.reassigned": ("reason", ""),
    "task.cancelled": ("reason", "x" * 501),
    "task.window_changed": ("window_start", "9:00"),
    "task.reattempt_planned": ("courier", 5),
    "task.out_for_delivery": ("speed", 3),
    "task.arrived": ("note", None),
    "task.delivered": ("recipient", "dog"),
    "task.picked_up": ("pieces", True),
    "task.attempt_failed": ("photos", None),
    "task.held": ("photos", "none"),
    "task.returned": ("note", 7),
    "task.noted": ("text", ""),
    "task.called": ("result", "13800001111"),
    "task.consent_asked": ("kind", "self"),
    "task.problem_reported": ("photos", "none"),
    "task.handed_over": ("to", "Wang"),
    "task.taken_over": ("from", None),
    "parcel.scanned": ("verdict", "maybe"),
    "customer.request_set": ("active", 1),
    "customer.profile_set": ("tier", "gold"),
    "customer.consent_set": ("kind", "balcony"),
    "payment.collected": ("amount_minor", 0),
    "shift.started": ("tasks", -1),
    "shift.closed": ("cash_minor", None),
    "operation.corrected": ("error", "typo"),
    "conflict.decided": ("outcome", "both"),
    "conflict.assigned": ("owner", "me"),
    "conflict.undone": ("decision", None),
    "message.sent": ("text", ""),
    "message.received": ("at", 1),
    "message.read": ("station", None),
}


# What each role has to say where not everyone may say everything.
SAYS: dict[tuple[str, str], Plain] = {
    ("customer.request_set", "customer"): {"source": "customer", "state": "accepted"},
    ("customer.request_set", "courier"): {"source": "courier", "state": "proposed"},
    ("customer.request_set", "dispatcher"): {"source": "csr", "state": "accepted"},
}


def good(op_type: str) -> Plain:
    """A valid operation of each type, by an author who may write it."""
    if op_type == "order.imported":
        return order() | {"entity": f"task:{derive('task', 'delivery', 'SF100200')}"}
    if op_type == "parcel.scanned":
        return op(op_type, entity=f"parcel:{derive('parcel', 'SF100200')}")
    author = LI if "courier" in MAY[op_type] else CHEN
    return op(op_type, author)


def shapes() -> Book:
    book = Book("validate-types", "A good and a bad operation of every type")
    assert sorted(MAY) == sorted(OPERATIONS) == sorted(WRONG)
    for op_type in OPERATIONS:
        fine = good(op_type)
        _check(book, f"{op_type} is valid", "P4", fine, ROLES[fine["author"]], [])
        member, value = WRONG[op_type]
        bad = fine | {"payload": fine["payload"] | {member: value}}
        _check(
            book,
            f"{op_type} with a wrong {member}",
            "P4 P18",
            bad,
            None,
            [("invalid_payload", f"payload.{member}")],
        )
        if PAYLOADS.get(op_type):
            gone = next(iter(PAYLOADS[op_type]))
            rest = {key: item for key, item in fine["payload"].items() if key != gone}
            problem = [("invalid_payload", f"payload.{gone}")]
            _check(book, f"{op_type} without {gone}", "P5", fine | {"payload": rest}, None, problem)
        for role in ("customer", "courier", "dispatcher", "csr", "admin"):
            allowed = role in MAY[op_type].split()
            fine = fine | {"payload": fine["payload"] | SAYS.get((op_type, role), {})}
            problems = [] if allowed else [("forbidden", "type")]
            verb = "may" if allowed else "may not"
            _check(book, f"a {role} {verb} write {op_type}", "P18", fine, role, problems)
    return book


def envelopes() -> Book:
    book = Book("validate-envelopes", "The envelope: shape, numbers, texts, types, entities")
    fine = op("task.arrived")

    def wrong(name: str, rules: str, change: Plain, *problems: tuple[str, str]) -> None:
        _check(book, name, rules, fine | change, None, list(problems))

    for name, value in (("null", None), ("a list", []), ("a text", "task.arrived"), ("a number", 1)):
        _check(book, f"an operation is not {name}", "P18", value, None, [("malformed", "")])
    for member in fine:
        rest = {key: value for key, value in fine.items() if key != member}
        _check(book, f"without {member}", "P4", rest, None, [("malformed", member)])
    wrong("an unknown member", "P4", {"mood": "good"}, ("malformed", "mood"))
    wrong("op_id in capitals", "P4", {"op_id": fine["op_id"].replace("0014", "001A")}, ("malformed", "op_id"))
    wrong("op_id with a line feed", "P4", {"op_id": fine["op_id"] + "\n"}, ("malformed", "op_id"))
    wrong("op_id null", "P4", {"op_id": None}, ("malformed", "op_id"))
    wrong("seq zero", "P4", {"seq": 0}, ("malformed", "seq"))
    wrong("seq is true", "P5", {"seq": True}, ("malformed", "seq"))
    wrong("seq as a text", "P5", {"seq": "1"}, ("malformed", "seq"))
    wrong("at is null", "P4", {"at": None}, ("malformed", "at"))
    wrong("prev is no hash", "P4", {"prev": "abc"}, ("malformed", "prev"))
    wrong("prev is a hash", "P4", {"prev": SHA_A})
    wrong("a blob that is no hash", "P4", {"blobs": [SHA_A, "x"]}, ("malformed", "blobs.1"))
    wrong("base with an unknown field", "P4", {"base": {"colour": 1}}, ("malformed", "base.colour"))
    wrong("base with a null that was seen", "P5", {"base": {"courier": None}})
    wrong("payload is a list", "P4", {"payload": []}, ("malformed", "payload"))
    wrong("entity without an id", "P4", {"entity": "task"}, ("malformed", "entity"))
    wrong("an entity of no known kind", "P4", {"entity": f"truck:{TASK}"}, ("malformed", "entity"))
    wrong("position", "P4", {"position": {"lat_e7": 302_345_678, "lng_e7": 1_201_234_567, "accuracy_m": 12}})
    wrong("position null", "P4", {"position": None})
    wrong(
        "position beyond the pole",
        "P4",
        {"position": {"lat_e7": 900_000_001, "lng_e7": 0, "accuracy_m": 1}},
        ("malformed", "position.lat_e7"),
    )
    wrong("a fraction", "P5", {"at": NINE + 0.5}, ("out_of_range", "at"))
    wrong("a fraction where nobody looks", "P5", {"payload": {"x": [1.5]}}, ("out_of_range", "payload.x.0"))
    wrong("a number too large", "P5", {"mono": 2**53}, ("out_of_range", "mono"))
    wrong(
        "two numbers", "P5", {"mono": 2**53, "at": -(2**53)}, ("out_of_range", "at"), ("out_of_range", "mono")
    )
    wrong("a lone surrogate", "P5", {"app": "x\ud83d"}, ("malformed", "app"))
    wrong("a NUL", "P5", {"app": "x\x00"}, ("malformed", "app"))
    wrong("unclean before unknown", "P6", {"type": "task.teleported", "at": 0.5}, ("out_of_range", "at"))
    wrong("an unknown type", "P6", {"type": "task.teleported"}, ("unknown_type", "type"))
    wrong(
        "an unknown type hides its payload",
        "P6",
        {"type": "a.b", "payload": {"z": 1}},
        ("unknown_type", "type"),
    )
    wrong("a newer version", "P6", {"v": 2}, ("unknown_version", "v"))
    wrong("another kind of entity", "P4", {"entity": f"parcel:{TASK}"}, ("wrong_entity", "entity"))
    _check(
        book,
        "another kind of entity by the wrong role",
        "P4",
        fine | {"entity": f"parcel:{TASK}"},
        "csr",
        [("wrong_entity", "entity"), ("forbidden", "type")],
    )
    return book


def sense() -> Book:
    book = Book("validate-sense", "Values that contradict each other")

    def wrong(name: str, envelope: Plain, *problems: tuple[str, str]) -> None:
        _check(book, name, "P18", envelope, None, list(problems))

    def edited(op_type: str, **payload: Any) -> Plain:
        fine = good(op_type)
        return fine | {"payload": fine["payload"] | payload}

    for op_type in ("task.attempt_failed", "task.held", "task.returned", "task.problem_reported"):
        bad = edited(op_type, reason="BAD_MOOD")
        wrong(f"{op_type} for a reason nobody listed", bad, ("invalid_payload", "payload.reason"))
    start, end = NINE, NINE - 1
    turned = ("invalid_payload", "payload.window_end")
    wrong("a window turned round", edited("task.window_changed", window_start=start, window_end=end), turned)
    wrong("a window of no length", edited("task.window_changed", window_start=NINE, window_end=NINE))
    wrong("a window with one end", edited("task.window_changed", window_start=None, window_end=NINE))
    wrong(
        "an order with its window turned round",
        edited("order.imported", window_start=start, window_end=end),
        turned,
    )
    wrong(
        "a payment for another task",
        edited("payment.collected", task=uid(3, 2)),
        ("wrong_entity", "entity"),
    )
    wrong(
        "a scan of another parcel",
        edited("parcel.scanned", waybill="SF100201"),
        ("wrong_entity", "entity"),
    )
    small = good("parcel.scanned") | {"entity": f"parcel:{derive('parcel', 'sf100200')}"}
    small["payload"] = small["payload"] | {"waybill": "sf100200"}
    wrong("a scan whose waybill is not normal", small, ("invalid_payload", "payload.waybill"))
    wrong(
        "an order whose task is another's",
        edited("order.imported", kind="pickup"),
        ("wrong_entity", "entity"),
    )
    wrong("a name as long as allowed", edited("task.delivered", recipient_name="𠮷" * 120))
    wrong(
        "a name one too long",
        edited("task.delivered", recipient_name="𠮷" * 121),
        ("invalid_payload", "payload.recipient_name"),
    )
    wrong(
        "a name on two lines",
        edited("task.delivered", recipient_name="a\nb"),
        ("invalid_payload", "payload.recipient_name"),
    )
    wrong("a note on two lines", edited("task.noted", text="a\nb"))
    wrong(
        "a customer without a phone",
        edited("order.imported", customer={"id": uid(5, 1), "name": "王小明"}),
        ("invalid_payload", "payload.customer.phone"),
    )
    wrong(
        "a request of no kind",
        edited("order.imported", requests=[{"id": uid(8, 1), "kind": "dance", "text": ""}]),
        ("invalid_payload", "payload.requests.0.kind"),
    )
    wrong("a message to nobody", edited("message.sent", to=[]), ("invalid_payload", "payload.to"))
    wrong("a message about a task", edited("message.sent", task=TASK))
    wrong(
        "a message that is too long",
        edited("message.sent", text="𠮷" * 501),
        ("invalid_payload", "payload.text"),
    )
    _requests(book, edited)
    _signatures(book, edited)
    return book


def _signatures(book: Book, edited: Callable[..., Plain]) -> None:
    """What a sign-off says beside who took it."""
    named = {"kind": "reception", "source": "crm", "ref": uid(14, 1), "v": 1, "note": None}

    def said(name: str, payload: Plain, *wrong: str) -> None:
        problems = [("invalid_payload", f"payload.{field}") for field in wrong]
        _check(book, name, "P18", edited("task.delivered", **payload), None, problems)

    said("a consent for whoever took it", {"recipient": "reception", "consent": named})
    said("a consent for somebody else", {"recipient": "locker", "consent": named}, "consent.kind")
    said("a consent that is a sentence", {"consent": "电话同意"}, "consent")
    rest = {"reason": "SHORT", "note": None}
    said("two pieces, and why not all", {"pieces": 2, "rest": rest})
    said("a rest of pieces nobody counted", {"rest": rest}, "pieces")
    said(
        "a rest for a reason nobody listed",
        {"pieces": 2, "rest": {"reason": "MOOD", "note": None}},
        "rest.reason",
    )
    said("no piece at all", {"pieces": 0}, "pieces")
    said("a code, and signed together with others", {"pin": "012345", "together": uid(15, 1)})


def _requests(book: Book, edited: Callable[..., Plain]) -> None:
    """Requests that say nothing, and writers who say more than they may."""

    def said(name: str, payload: Plain, role: str | None, *wrong: str, what: str = "request") -> None:
        problems = [("invalid_payload", f"payload.{field}") for field in wrong]
        _check(book, name, "P18", edited(f"customer.{what}_set", **payload), role, problems)

    said("a request for an address names none", {"scope": "address"}, None, "address")
    said("a request for an address", {"scope": "address", "address": "文三路 100 号"}, None)
    said("a request for a parcel names no task", {"scope": "parcel"}, None, "task")
    said("a request for a parcel", {"scope": "parcel", "task": TASK}, None)
    said("a request for weekdays names none", {"scope": "weekdays"}, None, "weekdays")
    said("a request for weekdays", {"scope": "weekdays", "weekdays": [1, 2, 5]}, None)
    said("weekdays out of order", {"weekdays": [5, 1]}, None, "weekdays")
    said("a weekday twice", {"weekdays": [1, 1]}, None, "weekdays")
    said("an eighth weekday", {"weekdays": [8]}, None, "weekdays.0")
    said("a request that ends before it starts", {"valid_from": 2, "valid_until": 1}, None, "valid_until")
    said("a request of one moment", {"valid_from": 2, "valid_until": 2}, None)
    said("a courier accepts his own proposal", {"state": "accepted"}, "courier", "state")
    said("a courier speaks for the customer", {"source": "customer"}, "courier", "source")
    said("a customer speaks for the desk", {"source": "csr", "state": "accepted"}, "customer", "source")
    said("a customer proposes", {"source": "customer"}, "customer")
    said("a desk accepts what a courier proposed", {"state": "accepted"}, "csr")
    paper = {"source": "paper"}
    said("a consent on paper from the customer's page", paper, "customer", "source", what="consent")
    said("a consent on paper at the desk", paper, "csr", what="consent")
    for name, email, wrong in (
        ("with a sign too few", "books.example.com", True),
        ("on two lines", "a@b\n", True),
        ("beyond ASCII", "书@example.com", True),
        ("none", None, False),
    ):
        fields = ["email"] if wrong else []
        said(f"an email address: {name}", {"email": email}, "csr", *fields, what="profile")


def _check(
    book: Book, name: str, rules: str, envelope: object, role: str | None, problems: list[tuple[str, str]]
) -> None:
    claim = [{"code": code, "field": field} for code, field in problems]
    book.case(name, rules, "validate", {"envelope": envelope, "role": role}, {"problems": claim})
