"""The record of a task: one piece of work for one courier at one address."""

from marshmallow import fields

from sync.schemas.facts import reason_code
from sync.schemas.fields import (
    CALL_CHANNELS,
    CALL_RESULTS,
    CODE,
    EVIDENCE,
    PROXIES,
    RECIPIENTS,
    STATUSES,
    TASK_KINDS,
    Strict,
    array,
    boolean,
    identity,
    integer,
    line,
    matching,
    moment,
    nested,
    one_of,
    text,
)
from sync.schemas.operations import TYPE, Address


def station() -> fields.String:
    """Whose it is."""
    # Empty only in a stub that a handheld makes of a task it has not been told of.
    return line(shortest=0)


class Touch(Strict):
    """Who set a field last, and by which operation."""

    op_id = identity()
    author = identity()
    at = moment()


class TaskTouched(Strict):
    """The last writer of each field that merges three ways."""

    courier = nested(Touch, required=False)
    sequence = nested(Touch, required=False)
    window_start = nested(Touch, required=False)
    window_end = nested(Touch, required=False)


class Evidence(Strict):
    """What an attempt has to show: calls, the stay at the door in seconds (null: no arrival told), photos, a note; and
    which of what its reason demands is missing."""

    calls = integer(0)
    dwell_s = integer(0, nullable=True)
    photos = integer(0)
    note = boolean()
    missing = array(one_of(EVIDENCE))


class Outcome(Strict):
    """The physical outcome the status rests on; `pieces` were handed over where it was not all, `rest` is why."""

    op_id = identity()
    type = matching(TYPE, longest=CODE)
    author = identity()
    at = moment()
    reason = reason_code(nullable=True)
    recipient = one_of(RECIPIENTS, nullable=True)
    evidence = nested(Evidence, required=False)
    pieces = integer(1, required=False)
    rest = reason_code(required=False)


class Cancellation(Strict):
    """By whom and why the plan was withdrawn; it stays when a fact overrides it."""

    op_id = identity()
    author = identity()
    at = moment()
    reason = text()


class Note(Strict):
    """A remark on a task."""

    op_id = identity()
    text = text()
    author = identity()
    at = moment()


class Call(Strict):
    """A call or message to the customer."""

    op_id = identity()
    author = identity()
    at = moment()
    channel = one_of(CALL_CHANNELS)
    result = one_of(CALL_RESULTS)


class ConsentAsked(Strict):
    """The customer was asked whether the parcel may be left with somebody else."""

    op_id = identity()
    author = identity()
    at = moment()
    kind = one_of(PROXIES)


class ParcelProblem(Strict):
    """Customer service is to say what becomes of the parcel."""

    op_id = identity()
    author = identity()
    at = moment()
    reason = reason_code()
    note = text(shortest=0, nullable=True)
    evidence = nested(Evidence, required=False)


class Handover(Strict):
    """The parcel went from one courier to another on the road: what each of them has told of it."""

    giver = identity()
    taker = identity()
    given = nested(Touch, nullable=True)
    taken = nested(Touch, nullable=True)


class TaskRecord(Strict):
    """One piece of work for one courier at one address.

    From `pin_required` on a member is there only when there is something to say. `calls` and `arrived_at` are the
    present attempt's.
    """

    id = identity()
    station = station()
    kind = one_of(TASK_KINDS)
    parcel = line(shortest=0)
    customer = line(shortest=0)
    merchant = line(shortest=0)
    reference = line(shortest=0)
    address = nested(Address)
    status = one_of(STATUSES)
    courier = identity(nullable=True)
    sequence = integer(0, nullable=True)
    window_start = moment(nullable=True)
    window_end = moment(nullable=True)
    outcome = nested(Outcome, nullable=True)
    cancelled = nested(Cancellation, nullable=True)
    attempts = integer(0)
    notes = array(nested(Note))
    touched = nested(TaskTouched)
    pin_required = boolean(required=False)
    arrived_at = moment(required=False)
    calls = array(nested(Call), required=False)
    asked = array(nested(ConsentAsked), required=False)
    problem = nested(ParcelProblem, required=False)
    handover = nested(Handover, required=False)
