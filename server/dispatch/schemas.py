"""Shapes the desk reads. Personal data in them is masked by the server."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate
from webargs.fields import DelimitedList

from sync.schemas.fields import (
    OUTCOMES,
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

MAX_PAGE = 1000
QUEUES = ("all", "unassigned", "left", "done", "problems", "cancelled", "conflicts")


def word(nullable: bool = False) -> fields.String:
    """A word or a sentence the server composed."""
    return fields.String(required=True, allow_none=nullable)


def values() -> fields.Dict:
    """Field values by name, whatever the operation has."""
    return fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)


class TaskQuery(Schema):
    """How the task table is narrowed and paged; `status` may be given several times, separated by commas."""

    class Meta:
        unknown = EXCLUDE

    q = fields.String(load_default=None, validate=validate.Length(max=120))
    status = DelimitedList(fields.String(validate=validate.OneOf(STATUSES)), load_default=())
    courier = fields.String(load_default=None, validate=validate.Length(max=36))
    kind = fields.String(load_default=None, validate=validate.OneOf(TASK_KINDS))
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=MAX_PAGE))
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))


class CaseQuery(Schema):
    """Which cases are listed."""

    class Meta:
        unknown = EXCLUDE

    status = fields.String(load_default="open", validate=validate.OneOf(("open", "decided")))


class Person(Schema):
    """Somebody of the station."""

    id = identity()
    name = word()


class SummaryStation(Schema):
    """The caller's station."""

    id = identity()
    code = word()
    name = word()


class Counts(Schema):
    """How many tasks, or cases, each queue holds."""

    all = integer(0)
    unassigned = integer(0)
    left = integer(0)
    done = integer(0)
    problems = integer(0)
    cancelled = integer(0)
    conflicts = integer(0)


class Summary(Schema):
    """The top line and the queues."""

    station = nested(SummaryStation)
    day = word()
    counts = nested(Counts)
    server_time = moment()


class CourierShift(Schema):
    """The courier's newest shift of the day."""

    status = one_of(("open", "closed"))
    started_at = moment()


class Courier(Schema):
    """One courier's progress; `last_heard` is the last exchange of any of his handhelds."""

    id = identity()
    name = word()
    total = integer(0)
    done = integer(0)
    left = integer(0)
    problems = integer(0)
    last_heard = moment(nullable=True)
    shift = nested(CourierShift, nullable=True)
    devices = integer(0)
    waiting = integer(0, nullable=True)


class Couriers(Schema):
    """All couriers of the station."""

    couriers = array(nested(Courier))
    server_time = moment()


class Contact(Schema):
    """A masked name and number."""

    name = word()
    phone = word()


class Cod(Schema):
    """Cash on delivery."""

    amount_minor = integer(0)
    status = one_of(("due", "settled"))


class BoardOutcome(Schema):
    """What physically came of the task."""

    type = word()
    at = moment()
    reason = word(nullable=True)


class BoardTask(Schema):
    """One row of the task table."""

    id = identity()
    rev = integer(0)
    kind = one_of(TASK_KINDS)
    status = one_of(STATUSES)
    waybill = word()
    merchant = word()
    reference = word()
    courier = nested(Person, nullable=True)
    sequence = integer(nullable=True)
    window_start = moment(nullable=True)
    window_end = moment(nullable=True)
    contact = nested(Contact)
    address = word()
    cod = nested(Cod, nullable=True)
    requests = integer(0)
    attempts = integer(0)
    conflict = identity(nullable=True)
    outcome = nested(BoardOutcome, nullable=True)


class Tasks(Schema):
    """A page of the task table."""

    tasks = array(nested(BoardTask))
    total = integer(0)


class ShownRequest(Schema):
    """A special request of the customer."""

    id = identity()
    kind = word()
    text = word()
    active = boolean()


class TaskNote(Schema):
    """A note on the task."""

    op_id = identity()
    text = word()
    author = nested(Person)
    at = moment()


class Evidence(Schema):
    """A signature or a photo; `pending` until its bytes have arrived."""

    sha = word()
    kind = one_of(("signature", "photo"))
    state = one_of(("stored", "pending"))


class TimelineEntry(Schema):
    """One operation with the handheld's clock, its difference to ours, and the time of arrival."""

    op_id = identity()
    type = word()
    author = nested(Person)
    device = word(nullable=True)
    at = moment()
    received_at = moment()
    skew_ms = integer(nullable=True)
    status = word()
    payload = values()
    conflict = identity(nullable=True)
    voided = boolean()


class TaskDetail(BoardTask):
    """A task with everything the desk may know of it."""

    requests: Any = array(nested(ShownRequest))
    notes = array(nested(TaskNote))
    timeline = array(nested(TimelineEntry))
    proofs = array(nested(Evidence))


class Clocks(Schema):
    """When it happened by the handheld, when it arrived, and how far the handheld's clock was off."""

    at = moment(nullable=True)
    received_at = moment(nullable=True)
    skew_ms = integer(nullable=True)


class Decision(Schema):
    """How a case was decided."""

    op_id = identity()
    author = identity()
    outcome = one_of(OUTCOMES)
    reason = word()
    at = moment()


class Case(Schema):
    """A conflict case with both versions, both authors, the evidence and the suggested outcome (P22)."""

    id = identity()
    kind = word()
    status = one_of(("open", "decided"))
    entity = word(nullable=True)
    task = identity(nullable=True)
    station = identity()
    op_id = word(nullable=True)
    theirs_op = word(nullable=True)
    mine = values()
    theirs = values()
    base = values()
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    mine_author = identity(nullable=True)
    theirs_author = identity(nullable=True)
    mine_author_name = word(nullable=True)
    theirs_author_name = word(nullable=True)
    decided_by_name = word(nullable=True)
    suggested = one_of(OUTCOMES)
    rule = word()
    outcomes = fields.List(fields.String(), required=True)
    owner = word(nullable=True)
    opened_at = moment()
    due_at = moment()
    decision = nested(Decision, nullable=True)
    waybill = word(nullable=True)
    summary = nested(BoardTask, nullable=True)
    evidence = array(nested(Evidence))
    clocks = nested(Clocks)


class Cases(Schema):
    """Cases in one state, those due first on top."""

    conflicts = array(nested(Case))
    server_time = moment()
