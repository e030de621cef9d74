"""The way out: which addresses are called at all, and how long and how much is listened to."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.core import outward
from server.core.config import PUSH_HOSTS
from server.core.outward import (
    BODY_LIMIT,
    RefusedAddressError,
    Rules,
    Target,
    UnreachedError,
    check,
    is_public,
)
from tests.server.notifications.hostile import HOSTILE, NOT_PUBLIC, PUBLIC
from tests.server.notifications.strangers import Stranger, drip, hang, say

RULES = Rules(PUSH_HOSTS, limit_s=0.6)
FCM = Target("fcm.googleapis.com", 443, "/x")


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger() as made:
        yield made


def local(stranger: Stranger, limit_s: float = 0.6) -> tuple[Target, Rules]:
    rules = Rules((), stranger.url, limit_s)
    return check(stranger.url + "/x", rules), rules


@pytest.mark.parametrize(
    "address",
    [
        "https://fcm.googleapis.com/fcm/send/dGVzdA:APA91b-_x",
        "https://fcm.googleapis.com:443/wp/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAA",
        "https://web.push.apple.com/QGuN-x",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2b%2f",
    ],
)
def test_the_browsers_own_services_are_called(address: str) -> None:
    target = check(address, RULES)
    assert target.port == 443 and not target.local
    assert target.origin == "https://" + address.split("/")[2].removesuffix(":443")


@pytest.mark.parametrize("address", HOSTILE)
def test_a_hostile_address_is_refused_by_its_letters(address: str) -> None:
    with pytest.raises(RefusedAddressError):
        check(address, RULES)


def test_there_are_enough_hostile_addresses() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_networks_of_somebodys_own_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def answers(*rounds: Sequence[str]) -> tuple[Callable[[str, int], Sequence[str]], list[str]]:
    """A resolver that answers differently each time, as a rebinding name does; and whom it was asked for."""
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return rounds[min(len(asked), len(rounds)) - 1]

    return resolve, asked


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_name_that_leads_inside_is_not_connected_to(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(outward, "PORT", stranger.port)
    for found in ([address], ["93.184.216.34", address], [address, "93.184.216.34"]):
        resolve, asked = answers(found)
        with pytest.raises(RefusedAddressError, match="address_not_public"):
            outward.post(replace(FCM, port=stranger.port), {}, b"x", RULES, resolve=resolve)
        assert asked == ["fcm.googleapis.com"]
    assert stranger.connections == 0


def test_a_name_that_changes_its_address_is_asked_once_and_the_first_answer_is_used(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is checked, loopback when it is used. There is no second question here."""
    resolve, asked = answers(["93.184.216.34"], ["127.0.0.1"])
    tried: list[tuple[str, int]] = []

    def unplugged(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address)
        raise OSError("no cable")

    monkeypatch.setattr(outward.socket, "create_connection", unplugged)
    with pytest.raises(UnreachedError, match="unreachable"):
        outward.post(replace(FCM, port=stranger.port), {}, b"x", RULES, resolve=resolve)
    assert tried == [("93.184.216.34", stranger.port)]
    assert asked == ["fcm.googleapis.com"]
    assert stranger.connections == 0


