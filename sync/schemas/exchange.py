"""The exchange: what a handheld sends and what it gets back (P14, P18, P24, P26, P27)."""

from marshmallow import fields

from sync.schemas.fields import (
    CODE,
    LANGUAGES,
    NAME,
    OUTCOMES,
    SCOPE_KINDS,
    TEXT,
    Strict,
    array,
    boolean,
    constant,
    identity,
    integer,
    line,
    mapping,
    matching,
    moment,
    nested,
    one_of,
    sha256,
    text,
)
from sync.schemas.messages import MessageRow
from sync.schemas.records import (
    CASE_KINDS,
    ConsentRecord,
    ObligationRecord,
    ParcelRecord,
    RequestRecord,
)
from sync.schemas.tasks import TaskRecord

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
PROTOCOL = 1
PULL_LIMIT = 1000
PULL_STATES = ("ok", "login_required", "revoked")
REMOVALS = ("reassigned", "cancelled_removed", "shift_closed", "station", "handed_over")
# Why a handheld pulls a scope anew: its rows are not the server's, or the server is not the one it was (P30, P31).
REBUILD_CAUSES = ("digest", "epoch", "head")
RESULT_STATUSES = ("applied", "merged", "conflict", "deferred", "quarantined")


def scope(*, required: bool = True) -> fields.String:
    """`kind:id`, the unit of pull."""
    return matching(f"(?:{'|'.join(SCOPE_KINDS)}):{_UUID}", required=required)


def row_entity() -> fields.String:
    """What a pulled row is about."""
    return matching(f"(?:task|notice|message|station):{_UUID}")


class Push(Strict):
    """Operations by position: number i of the list has seq `from_seq` + i, whatever it says itself.

    The operations are not judged here: their content never refuses a request (P18).
    """

    from_seq = integer(1)
    operations = fields.List(fields.Raw(allow_none=True), required=True)


class ExchangeRequest(Strict):
    """One exchange, both ways; `cursors` and `ceilings` are versions by scope, ceilings pinned by the first page.

    `proofs` are those the handheld believes to be stored: a new epoch is asked which of them it lacks (P31).
    `rebuilding` says why which scope is pulled anew. `lost_proofs` are those it has no bytes of any more (P34).
    """

    protocol = constant(PROTOCOL)
    app = line(CODE)
    incarnation = identity()
    push = nested(Push, nullable=True)
    cursors = mapping(scope(), integer(0))
    ceilings = mapping(scope(), integer(0))
    limit = integer(1, PULL_LIMIT)
    sent_at = moment()
    mono = integer(0, nullable=True, required=False, description="the monotonic clock at sending, ms (P35)")
    boot = identity(nullable=True, required=False)
    last_seq = integer(0, required=False, description="the last place this local database has recorded (P32)")
    proofs = array(sha256(), required=False)
    lost_proofs = array(sha256(), required=False)
    rebuilding = mapping(scope(), one_of(REBUILD_CAUSES), required=False)


class AppliedAt(Strict):
    """The version of the author's own scope once the operation was in (P27)."""

    scope = scope()
    ver = integer(0)


class Result(Strict):
    """How one operation ended (P18)."""

    seq = integer(1, nullable=True)
    op_id = identity(nullable=True)
    status = one_of(RESULT_STATUSES)
    code = line(CODE, nullable=True)
    detail = text(nullable=True)
    applied_at = nested(AppliedAt, nullable=True)
    conflict = identity(nullable=True)


class RowCustomer(Strict):
    """The part of a customer that goes to the door: of his requests the active ones that belong to the task."""

    id = identity()
    name = line(NAME, shortest=0)
    phone = line(CODE, shortest=0)
    language = one_of(LANGUAGES, nullable=True)
    requests = array(nested(RequestRecord))
    consents = array(nested(ConsentRecord))


class RowPin(Strict):
    """What a typed code can be held against without a network: PBKDF2-SHA-256, salt and digest in hex."""

    salt = matching("[0-9a-f]{32}")
    iterations = integer(1)
    digest = sha256()


