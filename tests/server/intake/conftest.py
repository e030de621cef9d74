"""The desk that brings orders, and an importer that stands aside for nobody."""

import pytest

from server.intake import applying
from tests.people import Cast, Desk


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the lock here."""
    monkeypatch.setattr(applying, "_STAND_ASIDE_S", 0)


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return cast.desk(cast.dora)
