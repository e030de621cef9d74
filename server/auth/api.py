"""Sessions at the desk, enrolment and revocation of handhelds."""

from __future__ import annotations

from typing import Any

import segno
from flask import current_app, request

from server.auth import handhelds, queries, schemas, service, sessions
from server.auth.guards import (
    current_device,
    current_scope,
    current_user,
    device_alone,
    device_even_revoked,
    web,
)
from server.auth.limits import by_name, failed, limiter
from server.auth.policy import UserView
from server.core.access import public
from server.core.blueprint import Blueprint
from server.core.config import Settings
from server.core.db import read, transaction
from server.core.errors import Code, Problem

blp = Blueprint("auth", __name__, url_prefix="/api/v1", description="Sessions and devices")


@blp.route("/session", methods=["POST"])
@public
@limiter.limit("60 per minute", deduct_when=failed)
@limiter.limit("10 per minute", key_func=by_name, deduct_when=failed)
@blp.arguments(schemas.Login)
@blp.response(200, schemas.Session)
def log_in(login: dict[str, str]) -> dict[str, Any]:
    """Log in at the desk: a session cookie and a CSRF token."""
    with transaction():
        known = service.log_in(login["username"], login["password"])
        if known is None:
            raise Problem(Code.CREDENTIALS_INVALID)
        user, session_id = known
        body = _user(user)
    return {"user": body, "csrf_token": sessions.begin(session_id, user)}


@blp.route("/session", methods=["GET"])
@web()
@blp.response(200, schemas.Session)
def session() -> dict[str, Any]:
    """Who is logged in; 401 when nobody is."""
    with read():
        return {"user": _user(current_user().user), "csrf_token": sessions.token()}


@blp.route("/session", methods=["DELETE"])
@web()
@blp.response(204)
def log_out() -> None:
    """Log out: the session ends on the server too."""
    ended = sessions.end()
    if ended is not None:
        with transaction():
            service.log_out(ended)


@blp.route("/devices/codes", methods=["POST"])
@web("dispatcher", "admin")
@blp.arguments(schemas.CodeRequest)
@blp.response(201, schemas.Code)
def issue_code(wanted: dict[str, str]) -> dict[str, Any]:
    """Make a one-time enrolment code for a courier of the caller's station."""
    scope = current_scope()
    with transaction():
        courier = queries.user(wanted["courier"])
        if courier is None or not scope.may_see_user(courier.station_id, courier.id):
            raise Problem(Code.NOT_FOUND)
        try:
            issued = service.issue_code(courier, issued_by=scope.user, key=_settings().secret_key)
        except service.RefusedError as refused:
            raise Problem(Code.CONFLICT, str(refused)) from refused
    return enrolment_card(issued, _settings().public_url or request.url_root.rstrip("/"))


@blp.route("/devices/enrol", methods=["POST"])
@public
@limiter.limit("30 per minute", deduct_when=failed)
@blp.arguments(schemas.Enrolment)
@blp.response(201, schemas.Enrolled)
def enrol(wanted: dict[str, Any]) -> dict[str, Any]:
    """Turn a one-time code into a device with its own credential, and log its courier in."""
    with transaction():
        made = service.enrol(
            wanted["code"], app=wanted["app"], label=wanted["label"], key=_settings().secret_key
        )
        if made is None:
            raise Problem(Code.ENROLMENT_INVALID)
        station = queries.station(made.device.station_id)
        token = handhelds.begin(made.device.id, made.user.id, days=_settings().session_days)
    return {
        "device": made.device.id,
        "credential": made.credential,
        "session": token,
        "user": made.user,
        "station": station,
    }


@blp.route("/devices/login", methods=["POST"])
@device_alone
@limiter.limit("30 per minute", deduct_when=failed)
@blp.arguments(schemas.HandheldLogin)
@blp.response(200, schemas.HandheldSession)
def log_in_handheld(wanted: dict[str, str]) -> dict[str, Any]:
    """Log a courier in on this handheld by a one-time code; what it has still to send stays as it is (P34)."""
    settings = _settings()
    with transaction():
        made = handhelds.log_in(
            current_device().device, wanted["code"], key=settings.secret_key, days=settings.session_days
        )
        if made is None:
            raise Problem(Code.ENROLMENT_INVALID)
        station = queries.station(made.user.station_id)
    return {"session": made.token, "user": made.user, "station": station}


@blp.route("/devices/login", methods=["DELETE"])
@device_even_revoked
@blp.response(204)
def log_out_handheld() -> None:
    """End the login this call carries; the handheld goes on handing in what it holds. Twice is no error."""
    caller = current_device()
    if caller.session is not None:
        with transaction():
            handhelds.end(caller.device.id, by=caller.user.id)


@blp.route("/devices/wiped", methods=["POST"])
@device_even_revoked
@blp.response(204)
def wiped() -> None:
    """A revoked handheld has forgotten everything, as it was told to. Its credential opens nothing any more."""
    device = current_device().device
    if device.state != "drained":
        raise Problem(Code.CONFLICT, "Nobody has told this handheld to forget anything.")
    with transaction():
        handhelds.wiped(device.id)


@blp.route("/devices/<string:device_id>/revoke", methods=["POST"])
@web("dispatcher", "admin")
@blp.response(204)
def revoke(device_id: str) -> None:
    """Revoke a device: what it still hands in goes into quarantine, and it is told nothing. Twice is no error."""
    with transaction():
        service.revoke_device(_own_device(device_id), by=current_scope().user)


@blp.route("/devices/<string:device_id>/login", methods=["DELETE"])
@web("dispatcher", "admin")
@blp.response(204)
def end_login(device_id: str) -> None:
    """End the login on a device: it goes on handing in and is told nothing until a code logs somebody in."""
    with transaction():
        handhelds.end(_own_device(device_id), by=current_scope().user)


def _own_device(device_id: str) -> str:
    """The id of a device of the caller's station, inside his transaction."""
    device = queries.device(device_id)
    if device is None or not current_scope().may_see_station(device.station_id):
        raise Problem(Code.NOT_FOUND)
    return device.id


def enrolment_card(issued: service.IssuedCode, base: str) -> dict[str, Any]:
    """The code as text, link and picture. It stands behind the # so that no server logs it."""
    url = f"{base}/#enrol={issued.code}"
    picture = segno.make(url, error="m", micro=False)
    return {
        "code": issued.code,
        "expires_at": issued.expires_at,
        "url": url,
        "qr_svg": picture.svg_inline(scale=5, border=4, light="#fff", omitsize=True),
    }


def _user(user: UserView) -> dict[str, Any]:
    return {**vars(user), "station": queries.station(user.station_id)}


def _settings() -> Settings:
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings
