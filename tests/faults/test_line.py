"""The bad line in front of a running server: an answer that breaks off is none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from server.day.line import ODDS_WITH_CUTS, Line, _Request
from tests.faults.street import ask


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says back what it hears."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def test_an_answer_that_breaks_off_in_the_middle_is_no_answer(echo: int) -> None:
    with Line(echo, 1, spoil=True, odds=(("cut_answer", 1.0),)) as line:
        assert ask(line.door, b"0123456789", {}).status == 0
        line.spoil = False
        assert ask(line.door, b"0123456789", {}).body == b"0123456789"
        assert line.fired == {"cut_answer": 1}


def test_every_fault_of_the_line_fires_and_the_same_seed_fires_the_same(echo: int) -> None:
    def fired(seed: int) -> dict[str, int]:
        with Line(echo, seed, spoil=True, odds=ODDS_WITH_CUTS) as line:
            for number in range(120):
                line._draw(_Request("POST", f"/{number}", {}, b""))
            return dict(line.fired)

    assert fired(1) == fired(1) != fired(2)
    assert set(fired(1)) == {name for name, _ in ODDS_WITH_CUTS}
