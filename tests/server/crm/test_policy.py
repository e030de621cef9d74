"""What a customer is found by, what waits for a decision, and how much one person may reveal."""

from __future__ import annotations

from typing import Any

import pytest

from server.crm import policy
from server.crm.policy import DAY_MS, HOUR_MS, allowance, open_proposals, search_lines, search_pattern

NOW = 100 * DAY_MS


def customer(**over: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"requests": [], "contacts": [], "tags": [], "touched": {}}
    return {"name": "王小明", "phone": "+86 138-0000-0001", **plain, **over}


def found(text: str, record: dict[str, Any]) -> bool:
    pattern = search_pattern(text)
    return pattern is not None and pattern in search_lines(record)


@pytest.mark.parametrize(
    "text", ["王小", "小明", "13800000001", "138-0000", " 0001 ", "+86 138", "8613800000001"]
)
def test_a_customer_is_found_by_parts_of_name_and_number(text: str) -> None:
    assert found(text, customer())


@pytest.mark.parametrize("text", ["李", "0002", "1380000 x", "", "   ", "#vip", "王明"])
def test_and_not_by_anything_else(text: str) -> None:
    assert not found(text, customer())


def test_four_digits_are_the_end_of_a_number() -> None:
    assert found("0001", customer())
    assert not found("1380", customer())
    assert found("1380", customer(phone="99991380"))


def test_letters_are_found_in_any_case_and_width_of_space() -> None:
    record = customer(name="Ann  O'Neill 茶铺", kind="company")
    assert found("o'NEILL 茶", record)
    assert found("ann o", record)


def test_contacts_and_tags_count_too() -> None:
    contact = {"id": "c", "name": "Chen Li", "phone": "0571-8888 4321", "email": None, "role": "仓库"}
    record = customer(contacts=[contact], tags=["VIP", "上门收款"])
    assert found("chen li", record)
    assert found("4321", record)
    assert found("#vip", record)
    assert found("vip", record)
    assert not found("#vi", record)
    assert found("#", record)
    assert not found("#", customer())


def test_a_company_with_many_contacts_keeps_its_search_text_within_bounds() -> None:
    many = [
        {"id": str(n), "name": "很长的名字" * 20, "phone": f"1390000{n:04}", "email": None, "role": ""}
        for n in range(20)
    ]
    text = search_lines(customer(contacts=many))
    assert len(text) <= policy.SEARCH
    assert "13900000019\n" in text
    assert len(text.encode()) < 2_700


def test_a_proposal_waits_until_it_is_accepted_or_switched_off() -> None:
    def request(name: str, state: str, active: bool) -> dict[str, Any]:
        return {"id": name, "kind": "other", "text": name, "active": active, "state": state}

    record = customer(
        requests=[
            request("asked", "proposed", True),
            request("kept", "accepted", True),
            request("declined", "proposed", False),
            request("older", "proposed", True),
        ],
        touched={"asked": {"at": 50}, "older": {"at": 20}, "declined": {"at": 1}},
    )
    assert [one["id"] for one in open_proposals(record)] == ["asked", "older"]
    assert policy.proposed_at(record) == 20


def test_thirty_reveals_an_hour() -> None:
    times = [NOW - HOUR_MS + 60_000 + n for n in range(29)]
    assert allowance(times, NOW) == policy.Allowance(71, 0)
    full = allowance([*times, NOW - 1], NOW)
    assert full.capped
    assert full.wait_ms == 60_000
    assert not allowance([*times, NOW - 1], NOW + 60_000).capped


def test_a_hundred_reveals_in_a_day_however_slowly() -> None:
    times = [NOW - 20 * HOUR_MS + n * 600_000 for n in range(100)]
    full = allowance(times, NOW)
    assert (full.left, full.wait_ms) == (0, 4 * HOUR_MS)
    assert allowance(times, NOW + 4 * HOUR_MS).left == 1


def test_nothing_is_left_out_of_order() -> None:
    assert allowance([NOW - 2 * DAY_MS] * 500, NOW) == policy.Allowance(100, 0)
    assert allowance([], NOW) == policy.Allowance(100, 0)
