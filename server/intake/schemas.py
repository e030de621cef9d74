"""Shapes of the doors of order intake."""

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from server.intake.fields import FIELDS, REQUEST_KINDS, TASK_KINDS

_MS = {"description": "ms since 1970-01-01T00:00Z"}


def _line(name: str, *, required: bool = False) -> fields.String:
    shortest = 1 if required else 0
    rules = [
        validate.Length(min=shortest, max=FIELDS[name].limit),
        validate.Regexp(r"^[^\u0000-\u001f\u007f]*$(?!\n)"),
    ]
    if required:
        return fields.String(required=True, validate=rules)
    return fields.String(allow_none=True, load_default=None, validate=rules)


class RequestIn(Schema):
    """A special request that comes with an order."""

    class Meta:
        unknown = RAISE

    kind = fields.String(required=True, validate=validate.OneOf(REQUEST_KINDS))
    text = fields.String(load_default="", validate=validate.Length(max=FIELDS["requests"].limit))


class OrderIn(Schema):
    """An order as a merchant's system sends it: grams, minor units of money, 1e-7 degrees, times with an offset."""

    class Meta:
        unknown = RAISE

    kind = fields.String(required=True, validate=validate.OneOf(TASK_KINDS))
    reference = _line("reference", required=True)
    waybill = _line("waybill", required=True)
    pieces = fields.Integer(strict=True, validate=validate.Range(1, 999), load_default=1)
    weight_g = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 2_000_000))
    goods = _line("goods")
    name = _line("name", required=True)
    phone = _line("phone")
    address = _line("address", required=True)
    community = _line("community")
    building = _line("building")
    unit = _line("unit")
    room = _line("room")
    lng_e7 = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(-1_800_000_000, 1_800_000_000)
    )
    lat_e7 = fields.Integer(strict=True, allow_none=True, validate=validate.Range(-900_000_000, 900_000_000))
    window_start = fields.AwareDateTime(format="iso", allow_none=True)
    window_end = fields.AwareDateTime(format="iso", allow_none=True)
    cod_minor = fields.Integer(strict=True, validate=validate.Range(0, 10_000_000), load_default=0)
    requests = fields.List(fields.Nested(RequestIn), validate=validate.Length(max=20))
    courier = _line("courier")
    sequence = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 9_999))
    pin_required = fields.Boolean(
        load_default=False, metadata={"description": "handed over only for a code shown to the customer"}
    )


class OrdersIn(Schema):
    """Orders of one call: all of them or none, unless `skip_bad`."""

    orders = fields.List(fields.Nested(OrderIn), required=True, validate=validate.Length(1, 500))
    skip_bad = fields.Boolean(load_default=False)


class OrderTold(Schema):
    """An order that is in: by this call, or by one before that said the same."""

    index = fields.Integer(required=True)
    reference = fields.String(required=True)
    waybill = fields.String(required=True)
    task = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["accepted", "unchanged"]))


class OrderFault(Schema):
    """What is wrong with an order, by a JSON pointer into the body."""

    pointer = fields.String(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)


class OrdersTold(Schema):
    """The answer to a call."""

    import_id = fields.String(required=True, allow_none=True, data_key="import", attribute="import")
    orders = fields.List(fields.Nested(OrderTold), required=True)
    rejected = fields.List(fields.Nested(OrderFault), required=True)


class OrderStatus(Schema):
    """Where an order is; `accepted` until its task is to be seen."""

    reference = fields.String(required=True)
    task = fields.String(required=True)
    status = fields.String(required=True)
    waybill = fields.String(allow_none=True)
    kind = fields.String()
    window_start = fields.Integer(allow_none=True, metadata=_MS)
    window_end = fields.Integer(allow_none=True, metadata=_MS)
    attempts = fields.Integer()
    reason = fields.String(allow_none=True)
    at = fields.Integer(allow_none=True, metadata=_MS)


class SampleRow(Schema):
    """One row of a file as it stands there."""

    row = fields.Integer(required=True)
    cells = fields.List(fields.String(), required=True)


