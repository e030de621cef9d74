"""A log that cannot be written costs its lines and nothing else."""

from __future__ import annotations

import errno
import io
import sys
from pathlib import Path

import pytest
import structlog

from server.core import logs
from server.core.config import Settings


class Full(io.StringIO):
    """A file on a disk without room."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_under_the_log_costs_nobody_his_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = structlog.get_config()
    try:
        logs.configure(Settings("sqlite://", tmp_path, "-", env="test", log_level="info"))
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", Full())
            structlog.get_logger().error("database_unavailable")
        structlog.get_logger().error("there_is_room_again")
    finally:
        structlog.configure(**before)
    assert "there_is_room_again" in capsys.readouterr().err