class TaskRow(Strict):
    """A task as its courier sees it: one stored projection with a revision of its own (P24).

    `pin` where the parcel is handed over only for a code.
    """

    task = nested(TaskRecord)
    parcel = nested(ParcelRecord, nullable=True)
    customer = nested(RowCustomer, nullable=True)
    obligation = nested(ObligationRecord, nullable=True)
    conflict = identity(nullable=True)
    pin = nested(RowPin, required=False)


class NoticeRow(Strict):
    """What became of one of the courier's operations, told to him wherever the task is now (P22).

    `unreached`: what he asked has reached nobody, and will not.
    """

    id = identity()
    kind = one_of(("decided", "undone", "quarantined", "settled", "unreached"))
    conflict = identity(nullable=True)
    task = identity(nullable=True)
    waybill = line(TEXT, nullable=True)
    op_id = identity()
    outcome = one_of(OUTCOMES, nullable=True)
    reason = text(shortest=0, nullable=True)
    case_kind = one_of(CASE_KINDS, nullable=True)
    status = one_of(RESULT_STATUSES, nullable=True)
    at = moment()
    by_name = line(nullable=True)


class StationRow(Strict):
    """The reference data of a station."""

    id = identity()
    code = line(CODE)
    name = line()
    timezone = line(CODE)
    currency = matching("[A-Z]{3}")
    reasons_version = line(CODE)


ROW_BODIES: dict[str, type[Strict]] = {
    "task": TaskRow,
    "notice": NoticeRow,
    "message": MessageRow,
    "station": StationRow,
}


class Row(Strict):
    """A pulled row, its body shaped by the kind of its entity; an absent one is a tombstone: a reason and no body."""

    entity = row_entity()
    rev = integer(0)
    ver = integer(0)
    present = boolean()
    reason = one_of(REMOVALS, nullable=True)
    body = fields.Dict(
        keys=fields.String(), values=fields.Raw(allow_none=True), required=True, allow_none=True
    )


class ScopeDigest(Strict):
    """What a scope holds in two numbers (P30)."""

    count = integer(0)
    sum = integer(0)


class ScopePage(Strict):
    """The changes of one scope in (from, to], below a ceiling that stays while pages are fetched.

    `reset` marks a walk that begins anew from nothing although the cursor said otherwise (P29). A final page that
    reaches the scope's present version carries its digest.
    """

    scope = scope()
    from_ver = integer(0, key="from")
    to = integer(0)
    ceiling = integer(0)
    final = boolean()
    reset = boolean()
    digest = nested(ScopeDigest, nullable=True)
    rows = array(nested(Row))


class Pull(Strict):
    """Changes since the cursors, for a live login of the handheld's courier; nothing for anybody else (P34).

    `wipe` stands beside `revoked`: everything the handheld has is here, and it is to forget it.
    """

    state = one_of(PULL_STATES)
    wipe = boolean(required=False)
    scopes = array(nested(ScopePage))


class ExchangeUser(Strict):
    """Who the server takes the handheld's user for."""

    id = identity()
    name = line()
    role = one_of(("courier", "dispatcher", "csr", "admin"))
    lang = one_of(LANGUAGES)
    station = identity()


class ExchangeResponse(Strict):
    """Results of this push, blobs the server lacks, then changes."""

    protocol = constant(PROTOCOL)
    server_time = moment()
    epoch = line(CODE)
    user = nested(ExchangeUser)
    head_seq = integer(0)
    expected_seq = integer(1)
    results = array(nested(Result))
    missing_blobs = array(sha256())
    pull = nested(Pull)


class OperationDraft(Strict):
    """An operation from a web session: the server adds author, app and clocks."""

    op_id = identity()
    type = matching(r"[a-z_]+\.[a-z_]+", longest=CODE)
    v = integer(1, 1000)
    entity = line()
    base_rev = integer(0, nullable=True)
    base = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)
    payload = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)
    at = moment(required=False)


class OperationsRequest(Strict):
    """Operations from a web session."""

    operations = array(nested(OperationDraft), PULL_LIMIT)


class OperationsResponse(Strict):
    """One result for each operation, in the same order."""

    results = array(nested(Result))
