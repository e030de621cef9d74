"""The bad line: a proxy between handhelds and server that loses, doubles, delays and reorders requests.

Loopback only. What it did is counted, so that a day can say which faults really fired. The rough day uses it, and so do
the tests that break a running server.
"""

import http.client
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import TracebackType
from typing import Self

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
_PATIENCE_S = 60.0
_LONGEST_DELAY_S = 0.25
# How likely each fault is, in this order.
ODDS = (
    ("lost_request", 0.04),
    ("lost_answer", 0.05),
    ("doubled", 0.04),
    ("late_copy", 0.03),
    ("delayed", 0.05),
)
# The same with answers that break off in the middle, for whoever reads what comes as it comes.
ODDS_WITH_CUTS = (*ODDS, ("cut_answer", 0.05))


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    whole: bool = True


@dataclass
class Line:
    """A proxy on a port of its own in front of `target`. It is good until `spoil` is set; use as a context manager."""

    target: int
    seed: int
    spoil: bool = False
    odds: Sequence[tuple[str, float]] = ODDS
    fired: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        self._random = Random(f"line/{self.seed}")
        self._lock = threading.Lock()
        self._copies: deque[tuple[int, _Request]] = deque()
        self._count = 0
        line = self

        class Door(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
                answer = line.carry(_Request(self.command, self.path, headers, body))
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response_only(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body if answer.whole else answer.body[: len(answer.body) // 2])
                self.close_connection = self.close_connection or not answer.whole

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _pass  # noqa: N815  # as http.server wants them

            def log_message(self, *_: object) -> None:
                """Says nothing: what happened is counted."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def door(self) -> int:
        """The port the handhelds think is the server's."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where the handhelds think the server is."""
        return f"http://127.0.0.1:{self.door}"

    def carry(self, request: _Request) -> _Answer | None:
        """Passes a request on as well as this line does; None when nothing comes back."""
        fault, pause, late = self._draw(request)
        for copy in late:
            self._forward(copy)
        if fault == "lost_request":
            return None
        if pause:
            time.sleep(pause)
        answer = self._forward(request)
        if fault == "doubled":
            self._forward(request)
        if fault == "cut_answer" and answer is not None:
            return replace(answer, whole=False)
        return None if fault == "lost_answer" else answer

    def _draw(self, request: _Request) -> tuple[str | None, float, list[_Request]]:
        """The fault of this request, how long it is held up, and old copies that arrive before it."""
        with self._lock:
            self._count += 1
            late = []
            while self._copies and self._copies[0][0] <= self._count:
                late.append(self._copies.popleft()[1])
            fault = self._lot() if self.spoil else None
            if fault is not None:
                self.fired[fault] += 1
            if fault == "late_copy":
                self._copies.append((self._count + self._random.randint(1, 40), request))
            pause = self._random.uniform(0.02, _LONGEST_DELAY_S) if fault == "delayed" else 0.0
            return fault, pause, late

    def _lot(self) -> str | None:
        lot = self._random.random()
        for fault, odds in self.odds:
            if lot < odds:
                return fault
            lot -= odds
        return None

    def _forward(self, request: _Request) -> _Answer | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=_PATIENCE_S)
        try:
            connection.request(request.method, request.path, request.body, request.headers)
            answer = connection.getresponse()
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
            return _Answer(answer.status, headers, answer.read())
        except OSError:
            return None
        except http.client.HTTPException:
            return None
        finally:
            connection.close()