class OrderField(Schema):
    """A field an order can have."""

    name = fields.String(required=True)
    kind = fields.String(required=True)
    required = fields.Boolean(required=True)
    choices = fields.List(fields.String(), required=True)


class OrderFileSeen(Schema):
    """A file at a glance, and a mapping to begin with. `source`: remembered, shipped or suggested."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True)
    format = fields.String(required=True, validate=validate.OneOf(["csv", "xlsx"]))
    encoding = fields.String(required=True)
    sheet = fields.String(required=True, allow_none=True)
    sheets = fields.List(fields.String(), required=True)
    header = fields.List(fields.String(), required=True)
    rows = fields.Integer(required=True)
    sample = fields.List(fields.Nested(SampleRow), required=True)
    source = fields.String(required=True, validate=validate.OneOf(["remembered", "shipped", "suggested"]))
    merchant = fields.String(required=True, allow_none=True)
    mapping = fields.Dict(required=True)
    fields_ = fields.List(fields.Nested(OrderField), required=True, data_key="fields", attribute="fields")


class SheetQuery(Schema):
    """Which sheet of a workbook; by default the first to be seen."""

    sheet = fields.String(load_default=None, validate=validate.Length(max=60))


class Reading(Schema):
    """How a file is to be read."""

    class Meta:
        unknown = EXCLUDE

    mapping = fields.Dict(required=True)
    merchant = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=120))
    year = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(2000, 2100))
    sheet = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=60))


class ImportWish(Reading):
    """An import to begin; `only_check` stores no orders."""

    skip_bad = fields.Boolean(load_default=False)
    only_check = fields.Boolean(load_default=False)


class RowTrouble(Schema):
    """One thing wrong with one row, in both languages."""

    row = fields.Integer(required=True)
    column = fields.String(required=True)
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ReadOrder(Schema):
    """An order as a mapping reads it."""

    row = fields.Integer(required=True)
    order = fields.Dict(required=True)


class Tried(Schema):
    """The first rows read by a mapping. `missing` are fields no order can do without; `trouble` a sentence in both
    languages when no row can be read at all."""

    checked = fields.Integer(required=True)
    good = fields.Integer(required=True)
    missing = fields.List(fields.String(), required=True)
    trouble = fields.Dict(required=True, allow_none=True)
    problems = fields.List(fields.Nested(RowTrouble), required=True)
    orders = fields.List(fields.Nested(ReadOrder), required=True)


class ImportState(Schema):
    """An import and how far it has come. `done` of `todo` in the step it is in."""

    id = fields.String(required=True)
    file = fields.String(required=True, allow_none=True)
    file_name = fields.String(required=True)
    merchant = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    trouble = fields.Dict(required=True, allow_none=True)
    rows = fields.Integer(required=True)
    new = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    wrong = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    skip_bad = fields.Boolean(required=True)
    only_check = fields.Boolean(required=True)
    done = fields.Integer(required=True)
    todo = fields.Integer(required=True)
    by = fields.String(required=True, allow_none=True)
    at = fields.Integer(required=True, metadata=_MS)
    applied_at = fields.Integer(required=True, allow_none=True, metadata=_MS)
    undone_at = fields.Integer(required=True, allow_none=True, metadata=_MS)
    undone_by = fields.String(required=True, allow_none=True)
    undo_reason = fields.String(required=True, allow_none=True)
    problems = fields.List(fields.Nested(RowTrouble), required=True)


class ImportQuery(Schema):
    """A page of imports."""

    limit = fields.Integer(load_default=30, validate=validate.Range(1, 100))
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 1_000_000))


class Imports(Schema):
    """Imports, newest first."""

    imports = fields.List(fields.Nested(ImportState), required=True)
    total = fields.Integer(required=True)


class Begun(Schema):
    """The import that was begun."""

    id = fields.String(required=True)


class LangQuery(Schema):
    """Language of the reasons."""

    lang = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))


class UndoWish(Schema):
    """Why an import is taken back."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))
