"""HTTPS for the demo, so that a real phone on the same network can install the app.

Away from localhost a browser gives a page its service worker, camera, push and `crypto.subtle` only over HTTPS. So
`TLS=1` makes a certificate authority of this machine's own, once, and a server certificate signed by it, renewed when
the addresses change. The authority can only vouch for names of local networks (name constraints): whoever steals its
key from this folder cannot pose as a bank to a phone that trusts it.
"""

import datetime
import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.demo.network import ANY_ADDRESS

CA_DAYS = 3650
LEAF_DAYS = 397
RENEW_BEFORE = datetime.timedelta(days=30)
BACKDATE = datetime.timedelta(days=1)
"""A phone whose clock is a little late would refuse a certificate that begins now."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LOCAL_NETWORKS = tuple(
    ipaddress.ip_network(net)
    for net in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
LOCAL_NAMES = ("localhost", "local", "lan", "internal", "home.arpa")


@dataclass(frozen=True)
class Certificates:
    """Where the files are, what the server certificate is good for, and the authority's fingerprint."""

    ca: Path
    cert: Path
    key: Path
    hosts: tuple[str, ...]
    fingerprint: str


def ensure_certificates(folder: Path, hosts: Iterable[str], now: datetime.datetime) -> Certificates:
    """Make or reuse authority and server certificate in `folder` for localhost and `hosts` (names and addresses).

    `now` is aware. Everything in the folder is readable by this account alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    names = _sorted_hosts({"localhost", "127.0.0.1", "::1", *hosts} - ANY_ADDRESS)
    ca, ca_key = _authority(folder, names, now)
    cert_file, key_file = folder / "server.crt", folder / "server.key"
    if not _leaf_is_good(cert_file, key_file, ca, names, now):
        _make_leaf(cert_file, key_file, ca, ca_key, names, now)
    digits = ca.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificates(folder / "doorstep-ca.crt", cert_file, key_file, names, digits)


def _sorted_hosts(hosts: set[str]) -> tuple[str, ...]:
    return tuple(sorted(hosts))


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_local(host: str) -> bool:
    """Whether the standard constraints of an authority already permit `host`."""
    address = _address(host)
    if address is not None:
        return any(address in net for net in LOCAL_NETWORKS)
    return any(host == name or host.endswith(f".{name}") for name in LOCAL_NAMES)


def _constraints(hosts: Iterable[str]) -> x509.NameConstraints:
    """Local networks and names, plus exactly those of `hosts` that lie outside them."""
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in LOCAL_NAMES]
    permitted += [x509.IPAddress(net) for net in LOCAL_NETWORKS]
    for host in hosts:
        if _is_local(host):
            continue
        address = _address(host)
        permitted.append(x509.IPAddress(ipaddress.ip_network(address)) if address else x509.DNSName(host))
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)


def _permits(ca: x509.Certificate, hosts: Iterable[str]) -> bool:
    """Whether an authority made earlier may vouch for all of `hosts`."""
    permitted = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    names = {entry.value for entry in permitted if isinstance(entry, x509.DNSName)}
    networks = [entry.value for entry in permitted if isinstance(entry, x509.IPAddress)]

    def covered(host: str) -> bool:
        address = _address(host)
        if address is None:
            return any(host == name or host.endswith(f".{name}") for name in names)
        return any(_inside(address, net) for net in networks)

    return all(covered(host) for host in hosts)


def _inside(address: Address, permitted: object) -> bool:
    """Whether `address` lies in a permitted entry; reading a certificate gives networks, typed as anything."""
    return isinstance(permitted, ipaddress.IPv4Network | ipaddress.IPv6Network) and address in permitted


def _authority(
    folder: Path, hosts: tuple[str, ...], now: datetime.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    cert_file, key_file = folder / "doorstep-ca.crt", folder / "ca.key"
    if cert_file.exists() and key_file.exists():
        cert, key = x509.load_pem_x509_certificate(cert_file.read_bytes()), _read_key(key_file)
        if (
            cert.public_key() == key.public_key()
            and cert.not_valid_after_utc > now + RENEW_BEFORE
            and _permits(cert, hosts)
        ):
            return cert, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"Doorstep demo on {socket.gethostname()}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Doorstep demo authority"),
        ]
    )
    cert = (
        _begin(name, name, key, now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(_constraints(hosts), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_private(key_file, _key_pem(key))
    _write_private(cert_file, cert.public_bytes(serialization.Encoding.PEM))
    return cert, key


def _make_leaf(
    cert_file: Path,
    key_file: Path,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    hosts: tuple[str, ...],
    now: datetime.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Doorstep demo")])
    addresses = ((host, _address(host)) for host in hosts)
    names = [x509.IPAddress(address) if address else x509.DNSName(host) for host, address in addresses]
    cert = (
        _begin(subject, ca.subject, key, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    _write_private(key_file, _key_pem(key))
    _write_private(cert_file, cert.public_bytes(serialization.Encoding.PEM))


def _leaf_is_good(
    cert_file: Path, key_file: Path, ca: x509.Certificate, hosts: tuple[str, ...], now: datetime.datetime
) -> bool:
    """Whether the server certificate on disk is this authority's, for exactly these hosts, and lasts a while."""
    if not (cert_file.exists() and key_file.exists()):
        return False
    cert = x509.load_pem_x509_certificate(cert_file.read_bytes())
    try:
        cert.verify_directly_issued_by(ca)
    except Exception:  # noqa: BLE001  # whatever is wrong with it, a new one is made
        return False
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    held = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    same_key = cert.public_key() == _read_key(key_file).public_key()
    return same_key and held == set(hosts) and cert.not_valid_after_utc > now + RENEW_BEFORE


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read_key(file: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} holds another kind of key; delete the folder {file.parent} and start again.")
    return key


def _write_private(file: Path, data: bytes) -> None:
    """Born with mode 600 and swapped in whole, so that it is never readable by others nor half written."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
    fresh.replace(file)