def test_the_listener_would_have_heard_a_connection(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts above can bite: without the check of the address the very same call does connect."""
    monkeypatch.setattr(outward, "is_public", lambda _address: True)
    resolve, _ = answers(["127.0.0.1"])
    with pytest.raises(UnreachedError):
        outward.post(replace(FCM, port=stranger.port), {}, b"x", RULES, resolve=resolve)
    assert stranger.connections == 1


def test_an_answer_comes_back_with_status_and_headers(stranger: Stranger) -> None:
    stranger.script["/x"] = [say(201, {"Retry-After": "7"}, b"fine")]
    target, rules = local(stranger)
    answer = outward.post(target, {"TTL": "60"}, b"body", rules)
    assert (answer.status, answer.headers["retry-after"], answer.body) == (201, "7", b"fine")
    (request,) = stranger.requests
    assert (request.path, request.headers["ttl"], request.body) == ("/x", "60", b"body")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(hang, "timeout", id="never answers"),
        pytest.param(
            drip(b"HTTP/1.1 201 Created\r\n" + b"X-Slow: y\r\n" * 50), "timeout", id="drips its headers"
        ),
        pytest.param(lambda connection: connection.sendall(b"\0\1\2\r\n\r\n"), "garbled", id="is no HTTP"),
        pytest.param(lambda connection: None, "unreachable", id="hangs up"),
        pytest.param(
            lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000),
            "garbled",
            id="a header without end",
        ),
        pytest.param(
            lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: yyyy\r\n" * 20_000),
            "garbled",
            id="headers without end",
        ),
    ],
)
def test_a_stranger_cannot_keep_us(
    stranger: Stranger, behaviour: Callable[[socket.socket], None], reason: str
) -> None:
    stranger.script["/x"] = [behaviour]
    target, rules = local(stranger)
    began = time.monotonic()
    with pytest.raises(UnreachedError) as lost:
        outward.post(target, {}, b"x", rules)
    assert time.monotonic() - began < rules.limit_s + 0.5
    assert lost.value.began
    assert lost.value.reason in (reason, "unreachable"), lost.value.reason


def test_a_long_or_slow_body_is_cut_and_its_status_counts(stranger: Stranger) -> None:
    head = b"HTTP/1.1 201 Created\r\nContent-Length: 1000000\r\n\r\n"

    def slowly(connection: socket.socket) -> None:
        connection.sendall(head)
        drip(b"x" * 60)(connection)

    stranger.script["/x"] = [say(200, {}, b"x" * 1_000_000), slowly]
    target, rules = local(stranger)
    assert len(outward.post(target, {}, b"x", rules).body) == BODY_LIMIT
    began = time.monotonic()
    answer = outward.post(target, {}, b"x", rules)
    assert answer.status == 201 and 0 < len(answer.body) < BODY_LIMIT
    assert time.monotonic() - began < rules.limit_s + 0.5


def test_a_slow_resolver_counts_into_the_time(stranger: Stranger) -> None:
    def slow(_host: str, _port: int) -> Sequence[str]:
        time.sleep(2)
        return ["93.184.216.34"]

    began = time.monotonic()
    with pytest.raises(UnreachedError, match="timeout"):
        outward.post(FCM, {}, b"x", replace(RULES, limit_s=0.3), resolve=slow)
    assert time.monotonic() - began < 1


def test_five_seconds_and_four_kilobytes() -> None:
    assert (outward.LIMIT_S, BODY_LIMIT, Rules(()).limit_s) == (5.0, 4_096, 5.0)


def test_an_unknown_name_is_unresolved() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(UnreachedError, match="unresolved"):
        outward.post(FCM, {}, b"x", RULES, resolve=unknown)


def test_tls_has_to_prove_the_name_although_we_connect_to_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = certificate(tmp_path, "push.example.com")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(chain)
    trusting = ssl.create_default_context(cafile=str(chain))
    monkeypatch.setattr(outward, "is_public", lambda _address: True)
    resolve, _ = answers(["127.0.0.1"])
    with Stranger(tls=serving) as stranger:
        stranger.script["/x"] = [say(201)]
        right = Target("push.example.com", stranger.port, "/x")
        assert outward.post(right, {}, b"x", RULES, resolve=resolve, context=trusting).status == 201
        with pytest.raises(UnreachedError, match="unreachable"):
            outward.post(
                replace(right, host="fcm.googleapis.com"), {}, b"x", RULES, resolve=resolve, context=trusting
            )
        with pytest.raises(UnreachedError, match="unreachable"):
            outward.post(right, {}, b"x", RULES, resolve=resolve)
        assert len(stranger.requests) == 1


def certificate(folder: Path, name: str) -> Path:
    """Key and self-signed certificate of a name, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "chain.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
