"""The installation's push key and the settings around it."""

from __future__ import annotations

import base64
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from server.core.config import PUSH_HOSTS, ConfigError, Settings
from server.notifications.vapid import private_key, public_key


def from_env(folder: Path, **environ: str) -> Settings:
    return Settings.from_env({"DOORSTEP_DATA": str(folder), **environ})


def test_the_key_is_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    first = from_env(tmp_path)
    file = tmp_path / "vapid.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert from_env(tmp_path).vapid_key == first.vapid_key == file.read_text()
    assert len(base64.urlsafe_b64decode(first.vapid_key + "=")) == 32
    point = base64.urlsafe_b64decode(public_key(first) + "=")
    assert (len(point), point[0]) == (65, 4)
    assert public_key(replace(first, vapid_key="")) == public_key(first), "settings made by hand find it too"
    assert first.vapid_key not in repr(private_key(first))
    assert from_env(tmp_path / "other").vapid_key != first.vapid_key


def test_two_processes_that_start_at_once_agree_on_one(tmp_path: Path) -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(from_env(tmp_path).vapid_key)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["secret.key", "vapid.key"]


def test_a_key_of_ones_own_is_taken_and_a_wrong_one_refused(tmp_path: Path) -> None:
    key = from_env(tmp_path / "elsewhere").vapid_key
    assert from_env(tmp_path, DOORSTEP_VAPID_KEY=key + "=").vapid_key == key
    assert not (tmp_path / "vapid.key").exists()
    beyond = base64.urlsafe_b64encode(b"\xff" * 32).decode()
    for wrong in ("x", key[:-2], key + "AAAA", "A" * 43, beyond, "!" * 43, "中" * 43):
        with pytest.raises(ConfigError, match="DOORSTEP_VAPID_KEY"):
            from_env(tmp_path, DOORSTEP_VAPID_KEY=wrong)


@pytest.mark.parametrize(
    "sub", ["mailto:ops@courier.example", "https://courier.example", "https://a.b.cn/push"]
)
def test_a_sub_that_can_be_written_to(tmp_path: Path, sub: str) -> None:
    assert from_env(tmp_path, DOORSTEP_VAPID_SUB=sub).vapid_sub == sub


@pytest.mark.parametrize(
    "sub",
    [
        "ops@courier.example",
        "mailto:ops",
        "mailto:ops@localhost",
        "mailto:root@box.local",
        "https://localhost",
        "https://localhost:8000",
        "https://box.localhost/",
        "http://courier.example",
        "https://127.0.0.1",
        "https://user@courier.example",
        "mailto:a b@courier.example",
    ],
)
def test_a_sub_that_apple_refuses_is_refused_here_first(tmp_path: Path, sub: str) -> None:
    with pytest.raises(ConfigError, match="DOORSTEP_VAPID_SUB"):
        from_env(tmp_path, DOORSTEP_VAPID_SUB=sub)


def test_the_default_sub_is_nobodys_own_machine(tmp_path: Path) -> None:
    assert from_env(tmp_path).vapid_sub == "mailto:push@example.com"


def test_push_services_are_a_setting(tmp_path: Path) -> None:
    assert from_env(tmp_path).push_hosts == PUSH_HOSTS
    own = from_env(tmp_path, DOORSTEP_PUSH_HOSTS="push.example.cn, *.Push.Example.CN")
    assert own.push_hosts == ("push.example.cn", "*.push.example.cn")
    for wrong in ("*", "*.cn.", "127.0.0.1", "https://a.example", "a.example/x", "*.*.example", "localhost"):
        with pytest.raises(ConfigError, match="DOORSTEP_PUSH_HOSTS"):
            from_env(tmp_path, DOORSTEP_PUSH_HOSTS=wrong)


def test_a_test_service_is_on_this_machine_and_never_in_production(tmp_path: Path) -> None:
    ours = {"DOORSTEP_PUSH_TEST_SERVICE": "http://127.0.0.1:8090"}
    assert from_env(tmp_path, DOORSTEP_ENV="test", **ours).push_test_service == "http://127.0.0.1:8090"
    assert from_env(tmp_path, DOORSTEP_ENV="demo", **ours).push_test_service == "http://127.0.0.1:8090"
    with pytest.raises(ConfigError, match="refused in production"):
        from_env(tmp_path, **ours)
    for wrong in ("http://10.0.0.1:80", "http://127.0.0.1", "https://127.0.0.1:1", "http://127.0.0.1:8090/x"):
        with pytest.raises(ConfigError, match="DOORSTEP_PUSH_TEST_SERVICE"):
            from_env(tmp_path, DOORSTEP_ENV="test", DOORSTEP_PUSH_TEST_SERVICE=wrong)
