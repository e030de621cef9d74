"""A push service on this machine, and the house beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.notifications.scene import Scene
from tests.server.notifications.strangers import Stranger
from tests.server.ops.house import House


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger() as made:
        yield made


@pytest.fixture
def scene(house: House, stranger: Stranger) -> Iterator[Scene]:
    made = Scene(house, stranger)
    yield made
    made.close()
