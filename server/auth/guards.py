"""Who is calling: decorators that let a view run only for whom it is meant. They go right under the route.

    @blp.route("/dispatch/tasks")
    @web("dispatcher", "csr", "admin")
    @blp.response(200, TaskList)
    def tasks() -> ...:
        scope = current_scope()

A request with an Authorization header is a device and nothing else; its cookies are not looked at, so that a
cookie never widens what a handheld may do and CSRF does not concern it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from flask import g, request

from server.auth import handhelds, keys, sessions
from server.auth.keys import KeyView
from server.auth.policy import DESK, DeviceUser, Principal, Role, WebUser
from server.auth.scoping import Scope, scope_for
from server.core.access import mark
from server.core.blueprint import Blueprint
from server.core.db import read
from server.core.errors import Code, Problem

P = ParamSpec("P")
R = TypeVar("R")
Guarded = Callable[[Callable[P, R]], Callable[P, R]]

DESK_ROLES: tuple[Role, ...] = tuple(sorted(DESK))
SESSION_HEADER = "X-Doorstep-Session"
_docs = Blueprint("guards", __name__)


def web(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A web session of one of these roles; without roles, of any. Unsafe methods need the CSRF token."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        return _guarded(view, lambda: _web(roles), f"web:{','.join(roles)}", [{"session": []}])

    return guard


def device(view: Callable[P, R]) -> Callable[P, R]:
    """A handheld that is not revoked, with a courier logged in on it."""
    return _guarded(view, _logged_in, "device", [{"device": [], "login": []}])


def device_alone(view: Callable[P, R]) -> Callable[P, R]:
    """A handheld that is not revoked, whether anybody is logged in or not."""
    return _guarded(view, lambda: _device(revoked_too=False), "device,alone", [{"device": []}])


def device_even_revoked(view: Callable[P, R]) -> Callable[P, R]:
    """A handheld, revoked or not, until it is wiped: for views that take evidence in (P34) and look at
    `device.revoked`."""
    return _guarded(view, lambda: _device(revoked_too=True), "device,revoked", [{"device": []}])


def device_or_web(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A handheld, revoked or not, or a web session of one of these roles."""

    def either() -> Principal:
        return _device(revoked_too=True) if "Authorization" in request.headers else _web(roles)

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        who = f"device,revoked|web:{','.join(roles)}"
        return _guarded(view, either, who, [{"device": []}, {"session": []}])

    return guard


def api_key(view: Callable[P, R]) -> Callable[P, R]:
    """A merchant's system with its API key; it is nobody who works here, so it has no scope (`current_key`)."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        found = None
        if kind.lower() == "bearer" and text.strip().startswith(keys.PREFIX):
            with read():
                found = keys.find(text.strip())
        if found is None:
            raise Problem(Code.API_KEY_INVALID)
        g.api_key = found
        structlog.contextvars.bind_contextvars(key=found.id)
        return view(*args, **kwargs)

    documented = _docs.doc(security=[{"key": []}])(guarded)
    mark(documented, "key")
    return documented


def current_key() -> KeyView:
    """The key of an `api_key` view."""
    key: KeyView = g.api_key
    return key


def current_principal() -> Principal:
    """Who is calling, in a guarded view."""
    principal: Principal = g.principal
    return principal


def current_user() -> WebUser:
    """The caller of a `web` view."""
    principal = current_principal()
    if not isinstance(principal, WebUser):
        raise Problem(Code.LOGIN_REQUIRED)
    return principal


def current_device() -> DeviceUser:
    """The caller of a `device` view."""
    principal = current_principal()
    if not isinstance(principal, DeviceUser):
        raise Problem(Code.DEVICE_UNKNOWN)
    return principal


def current_scope() -> Scope:
    """What the caller may see."""
    return scope_for(current_principal())


def _guarded(
    view: Callable[P, R], find: Callable[[], Principal], who: str, security: list[dict[str, list[str]]]
) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        g.principal = find()
        _note(g.principal)
        return view(*args, **kwargs)

    documented = _docs.doc(security=security)(guarded)
    mark(documented, who)
    return documented


def _web(roles: tuple[Role, ...]) -> WebUser:
    known = sessions.current() if "Authorization" not in request.headers else None
    if known is None:
        raise Problem(Code.LOGIN_REQUIRED)
    if roles and known.user.role not in roles:
        raise Problem(Code.FORBIDDEN)
    sessions.require_token()
    return WebUser(known.user)


def _logged_in() -> DeviceUser:
    known = _device(revoked_too=False)
    if known.session is None:
        raise Problem(
            Code.LOGIN_REQUIRED, "Nobody is logged in on this handheld; a code of the station's does it."
        )
    return known


def _device(*, revoked_too: bool) -> DeviceUser:
    kind, _, credential = request.headers.get("Authorization", "").partition(" ")
    found = None
    if kind.lower() == "bearer" and credential.strip():
        token = request.headers.get(SESSION_HEADER, "").strip()
        with read():
            found = handhelds.authenticate(credential.strip(), token)
    if found is None:
        raise Problem(Code.DEVICE_UNKNOWN)
    view, user, session = found
    if view.state == "wiped" or (view.revoked and not revoked_too):
        raise Problem(Code.DEVICE_REVOKED)
    return DeviceUser(user, view, None if view.revoked else session)


def _note(principal: Principal) -> None:
    ids = {"user": principal.user.id}
    if isinstance(principal, DeviceUser):
        ids["device"] = principal.device.id
    structlog.contextvars.bind_contextvars(**ids)
