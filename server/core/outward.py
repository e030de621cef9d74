"""The one way out: a POST to a stranger's server whose address somebody else chose.

A push endpoint comes from a browser, so it may point anywhere: at our own database, at a cloud's metadata service, at
a host that answers one address when it is checked and another when it is used. Therefore: only https on port 443, only
hosts the operator allows, the name resolved once and the connection made to that very address, which has to be a public
one; no redirects, no proxies, one limit of time for everything, and no more than a few kB of the answer.
"""

from __future__ import annotations

import functools
import io
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Self

LIMIT_S = 5.0
BODY_LIMIT = 4_096
WIRE_LIMIT = 24_576
"""Bytes taken from the wire at most: status and headers, and the part of the body that is read."""
LONGEST_URL = 2_048
LONGEST_HOST = 253
PORT = 443

Resolve = Callable[[str, int], Sequence[str]]

_NAME = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HTTPS = re.compile(rf"https://(?P<host>{_NAME})(?::443)?(?P<path>/[!-~]*)?")
_LOCAL = re.compile(
    r"(?P<origin>http://(?P<host>127\.0\.0\.1|localhost):(?P<port>[1-9]\d{0,4}))(?P<path>/[!-~]*)?"
)
_PATTERN = re.compile(rf"(?:\*\.)?{_NAME}")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(one)
    for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
_REFUSED_V4 = tuple(ipaddress.IPv4Network(one) for one in ("192.88.99.0/24", "192.0.0.0/24"))
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")


class RefusedAddressError(ValueError):
    """An address we do not connect to; `reason` is one word for logs, without the address itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnreachedError(Exception):
    """No whole answer: `reason` is `timeout`, `unresolved`, `unreachable` or `garbled`.

    `began` says that the request may have arrived although nothing came back.
    """

    def __init__(self, reason: str, *, began: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.began = began


@dataclass(frozen=True)
class Rules:
    """Whom we may call: names, `*.name` for every host below one; `local` is a test's own service on this machine."""

    hosts: tuple[str, ...]
    local: str = ""
    limit_s: float = LIMIT_S


@dataclass(frozen=True)
class Target:
    """A checked address; `local` marks the test service, the only one without TLS and on loopback."""

    host: str
    port: int
    path: str
    local: bool = False

    @property
    def origin(self) -> str:
        """Scheme, host and port as RFC 6454 writes them."""
        return f"http://{self.host}:{self.port}" if self.local else f"https://{self.host}"


@dataclass(frozen=True)
class Answer:
    """Status, headers with names in lower case, and at most BODY_LIMIT bytes of the body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def is_host_pattern(text: str) -> bool:
    """Whether a setting's entry names a host (`push.example.com`) or all hosts below one (`*.example.com`)."""
    return _PATTERN.fullmatch(text) is not None


def is_local_service(text: str) -> bool:
    """Whether a setting names a service on this machine: scheme http, loopback, a port, nothing else."""
    found = _LOCAL.fullmatch(text)
    return found is not None and not found["path"] and int(found["port"]) <= 65_535


def check(url: str, rules: Rules) -> Target:
    """The target an address means, by its letters alone; nothing is resolved.

    There is one spelling of an address here: lower case, ASCII, no user, no fragment, no other port. Whatever two
    readers of an address might read differently is refused.

    :raises RefusedAddressError: `malformed` or `host_not_allowed`.
    """
    if len(url) > LONGEST_URL or "\\" in url or "#" in url:
        raise RefusedAddressError("malformed")
    local = _LOCAL.fullmatch(url)
    if local is not None and rules.local and local["origin"] == rules.local:
        return Target(local["host"], int(local["port"]), local["path"] or "/", local=True)
    found = _HTTPS.fullmatch(url)
    if found is None or len(found["host"]) > LONGEST_HOST:
        raise RefusedAddressError("malformed")
    if not any(_allows(pattern, found["host"]) for pattern in rules.hosts):
        raise RefusedAddressError("host_not_allowed")
    return Target(found["host"], PORT, found["path"] or "/")


