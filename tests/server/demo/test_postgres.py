"""A real PostgreSQL from a wheel, as root and as a user, started and stopped like any other child."""

import os
import stat
import time
from pathlib import Path

import psycopg
import pytest

from server.demo import postgres
from server.demo.postgres import PostgresError, start_postgres
from server.demo.supervise import Supervisor


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]  # the statements below
        return cursor.fetchall() if cursor.description else []


def test_it_starts_keeps_what_was_written_and_stops(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        url = start_postgres(supervisor, tmp_path / "pg")
        assert rows(
            url, "SELECT current_setting('server_encoding'), current_setting('listen_addresses')"
        ) == [("UTF8", "")]
        rows(url, "CREATE TABLE kept AS SELECT 7 AS n")
        pid = int((tmp_path / "pg" / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    assert not Path(f"/proc/{pid}").exists()
    assert not (tmp_path / "pg" / "data" / "postmaster.pid").exists()  # a clean shutdown, not a kill

    began = time.monotonic()
    with Supervisor() as supervisor:
        url = start_postgres(supervisor, tmp_path / "pg")
        assert time.monotonic() - began < 5
        assert rows(url, "SELECT n FROM kept") == [(7,)]


def test_the_data_is_closed_to_others_and_folders_above_are_not_opened_for_listing(tmp_path: Path) -> None:
    above = tmp_path / "private"
    above.mkdir(mode=0o700)
    with Supervisor() as supervisor:
        start_postgres(supervisor, above / "pg")
        mode = stat.S_IMODE(above.stat().st_mode)
        assert mode == (0o711 if os.geteuid() == 0 else 0o700)
        for folder in ("data", "run"):
            assert stat.S_IMODE((above / "pg" / folder).stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_uses_the_temporary_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("a-rather-long-folder-name-" * 4)
    with Supervisor() as supervisor:
        url = start_postgres(supervisor, deep)
        assert rows(url, "SELECT 1") == [(1,)]
    assert len(os.fsencode(deep / "run" / ".s.PGSQL.5432")) > 107
    postgres._socket_folder(deep.resolve()).rmdir()


def test_what_goes_wrong_is_said_in_its_own_words(tmp_path: Path) -> None:
    with Supervisor() as first, Supervisor() as second:
        start_postgres(first, tmp_path / "pg")
        with pytest.raises(PostgresError, match=r"lock file .*already exists"):
            start_postgres(second, tmp_path / "pg")
