"""What a batch takes off the shelf: all that has to follow, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from server.ops.owners import OWNERS
from tests.builders import order_draft
from tests.server.ops.house import House

PHONE = "13900000001"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The tasks any batch has asked for so far."""
    asked: set[str] = set()
    store, load = OWNERS["task"], OWNERS["task"].load

    def notes(ids: Iterable[str], *args: Any, **options: Any) -> Any:
        wanted = list(ids)
        asked.update(wanted)
        return load(wanted, *args, **options)

    monkeypatch.setattr(store, "load", notes)
    return asked


def test_an_order_that_says_nothing_new_leaves_its_customers_other_tasks_alone(
    house: House, loaded: set[str]
) -> None:
    """A key account has thousands, and a file has hundreds of orders for it."""
    first = house.assigned("SF1", phone=PHONE, requests=[])
    loaded.clear()
    second = house.order("SF2", phone=PHONE, requests=[])
    assert second in loaded and first not in loaded


def test_an_order_that_says_something_new_reaches_the_other_tasks(house: House, loaded: set[str]) -> None:
    first = house.assigned("SF1", phone=PHONE, requests=[])
    loaded.clear()
    wish = {"id": "11111111-1111-7111-8111-111111111111", "kind": "no_ring", "text": "轻声"}
    house.order("SF2", phone=PHONE, requests=[wish])
    assert first in loaded
    phone = house.phone()
    phone.pull()
    [row] = phone.rows().values()
    assert row["task"]["id"] == first
    assert [request["text"] for request in row["customer"]["requests"]] == ["轻声"]


def test_an_order_that_comes_again_knows_all_tasks_of_its_customer(house: House, loaded: set[str]) -> None:
    """What follows from it may have to be told from all of them."""
    first = house.order("SF1", phone=PHONE, requests=[])
    house.order("SF2", phone=PHONE, requests=[])
    loaded.clear()
    again = order_draft(house.cast.home.id, "SF2", phone=PHONE, requests=[])
    [result] = house.desk().submit(again)
    assert result["status"] == "merged"
    assert first in loaded
