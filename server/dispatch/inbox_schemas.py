"""Shapes of the conflict inbox. Personal data in them is masked by the server."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate
from webargs.fields import DelimitedList

from server.dispatch.schemas import BoardTask, EvidenceFile, values, word
from sync.schemas.fields import OUTCOMES, array, boolean, identity, integer, moment, nested, one_of
from sync.tables import CASE_KINDS

MAX_PAGE = 500
MOST_IDS = 200
MOST_MARKS = 5_000


def _narrow() -> dict[str, fields.Field[Any]]:
    """What a list of cases may be narrowed by; `kind` and `ids` separate several by commas."""
    return {
        "status": fields.String(load_default="open", validate=validate.OneOf(("open", "decided"))),
        "kind": DelimitedList(fields.String(validate=validate.OneOf(sorted(CASE_KINDS))), load_default=()),
        "owner": fields.String(load_default=None, validate=validate.Length(max=36)),
        "courier": fields.String(load_default=None, validate=validate.Length(max=36)),
        "due": fields.String(load_default=None, validate=validate.OneOf(("overdue", "today"))),
        "q": fields.String(load_default=None, validate=validate.Length(max=120)),
        "ids": DelimitedList(
            fields.String(validate=validate.Length(max=36)),
            load_default=(),
            validate=validate.Length(max=MOST_IDS),
        ),
    }


class _Narrowed(Schema):
    """How the inbox is narrowed: `owner` is `me`, `none` or a user's id; with `ids` the state does not matter."""

    class Meta:
        unknown = EXCLUDE
        include = _narrow()


class CaseQuery(_Narrowed):
    """A page of cases."""

    limit = fields.Integer(load_default=MAX_PAGE, validate=validate.Range(min=1, max=MAX_PAGE))
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))


class MarkQuery(_Narrowed):
    """Cases by id alone."""

    limit = fields.Integer(load_default=MOST_MARKS, validate=validate.Range(min=1, max=MOST_MARKS))
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))


class Clocks(Schema):
    """When it happened by the handheld's clock and by ours, when it arrived, and how far the handheld was off."""

    at = moment(nullable=True)
    corrected_at = integer(nullable=True)
    received_at = moment(nullable=True)
    skew_ms = integer(nullable=True)


class Place(Schema):
    """Where the handheld was, seen from the door; the distance is null when the order gave the door no coordinates."""

    accuracy_m = integer(0)
    distance_m = integer(0, nullable=True)
    east_m = integer(nullable=True)
    north_m = integer(nullable=True)


class Decision(Schema):
    """How a case was decided."""

    op_id = identity()
    author = identity()
    outcome = one_of(OUTCOMES)
    reason = word()
    at = moment()


class CaseCustomer(Schema):
    """The customer a case is about, by a masked name."""

    id = identity()
    name = word()
    tier = one_of(("key", "monthly", "casual"))


class Case(Schema):
    """A conflict case with both versions, both authors, the evidence and the suggested outcome (P22).

    `undo_until` is null when the decision can no longer be undone, or there is none.
    """

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
    owner_name = word(nullable=True)
    opened_at = moment()
    due_at = moment()
    decision = nested(Decision, nullable=True)
    undo_until = moment(nullable=True)
    waybill = word(nullable=True)
    summary = nested(BoardTask, nullable=True)
    customer = nested(CaseCustomer, nullable=True)
    evidence = array(nested(EvidenceFile))
    clocks = nested(Clocks)


class Side(Schema):
    """One side of a case: who said it, with which handheld, by which clocks, where, and with what evidence."""

    op_id = word()
    type = word(nullable=True)
    author_name = word(nullable=True)
    device = word(nullable=True)
    voided = boolean()
    clocks = nested(Clocks)
    place = nested(Place, nullable=True)
    evidence = array(nested(EvidenceFile))


class Sides(Schema):
    """Both sides; a side nobody wrote an operation for is null."""

    mine = nested(Side, nullable=True)
    theirs = nested(Side, nullable=True)


class RawLine(Schema):
    """One value of something that was not understood; `value` is null where it could be personal."""

    name = word()
    kind = one_of(("text", "number", "yes_no", "nothing", "list", "object"))
    value = word(nullable=True)
    length = integer(0, nullable=True)


class CaseDetail(Case):
    """A case with all that is known of both sides; `raw` is the masked shape of a quarantined operation."""

    sides = nested(Sides)
    raw = fields.List(fields.Nested(RawLine), required=True, allow_none=True)


class Colleague(Schema):
    """Somebody of the desk a case can be given to."""

    id = identity()
    name = word()
    role = word()


class CaseCounts(Schema):
    """How many cases of the asked state there are, whatever else the list is narrowed by."""

    by_kind = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    overdue = integer(0)
    today = integer(0)
    mine = integer(0)
    unowned = integer(0)


class Cases(Schema):
    """A page of cases: open ones by deadline, decided ones newest first."""

    conflicts = array(nested(Case))
    total = integer(0)
    counts = nested(CaseCounts)
    colleagues = array(nested(Colleague))
    server_time = moment()


class CaseMark(Schema):
    """A case by its id, and what may be decided about it."""

    id = identity()
    kind = word()
    status = one_of(("open", "decided"))
    outcomes = fields.List(fields.String(), required=True)
    suggested = one_of(OUTCOMES)
    owner = word(nullable=True)


class CaseMarks(Schema):
    """Cases by id alone; `total` says how many there are when they are more than were asked for."""

    cases = array(nested(CaseMark))
    total = integer(0)
