"""The operations: one payload schema and one envelope schema for each type (PROTOCOL P4).

Fields that may be null are still required: absent, null and a value are three things (P5), and two are enough here.
"""

from typing import Final

from marshmallow import fields

from sync.schemas.facts import (
    PHOTOS,
    NothingToAdd,
    TaskCalled,
    TaskConsentAsked,
    TaskDelivered,
    TaskExcepted,
    TaskHandedOver,
    TaskNoted,
    TaskPickedUp,
    TaskTakenOver,
)
from sync.schemas.fields import (
    CODE,
    CUSTOMER_KINDS,
    ENTITY_KINDS,
    LANGUAGES,
    NAME,
    OUTCOMES,
    PAYMENT_METHODS,
    REQUEST_KINDS,
    REQUEST_SCOPES,
    REQUEST_STATES,
    SCAN_SOURCES,
    TASK_KINDS,
    TEXT,
    TIERS,
    Strict,
    array,
    boolean,
    constant,
    email,
    entity,
    identity,
    integer,
    line,
    matching,
    moment,
    nested,
    one_of,
    sha256,
    text,
    weekdays,
)
from sync.schemas.messages import MessageSent
from sync.schemas.people import (
    CONTACTS,
    TAGS,
    ContactPerson,
    CustomerConsentSet,
    CustomerProfileSet,
    CustomerRequestSet,
)

REQUESTS = 50
# How many a handheld can say it knew: what customers add themselves is not bounded by an order.
KNOWN_REQUESTS = 500
TYPE = r"[a-z_]+\.[a-z_]+"
_DEGREE_E7 = 10_000_000


def latitude(*, nullable: bool = False) -> fields.Integer:
    """Degrees in 1e-7."""
    return integer(-90 * _DEGREE_E7, 90 * _DEGREE_E7, nullable=nullable)


def longitude(*, nullable: bool = False) -> fields.Integer:
    """Degrees in 1e-7."""
    return integer(-180 * _DEGREE_E7, 180 * _DEGREE_E7, nullable=nullable)


def currency() -> fields.String:
    """ISO 4217."""
    return matching("[A-Z]{3}")


class Position(Strict):
    """Where the device was; accuracy in metres."""

    lat_e7 = latitude()
    lng_e7 = longitude()
    accuracy_m = integer(0)


class Base(Strict):
    """What the writer saw in the fields it changes; an absent field was not looked at.

    `requests` are the ids of the requests that the handheld knew of for this task when it reported an outcome.
    """

    courier = identity(nullable=True, required=False)
    sequence = integer(0, nullable=True, required=False)
    window_start = moment(nullable=True, required=False)
    window_end = moment(nullable=True, required=False)
    text = text(shortest=0, nullable=True, required=False)
    active = boolean(nullable=True, required=False)
    scope = one_of(REQUEST_SCOPES, required=False)
    weekdays = weekdays(required=False)
    state = one_of(REQUEST_STATES, required=False)
    valid_from = moment(nullable=True, required=False)
    valid_until = moment(nullable=True, required=False)
    requests = array(identity(), KNOWN_REQUESTS, required=False)
    owner = identity(nullable=True, required=False)
    kind = one_of(CUSTOMER_KINDS, required=False)
    name = line(shortest=0, required=False)
    phone = line(CODE, shortest=0, required=False)
    email = email(nullable=True, required=False)
    language = one_of(LANGUAGES, nullable=True, required=False)
    tier = one_of(TIERS, required=False)
    contacts = array(nested(ContactPerson), CONTACTS, required=False)
    tags = array(line(CODE), TAGS, required=False)


class Envelope(Strict):
    """Everything an operation carries but its payload; writers that are no handhelds have no device, seq and so on."""

    op_id = identity()
    type = matching(TYPE, longest=CODE)
    v = integer(1, 1000)
    author = identity()
    device = identity(nullable=True)
    incarnation = identity(nullable=True)
    seq = integer(1, nullable=True)
    prev = sha256(nullable=True)
    app = line(CODE)
    entity = entity()
    base_rev = integer(0, nullable=True)
    base = nested(Base)
    blobs = array(sha256(), PHOTOS + 1)
    at = moment()
    mono = integer(0, nullable=True)
    boot = identity(nullable=True)
    position = nested(Position, nullable=True, required=False)


class CustomerGiven(Strict):
    """The customer as the order names it."""

    id = identity()
    name = line(NAME, shortest=0)
    phone = line(CODE, shortest=0)


class Address(Strict):
    """An address as the order gives it: `text` is what a person reads, the parts are for sorting and masking."""

    text = text(shortest=0)
    community = line(nullable=True)
    building = line(nullable=True)
    unit = line(nullable=True)
    room = line(nullable=True)
    lng_e7 = longitude(nullable=True)
    lat_e7 = latitude(nullable=True)


class RequestGiven(Strict):
    """A special request that came with the order."""

    id = identity()
    kind = one_of(REQUEST_KINDS)
    text = text(shortest=0)


class OrderImported(Strict):
    """An order as accepted; money in minor units, weight in grams.

    `after` is the cancellation this order follows, when its import was taken back and it is given once more.
    `pin_required`: handed over only for a code that the customer is shown.
    """

    kind = one_of(TASK_KINDS)
    merchant = line()
    reference = line()
    waybill = line(CODE)
    pieces = integer(1)
    weight_g = integer(0, nullable=True)
    goods = line(TEXT, shortest=0, nullable=True)
    customer = nested(CustomerGiven)
    address = nested(Address)
    window_start = moment(nullable=True)
    window_end = moment(nullable=True)
    cod_minor = integer(0)
    currency = currency()
    requests = array(nested(RequestGiven), REQUESTS)
    courier = identity(nullable=True)
    sequence = integer(0, nullable=True)
    import_id = identity(nullable=True, key="import")
    after = identity(nullable=True)
    pin_required = boolean(required=False)


