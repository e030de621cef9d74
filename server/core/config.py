"""Settings: everything an operator can decide, read from the environment once, with safe defaults.

README repeats `TABLE`; a test holds the two together, so a variable cannot exist without a sentence on it.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from server.core.outward import RefusedAddressError, gateway_rules, is_host_pattern, is_local_service

Env = Literal["production", "demo", "test"]
ROOT = Path(__file__).resolve().parents[2]

TABLE: tuple[tuple[str, str, str], ...] = (
    ("DATABASE_URL", "sqlite:///<DOORSTEP_DATA>/doorstep.db", "SQLite file or postgresql:// address"),
    ("DOORSTEP_DATA", "var", "folder of the database, the secret key and the proofs"),
    ("DOORSTEP_ENV", "production", "production, demo or test"),
    ("DOORSTEP_CLOCK_FILE", "", "file with the time in ms; only with DOORSTEP_ENV=test"),
    ("DOORSTEP_SECRET_KEY", "made and kept in <DOORSTEP_DATA>/secret.key", "signs sessions and codes"),
    ("DOORSTEP_URL", "", "public address in enrolment codes; empty means the address of the request"),
    ("DOORSTEP_VAPID_KEY", "made and kept in <DOORSTEP_DATA>/vapid.key", "signs pushes; base64url, 32 bytes"),
    (
        "DOORSTEP_VAPID_SUB",
        "mailto:push@example.com",
        "whom push services may write to; yours: mailto: or https:",
    ),
    ("DOORSTEP_PUSH_HOSTS", "the four browsers' push services", "allowed push services: a.host,*.b.host"),
    (
        "DOORSTEP_PUSH_TEST_SERVICE",
        "",
        "http://127.0.0.1:PORT of a push service for tests; refused in production",
    ),
    (
        "DOORSTEP_SMS_URL",
        "",
        "gateway for text messages, https or http://127.0.0.1:PORT/...; needs DOORSTEP_URL; empty: none are sent",
    ),
    ("DOORSTEP_SMS_TOKEN", "", "bearer token the gateway asks for"),
    ("DOORSTEP_DIST", "pwa/dist", "folder of the built web apps"),
    (
        "DOORSTEP_RECALL",
        "",
        "any new word: handhelds drop the app they have and fetch the one served now (docs/operating.md)",
    ),
    ("DOORSTEP_PROXIES", "0", "number of trusted reverse proxies in front"),
    (
        "DOORSTEP_TILES",
        "",
        "a .pmtiles file (Protomaps basemap scheme) the desk's map is drawn from; empty: a schematic",
    ),
    ("DOORSTEP_SESSION_DAYS", "30", "days a courier's unused login on a handheld lasts"),
    ("DOORSTEP_EXCHANGES", "16", "exchanges of handhelds at once; the others are told when to come again"),
    ("DOORSTEP_SOCKETS", "24", "desks that are told of changes at once; the others ask every few seconds"),
    (
        "DOORSTEP_METRICS",
        "",
        "private host:port of the metrics, such as 127.0.0.1:9464; the worker's are one port on",
    ),
    ("HOST", "127.0.0.1", "address to listen on"),
    ("PORT", "8000", "port to listen on"),
    ("LOG_LEVEL", "info", "debug, info, warning or error"),
)

VAPID_SUB = "mailto:push@example.com"
PUSH_HOSTS = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
# The order of the group that P-256 keys are numbers below (FIPS 186-5).
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class ConfigError(Exception):
    """A setting that cannot be honoured; the message is one sentence for the operator."""


@dataclass(frozen=True)
class Settings:
    """One immutable set of settings; `from_env` is how a process gets it, tests build it by hand."""

    database_url: str
    data: Path
    secret_key: str
    env: Env = "production"
    clock_file: Path | None = None
    public_url: str = ""
    dist: Path = ROOT / "pwa" / "dist"
    recall: str = ""
    proxies: int = 0
    tiles: Path | None = None
    session_days: int = 30
    exchanges: int = 16
    sockets: int = 24
    metrics: tuple[str, int] | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "info"
    vapid_key: str = ""
    vapid_sub: str = VAPID_SUB
    push_hosts: tuple[str, ...] = PUSH_HOSTS
    push_test_service: str = ""
    sms_url: str = ""
    sms_token: str = ""

    @property
    def blobs(self) -> Path:
        """Folder of the content-addressed store."""
        return self.data / "blobs"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment, make the data folder, refuse what would be unsafe.

        :raises ConfigError: for an unknown DOORSTEP_ENV, a test clock outside of tests, a port out of range.
        """
        source = os.environ if environ is None else environ

        def value(name: str, default: str) -> str:
            return source.get(name, "").strip() or default

        data = Path(value("DOORSTEP_DATA", "var")).absolute()
        data.mkdir(parents=True, exist_ok=True)
        env = _env(value("DOORSTEP_ENV", "production"))
        clock = value("DOORSTEP_CLOCK_FILE", "")
        if clock and env != "test":
            raise ConfigError(f"DOORSTEP_CLOCK_FILE is for tests only and is refused in {env}.")
        return cls(
            database_url=database_address(value("DATABASE_URL", f"sqlite:///{data / 'doorstep.db'}")),
            data=data,
            secret_key=value("DOORSTEP_SECRET_KEY", "") or kept_secret(data / "secret.key"),
            env=env,
            clock_file=Path(clock).absolute() if clock else None,
            public_url=value("DOORSTEP_URL", "").rstrip("/"),
            dist=Path(value("DOORSTEP_DIST", str(ROOT / "pwa" / "dist"))).absolute(),
            recall=value("DOORSTEP_RECALL", ""),
            proxies=_number("DOORSTEP_PROXIES", value("DOORSTEP_PROXIES", "0"), 0, 8),
            tiles=_tiles(value("DOORSTEP_TILES", "")),
            session_days=_number("DOORSTEP_SESSION_DAYS", value("DOORSTEP_SESSION_DAYS", "30"), 1, 365),
            exchanges=_number("DOORSTEP_EXCHANGES", value("DOORSTEP_EXCHANGES", "16"), 1, 500),
            sockets=_number("DOORSTEP_SOCKETS", value("DOORSTEP_SOCKETS", "24"), 0, 500),
            metrics=_address("DOORSTEP_METRICS", value("DOORSTEP_METRICS", "")),
            host=value("HOST", "127.0.0.1"),
            port=_number("PORT", value("PORT", "8000"), 1, 65535),
            log_level=value("LOG_LEVEL", "info").lower(),
            vapid_key=_vapid_key(value("DOORSTEP_VAPID_KEY", "")) or kept_vapid_key(data),
            vapid_sub=_vapid_sub(value("DOORSTEP_VAPID_SUB", VAPID_SUB)),
            push_hosts=_push_hosts(value("DOORSTEP_PUSH_HOSTS", ",".join(PUSH_HOSTS))),
            push_test_service=_test_service(value("DOORSTEP_PUSH_TEST_SERVICE", ""), env),
            sms_url=_sms_url(value("DOORSTEP_SMS_URL", ""), value("DOORSTEP_URL", "")),
            sms_token=value("DOORSTEP_SMS_TOKEN", ""),
        )


