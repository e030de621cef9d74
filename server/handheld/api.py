"""The handheld's doors: the exchange, the station manifest, evidence."""

import json
from typing import Any

from flask import Response, request

from server.auth.guards import DESK_ROLES, current_device, current_scope, device, device_or_web, web
from server.core.blobs import HashMismatchError, is_sha256
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.core.db import read
from server.core.errors import Code, Problem
from server.core.stores import blob_store
from server.handheld import messages
from server.handheld.pull import pull
from server.ops import queries as op_queries
from server.ops.batch import Writer
from server.ops.push import Clocks, keep_unreadable, push
from server.proofs import queries as proof_queries
from sync.protocol import MAX_BODY_BYTES, PROTOCOL, UnreadableError
from sync.schemas import ExchangeResponse

blp = Blueprint("handheld", __name__, url_prefix="/api/v1", description="The courier's handheld")
EPOCH = "1"
MAX_BLOB = 5 * 1024 * 1024
BLOB_TYPES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}


@blp.route("/exchange", methods=["POST"])
@device
@blp.doc(
    requestBody={
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ExchangeRequest"}}},
    }
)
@blp.response(200, ExchangeResponse)
def exchange() -> Response:
    """Operations in, results and changes out (P26). The body is read raw: no operation can refuse its batch (P18)."""
    caller, scope = current_device(), current_scope()
    asked = _read_message(caller.device.id)
    writer = Writer(
        caller.user.id, caller.device.station_id, caller.user.role, caller.device.id, asked.incarnation
    )
    pushed = push(
        writer,
        asked.from_seq,
        asked.operations,
        last_seq=asked.last_seq,
        clocks=Clocks(asked.sent_at, asked.mono, asked.boot),
        app=asked.app,
    )
    user = caller.user
    return _json(
        {
            "protocol": PROTOCOL,
            "server_time": now_ms(),
            "epoch": EPOCH,
            "user": {
                "id": user.id,
                "name": user.name,
                "role": user.role,
                "lang": user.lang,
                "station": user.station_id,
            },
            "head_seq": pushed.head_seq,
            "expected_seq": pushed.expected_seq,
            "results": pushed.results,
            "missing_blobs": _missing(asked.operations),
            "pull": {"state": "ok", "scopes": pull(scope.pulls, asked.cursors, asked.ceilings, asked.limit)},
        }
    )


@blp.route("/manifest")
@device
@blp.response(200)
def manifest() -> Response:
    """The station manifest; empty until the worker has published one."""
    station = current_scope().station
    with read():
        body = op_queries.manifest(station)
    return _json(body or {"station": station, "published_at": None, "entries": []})


@blp.route("/blobs/<string:sha256>", methods=["PUT"])
@device_or_web(*DESK_ROLES)
@blp.response(201)
def put_blob(sha256: str) -> Response:
    """Store evidence under the hash of its bytes; a repeat is no error."""
    if not is_sha256(sha256):
        raise Problem(Code.NOT_FOUND)
    request.max_content_length = MAX_BLOB
    data = request.get_data(cache=False)
    if _kind(data) != request.mimetype:
        raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, "Evidence is a PNG, JPEG or WebP picture.")
    try:
        new = blob_store().put(sha256, data)
    except HashMismatchError as error:
        raise Problem(Code.HASH_MISMATCH) from error
    return Response(status=201 if new else 200)


@blp.route("/blobs/<string:sha256>", methods=["GET"])
@web(*DESK_ROLES)
@blp.response(200)
def get_blob(sha256: str) -> Response:
    """Evidence that an operation of the caller's station names."""
    with read():
        named = is_sha256(sha256) and proof_queries.station_names(sha256, current_scope().station)
    if not named or not blob_store().has(sha256):
        raise Problem(Code.NOT_FOUND)
    with blob_store().open(sha256) as file:
        data = file.read()
    return Response(
        data,
        mimetype=_kind(data) or "application/octet-stream",
        headers={"Cache-Control": "private, max-age=86400, immutable", "X-Content-Type-Options": "nosniff"},
    )


def _read_message(device_id: str) -> messages.Request:
    length = request.content_length or 0
    if length > MAX_BODY_BYTES:
        raise Problem(Code.TOO_LARGE)
    body = request.get_data(cache=False)
    try:
        return messages.read(body, request.headers.get("Content-Encoding", ""))
    except messages.TooLargeError as error:
        raise Problem(Code.TOO_LARGE) from error
    except UnreadableError as error:
        keep_unreadable(device_id, body, str(error))
        raise Problem(
            Code.UNREADABLE, f"The body cannot be read ({error}). It was kept as evidence."
        ) from error


def _kind(data: bytes) -> str | None:
    """Which picture these bytes begin; None for anything else. A RIFF file may be music: its fourth word tells."""
    found = next((name for name, magic in BLOB_TYPES.items() if data.startswith(magic)), None)
    return None if found == "image/webp" and data[8:12] != b"WEBP" else found


def _missing(operations: list[Any]) -> list[str]:
    """Evidence the pushed operations name and the store lacks."""
    named: list[Any] = []
    for op in operations:
        blobs = op.get("blobs") if isinstance(op, dict) else None
        named += blobs if isinstance(blobs, list) else []
    store = blob_store()
    once = dict.fromkeys(sha for sha in named if isinstance(sha, str) and is_sha256(sha))
    return [sha for sha in once if not store.has(sha)]


def _json(body: dict[str, Any]) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        mimetype="application/json",
        headers={"Cache-Control": "no-store"},
    )
