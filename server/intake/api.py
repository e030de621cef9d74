"""The doors of order intake: files at the desk, orders of merchants' systems."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, BinaryIO, ParamSpec, TypeVar, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Response, current_app, request

from server.auth import queries as auth
from server.auth.guards import api_key, current_key, current_scope, web
from server.auth.keys import note_use
from server.auth.limits import limiter
from server.core import outbox
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.db import read, transaction
from server.core.errors import Code, FieldError, Problem
from server.core.stores import blob_store
from server.intake import calls, files, giveback, jobs, queries, schemas, undoing
from server.intake.fields import FIELDS
from server.intake.mapping import read_mapping
from server.intake.problems import Lang, UnusableFileError
from sync.canonical import sha256_hex

blp = Blueprint("orders", __name__, url_prefix="/api/v1/orders", description="Orders in")
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
_SHOWN_PROBLEMS = 200
_SHOWN_MOVED = 200
_FORM_ROOM = 64 * 1024


def _by_key() -> str:
    """What a merchant's calls are counted by: the key it shows, not the address it calls from."""
    return sha256_hex(request.headers.get("Authorization", ""))


def _large(view: Callable[P, R]) -> Callable[P, R]:
    """A body as large as a file may be; said before anything looks into the form."""

    @wraps(view)
    def sized(*args: P.args, **kwargs: P.kwargs) -> R:
        request.max_content_length = files.MAX_FILE + _FORM_ROOM
        return view(*args, **kwargs)

    return sized


@blp.route("", methods=["POST"])
@limiter.limit("120 per minute", key_func=_by_key)
@api_key
@blp.doc(
    requestBody={
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OrdersIn"}}},
    },
    parameters=[{"in": "header", "name": "Idempotency-Key", "required": True, "schema": {"type": "string"}}],
)
@blp.response(201, schemas.OrdersTold)
def take_orders() -> dict[str, Any]:
    """Orders of the key's merchant, all or none; a repeat with the same Idempotency-Key gets the first answer."""
    key, name = current_key(), request.headers.get("Idempotency-Key", "")
    if not calls.is_name(name):
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING)
    raw = request.get_data(cache=False)
    try:
        body = calls.parse(raw)
        answer = calls.take(key, name, raw, body)
    except ValueError as error:
        raise Problem(Code.BAD_REQUEST, str(error)) from error
    except calls.ReusedError as error:
        raise Problem(Code.IDEMPOTENCY_KEY_REUSE) from error
    except calls.BusyError as error:
        raise Problem(Code.IDEMPOTENCY_BUSY, retry_after=2) from error
    with transaction():
        note_use(key)
    if answer.faults:
        errors = [FieldError(fault.pointer, f"{fault.detail} ({fault.code})") for fault in answer.faults]
        raise Problem(Code.ORDERS_INVALID, errors=errors)
    return answer.body


@blp.route("/<string:reference>", methods=["GET"])
@limiter.limit("600 per minute", key_func=_by_key)
@api_key
@blp.response(200, schemas.OrderStatus)
def order_status(reference: str) -> dict[str, Any]:
    """Where one of the merchant's own orders is."""
    with read():
        return _found(calls.status_of(current_key(), reference))


