"""The records: what the operations add up to (plain objects; the revision travels beside them)."""

from sync.schemas.fields import (
    CODE,
    CONSENT_BASES,
    CONSENT_KINDS,
    CONSENT_SOURCES,
    CUSTOMER_KINDS,
    LANGUAGES,
    NAME,
    OUTCOMES,
    PAYMENT_METHODS,
    RECIPIENTS,
    REQUEST_KINDS,
    REQUEST_SCOPES,
    REQUEST_SOURCES,
    REQUEST_STATES,
    STATUSES,
    TEXT,
    TIERS,
    Strict,
    array,
    boolean,
    email,
    entity,
    identity,
    integer,
    line,
    mapping,
    matching,
    moment,
    nested,
    one_of,
    text,
    weekdays,
)
from sync.schemas.messages import MessageRecord
from sync.schemas.operations import currency
from sync.schemas.people import CONTACTS, TAGS, ContactPerson
from sync.schemas.tasks import TaskRecord, Touch, station

# How much of a quarantined operation a case shows; all of it is in the log.
RAW = 4000
CASE_KINDS = (
    "cancelled",
    "reassigned",
    "contradiction",
    "state",
    "field",
    "unsettled",
    "amount_differs",
    "second_payment",
    "quarantined",
    "device_lost",
    "request_late",
    "disputed",
    "no_consent",
    "wrong_code",
    "partial",
    "problem",
    "handover",
)


class LastScan(Strict):
    """The scan that was recorded last."""

    op_id = identity()
    author = identity()
    at = moment()
    verdict = line(CODE)


class ParcelRecord(Strict):
    """What the label is on."""

    id = identity()
    waybill = line(TEXT)
    pieces = integer(1)
    weight_g = integer(0, nullable=True)
    goods = line(TEXT, shortest=0, nullable=True)
    scans = integer(0)
    last_scan = nested(LastScan, nullable=True)


class RequestRecord(Strict):
    """A special request as it stands: what it is about (scope), who asked (source), whether it counts yet (state)."""

    id = identity()
    kind = one_of(REQUEST_KINDS)
    active = boolean()
    scope = one_of(REQUEST_SCOPES)
    address = text(shortest=0, nullable=True)
    task = identity(nullable=True)
    weekdays = weekdays()
    source = one_of(REQUEST_SOURCES)
    state = one_of(REQUEST_STATES)
    valid_from = moment(nullable=True)
    valid_until = moment(nullable=True)
    # Last, since it takes the name of what makes it.
    text = text(shortest=0)


class ConsentRecord(Strict):
    """What a customer agreed to or no longer does: the newest word of its kind; `task` when it is for one parcel only.

    `v` counts the words of that kind; 1 where it is missing. `answers` is the courier's question, where it answers one.
    """

    id = identity()
    kind = one_of(CONSENT_KINDS)
    given = boolean()
    source = one_of(CONSENT_SOURCES)
    note = text(shortest=0, nullable=True)
    at = moment()
    author = identity()
    v = integer(1, required=False)
    task = identity(required=False)
    answers = identity(required=False)


class ProfileTouched(Strict):
    """The last writer of each field of a customer's profile."""

    kind = nested(Touch, required=False)
    name = nested(Touch, required=False)
    phone = nested(Touch, required=False)
    email = nested(Touch, required=False)
    language = nested(Touch, required=False)
    tier = nested(Touch, required=False)
    contacts = nested(Touch, required=False)
    tags = nested(Touch, required=False)


class CustomerRecord(Strict):
    """A customer at one station; `touched` names the last writer of each request."""

    id = identity()
    station = station()
    kind = one_of(CUSTOMER_KINDS)
    name = line(NAME, shortest=0)
    phone = line(CODE, shortest=0)
    email = email(nullable=True)
    language = one_of(LANGUAGES, nullable=True)
    tier = one_of(TIERS)
    contacts = array(nested(ContactPerson))
    consents = array(nested(ConsentRecord))
    tags = array(line(CODE))
    requests = array(nested(RequestRecord))
    touched = mapping(identity(), nested(Touch))
    profile_touched = nested(ProfileTouched)


class Collected(Strict):
    """The payment that settled an obligation."""

    op_id = identity()
    author = identity()
    amount_minor = integer(1)
    method = one_of(PAYMENT_METHODS)
    at = moment()


