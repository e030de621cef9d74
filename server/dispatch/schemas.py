"""Shapes the desk reads. Personal data in them is masked by the server."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate
from webargs.fields import DelimitedList

from sync.schemas.fields import (
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

MAX_PAGE = 200
WINDOWS = ("late", "soon", "open")
SORTS = ("sequence", "window_end", "status", "waybill", "courier", "updated")
QUEUES = ("all", "unassigned", "left", "done", "problems", "cancelled", "conflicts")


def word(nullable: bool = False) -> fields.String:
    """A word or a sentence the server composed."""
    return fields.String(required=True, allow_none=nullable)


def values() -> fields.Dict:
    """Field values by name, whatever the operation has."""
    return fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)


class Several(fields.List[str]):
    """Words of a closed list, given several times or separated by commas."""

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        super().__init__(fields.String(validate=validate.OneOf(words)), **options)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        given = [value] if isinstance(value, str) else value
        split = [word for one in given for word in str(one).split(",") if word]
        return super()._deserialize(split, attr, data, **kwargs)


class TaskFilter(Schema):
    """How the task table is narrowed; `status` may be given several times or separated by commas."""

    class Meta:
        unknown = EXCLUDE

    q = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=120))
    status = Several(STATUSES, load_default=())
    courier = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=36))
    kind = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(TASK_KINDS))
    merchant = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=120))
    window = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(WINDOWS))
    conflict = fields.Boolean(load_default=False)
    request = fields.Boolean(load_default=False)


class TaskQuery(TaskFilter):
    """A page of the narrowed table."""

    sort = fields.String(load_default="sequence", validate=validate.OneOf(SORTS))
    dir = fields.String(load_default="asc", validate=validate.OneOf(("asc", "desc")))
    limit = fields.Integer(load_default=MAX_PAGE, validate=validate.Range(min=1, max=MAX_PAGE))
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))


class LookupQuery(Schema):
    """Which tasks; ids separated by commas."""

    class Meta:
        unknown = EXCLUDE

    ids = DelimitedList(
        fields.String(validate=validate.Length(max=36)),
        required=True,
        validate=validate.Length(min=1, max=MAX_PAGE),
    )


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
    late = integer(0)
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


class CourierPlan(Schema):
    """The courier's day: tasks but cancelled ones, done ones, the end of the next window, windows that have passed."""

    total = integer(0)
    done = integer(0)
    next_window_end = moment(nullable=True)
    late = integer(0)


class CourierPosition(Schema):
    """Where a handheld said it was, and when; only while on shift."""

    lat_e7 = integer()
    lng_e7 = integer()
    accuracy_m = integer(0)
    at = moment()


class Courier(Schema):
    """One courier's progress; `last_heard` is the last exchange of any of his handhelds."""

    id = identity()
    name = word()
    total = integer(0)
    done = integer(0)
    left = integer(0)
    problems = integer(0)
    plan = nested(CourierPlan)
    position = nested(CourierPosition, nullable=True)
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
    updated_at = moment()


class Tasks(Schema):
    """A page of the task table, and how many tasks the filter leaves in all."""

    tasks = array(nested(BoardTask))
    total = integer(0)
    as_of = moment()


class TaskLine(Schema):
    """What a bulk action needs of a task."""

    id = identity()
    rev = integer(0)
    status = one_of(STATUSES)
    courier = identity(nullable=True)


class TaskLines(Schema):
    """Everything a filter leaves."""

    tasks = array(nested(TaskLine))
    total = integer(0)


class FoundTasks(Schema):
    """The tasks asked for by id, as they stand."""

    tasks = array(nested(BoardTask))


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


class EvidenceFile(Schema):
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

    customer = identity()
    requests: Any = array(nested(ShownRequest))
    notes = array(nested(TaskNote))
    timeline = array(nested(TimelineEntry))
    proofs = array(nested(EvidenceFile))
