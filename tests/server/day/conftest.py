"""What whole days need: the built engine, and a small made-up day."""

from datetime import date
from pathlib import Path

import pytest

from server.core.config import ROOT
from server.demo.generate import day_csv

BUNDLE = ROOT / "build" / "handheld.mjs"


@pytest.fixture
def bundle() -> None:
    if not BUNDLE.exists():
        pytest.fail("the handhelds' engine is not built: type `make build`")


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """Thirty made-up pickups; one of them was accepted an hour after it was done."""
    file = tmp_path / "day.csv"
    rows = day_csv(date(2026, 5, 4), seed=3, tasks=30).splitlines()
    names, last = rows[0].split(","), rows[-1].split(",")
    late = dict(zip(names, last, strict=True)) | {
        "pickup_time": "05-04 10:00:00",
        "accept_time": "05-04 11:00:00",
    }
    late["pickup_gps_time"] = ""
    file.write_text("\n".join([*rows[:-1], ",".join(late.values()), ""]), "utf-8")
    return file