class ObligationRecord(Strict):
    """What is to be collected for a task, in minor units."""

    id = identity()
    task = identity()
    amount_minor = integer(0)
    currency = currency()
    status = one_of(("due", "settled"))
    collected = nested(Collected, nullable=True)


class ShiftCounts(Strict):
    """What the handheld counted when the shift was closed."""

    recorded = integer(0)
    confirmed = integer(0)
    waiting = integer(0)
    cash_minor = integer(0)


class ShiftRecord(Strict):
    """One courier's working time at one station."""

    id = identity()
    station = station()
    courier = identity()
    status = one_of(("open", "closed"))
    started_at = moment()
    closed_at = moment(nullable=True)
    counts = nested(ShiftCounts, nullable=True)


class CaseSide(Strict):
    """One version of a disputed thing: only the values the dispute is about are present; `request` is a request's kind.

    From `code` on they are of incidents: what a quarantined operation looked like, which ones a handheld lost. The
    type is whatever it claimed to be.
    """

    type = line(CODE, shortest=0, required=False)
    at = moment(required=False)
    status = one_of(STATUSES, required=False)
    reason = text(shortest=0, nullable=True, required=False)
    recipient = one_of(RECIPIENTS, nullable=True, required=False)
    note = text(shortest=0, nullable=True, required=False)
    courier = identity(nullable=True, required=False)
    sequence = integer(0, nullable=True, required=False)
    window_start = moment(nullable=True, required=False)
    window_end = moment(nullable=True, required=False)
    active = boolean(nullable=True, required=False)
    request = one_of(REQUEST_KINDS, required=False)
    scope = one_of(REQUEST_SCOPES, required=False)
    weekdays = weekdays(required=False)
    state = one_of(REQUEST_STATES, required=False)
    valid_from = moment(nullable=True, required=False)
    valid_until = moment(nullable=True, required=False)
    kind = one_of(CUSTOMER_KINDS, required=False)
    name = line(NAME, shortest=0, required=False)
    phone = line(CODE, shortest=0, required=False)
    email = email(nullable=True, required=False)
    language = one_of(LANGUAGES, nullable=True, required=False)
    tier = one_of(TIERS, required=False)
    contacts = array(nested(ContactPerson), CONTACTS, required=False)
    tags = array(line(CODE), TAGS, required=False)
    amount_minor = integer(0, required=False)
    currency = matching("[A-Z]{3}", required=False)
    method = one_of(PAYMENT_METHODS, nullable=True, required=False)
    code = line(CODE, required=False)
    detail = text(required=False)
    raw = text(RAW, shortest=0, required=False)
    device = identity(required=False)
    incarnation = identity(required=False)
    first_seq = integer(1, required=False)
    last_seq = integer(1, required=False)
    operations = integer(1, required=False)
    consent = one_of(CONSENT_BASES, required=False)
    given = boolean(required=False)
    pieces = integer(1, required=False)
    # Last, since it takes the name of what makes it.
    text = text(shortest=0, nullable=True, required=False)


class Decision(Strict):
    """Which side stands, who said so and why."""

    op_id = identity()
    author = identity()
    outcome = one_of(OUTCOMES)
    reason = text()
    at = moment()


class ConflictRecord(Strict):
    """A case: both versions, both actors, the suggestion and the rule behind it (P22)."""

    id = identity()
    kind = one_of(CASE_KINDS)
    status = one_of(("open", "decided"))
    entity = entity()
    task = identity(nullable=True)
    station = station()
    op_id = identity()
    theirs_op = identity(nullable=True)
    mine = nested(CaseSide)
    theirs = nested(CaseSide)
    base = nested(CaseSide)
    field_names = array(line(), key="fields")
    mine_author = identity(nullable=True)
    theirs_author = identity(nullable=True)
    suggested = one_of(OUTCOMES)
    rule = line()
    outcomes = array(one_of(OUTCOMES))
    owner = identity(nullable=True)
    due_at = moment()
    opened_at = moment()
    decision = nested(Decision, nullable=True)


RECORDS: dict[str, type[Strict]] = {
    "task": TaskRecord,
    "parcel": ParcelRecord,
    "customer": CustomerRecord,
    "obligation": ObligationRecord,
    "shift": ShiftRecord,
    "conflict": ConflictRecord,
    "message": MessageRecord,
}
