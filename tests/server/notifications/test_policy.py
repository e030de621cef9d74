"""Words, kinds and what is gathered: plain data in and out."""

from __future__ import annotations

import json

import pytest

from server.auth.policy import LANGS
from server.notifications import policy
from server.notifications.channels.webpush import retry_after_ms
from tests.conftest import NINE_IN_HANGZHOU


@pytest.mark.parametrize(
    "text", [None, "", "soon", "-1", "7.5", "٧", "1 second", "Mon, 99 Foo 2026 00:00:00 GMT"]
)
def test_a_retry_after_nobody_understands_says_nothing(text: str | None) -> None:
    assert retry_after_ms(text, NINE_IN_HANGZHOU) is None


def test_every_kind_has_words_in_both_languages_and_a_time_to_live() -> None:
    customers = {*policy.OF_STATUS.values(), "correction", "consent_asked"}
    couriers = {*policy.OF_CHANGE.values(), "courier_message"}
    assert set(policy.TTL_S) == customers | couriers
    for lang in LANGS:
        for kind in customers:
            words = policy.for_customer(kind, lang, "0001")
            assert words.title and "0001" in words.body and "{" not in words.title + words.body
            assert "None" not in policy.for_customer(kind, lang, None).body
        for change in policy.OF_CHANGE:
            words = policy.for_courier({"a": change}, lang)
            assert "1" in words.title and "{" not in words.title + words.body


def test_of_a_waybill_only_the_end_is_told_and_of_a_short_one_nothing() -> None:
    assert policy.tail_of("SF1000000001") == "0001"
    assert policy.tail_of("12345678") == "5678"
    assert policy.tail_of("1234567") is None


def test_changes_of_a_list_are_told_together_the_weightiest_first() -> None:
    changes = {"a": "new", "b": "removed", "c": "changed", "d": "new"}
    zh, en = policy.for_courier(changes, "zh"), policy.for_courier(changes, "en")
    assert (zh.title, zh.body) == ("新任务 2 个", "1 个任务有变化，1 个任务已撤走，点开查看")
    assert (en.title, en.body) == ("2 new tasks", "1 task changed, 1 task taken off your list, Tap to see")
    assert policy.kind_of(changes) == "task_new"
    assert policy.kind_of({"a": "removed", "b": "changed"}) == "task_changed"


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (None, "new", "new"),
        (None, "changed", "changed"),
        (None, "removed", "removed"),
        ("new", "changed", "new"),
        ("new", "removed", None),
        ("changed", "removed", "removed"),
        ("removed", "new", "changed"),
        ("changed", "changed", "changed"),
        ("new", "new", "new"),
    ],
)
def test_a_later_change_of_the_same_task(before: str | None, change: str, after: str | None) -> None:
    known = {"t": before} if before else {}
    assert policy.gathered(known, ["t"], change) == ({"t": after} if after else {})


def test_a_tap_leads_to_the_task_when_it_is_one() -> None:
    assert policy.courier_url({"a": "new"}) == "/#/task/a"
    assert policy.courier_url({"a": "new", "b": "removed"}) == "/#/task/a"
    assert policy.courier_url({"a": "new", "b": "changed"}) == "/#/"
    assert policy.courier_url({"a": "removed"}) == "/#/"


def test_who_was_never_asked_has_not_refused() -> None:
    assert (
        policy.allows_notices(None) and policy.allows_notices({}) and policy.allows_notices({"consents": []})
    )
    refused = {"kind": "notices", "given": False}
    assert not policy.allows_notices({"consents": [refused]})
    assert policy.allows_notices({"consents": [{"kind": "marketing", "given": False}]})
    assert policy.allows_notices({"consents": [refused, {"kind": "notices", "given": True}]})


def test_the_content_is_what_the_service_worker_reads() -> None:
    text = policy.payload("id", "delivered", "zh", "task-1", "/t/x", policy.Words("包裹已签收", "点开"))
    assert json.loads(text) == {
        "id": "id",
        "kind": "delivered",
        "lang": "zh",
        "tag": "task-1",
        "url": "/t/x",
        "title": "包裹已签收",
        "body": "点开",
    }
    assert len(text.encode()) < 3_000, "push services take 4 kB"