def database_address(url: str) -> str:
    """Bring an address to the form SQLAlchemy needs: psycopg 3 as driver, SQLite paths absolute.

    Flask-SQLAlchemy would put a relative SQLite path below its instance folder, where nobody looks for it.
    """
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    if url.startswith("sqlite:///") and ":memory:" not in url:
        return f"sqlite:///{Path(url.removeprefix('sqlite:///')).absolute()}"
    return url


def kept_vapid_key(data: Path) -> str:
    """The installation's own push key: a private key on P-256 as base64url of 32 bytes, made at the first start."""
    return kept_secret(data / "vapid.key", _new_vapid_key)


def _token() -> str:
    return secrets.token_urlsafe(32)


def kept_secret(path: Path, make: Callable[[], str] = _token) -> str:
    """Read the installation's secret, or make it (256 bit, mode 600).

    Web process and worker may start at the same moment: the secret is written aside and linked into place,
    which only one of them can do, so that neither reads half a file or a key of its own.
    """
    if not path.exists():
        aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text(encoding="ascii").strip()


def _env(text: str) -> Env:
    known: tuple[Env, ...] = get_args(Env)
    for name in known:
        if name == text:
            return name
    raise ConfigError(f"DOORSTEP_ENV must be production, demo or test, not {text!r}.")


def _tiles(text: str) -> Path | None:
    if text and not text.endswith(".pmtiles"):
        raise ConfigError(f"DOORSTEP_TILES must name a .pmtiles file, not {text!r}.")
    return Path(text).absolute() if text else None


def _address(name: str, text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ConfigError(f"{name} must be host:port, not {text!r}.")
    # The worker takes the port after it.
    return host, _number(f"the port of {name}", port, 1, 65534)


def _number(name: str, text: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ConfigError(f"{name} must be a number from {low} to {high}, not {text!r}.")
    return int(text)


def _new_vapid_key() -> str:
    number = 1 + secrets.randbelow(_P256_ORDER - 1)
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode("ascii")


def _vapid_key(text: str) -> str:
    if not text:
        return ""
    try:
        number = int.from_bytes(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True), "big"
        )
    except ValueError:
        number = 0
    if len(text.rstrip("=")) != 43 or not 0 < number < _P256_ORDER:
        raise ConfigError("DOORSTEP_VAPID_KEY must be a private key on P-256: 32 bytes as base64url.")
    return text.rstrip("=")


def _vapid_sub(text: str) -> str:
    """Push services want to know whom to write to; Apple refuses an address that can be nobody's, such as localhost."""
    host = r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*"
    known = re.fullmatch(rf"mailto:[^@\s]+@{host}|https://{host}(?:/[!-~]*)?", text, re.IGNORECASE)
    if known is None or re.search(r"\.(?:local|localhost|localdomain)(?:/|$)", text, re.IGNORECASE):
        raise ConfigError(
            "DOORSTEP_VAPID_SUB must be mailto:somebody@a.domain or https://a.domain, not a local one."
        )
    return text


def _push_hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    wrong = [host for host in hosts if not is_host_pattern(host)]
    if wrong:
        raise ConfigError(
            f"DOORSTEP_PUSH_HOSTS: {wrong[0]!r} is no host name (push.example.com, *.example.com)."
        )
    return hosts


def _sms_url(text: str, public_url: str) -> str:
    """The operator's own gateway: a public one by https, or an adapter on this machine."""
    if not text:
        return ""
    try:
        gateway_rules(text)
    except RefusedAddressError as refused:
        raise ConfigError(
            "DOORSTEP_SMS_URL must be https://a.host/path, or http://127.0.0.1:PORT/path on this machine."
        ) from refused
    if not public_url:
        raise ConfigError("DOORSTEP_SMS_URL needs DOORSTEP_URL: a text message has to say where to look.")
    return text


def _test_service(text: str, env: Env) -> str:
    if not text:
        return ""
    if env == "production":
        raise ConfigError("DOORSTEP_PUSH_TEST_SERVICE is for tests and is refused in production.")
    if not is_local_service(text):
        raise ConfigError("DOORSTEP_PUSH_TEST_SERVICE must be http://127.0.0.1:PORT.")
    return text
