"""Other people's servers, real ones on this machine: they answer as told, count who comes, and keep what they got."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

Behaviour = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Got:
    """One request as it arrived; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


def say(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Behaviour:
    """Answers at once."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def answer(connection: socket.socket) -> None:
        connection.sendall(whole)

    return answer


def hang(connection: socket.socket) -> None:
    """Takes the request and says nothing until the caller leaves."""
    connection.settimeout(10)
    with contextlib.suppress(OSError):
        connection.recv(1)


def drip(text: bytes) -> Behaviour:
    """Answers a byte at a time, each well within any pause a caller might allow."""

    def answer(connection: socket.socket) -> None:
        for at in range(len(text)):
            connection.sendall(text[at : at + 1])
            time.sleep(0.05)

    return answer


@dataclass
class Stranger:
    """A server on 127.0.0.1. `script` holds for each path what it does next; the last one stays, 201 without any."""

    tls: ssl.SSLContext | None = None
    script: dict[str, list[Behaviour]] = field(default_factory=dict)
    requests: list[Got] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def times(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(1 for got in list(self.requests) if got.path == path)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.settimeout(10)
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            got = _read(connection)
            with self._lock:
                self.requests.append(got)
                steps = self.script.get(got.path) or [say(201)]
                behaviour = steps.pop(0) if len(steps) > 1 else steps[0]
            behaviour(connection)


def _read(connection: socket.socket) -> Got:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", "0")):
        body += _some(connection)
    return Got(lines[0].split(" ")[1], headers, body)


def _some(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    if not part:
        raise OSError("the caller left")
    return part
