"""The desk's sockets: Socket.IO over WebSocket alone, on threads; who may have one is decided before the upgrade.

A socket holds a thread of the web server for as long as it lives, so there are at most DOORSTEP_SOCKETS of them; the
desk beyond that polls. What a client sends is never read: it chooses no room and calls nothing.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import engineio.async_drivers.threading as driver
import simple_websocket
from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import Namespace, SocketIO

from server.auth import sessions
from server.auth.policy import DESK
from server.core import metrics
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.errors import Code, Problem, answer
from server.dispatch import live
from server.dispatch.live import Live, Member, room_of

NAMESPACE = "/live"
PATH = "/socket.io"
IDLE_S = 10.0
GOODBYE_S = 1.0
LISTEN_S = 2.0
LONGEST_MESSAGE = 4096
_SINCE, _SERVED = "doorstep.since", "doorstep.served"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _ShortMessages(driver.SimpleWebSocketWSGI):  # type: ignore[misc]
    """The threads' WebSocket with a bound on what a client may send, and a reader that never keeps a process alive."""

    def __init__(self, handler: Any, server: Any) -> None:
        super().__init__(handler, server, max_message_size=LONGEST_MESSAGE, thread_class=driver.DaemonThread)

    def close(self) -> None:
        """End it; a client that is gone already is no error."""
        with contextlib.suppress(OSError, simple_websocket.ConnectionClosed):
            super().close()

    def wait(self) -> str | bytes | None:
        """The next message; None when there will be none, also after one that was too long."""
        while True:
            try:
                message: str | bytes | None = self.ws.receive(timeout=LISTEN_S)
            except simple_websocket.ConnectionClosed:
                return None
            if message is not None:
                return message
            # The reader ends without a word when a message was too long.
            if not self.ws.thread.is_alive():
                return None


class _Desk(Namespace):  # type: ignore[misc]
    """Who connects is taken in or told why not. There is nothing a client could ask for."""

    def __init__(self, desk: Live, most: int) -> None:
        super().__init__(NAMESPACE)
        self._live = desk
        self._most = most

    def on_connect(self, _auth: Any = None) -> None:
        """A room for the session's station."""
        known = sessions.current()
        if known is None or known.user.role not in DESK:
            raise Refused(Code.LOGIN_REQUIRED.value)
        user, sid = known.user, str(request.sid)  # type: ignore[attr-defined]
        until = now_ms() + int(sessions.LIFETIME.total_seconds() * 1000)
        member = Member(known.id, user.id, user.station_id, user.role, until)
        if not self._live.join(sid, member, self._most):
            metrics.SOCKETS_REFUSED.labels("full").inc()
            raise Refused(Code.LIVE_FULL.value)
        metrics.SOCKETS.inc()
        request.environ[_SERVED] = True
        self.enter_room(sid, room_of(user.station_id))

    def on_disconnect(self, _reason: Any = None) -> None:
        """Gone."""
        if self._live.leave(str(request.sid)):  # type: ignore[attr-defined]
            metrics.SOCKETS.dec()
            request.environ[_SERVED] = False


