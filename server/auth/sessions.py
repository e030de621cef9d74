"""Web sessions: flask-login with a cookie that holds a session id, and CSRF tokens of flask-wtf.

The cookie is HttpOnly and SameSite=Lax, and Secure whenever the request came over HTTPS.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, Response, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf

from server.auth import queries
from server.auth.policy import UserView
from server.core.clock import now_ms
from server.core.db import read
from server.core.errors import Code, Problem, answer

LIFETIME = timedelta(hours=12)
RENEWED_AFTER_MS = 3_600_000

_RENEWED = "renewed"

login_manager = LoginManager()
csrf = CSRFProtect()


class LoggedIn(UserMixin):  # type: ignore[misc]
    """flask-login's user: the id in the cookie is the session's, not the person's."""

    def __init__(self, session_id: str, user: UserView) -> None:
        self.id = session_id
        self.user = user


class Cookies(SecureCookieSessionInterface):
    """Secure cookies on HTTPS; plain ones only where the whole site is plain (localhost).

    A cookie is renewed once an hour and not with every answer: one that was still on its way would bring back a login
    that has ended, or put it in place of the next person's.
    """

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        """Secure as the request is."""
        return request.is_secure

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Sends the cookie when something in it has changed, or its time runs."""
        if session.permanent and now_ms() - session.get(_RENEWED, 0) > RENEWED_AFTER_MS:
            session[_RENEWED] = now_ms()
        super().save_session(app, session, response)


def init_sessions(app: Flask) -> None:
    """Install sessions, logins and CSRF on the app. CSRF is checked by the guards, not on every address."""
    app.session_interface = Cookies()
    app.config.update(
        SESSION_COOKIE_NAME="doorstep",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LIFETIME,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    login_manager.init_app(app)
    csrf.init_app(app)
    app.register_error_handler(CSRFError, _refused)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _load(session_id: str) -> LoggedIn | None:
    with read():
        user = queries.session_user(session_id)
    return LoggedIn(session_id, user) if user else None


def begin(session_id: str, user: UserView) -> str:
    """Start the browser's session afresh (a token from before the login is void); returns the CSRF token."""
    session.clear()
    session.permanent = True
    session[_RENEWED] = now_ms()
    login_user(LoggedIn(session_id, user))
    return token()


def end() -> str | None:
    """Forget the browser's session; returns the id of the login it carried."""
    known = current()
    login = known.id if known else None
    logout_user()
    session.clear()
    return login


def current() -> LoggedIn | None:
    """Who the cookie of this request stands for."""
    known: Any = current_user
    return known if known.is_authenticated else None


def token() -> str:
    """The CSRF token of this session."""
    made: str = generate_csrf()
    return made


def require_token() -> None:
    """Refuse an unsafe request of a web session that does not carry its token."""
    csrf.protect()


def _refused(_error: CSRFError) -> Any:
    return answer(Problem(Code.CSRF_INVALID))
