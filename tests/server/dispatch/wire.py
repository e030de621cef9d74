"""A desk's socket as a browser opens it: Engine.IO and Socket.IO by hand, over a real WebSocket."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import simple_websocket


class RefusedError(Exception):
    """The namespace was refused; the message is the server's reason."""


class Client(simple_websocket.Client):
    """The library's client, with the port in the Host header, and not deaf to what came along with the handshake."""

    def handshake(self) -> None:
        self.host = f"{self.host}:{self.port}"
        super().handshake()
        self._handle_events()


class Socket:
    """One connection to /live; everything that arrives is kept with the moment it came."""

    def __init__(self, base: str, cookie: str, *, origin: str | None = "", namespace: str = "/live") -> None:
        headers = {"Cookie": cookie}
        if origin is not None:
            headers["Origin"] = origin or base
        address = base.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self._ws = Client(address, headers=headers)
        self.events: list[tuple[str, dict[str, Any], float]] = []
        self.closed_at: float | None = None
        assert str(self._ws.receive(timeout=30))[0] == "0"
        self._ws.send(f"40{namespace},")
        word = str(self._ws.receive(timeout=30))
        if word.startswith("44"):
            self._ws.close()
            told = json.loads(re.sub(r"^44[^{\"]*", "", word))
            raise RefusedError(told["message"] if isinstance(told, dict) else told)
        assert word.startswith(f"40{namespace},"), word
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, event: str, *body: Any) -> None:
        """An event of the client's own."""
        self._ws.send(f"42/live,{json.dumps([event, *body])}")

    def named(self, event: str) -> list[dict[str, Any]]:
        """Bodies of one kind of event, in order."""
        return [body for name, body, _ in list(self.events) if name == event]

    def looked_at(self) -> set[str]:
        """All tasks the looks after the first one name."""
        return {task for body in self.named("look")[1:] for task in body["tasks"] or ()}

    def close(self) -> None:
        if self.closed_at is None:
            self._ws.close()

    def _read(self) -> None:
        try:
            while True:
                word = str(self._ws.receive())
                if word == "2":
                    self._ws.send("3")
                elif word.startswith("42"):
                    name, body = json.loads(word.partition(",")[2])
                    self.events.append((name, body, time.monotonic()))
        except (simple_websocket.ConnectionClosed, OSError):
            self.closed_at = time.monotonic()


def soon(is_true: Callable[[], Any], seconds: float = 20.0) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
