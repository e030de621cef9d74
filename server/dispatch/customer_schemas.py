"""Shapes of the customers' screens. Personal data in them is masked by the server, except in `Revealed`."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from server.crm.policy import REASON, REVEALABLE, TIERS
from server.dispatch.schemas import BoardOutcome, Person, values, word
from sync.schemas.fields import (
    CONSENT_KINDS,
    CONSENT_SOURCES,
    CUSTOMER_KINDS,
    LANGUAGES,
    REQUEST_KINDS,
    REQUEST_SCOPES,
    REQUEST_SOURCES,
    REQUEST_STATES,
    STATUSES,
    TASK_KINDS,
    array,
    boolean,
    identity,
    integer,
    moment,
    nested,
    one_of,
)
from sync.schemas.people import ContactPerson

MOST = 200


def _page(usual: int) -> dict[str, fields.Integer]:
    return {
        "limit": fields.Integer(load_default=usual, validate=validate.Range(min=1, max=MOST)),
        "offset": fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000)),
    }


class Query(Schema):
    """Base of the queries: what is not known is not looked at."""

    class Meta:
        unknown = EXCLUDE


class CustomerQuery(Query):
    """Which customers are listed; `q` is part of a name, phone digits, a #tag or a whole waybill number."""

    q = fields.String(load_default=None, validate=validate.Length(max=120))
    tier = fields.String(load_default=None, validate=validate.OneOf(TIERS))
    limit = _page(100)["limit"]
    offset = _page(100)["offset"]


class TimelineQuery(Query):
    """A page of a timeline: what stands in the log before this position."""

    before = fields.Integer(load_default=None, validate=validate.Range(min=1, max=2**53 - 1))
    limit = _page(50)["limit"]


class RevealQuery(Query):
    """Which looks at masked data are listed."""

    user = fields.String(load_default=None, validate=validate.Length(max=36))
    customer = fields.String(load_default=None, validate=validate.Length(max=36))
    limit = _page(100)["limit"]
    offset = _page(100)["offset"]


class CustomerLine(Schema):
    """One customer of the list with the open work."""

    id = identity()
    kind = one_of(CUSTOMER_KINDS)
    name = word()
    phone = word()
    language = one_of(LANGUAGES, nullable=True)
    tier = one_of(TIERS)
    tags = array(word())
    open_tasks = integer(0)
    all_tasks = integer(0)
    open_cases = integer(0)
    requests = integer(0)
    proposals = integer(0)


class Customers(Schema):
    """A page of customers; `proposing` is how many of the station's have a proposed request to decide on."""

    customers = array(nested(CustomerLine))
    total = integer(0)
    proposing = integer(0)


class CustomerRequest(Schema):
    """A special request with where it came from; `task_status` and `waybill` are those of the parcel it is for."""

    id = identity()
    kind = one_of(REQUEST_KINDS)
    text = word()
    active = boolean()
    scope = one_of(REQUEST_SCOPES)
    address = word(nullable=True)
    task = identity(nullable=True)
    waybill = word(nullable=True)
    task_status = one_of(STATUSES, nullable=True)
    weekdays = array(integer(1, 7))
    source = one_of(REQUEST_SOURCES)
    state = one_of(REQUEST_STATES)
    valid_from = moment(nullable=True)
    valid_until = moment(nullable=True)
    set_by = word(nullable=True)
    set_at = moment(nullable=True)


class ProposedBy(Schema):
    """The customer a request was proposed for."""

    id = identity()
    rev = integer(0)
    name = word()
    kind = one_of(CUSTOMER_KINDS)
    tier = one_of(TIERS)


class Proposal(Schema):
    """A request that waits for customer service."""

    customer = nested(ProposedBy)
    request = nested(CustomerRequest)


class Proposals(Schema):
    """All of them, the oldest first."""

    proposals = array(nested(Proposal))
    server_time = moment()


class CustomerConsent(Schema):
    """The newest consent of its kind."""

    id = identity()
    kind = one_of(CONSENT_KINDS)
    given = boolean()
    source = one_of(CONSENT_SOURCES)
    note = word(nullable=True)
    at = moment()
    set_by = word(nullable=True)


class CustomerContact(Schema):
    """Somebody to speak to at a company."""

    id = identity()
    name = word()
    phone = word()
    email = word(nullable=True)
    role = word()


class CustomerTask(Schema):
    """One of the customer's tasks."""

    id = identity()
    kind = one_of(TASK_KINDS)
    status = one_of(STATUSES)
    waybill = word()
    courier = word(nullable=True)
    address = word()
    window_start = moment(nullable=True)
    window_end = moment(nullable=True)
    outcome = nested(BoardOutcome, nullable=True)


class CustomerCase(Schema):
    """An open case about the customer or one of the tasks."""

    id = identity()
    kind = word()
    task = identity(nullable=True)
    waybill = word(nullable=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    owner = word(nullable=True)
    opened_at = moment()
    due_at = moment()


class Customer(Schema):
    """Everything the desk may know of one customer; `tasks` are the newest, `left_today` the caller's reveals."""

    id = identity()
    rev = integer(0)
    kind = one_of(CUSTOMER_KINDS)
    name = word()
    phone = word()
    email = word(nullable=True)
    language = one_of(LANGUAGES, nullable=True)
    tier = one_of(TIERS)
    tags = array(word())
    contacts = array(nested(CustomerContact))
    requests: Any = array(nested(CustomerRequest))
    consents = array(nested(CustomerConsent))
    tasks = array(nested(CustomerTask))
    open_tasks = integer(0)
    all_tasks = integer(0)
    addresses = array(word())
    cases = array(nested(CustomerCase))
    left_today = integer(0)
    server_time = moment()


class CustomerTouch(Schema):
    """One operation of a customer's timeline; `position` is its place in the log."""

    position = integer(1)
    op_id = identity()
    type = word()
    task = identity(nullable=True)
    waybill = word(nullable=True)
    author = nested(Person)
    by_customer = boolean()
    device = word(nullable=True)
    at = moment()
    received_at = moment()
    skew_ms = integer(nullable=True)
    status = word()
    payload = values()
    conflict = identity(nullable=True)
    voided = boolean()


class Timeline(Schema):
    """A page of it, newest first; `next` is the `before` of the page after it, null on the last one."""

    entries = array(nested(CustomerTouch))
    next = integer(nullable=True)


class RevealRequest(Schema):
    """Which fields somebody wants to see in the clear, and why; the reason is kept."""

    fields_ = fields.List(
        fields.String(validate=validate.OneOf(REVEALABLE)),
        required=True,
        data_key="fields",
        attribute="fields",
        validate=validate.Length(min=1, max=len(REVEALABLE)),
    )
    reason = fields.String(
        required=True, validate=[validate.Length(max=REASON), validate.Regexp(r"[^\u0000-\u001f]*\S")]
    )


class Clear(Schema):
    """The fields asked for, in the clear; of several addresses each stands on a line."""

    name = fields.String()
    phone = fields.String()
    email = fields.String(allow_none=True)
    address = fields.String()
    contacts = fields.List(fields.Nested(ContactPerson))


class Revealed(Schema):
    """What was asked for, and how many more looks the caller has in these 24 hours."""

    values = nested(Clear)
    left_today = integer(0)


class RevealedTo(Schema):
    """One look at masked data: who, when, which fields, of whom, why."""

    id = identity()
    at = moment()
    user = nested(Person)
    customer = nested(Person)
    task = identity(nullable=True)
    waybill = word(nullable=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    reason = word()


class Reveals(Schema):
    """A page of them, newest first."""

    reveals = array(nested(RevealedTo))
    total = integer(0)