def gateway_rules(url: str) -> Rules:
    """Rules under which exactly this address may be called: it is the operator's own, not a stranger's.

    :raises RefusedAddressError: for anything but a plain https address or a service on this machine.
    """
    local = _LOCAL.fullmatch(url)
    found = _HTTPS.fullmatch(url)
    rules = Rules((found["host"],) if found else (), local["origin"] if local else "")
    check(url, rules)
    return rules


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: no private, local, shared, test or multicast network.

    IPv6 forms that carry an IPv4 address are judged by it (mapped, NAT64) or refused (6to4, Teredo).
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        if ip.ipv4_mapped is not None or ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _UNICAST or any(ip in net for net in _REFUSED_V6) or _is_isatap(ip):
            return False
        return ip.is_global and not ip.is_multicast
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _REFUSED_V4)


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Every address the system knows for a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]


def post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    rules: Rules,
    *,
    resolve: Resolve = system_resolve,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """One POST to a checked target, in `rules.limit_s` seconds from the first question to the last byte.

    :raises RefusedAddressError: `address_not_public`: the name leads, also, to a network of somebody's own.
    :raises UnreachedError: when there was no whole status and headers in time.
    """
    deadline = time.monotonic() + rules.limit_s
    address = _pin(target, resolve, deadline)
    began = False
    try:
        with _connect(target, address, deadline, context) as wire:
            connection = HTTPConnection(target.host, target.port)
            connection.sock = wire
            began = True
            connection.request("POST", target.path, body, {**headers, "Connection": "close"})
            return _read(connection.getresponse())
    except TimeoutError as error:
        raise UnreachedError("timeout", began=began) from error
    except OSError as error:
        raise UnreachedError("unreachable", began=began) from error
    except (HTTPException, ValueError) as error:
        raise UnreachedError("garbled", began=began) from error


def _allows(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host == pattern


def _is_isatap(ip: ipaddress.IPv6Address) -> bool:
    return int(ip) >> 32 & 0xFDFFFFFF == 0x5EFE


def _pin(target: Target, resolve: Resolve, deadline: float) -> str:
    """The one address to connect to. One that is not public among several refuses them all."""
    if target.local:
        return "127.0.0.1"
    found = _resolve_within(resolve, target, deadline)
    if not found:
        raise UnreachedError("unresolved")
    if not all(is_public(address) for address in found):
        raise RefusedAddressError("address_not_public")
    return found[0]


def _resolve_within(resolve: Resolve, target: Target, deadline: float) -> list[str]:
    """Ask for the addresses in a thread of its own: the system's resolver has no time limit we could set."""
    answer: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(list(resolve(target.host, target.port)))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        found = answer.get(timeout=_left(deadline))
    except queue.Empty:
        raise UnreachedError("timeout") from None
    if isinstance(found, Exception):
        raise UnreachedError("unresolved") from found
    return found


def _connect(target: Target, address: str, deadline: float, context: ssl.SSLContext | None) -> _Wire:
    """A connection to that very address; TLS still has to prove the name."""
    plain = socket.create_connection((address, target.port), timeout=_left(deadline))
    if target.local:
        return _Wire(plain, deadline)
    try:
        plain.settimeout(_left(deadline))
        secure = (context or _trust()).wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise
    return _Wire(secure, deadline)


@functools.cache
def _trust() -> ssl.SSLContext:
    """The system's certificate authorities, read once."""
    return ssl.create_default_context()


def _read(response: HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = b""
    try:
        while len(body) < BODY_LIMIT and (part := response.read1(BODY_LIMIT - len(body))):
            body += part
    except (OSError, HTTPException, ValueError):
        # Status and headers are the answer; of a body that does not end well its beginning is enough. Sending again
        # for its sake would tell a person the same thing twice.
        pass
    return Answer(response.status, headers, body)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Wire:
    """A socket for `http.client` on which every call ends at one deadline, however slowly the other side drips."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(_left(self._deadline))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline))

    def close(self) -> None:
        """Left to the `with` around the whole exchange."""


class _Incoming(io.RawIOBase):
    """The receiving half; stops at the deadline and after WIRE_LIMIT bytes."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._taken >= WIRE_LIMIT:
            raise HTTPException("too much")
        self._sock.settimeout(_left(self._deadline))
        got = self._sock.recv_into(buffer)
        self._taken += got
        return got
