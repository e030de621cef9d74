"""The doors of evidence: whole, or in pieces that go on where they broke off (P33); and the look of the desk at it.

Where an upload stands is said in the headers that HTTP's resumable uploads use: `Upload-Offset`, `Upload-Length` and
`Upload-Complete`. An answer without the last is none of ours: whoever reads it as "stored" would lose a proof.
"""

import re
from typing import Final

import structlog
from flask import Response, request

from server.auth.guards import (
    DESK_ROLES,
    current_device,
    current_principal,
    current_scope,
    device_even_revoked,
    device_or_web,
    web,
)
from server.auth.policy import DeviceUser
from server.core.blobs import HashMismatchError, is_sha256
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.core.db import read
from server.core.errors import Code, Problem
from server.core.parts import MAX_CHUNK, OffsetError, Piece, Progress
from server.core.stores import blob_store, part_store
from server.handheld import drain
from server.proofs import queries as proof_queries

blp = Blueprint("blobs", __name__, url_prefix="/api/v1/blobs", description="Evidence by its SHA-256")
MAX_BLOB: Final = 5 * 1024 * 1024
PARTS_KEPT_MS: Final = 7 * 86_400_000
_TYPES: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
log = structlog.get_logger(__name__)


# Before GET, whose rule would answer HEAD as well.
@blp.route("/<string:sha256>", methods=["HEAD"])
@device_or_web(*DESK_ROLES)
@blp.response(200)
def head_blob(sha256: str) -> Response:
    """How far the caller's own upload is (`Upload-Offset`, `Upload-Complete`); the desk hears what GET would say."""
    caller = current_principal()
    if not isinstance(caller, DeviceUser):
        return _evidence(sha256)
    _may_send(sha256)
    if blob_store().has(sha256):
        return _standing(200, Progress(blob_store().path(sha256).stat().st_size, complete=True))
    return _standing(200, Progress(part_store().offset(caller.device.id, sha256)))


@blp.route("/<string:sha256>", methods=["PATCH"])
@device_even_revoked
@blp.doc(
    parameters=[
        {"in": "header", "name": name, "required": True, "schema": {"type": "integer", "minimum": 0}}
        for name in ("Upload-Offset", "Upload-Length")
    ]
)
@blp.response(204)
def patch_blob(sha256: str) -> Response:
    """The next piece of a picture, at most 256 KiB: 204 as long as more is to come, then 201 (or 200 when it was here).

    A piece that does not go on at the end of what is here is refused (`offset_mismatch`); HEAD says where that is. With
    the last piece the whole is held against its hash; other bytes are dropped, and the upload begins anew.
    """
    _may_send(sha256)
    request.max_content_length = MAX_CHUNK
    piece = Piece(_number("Upload-Offset"), _number("Upload-Length"), request.get_data(cache=False))
    if piece.total > MAX_BLOB:
        raise Problem(Code.TOO_LARGE)
    if piece.offset + len(piece.data) > piece.total:
        raise Problem(Code.BAD_REQUEST, "The piece goes beyond Upload-Length.")
    if piece.offset == 0 and kind_of(piece.data) != request.mimetype:
        raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, "Evidence is a PNG, JPEG or WebP picture.")
    if blob_store().has(sha256):
        return _standing(200, Progress(piece.total, complete=True))
    try:
        now = part_store().add(current_device().device.id, sha256, piece, now_ms())
    except OffsetError as error:
        raise Problem(Code.OFFSET_MISMATCH) from error
    except HashMismatchError as error:
        raise Problem(Code.HASH_MISMATCH) from error
    return _standing(201 if now.new else 200 if now.complete else 204, now)


@blp.route("/<string:sha256>", methods=["PUT"])
@device_or_web(*DESK_ROLES)
@blp.response(201)
def put_blob(sha256: str) -> Response:
    """Store evidence under the hash of its bytes; a repeat is no error. A revoked handheld sends only its own (P34)."""
    _may_send(sha256)
    request.max_content_length = MAX_BLOB
    data = request.get_data(cache=False)
    if kind_of(data) != request.mimetype:
        raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, "Evidence is a PNG, JPEG or WebP picture.")
    try:
        new = blob_store().put(sha256, data)
    except HashMismatchError as error:
        raise Problem(Code.HASH_MISMATCH) from error
    return _standing(201 if new else 200, Progress(len(data), complete=True))


@blp.route("/<string:sha256>", methods=["GET"])
@web(*DESK_ROLES)
@blp.response(200)
def get_blob(sha256: str) -> Response:
    """Evidence that an operation of the caller's station names."""
    return _evidence(sha256)


def kind_of(data: bytes) -> str | None:
    """Which picture these bytes begin; None for anything else. A RIFF file may be music: its fourth word tells."""
    found = next((name for name, magic in _TYPES.items() if data.startswith(magic)), None)
    return None if found == "image/webp" and data[8:12] != b"WEBP" else found


def forget_parts() -> None:
    """For the worker: what nobody has added to for a week goes; its sender then begins anew."""
    gone = part_store().forget(now_ms() - PARTS_KEPT_MS)
    if gone:
        log.info("blob_parts_forgotten", parts=gone)


def _evidence(sha256: str) -> Response:
    with read():
        named = is_sha256(sha256) and proof_queries.station_names(sha256, current_scope().station)
    if not named or not blob_store().has(sha256):
        raise Problem(Code.NOT_FOUND)
    with blob_store().open(sha256) as file:
        data = file.read()
    return Response(
        data,
        mimetype=kind_of(data) or "application/octet-stream",
        headers={"Cache-Control": "private, max-age=86400, immutable", "X-Content-Type-Options": "nosniff"},
    )


def _may_send(sha256: str) -> None:
    if not is_sha256(sha256):
        raise Problem(Code.NOT_FOUND)
    caller = current_principal()
    if isinstance(caller, DeviceUser) and caller.device.revoked and not drain.may_send(caller.device, sha256):
        raise Problem(Code.DEVICE_REVOKED)


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not _NUMBER.fullmatch(text):
        raise Problem(Code.BAD_REQUEST, f"The header {header} is missing or no number.")
    return int(text)


def _standing(status: int, progress: Progress) -> Response:
    headers = {
        "Upload-Offset": str(progress.offset),
        "Upload-Complete": "?1" if progress.complete else "?0",
        "Cache-Control": "no-store",
    }
    return Response(status=status, headers=headers)