@blp.route("/files", methods=["POST"])
@limiter.limit("60 per minute")
@_large
@web("dispatcher", "admin")
@blp.doc(
    requestBody={
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    parameters=[
        {"in": "query", "name": "name", "description": "of a raw body", "schema": {"type": "string"}}
    ],
)
@blp.response(201, schemas.OrderFileSeen)
def bring_file() -> dict[str, Any]:
    """Bring a file (csv or xlsx, up to 20 MB): it is kept as evidence, and looked at."""
    scope, store = current_scope(), blob_store()
    stream, name = _sent()
    try:
        kept = files.keep(stream, _settings().blobs, store)
        view, table = files.bring(scope.station, scope.user, name, kept, store)
    except UnusableFileError as error:
        raise _unusable(error) from error
    with read():
        return _seen(view, view.look, files.proposal(scope.station, table))


@blp.route("/files/<string:file_id>", methods=["GET"])
@web("dispatcher", "admin")
@blp.arguments(schemas.SheetQuery, location="query")
@blp.response(200, schemas.OrderFileSeen)
def see_file(query: dict[str, Any], file_id: str) -> dict[str, Any]:
    """A file at a glance, or another sheet of it."""
    file = _file(file_id)
    try:
        table = files.table_of(file, blob_store(), query["sheet"])
    except UnusableFileError as error:
        raise _unusable(error) from error
    with read():
        return _seen(file, files.look_at(table), files.proposal(file.station_id, table))


@blp.route("/files/<string:file_id>/check", methods=["POST"])
@web("dispatcher", "admin")
@blp.arguments(schemas.Reading)
@blp.response(200, schemas.Tried)
def try_file(wish: dict[str, Any], file_id: str) -> dict[str, Any]:
    """The first rows read by a mapping; stores nothing."""
    file = _file(file_id)
    missing = files.missing_fields(wish["mapping"])
    nothing = {"checked": 0, "good": 0, "missing": missing, "trouble": None, "problems": [], "orders": []}
    if missing:
        return nothing
    with read():
        couriers = {user.username: user.id for user in auth.users_of(file.station_id, "courier")}
    try:
        look = file.look
        if wish["sheet"] not in (None, look["sheet"]):
            look = files.look_at(files.table_of(file, blob_store(), wish["sheet"]))
        mapping = read_mapping(wish["mapping"])
        year = wish["year"] or _this_year(file.station_id)
        sample = files.sample_of(look, file.name)
        tried = files.try_out(sample, file.station_id, mapping, wish["merchant"], year, couriers)
    except UnusableFileError as error:
        return {**nothing, "trouble": {"code": error.code, "zh": error.say("zh"), "en": error.say("en")}}
    return {**tried, "missing": [], "trouble": None}


@blp.route("/files/<string:file_id>/imports", methods=["POST"])
@web("dispatcher", "admin")
@blp.arguments(schemas.ImportWish)
@blp.response(202, schemas.Begun)
def begin_import(wish: dict[str, Any], file_id: str) -> dict[str, Any]:
    """Begin an import, or a check of the whole file; the worker does it, `GET /orders/imports/<id>` tells how far."""
    scope, file = current_scope(), _file(file_id)
    missing = files.missing_fields(wish["mapping"])
    if missing:
        raise Problem(Code.MAPPING_INVALID, f"Say where these come from: {', '.join(missing)}.")
    wish = {**wish, "year": wish["year"] or _this_year(file.station_id)}
    try:
        with transaction() as session:
            batch_id = files.ask(file, scope.user, scope.role, wish)
            outbox.enqueue(session, jobs.TOPIC, batch_id, {})
    except UnusableFileError as error:
        raise Problem(Code.MAPPING_INVALID, error.say(_lang())) from error
    return {"id": batch_id}


@blp.route("/imports", methods=["GET"])
@web("dispatcher", "admin")
@blp.arguments(schemas.ImportQuery, location="query")
@blp.response(200, schemas.Imports)
def list_imports(query: dict[str, Any]) -> dict[str, Any]:
    """The station's imports, newest first; their problems only one by one."""
    with read():
        batches, total = queries.of_station(current_scope().station, query["limit"], query["offset"])
        names = _names(batches)
        return {"imports": [_state(one, names, []) for one in batches], "total": total}


@blp.route("/imports/<string:import_id>", methods=["GET"])
@web("dispatcher", "admin")
@blp.response(200, schemas.ImportState)
def see_import(import_id: str) -> dict[str, Any]:
    """An import and how far it has come; the first 200 things wrong with its rows."""
    with read():
        batch = _batch(import_id)
        return _state(batch, _names([batch]), queries.problems(import_id, _SHOWN_PROBLEMS))


@blp.route("/imports/<string:import_id>/bad-rows", methods=["GET"])
@web("dispatcher", "admin")
@blp.arguments(schemas.LangQuery, location="query")
@blp.response(200)
def give_back(query: dict[str, Any], import_id: str) -> Response:
    """The bad rows as a file of the kind they came in, each with the reason beside it."""
    with read():
        batch = _batch(import_id)
        wrong = queries.bad_rows(import_id)
        file = files.one(batch.file_id or "", batch.station_id)
    if file is None or not wrong:
        raise Problem(Code.IMPORT_STATE)
    table = files.table_of(file, blob_store(), (batch.wish or {}).get("sheet"))
    body = giveback.bad_rows_file(table, wrong, query["lang"])
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = Response(body, mimetype=xlsx if table.written.format == "xlsx" else "text/csv")
    name = quote(giveback.file_name(table), safe="")
    plain = f"orders.bad.{table.written.format}"
    answer.headers["Content-Disposition"] = f"attachment; filename={plain}; filename*=UTF-8''{name}"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blp.route("/imports/<string:import_id>/undo", methods=["POST"])
@web("dispatcher", "admin")
@blp.arguments(schemas.UndoWish)
@blp.response(202, schemas.Begun)
def undo_import(wish: dict[str, Any], import_id: str) -> dict[str, Any]:
    """Take a whole import back while nothing of it has moved: its tasks are cancelled with this reason."""
    scope = current_scope()
    try:
        with transaction() as session:
            _batch(import_id)
            undoing.ask(import_id, scope.user, wish["reason"])
            outbox.enqueue(session, jobs.TOPIC, import_id, {})
    except undoing.StateError as error:
        raise Problem(Code.IMPORT_STATE, f"The import is {error}.") from error
    except undoing.MovedError as error:
        errors = [
            FieldError(f"/rows/{one.row}", f"{one.reference} ({one.waybill}): {one.status}")
            for one in error.moved[:_SHOWN_MOVED]
        ]
        raise Problem(Code.IMPORT_MOVED, f"{len(error.moved)} orders have moved.", errors=errors) from error
    return {"id": import_id}


def _sent() -> tuple[BinaryIO, str]:
    """The bytes that come in and what they are called: a form's part, or the whole body with its name beside it."""
    if request.mimetype == "multipart/form-data":
        part = request.files.get("file")
        if part is None:
            raise Problem(Code.BAD_REQUEST, "Send the file as the form's part `file`.")
        stream, name = part.stream, part.filename or ""
    else:
        stream, name = request.stream, request.args.get("name", "")
    return cast("BinaryIO", stream), name.replace("\\", "/").rpartition("/")[2][:255] or "orders"


def _seen(file: files.FileView, look: dict[str, Any], proposal: dict[str, Any]) -> dict[str, Any]:
    known = [
        {"name": name, "kind": field.kind, "required": field.required, "choices": list(field.choices)}
        for name, field in FIELDS.items()
    ]
    return {"id": file.id, "name": file.name, "size": file.size, **look, **proposal, "fields": known}


def _file(file_id: str) -> files.FileView:
    with read():
        return _found(files.one(file_id, current_scope().station))


def _batch(import_id: str) -> queries.BatchView:
    batch = queries.batch(import_id)
    if batch is None or not current_scope().may_see_station(batch.station_id):
        raise Problem(Code.NOT_FOUND)
    return batch


def _state(batch: queries.BatchView, names: dict[str, str], problems: list[dict[str, Any]]) -> dict[str, Any]:
    wish = batch.wish or {}
    reading = batch.status in ("waiting", "staged")
    return {
        "id": batch.id,
        "file": batch.file_id,
        "file_name": batch.file_name,
        "merchant": batch.merchant,
        "status": batch.status,
        "trouble": batch.trouble,
        "rows": batch.rows,
        "new": batch.new_rows,
        "unchanged": batch.unchanged_rows,
        "changed": batch.changed_rows,
        "wrong": batch.wrong_rows,
        "kept": batch.kept_rows,
        "skip_bad": bool(wish.get("skip_bad")),
        "only_check": bool(wish.get("only_check")),
        "done": batch.seen_rows if reading else batch.applied_rows,
        "todo": batch.rows if reading else batch.new_rows,
        "by": names.get(batch.staged_by or ""),
        "at": batch.staged_at,
        "applied_at": batch.applied_at,
        "undone_at": batch.undone_at,
        "undone_by": names.get(batch.undone_by or ""),
        "undo_reason": batch.undo_reason,
        "problems": problems,
    }


def _names(batches: list[queries.BatchView]) -> dict[str, str]:
    ids = {one for batch in batches for one in (batch.staged_by, batch.undone_by) if one}
    return {user.id: user.name for user in auth.users_by_id(ids).values()}


def _this_year(station_id: str) -> int:
    with read():
        station = auth.station(station_id)
    moment = datetime.fromtimestamp(now_ms() / 1000, UTC)
    return (moment if station is None else moment.astimezone(ZoneInfo(station.timezone))).year


def _unusable(error: UnusableFileError) -> Problem:
    return Problem(Code.FILE_UNUSABLE, error.say(_lang()))


def _lang() -> Lang:
    """The language of whoever looks: the desk says which one it shows."""
    return "en" if request.accept_languages.best_match(["zh", "en"]) == "en" else "zh"


def _found(thing: T | None) -> T:
    if thing is None:
        raise Problem(Code.NOT_FOUND)
    return thing


def _settings() -> Settings:
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings
