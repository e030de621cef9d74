"""The demo's own authority and certificate: what they are good for, and what not."""

import datetime as dt
import socket
import ssl
import threading
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from server.demo import tls
from server.demo.network import lan_addresses
from server.demo.tls import Certificates, ensure_certificates
from server.demo.trust import CA_PATH, CA_TYPE, make_server, trust_words

NOW = dt.datetime.now(dt.UTC)
LAN = "192.168.7.20"


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    return ensure_certificates(tmp_path / "tls", [LAN, "0.0.0.0"], NOW)


def connect(made: Certificates, name: str, authority: Path) -> None:
    """One strict TLS handshake as a client that asked for `name` and trusts `authority`."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.cert, made.key)
    client = ssl.create_default_context(cafile=str(authority))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    one, other = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(one, server_side=True).close()
        except (ssl.SSLError, OSError):
            one.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        client.wrap_socket(other, server_hostname=name).close()
    finally:
        other.close()
        thread.join(timeout=5)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", LAN])
def test_a_client_that_trusts_the_authority_accepts_every_address_of_the_demo(
    made: Certificates, name: str
) -> None:
    connect(made, name, made.ca)


def test_a_client_that_does_not_trust_it_refuses(made: Certificates, tmp_path: Path) -> None:
    other = ensure_certificates(tmp_path / "other", [LAN], NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(made, "localhost", other.ca)


def test_the_authority_cannot_vouch_for_the_world(made: Certificates) -> None:
    """Whoever steals the key signs a certificate for a bank: a client that trusts the authority refuses it."""
    ca = x509.load_pem_x509_certificate(made.ca.read_bytes())
    ca_key = tls._read_key(made.ca.with_name("ca.key"))
    tls._make_leaf(made.cert, made.key, ca, ca_key, ("bank.example", "localhost"), NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        connect(made, "bank.example", made.ca)


def test_nothing_in_the_folder_is_readable_by_others(made: Certificates) -> None:
    assert made.ca.parent.stat().st_mode & 0o777 == 0o700
    assert {file.name for file in made.ca.parent.iterdir()} == {
        "ca.key",
        "doorstep-ca.crt",
        "server.crt",
        "server.key",
    }
    assert {file.stat().st_mode & 0o777 for file in made.ca.parent.iterdir()} == {0o600}


def test_a_second_start_reuses_everything(made: Certificates) -> None:
    before = {file: file.read_bytes() for file in made.ca.parent.iterdir()}
    assert ensure_certificates(made.ca.parent, [LAN], NOW) == made
    assert {file: file.read_bytes() for file in made.ca.parent.iterdir()} == before


def test_a_new_address_gets_a_new_certificate_from_the_same_authority(made: Certificates) -> None:
    again = ensure_certificates(made.ca.parent, ["10.1.2.3", "depot.local"], NOW)
    assert again.fingerprint == made.fingerprint
    assert again.hosts == ("10.1.2.3", "127.0.0.1", "::1", "depot.local", "localhost")
    connect(again, "depot.local", again.ca)


def test_a_host_outside_local_networks_gets_an_authority_that_may_name_it(made: Certificates) -> None:
    again = ensure_certificates(made.ca.parent, ["demo.example.org", "203.0.113.9"], NOW)
    assert again.fingerprint != made.fingerprint
    connect(again, "demo.example.org", again.ca)
    connect(again, "203.0.113.9", again.ca)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(again, "other.example.org", again.ca)


@pytest.mark.parametrize(("later", "new_authority"), [(370, False), (3640, True)])
def test_certificates_are_renewed_before_they_end(
    made: Certificates, later: int, new_authority: bool
) -> None:
    then = NOW + dt.timedelta(days=later)
    again = ensure_certificates(made.ca.parent, [LAN], then)
    assert x509.load_pem_x509_certificate(again.cert.read_bytes()).not_valid_after_utc > then + dt.timedelta(
        days=300
    )
    assert (again.fingerprint != made.fingerprint) is new_authority


def test_a_certificate_with_a_broken_signature_is_replaced(made: Certificates) -> None:
    forger = ec.generate_private_key(ec.SECP256R1())
    held = x509.load_pem_x509_certificate(made.cert.read_bytes())
    forged = tls._begin(held.subject, held.issuer, forger, NOW, 300).sign(forger, hashes.SHA256())
    made.cert.write_bytes(forged.public_bytes(tls.serialization.Encoding.PEM))
    ensure_certificates(made.ca.parent, [LAN], NOW)
    connect(made, "localhost", made.ca)


def test_addresses_of_this_machine_are_none_of_the_loop() -> None:
    assert not [address for address in lan_addresses() if address.startswith("127.")]


def test_a_phone_can_fetch_the_authority_and_nothing_else(made: Certificates) -> None:
    server = make_server(made.ca, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.server_port}"
        with urllib.request.urlopen(base + CA_PATH) as answer:
            assert answer.headers["Content-Type"] == CA_TYPE
            assert answer.read() == made.ca.read_bytes()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(base + "/server.key")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(base + "/../ca.key")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_words_name_where_to_get_it_and_what_to_compare(made: Certificates) -> None:
    url = f"http://{LAN}:8001{CA_PATH}"
    words = trust_words(made.ca, url, made.fingerprint)
    assert url in words and made.fingerprint in words
    assert all(device in words for device in ("Android", "iPhone", "Desktop"))
    assert str(made.ca) in trust_words(made.ca, None, made.fingerprint)
