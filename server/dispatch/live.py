"""The live desk: one thread reads the log's end and tells whoever looks; it runs while anybody does.

Whoever has no socket asks `changes` and is told the same. Rooms are the server's choice: a socket belongs to the
station of its session, and leaves within seconds when the session does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import structlog
from flask import Flask

from server.auth import queries as auth_queries
from server.auth.policy import DESK
from server.conflicts import queries as conflict_queries
from server.core.clock import now_ms
from server.core.db import read
from server.dispatch import changes
from server.dispatch.changes import LATE_MS, Look
from server.ops import queries as op_queries
from server.tasks import queries as task_queries

SPARE = 4
"""Threads for connections that are on their way in or out, beside the sockets that are served."""
TICK_S = 0.5
BEAT_S = 1.0
CHECK_S = 2.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Member:
    """A desk with a socket: whose login, which station, and until when the cookie holds (server time, ms)."""

    session: str
    user: str
    station: str
    role: str
    until: int


class Wire(Protocol):
    """What the sockets hang on."""

    def tell(self, event: str, body: dict[str, Any], room: str | None) -> None:
        """Send to a room, which a socket's own id is too; None: to everybody."""

    def drop(self, sid: str) -> None:
        """End a socket."""

    def connections(self) -> int:
        """How many are open, sockets or not yet."""

    def sweep(self) -> None:
        """End connections that never became a socket."""

    def cut(self) -> None:
        """End all connections at once."""


class Live:
    """The sockets of one process and the thread that serves them."""

    def __init__(self, app: Flask, wire: Wire) -> None:
        self._app = app
        self._wire = wire
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}
        self._fresh: list[str] = []
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.ending: Callable[[], bool] = lambda: False
        self._position = 0
        self._seen: dict[int, int] = {}
        self._cases: dict[str, set[str]] = {}
        self._heard: dict[str, int] = {}
        self._hidden: frozenset[str] = frozenset()
        self._revealed_at: int | None = None

    # --- who is here --------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """A connection is coming in: the thread runs from the first one to the last."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._begin()

    def join(self, sid: str, member: Member, most: int) -> bool:
        """Take a socket in; False when `most` are here already."""
        with self._lock:
            if len(self._members) >= most or self._stop.is_set():
                return False
            self._members[sid] = member
            self._fresh.append(sid)
            return True

    def leave(self, sid: str) -> bool:
        """A socket is gone; False when it was never taken in."""
        with self._lock:
            return self._members.pop(sid, None) is not None

    @property
    def sockets(self) -> int:
        """How many sockets are being served."""
        return len(self._members)

    def stop(self) -> None:
        """End the thread and every connection; nobody is taken in from here on."""
        self._stop.set()
        for sid in list(self._members):
            self._wire.drop(sid)
        self._wire.cut()

    # --- asking -------------------------------------------------------------------------------------------------------

    def changes(self, station: str, after: int) -> dict[str, Any]:
        """What to look at after a position; what came in the last seconds may be named again."""
        now = now_ms()
        with read():
            newest = op_queries.newest_position()
            self._notice_imports(now)
            if after > newest or self._just_revealed(now):
                return Look.all().body(newest, now)
            look = changes.look_at(changes.read_on(after, now, station))
            look.cases = look.cases or bool(conflict_queries.opened_since(station, now - LATE_MS))
            look.couriers = look.couriers or self._last_heard(station) >= now - LATE_MS
        return look.body(newest, now)

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        now = now_ms()
        with self._app.app_context(), read():
            self._position = op_queries.newest_position()
            self._seen = {row.position: now for row in changes.read_on(self._position, now)}
            self._hidden = task_queries.hidden()
        self._cases, self._heard = {}, {}
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        beat = check = time.monotonic()
        while not self._stop.wait(TICK_S):
            if self.ending():
                self.stop()
                return
            with self._lock:
                if not self._wire.connections():
                    self._thread = None
                    return
            try:
                with self._app.app_context():
                    self._look()
                    if time.monotonic() >= check:
                        check = time.monotonic() + CHECK_S
                        self._check()
            except Exception as error:  # noqa: BLE001 - a lost database is waited for; without a beat the desk says so
                log.warning("live_trouble", error=type(error).__name__)
                continue
            if time.monotonic() >= beat:
                beat = time.monotonic() + BEAT_S - TICK_S / 2
                self._wire.tell("beat", {"position": self._position, "at": now_ms()}, None)

    def _look(self) -> None:
        stations = {member.station for member in list(self._members.values())}
        now = now_ms()
        with read():
            rows = changes.read_on(self._position, now, seen=self._seen)
            looks = {
                station: changes.look_at([row for row in rows if row.station_id == station])
                for station in stations
            }
            for station, look in looks.items():
                fresh = conflict_queries.opened_since(station, now - LATE_MS)
                look.cases = look.cases or bool(fresh - self._cases.get(station, set()))
                self._cases[station] = fresh
            if self._notice_imports(now):
                looks = dict.fromkeys(stations, Look.all())
        self._remember([row.position for row in rows], now)
        while self._fresh:
            # Whatever came before he was here, he looks at everything once.
            self._wire.tell("look", Look.all().body(self._position, now), self._fresh.pop())
        for station, look in looks.items():
            if not look.empty:
                self._wire.tell("look", look.body(self._position, now), room_of(station))

    def _remember(self, positions: list[int], now: int) -> None:
        self._position = max([self._position, *positions])
        self._seen = {
            place: at
            for place, at in {**self._seen, **dict.fromkeys(positions, now)}.items()
            if at >= now - 2 * LATE_MS and place > self._position - changes.BACK
        }

    def _check(self) -> None:
        """Sockets whose login has ended go; handhelds that were heard are news."""
        self._wire.sweep()
        now = now_ms()
        members = dict(self._members)
        with read():
            alive = {one.session: auth_queries.session_user(one.session) for one in members.values()}
            heard = {station: self._last_heard(station) for station in {m.station for m in members.values()}}
        for sid, member in members.items():
            user = alive[member.session]
            same = user is not None and (user.id, user.station_id) == (member.user, member.station)
            if not same or user is None or user.role not in DESK or now >= member.until:
                self._wire.drop(sid)
        for station, at in heard.items():
            if at > self._heard.get(station, at):
                look = Look(couriers=True)
                self._wire.tell("look", look.body(self._position, now), room_of(station))
        self._heard = heard

    def _last_heard(self, station: str) -> int:
        heard = [device.last_heard or 0 for device, _ in auth_queries.devices_of(station)]
        return max(heard, default=0)

    def _notice_imports(self, now: int) -> bool:
        """Whether an import began or ended since the last look: its tasks appear all at once, without an operation."""
        hidden = task_queries.hidden()
        changed = hidden != self._hidden
        if changed:
            self._hidden, self._revealed_at = hidden, now
        return changed

    def _just_revealed(self, now: int) -> bool:
        return self._revealed_at is not None and now - self._revealed_at < LATE_MS


def of(app: Flask) -> Live:
    """The live desk of an app."""
    return cast("Live", app.extensions["doorstep_live"])


def room_of(station: str) -> str:
    """The room of a station."""
    return f"station:{station}"
