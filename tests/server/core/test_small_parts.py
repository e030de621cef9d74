"""Settings, clock, ids, content store, bus, masking."""

from __future__ import annotations

import hashlib
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.core import clock as server_clock
from server.core import outbox
from server.core.blobs import ContentStore, HashMismatchError
from server.core.bus import ROUNDS, Bus, Message, UnquietError
from server.core.clock import day_bounds, day_of, now_ms
from server.core.config import TABLE, ConfigError, Settings, database_address, kept_secret
from server.core.db import db, transaction
from server.core.ids import is_uuid, uuid7
from server.core.masking import mask_address, mask_name, mask_phone


@pytest.fixture(autouse=True)
def _system_clock() -> Iterator[None]:
    yield
    server_clock.use(server_clock.system)


def test_settings_without_any_environment_are_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({})
    assert settings.env == "production"
    assert settings.host == "127.0.0.1"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/doorstep.db"
    assert len(settings.secret_key) >= 43
    assert Settings.from_env({}).secret_key == settings.secret_key
    assert stat.S_IMODE((tmp_path / "var" / "secret.key").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(kept_secret(tmp_path / "secret.key"))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


@pytest.mark.parametrize(
    "environ",
    [{"DOORSTEP_ENV": "staging"}, {"PORT": "0"}, {"PORT": "eighty"}, {"DOORSTEP_PROXIES": "-1"}],
)
def test_settings_that_make_no_sense_are_refused_by_name(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=next(iter(environ))):
        Settings.from_env({"DOORSTEP_DATA": str(tmp_path), **environ})


def test_addresses_of_databases() -> None:
    assert database_address("postgres://u@h/d") == "postgresql+psycopg://u@h/d"
    assert database_address("postgresql://u@h/d") == "postgresql+psycopg://u@h/d"
    assert database_address("sqlite:///x.db") == f"sqlite:///{Path.cwd()}/x.db"


def test_the_readme_explains_every_variable() -> None:
    readme = Path(__file__).parents[3] / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else " ".join(row[0] for row in TABLE)
    assert [name for name, _, _ in TABLE if name not in text] == []


@pytest.mark.parametrize("env", ["production", "demo"])
def test_the_test_clock_is_refused_where_people_work(env: Any, tmp_path: Path) -> None:
    file = tmp_path / "clock"
    with pytest.raises(ConfigError, match="refused"):
        Settings.from_env(
            {"DOORSTEP_DATA": str(tmp_path), "DOORSTEP_ENV": env, "DOORSTEP_CLOCK_FILE": str(file)}
        )
    with pytest.raises(ConfigError, match="refused"):
        server_clock.configure(Settings("sqlite://", tmp_path, "k", env=env, clock_file=file))


def test_the_test_clock_stands_where_its_file_says(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("1777856400000\n")
    server_clock.configure(Settings("sqlite://", tmp_path, "k", env="test", clock_file=file))
    assert now_ms() == 1_777_856_400_000
    file.write_text("1777856400001")
    assert now_ms() == 1_777_856_400_001


def test_a_day_is_the_stations_day() -> None:
    late = 1_777_823_999_999  # 3 May 2026, 23:59:59.999 in Hangzhou, 15:59 UTC
    assert day_of(late, "Asia/Shanghai") == "2026-05-03"
    assert day_of(late + 1, "Asia/Shanghai") == "2026-05-04"
    assert day_bounds(late, "Asia/Shanghai") == (late + 1 - 86_400_000, late + 1)
    summer_time_begins = 1_774_746_000_000  # Berlin, 29 March 2026: a day of 23 hours
    start, end = day_bounds(summer_time_begins, "Europe/Berlin")
    assert end - start == 23 * 3_600_000


def test_ids_carry_their_time_and_are_version_7() -> None:
    made = [uuid7(1_777_856_400_000) for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(is_uuid(one) and one[14] == "7" and one[19] in "89ab" for one in made)
    assert int(made[0].replace("-", "")[:12], 16) == 1_777_856_400_000
    assert uuid7(1) < uuid7(2)


def test_a_blob_is_stored_under_its_hash_or_not_at_all(tmp_path: Path) -> None:
    store, data = ContentStore(tmp_path), b"signature"
    sha = hashlib.sha256(data).hexdigest()
    assert not store.has(sha)
    assert store.put(sha, data)
    assert not store.put(sha, data)
    with store.open(sha) as file:
        assert file.read() == data
    with pytest.raises(HashMismatchError):
        store.put("0" * 64, data)
    assert not store.has("0" * 64)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [sha]


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "", "0" * 63, "0" * 64 + "\n"])
def test_nothing_but_a_hash_becomes_a_path(name: str, tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    assert not store.has(name)
    with pytest.raises(FileNotFoundError):
        store.open(name)


@dataclass(frozen=True)
class Happened:
    n: int


def test_inside_reactors_run_until_quiet() -> None:
    bus: Bus[list[int]] = Bus()
    bus.inside(Happened, lambda event, batch: batch.append(event.n))
    bus.inside(Happened, lambda event, _: [Happened(event.n + 1)] if event.n < ROUNDS else None)
    batch: list[int] = []
    assert bus.react([Happened(1)], batch) == [Happened(1), Happened(2), Happened(3)]
    assert batch == [1, 2, 3]


def test_reactors_that_answer_each_other_for_ever_are_an_error() -> None:
    bus: Bus[None] = Bus()
    bus.inside(Happened, lambda event, _: [Happened(event.n + 1)])
    with pytest.raises(UnquietError, match="Happened"):
        bus.react([Happened(1)], None)


def test_after_reactors_become_outbox_rows(app: Flask) -> None:
    bus: Bus[None] = Bus()
    bus.after(Happened, "tell", lambda event: Message(str(event.n), {"n": event.n}) if event.n > 1 else None)
    with app.app_context():
        with transaction():
            assert bus.enqueue([Happened(1), Happened(2), object()]) == 1
        assert [(row.topic, row.key, row.payload) for row in outbox.waiting(db.session())] == [
            ("tell", "2", {"n": 2})
        ]


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王小明", "王*明"),
        ("欧阳", "欧*"),
        ("阿", "*"),
        ("欧阳小明", "欧**明"),
        ("王Bob", "王**b"),
        ("John Smith", "J*** S****"),
        ("J", "*"),
        ("", ""),
    ],
)
def test_names_lose_a_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138******78"),
        ("+86 138 1234 5678", "+86 138 **** **78"),
        ("0571-87654321", "0571-******21"),
        ("1234567", "******7"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_phones_lose_six_digits(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("text", "unit", "room", "gone"),
    [
        ("杭州市西湖区文三路100号3单元502室", None, None, ["3单元", "502"]),
        ("杭州市西湖区文三路100号 三单元 502", "三单元", "502", ["三单元", "502"]),
        ("100 Wensan Road, Unit 3, Room 502", "3", "502", ["Unit 3", "502"]),
        ("1 Main St Apt 5B", None, None, ["5B"]),
        ("文三路 #05-12", None, None, ["05-12"]),
    ],
)
def test_addresses_lose_unit_and_room(text: str, unit: str | None, room: str | None, gone: list[str]) -> None:
    address = {
        "text": text,
        "community": "文三小区",
        "building": "100",
        "unit": unit,
        "room": room,
        "lng_e7": 1,
    }
    masked = mask_address(address)
    assert [part for part in gone if part in masked["text"]] == []
    assert (masked["unit"], masked["room"], masked["lng_e7"]) == (None, None, None)
    assert masked["community"] == "文三小区"
    assert masked["text"][:3] == text[:3]
    assert address["room"] == room