class TaskAssigned(Strict):
    """To whom, and where in the route."""

    courier = identity()
    sequence = integer(0, nullable=True)


class TaskReassigned(Strict):
    """From the courier in `base` to this one, and why."""

    courier = identity()
    sequence = integer(0, nullable=True)
    reason = text()


class TaskCancelled(Strict):
    """Why the plan is withdrawn."""

    reason = text()


class TaskWindowChanged(Strict):
    """The window promised to the customer."""

    window_start = moment(nullable=True)
    window_end = moment(nullable=True)


class TaskReattemptPlanned(Strict):
    """Who tries again and when; no courier puts the task back among the unassigned."""

    courier = identity(nullable=True)
    window_start = moment(nullable=True)
    window_end = moment(nullable=True)


class ParcelScanned(Strict):
    """What was read, the waybill it stands for, and what the handheld said to it."""

    code = text()
    waybill = line(TEXT)
    source = one_of(SCAN_SOURCES)
    verdict = one_of(("mine", "other_route", "recalled", "duplicate", "signed", "unknown"))
    task = identity(nullable=True)


class PaymentCollected(Strict):
    """Money taken at the door, in minor units."""

    task = identity()
    amount_minor = integer(1)
    currency = currency()
    method = one_of(PAYMENT_METHODS)


class ShiftStarted(Strict):
    """The courier begins, with this many tasks on the list."""

    station = identity()
    tasks = integer(0)


class ShiftClosed(Strict):
    """What the handheld counted at the end: operations recorded, confirmed, waiting, and cash in minor units."""

    recorded = integer(0)
    confirmed = integer(0)
    waiting = integer(0)
    cash_minor = integer(0)


class OperationCorrected(Strict):
    """Which operation was wrong and how (GS1 EPCIS error declaration); nothing is edited."""

    corrects = identity()
    error = one_of(("did_not_occur", "incorrect_data"))
    note = text(shortest=0, nullable=True)


class ConflictDecided(Strict):
    """Which side stands, and why."""

    outcome = one_of(OUTCOMES)
    reason = text()


class ConflictAssigned(Strict):
    """Who looks after the case; null for nobody."""

    owner = identity(nullable=True)


class ConflictUndone(Strict):
    """Which decision is taken back: the `conflict.decided` that is in force."""

    decision = identity()


PAYLOADS: Final[dict[str, type[Strict]]] = {
    "order.imported": OrderImported,
    "task.assigned": TaskAssigned,
    "task.reassigned": TaskReassigned,
    "task.cancelled": TaskCancelled,
    "task.window_changed": TaskWindowChanged,
    "task.reattempt_planned": TaskReattemptPlanned,
    "task.out_for_delivery": NothingToAdd,
    "task.arrived": NothingToAdd,
    "task.delivered": TaskDelivered,
    "task.picked_up": TaskPickedUp,
    "task.attempt_failed": TaskExcepted,
    "task.held": TaskExcepted,
    "task.returned": TaskExcepted,
    "task.noted": TaskNoted,
    "task.called": TaskCalled,
    "task.consent_asked": TaskConsentAsked,
    "task.problem_reported": TaskExcepted,
    "task.handed_over": TaskHandedOver,
    "task.taken_over": TaskTakenOver,
    "parcel.scanned": ParcelScanned,
    "customer.request_set": CustomerRequestSet,
    "customer.profile_set": CustomerProfileSet,
    "customer.consent_set": CustomerConsentSet,
    "payment.collected": PaymentCollected,
    "shift.started": ShiftStarted,
    "shift.closed": ShiftClosed,
    "operation.corrected": OperationCorrected,
    "conflict.decided": ConflictDecided,
    "conflict.assigned": ConflictAssigned,
    "conflict.undone": ConflictUndone,
    "message.sent": MessageSent,
    "message.received": NothingToAdd,
    "message.read": NothingToAdd,
}
# Which version a payload is of, where it is not the first; older ones are lifted (`sync/upcast.py`).
VERSIONS: Final = {"customer.request_set": 2, "order.imported": 2, "task.delivered": 2}


def _operation(op_type: str, payload: type[Strict]) -> type[Envelope]:
    """The envelope of one type: `type` and `v` are constants, so that a union over them can be told apart."""
    kind = op_type.split(".", maxsplit=1)[0]
    kinds = {"order": ("task",), "payment": ("obligation",), "operation": ENTITY_KINDS}.get(kind, (kind,))
    name = "".join(part.capitalize() for part in op_type.replace(".", "_").split("_")) + "Operation"
    members = {
        "__doc__": f"An operation of type {op_type}.",
        "__module__": __name__,
        "type": constant(op_type),
        "v": constant(VERSIONS.get(op_type, 1)),
        "entity": entity(kinds),
        "payload": nested(payload),
    }
    return type(name, (Envelope,), members)


OPERATIONS: Final[dict[str, type[Envelope]]] = {
    op_type: _operation(op_type, payload) for op_type, payload in PAYLOADS.items()
}
