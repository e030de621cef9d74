"""The handheld's doors: the exchange and the station manifest."""

import gzip
from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, request
from flask.blueprints import BlueprintSetupState

from server.auth import handhelds
from server.auth.guards import (
    current_device,
    current_scope,
    device,
    device_even_revoked,
)
from server.auth.policy import DeviceUser
from server.core import failpoint
from server.core.blobs import is_sha256
from server.core.blueprint import Blueprint
from server.core.clock import now_ms
from server.core.db import read, transaction
from server.core.errors import Code, Problem
from server.core.headers import takes_gzip
from server.core.jsontext import compact
from server.core.stores import blob_store
from server.handheld import drain, messages
from server.handheld.admission import admitted, open_gate
from server.handheld.pull import Pulled, look, pull, told_anew
from server.ops import queries as op_queries
from server.ops.batch import Writer
from server.ops.push import Clocks, Pushed, keep_unreadable, push, unchanged
from sync.protocol import MAX_BODY_BYTES, PROTOCOL, UnreadableError
from sync.schemas import ExchangeResponse

WORTH_PACKING = 1400

blp = Blueprint("handheld", __name__, url_prefix="/api/v1", description="The courier's handheld")


def _open(state: BlueprintSetupState) -> None:
    open_gate(state.app.extensions, state.app.extensions["doorstep_settings"].exchanges)


blp.record_once(_open)


@blp.route("/exchange", methods=["POST"])
@admitted
@device_even_revoked
@blp.doc(
    requestBody={
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ExchangeRequest"}}},
    }
)
@blp.response(200, ExchangeResponse)
def exchange() -> Response:
    """Operations in, results and changes out (P26). The body is read raw: no operation can refuse its batch (P18).

    Whoever holds the device's credential hands in; changes go to a live login of its courier only (P34).
    """
    caller, scope = current_device(), current_scope()
    asked = _read_message(caller.device.id)
    writer = Writer(
        caller.user.id,
        caller.device.station_id,
        caller.user.role,
        caller.device.id,
        asked.incarnation,
        revoked=caller.device.revoked,
    )
    user = caller.user
    standing = _standing(caller)
    told = scope.pulls if standing["state"] == "ok" else ()
    pushed, pulled = _seen(caller, writer, asked, told) or _worked_in(writer, asked, told)
    missing = _missing(asked.operations, asked.proofs)
    if caller.device.revoked:
        standing["wipe"], still = drain.confirm(caller.device, asked, pushed.head_seq)
        missing = list(dict.fromkeys([*missing, *still]))
    for name in set(told) & set(asked.rebuilding):
        told_anew(name, asked.rebuilding[name])
    failpoint.reach("exchange.answer")
    return _json(
        {
            "protocol": PROTOCOL,
            "server_time": now_ms(),
            "epoch": pulled.epoch,
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
            "missing_blobs": missing,
            "pull": {**standing, "scopes": pulled.pages},
        }
    )


def _seen(
    caller: DeviceUser, writer: Writer, asked: messages.Request, told: Sequence[str]
) -> tuple[Pushed, Pulled] | None:
    """The answer to an exchange that brings nothing, from one look; None when there is something to write."""
    if asked.operations or caller.device.revoked:
        return None
    with read():
        clocks = Clocks(asked.sent_at, asked.mono, asked.boot)
        pushed = unchanged(writer, caller.device, last_seq=asked.last_seq, clocks=clocks, app=asked.app)
        pulled = look(told, asked.cursors, asked.ceilings, asked.limit) if pushed else None
    return (pushed, pulled) if pushed and pulled else None


def _worked_in(writer: Writer, asked: messages.Request, told: Sequence[str]) -> tuple[Pushed, Pulled]:
    clocks = Clocks(asked.sent_at, asked.mono, asked.boot)
    pushed = push(
        writer, asked.from_seq, asked.operations, last_seq=asked.last_seq, clocks=clocks, app=asked.app
    )
    return pushed, pull(told, asked.cursors, asked.ceilings, asked.limit)


def _standing(caller: DeviceUser) -> dict[str, Any]:
    """Whether this handheld is told anything. A login that is used lasts; that it does is written once a day."""
    if caller.device.revoked:
        return {"state": "revoked"}
    if caller.session is None:
        return {"state": "login_required"}
    days = current_app.extensions["doorstep_settings"].session_days
    if handhelds.due_for_renewal(caller.session, days=days):
        with transaction():
            handhelds.renew(caller.session, days=days)
    return {"state": "ok"}


@blp.route("/manifest")
@device
@blp.response(200)
def manifest() -> Response:
    """The station manifest; empty until the worker has published one."""
    station = current_scope().station
    with read():
        body = op_queries.manifest(station)
    return _json(body or {"station": station, "published_at": None, "entries": []})


def _read_message(device_id: str) -> messages.Request:
    length = request.content_length or 0
    if length > MAX_BODY_BYTES:
        raise Problem(Code.TOO_LARGE)
    body = request.get_data()
    try:
        return messages.read(body, request.headers.get("Content-Encoding", ""))
    except messages.TooLargeError as error:
        raise Problem(Code.TOO_LARGE) from error
    except UnreadableError as error:
        keep_unreadable(device_id, body, str(error))
        raise Problem(
            Code.UNREADABLE, f"The body cannot be read ({error}). It was kept as evidence."
        ) from error


def _missing(operations: list[Any], proofs: list[Any]) -> list[str]:
    """Evidence the store lacks, of what the pushed operations name and of what the handheld asks about."""
    named = list(proofs)
    for op in operations:
        blobs = op.get("blobs") if isinstance(op, dict) else None
        named += blobs if isinstance(blobs, list) else []
    store = blob_store()
    once = dict.fromkeys(sha for sha in named if isinstance(sha, str) and is_sha256(sha))
    return [sha for sha in once if not store.has(sha)]


def _json(body: dict[str, Any]) -> Response:
    """Packed for who takes it so: a list of the morning is 240 kB, five seconds of a slow line.

    No cookie opens this door: nobody can make another's browser ask, and guess from the length what it was told.
    """
    text = compact(body).encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if len(text) > WORTH_PACKING and takes_gzip():
        text = gzip.compress(text, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(text, mimetype="application/json", headers=headers)
