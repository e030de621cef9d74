"""What `doorstep demo` refuses and writes; that it runs is shown in tests/workshop/test_demo.py."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.demo.cli import demo
from server.demo.run import CannotStartError, Wishes, run_demo


def test_well_known_passwords_never_reach_production(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="well-known passwords"):
        run_demo({"DOORSTEP_ENV": "production", "DOORSTEP_DATA": str(tmp_path)}, print)


def test_a_taken_port_is_a_sentence_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStartError, match=f"PORT={port + 1}"):
            run_demo({"PORT": str(port), "DOORSTEP_DATA": str(tmp_path)}, print)


def test_an_unknown_database_is_a_sentence() -> None:
    with pytest.raises(CannotStartError, match="sqlite or postgres"):
        Wishes.from_env({"DB": "oracle"})
    assert Wishes.from_env({"DB": "postgres", "TLS": "1"}) == Wishes(postgres=True, tls=True)


def test_the_export_is_written_and_nothing_is_started(tmp_path: Path) -> None:
    day, orders = tmp_path / "day.csv", tmp_path / "orders.csv"
    command = ["--export", str(day), "--export-orders", str(orders), "--date", "2026-05-04", "--tasks", "12"]
    done = CliRunner().invoke(demo, command)
    assert done.exit_code == 0
    assert day.read_text("utf-8").count("\n") == orders.read_text("utf-8").count("\n") == 13
    assert CliRunner().invoke(demo, ["--export", str(tmp_path / "no" / "day.csv")]).exit_code == 1