class _Door:
    """Looks at a handshake before it becomes a socket: transport, origin, login, and whether there is room."""

    def __init__(self, app: Flask, inner: Wsgi, settings: Settings) -> None:
        self._app = app
        self._inner = inner
        self._settings = settings
        self._lock = threading.Lock()
        self._open: dict[int, dict[str, Any]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path != PATH and not path.startswith(f"{PATH}/"):
            return self._inner(environ, start_response)
        with self._app.request_context(environ):
            problem = self._refusal(environ) or self._enter(environ)
            if problem is not None:
                metrics.SOCKETS_REFUSED.labels(problem.code.value).inc()
                return answer(problem)(environ, start_response)
            live.of(self._app).wake()
        try:
            return self._inner(environ, start_response)
        finally:
            with self._lock:
                self._open.pop(id(environ), None)

    def connections(self) -> int:
        """How many are open, sockets or not yet."""
        return len(self._open)

    def sweep(self) -> None:
        """End connections that have held a thread for long without being a desk."""
        old = time.monotonic() - IDLE_S
        with self._lock:
            idle = [one for one in self._open.values() if not one.get(_SERVED) and one[_SINCE] < old]
        for environ in idle:
            shut(environ)

    def cut(self) -> None:
        """End every connection at once, also of clients that no longer answer."""
        with self._lock:
            known = list(self._open.values())
        for environ in known:
            shut(environ)

    def _enter(self, environ: dict[str, Any]) -> Problem | None:
        environ[_SINCE] = time.monotonic()
        with self._lock:
            if len(self._open) >= self._settings.sockets + live.SPARE:
                return Problem(Code.LIVE_FULL, retry_after=30)
            self._open[id(environ)] = environ
        return None

    def _refusal(self, environ: dict[str, Any]) -> Problem | None:
        if environ.get("HTTP_UPGRADE", "").lower() != "websocket":
            return Problem(Code.BAD_REQUEST, "Only WebSocket is spoken here; without one, poll for changes.")
        if not self._same_origin(environ):
            return Problem(Code.FORBIDDEN, "The page that asks comes from another place.")
        known = sessions.current()
        if known is None:
            return Problem(Code.LOGIN_REQUIRED)
        return None if known.user.role in DESK else Problem(Code.FORBIDDEN)

    def _same_origin(self, environ: dict[str, Any]) -> bool:
        """A browser names the page's origin on every handshake: it has to be the host it asks, or DOORSTEP_URL."""
        origin = urlsplit(environ.get("HTTP_ORIGIN", ""))
        if origin.scheme not in ("http", "https") or not origin.netloc:
            return False
        own = urlsplit(self._settings.public_url)
        return origin.netloc == environ.get("HTTP_HOST", "") or (
            (origin.scheme, origin.netloc) == (own.scheme, own.netloc)
        )


class _Wire:
    """The way from the live desk to its sockets."""

    def __init__(self, server: SocketIO, door: _Door) -> None:
        self._server = server.server
        self._door = door
        self.connections = door.connections
        self.sweep = door.sweep
        self.cut = door.cut

    def tell(self, event: str, body: dict[str, Any], room: str | None) -> None:
        """Send to a room, which a socket's own id is too; None: to everybody."""
        self._server.emit(event, body, namespace=NAMESPACE, to=room)

    def drop(self, sid: str) -> None:
        """End a socket: a word to the client, and soon the connection, whether it has heard or not."""
        eio = self._server.manager.eio_sid_from_sid(sid, NAMESPACE)
        transport = self._server.eio.sockets.get(eio)
        environ = self._server.environ.get(eio)
        if transport is not None:
            # Not `disconnect`, which waits until the client has read everything: this client may read nothing.
            transport.close(wait=False, reason=self._server.reason.SERVER_DISCONNECT)
        if environ is not None:
            ending = threading.Timer(GOODBYE_S, shut, (environ,))
            ending.daemon = True
            ending.start()


def init_sockets(app: Flask, settings: Settings) -> None:
    """Give the app its live desk. Before the trusted proxies, so that those are looked through first."""
    server = SocketIO(
        app,
        async_mode="threading",
        transports=["websocket"],
        allow_upgrades=False,
        path=PATH.lstrip("/"),
        cors_allowed_origins=[],  # the door has looked already, and looks closer
        manage_session=False,
        cookie=None,
        http_compression=False,
        max_http_buffer_size=LONGEST_MESSAGE,
        async_handlers=False,
        namespaces=[NAMESPACE],
    )
    engine = server.server.eio
    engine._async = {**engine._async, "websocket": _ShortMessages}  # noqa: SLF001 - engineio has no setting for it
    door = _Door(app, app.wsgi_app, settings)
    app.wsgi_app = door  # type: ignore[method-assign]
    desk = Live(app, _Wire(server, door))
    server.on_namespace(_Desk(desk, settings.sockets))
    app.extensions["doorstep_live"] = desk


def shut(environ: dict[str, Any]) -> None:
    """End the connection below a socket."""
    connection: socket.socket | None = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
