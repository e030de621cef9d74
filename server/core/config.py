"""Settings: everything an operator can decide, read from the environment once, with safe defaults.

README repeats `TABLE`; a test holds the two together, so a variable cannot exist without a sentence on it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Env = Literal["production", "demo", "test"]
ROOT = Path(__file__).resolve().parents[2]

TABLE: tuple[tuple[str, str, str], ...] = (
    ("DATABASE_URL", "sqlite:///<DOORSTEP_DATA>/doorstep.db", "SQLite file or postgresql:// address"),
    ("DOORSTEP_DATA", "var", "folder of the database, the secret key and the proofs"),
    ("DOORSTEP_ENV", "production", "production, demo or test"),
    ("DOORSTEP_CLOCK_FILE", "", "file with the time in ms; only with DOORSTEP_ENV=test"),
    ("DOORSTEP_SECRET_KEY", "made and kept in <DOORSTEP_DATA>/secret.key", "signs sessions and codes"),
    ("DOORSTEP_URL", "", "public address in enrolment codes; empty means the address of the request"),
    ("DOORSTEP_DIST", "pwa/dist", "folder of the built web apps"),
    ("DOORSTEP_PROXIES", "0", "number of trusted reverse proxies in front"),
    ("HOST", "127.0.0.1", "address to listen on"),
    ("PORT", "8000", "port to listen on"),
    ("LOG_LEVEL", "info", "debug, info, warning or error"),
)


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
    proxies: int = 0
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "info"

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
            proxies=_number("DOORSTEP_PROXIES", value("DOORSTEP_PROXIES", "0"), 0, 8),
            host=value("HOST", "127.0.0.1"),
            port=_number("PORT", value("PORT", "8000"), 1, 65535),
            log_level=value("LOG_LEVEL", "info").lower(),
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


def kept_secret(path: Path) -> str:
    """Read the installation's secret, or make it (256 bit, mode 600).

    Web process and worker may start at the same moment: the secret is written aside and linked into place,
    which only one of them can do, so that neither reads half a file or a key of its own.
    """
    if not path.exists():
        aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
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


def _number(name: str, text: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ConfigError(f"{name} must be a number from {low} to {high}, not {text!r}.")
    return int(text)
