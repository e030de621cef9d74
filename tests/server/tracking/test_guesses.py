"""Tokens that are no use: one answer for all of them, the same work, and soon none at all."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.auth.limits import limiter
from server.core import logs
from server.core.db import db
from tests.server.ops.house import House
from tests.server.statements import heard
from tests.server.tracking.visitor import Visitor

MALFORMED = (
    "x",
    "A" * 33,
    "A" * 4000,
    "%00",
    "%ff%fe",
    "..",
    "...",
    "a/b/c",
    "令牌",
    "'%20OR%201=1--",
    "<script>",
)


def knock(house: House, path: str, address: str = "203.0.113.9", method: str = "GET", **options: Any) -> Any:
    client = house.app.test_client()
    return client.open(path, method=method, environ_overrides={"REMOTE_ADDR": address}, **options)


def dead_links(house: House) -> dict[str, str]:
    """A path for each way a link can be of no use."""
    expired = Visitor(house, house.order("SF1000000001")).path
    withdrawn = Visitor(house, house.order("SF1000000002"))
    house.clock.advance(hours=24 * 31)
    house.desk().call("DELETE", f"/api/v1/tracking/links?task={withdrawn.task}")
    return {
        "expired": expired,
        "withdrawn": withdrawn.path,
        "unknown": f"/t/{secrets.token_urlsafe(24)}",
        "malformed": "/t/nothing",
    }


def test_whatever_is_wrong_the_answer_is_the_same(house: House) -> None:
    paths = [*dead_links(house).values(), *(f"/t/{one}" for one in MALFORMED), "/t/"]
    answers = [knock(house, path, language) for path in paths for language in ("203.0.113.1", "2001:db8::1")]
    answers += [
        knock(house, paths[0], headers={"Accept-Language": "en"}),
        knock(house, paths[0] + "?lang=en"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1
    kept = {
        tuple(sorted((k, v) for k, v in answer.headers.items() if k != "X-Request-ID")) for answer in answers
    }
    assert len(kept) == 1
    headers = answers[0].headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "这个链接打不开" in answers[0].text and "This link does not work" in answers[0].text


def test_every_useless_token_costs_the_same_work(house: House) -> None:
    asked = {}
    for name, path in dead_links(house).items():
        with heard(house.app) as seen:
            assert knock(house, path).status_code == 404
        asked[name] = seen
    assert len({tuple(one) for one in asked.values()}) == 1, asked


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize(
    ("method", "tail"),
    [("POST", f"/{act}") for act in ("request", "change", "withdraw", "consents", "wrong", "push")]
    + [("GET", "/wrong"), ("DELETE", "/push")],
)
def test_the_other_doors_of_a_useless_token_say_the_same(house: House, method: str, tail: str) -> None:
    page = knock(house, "/t/nothing")
    answer = knock(house, f"/t/{secrets.token_urlsafe(24)}{tail}", method=method, json={})
    assert (answer.status_code, answer.data) == (404, page.data)


def test_an_address_that_guesses_is_not_looked_up_any_more(house: House) -> None:
    good = Visitor(house, house.order())
    codes = [knock(house, f"/t/{secrets.token_urlsafe(24)}").status_code for _ in range(35)]
    assert codes == [404] * 30 + [429] * 5
    # Neither does a link that works: else the answer would tell which guess was right.
    refused = knock(house, good.path)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert refused.data == knock(house, "/t/nothing").data
    with heard(house.app) as seen:
        knock(house, good.path)
    assert seen == []
    assert knock(house, good.path, "203.0.113.10").status_code == 200
    limiter.reset()  # a minute later
    assert knock(house, good.path).status_code == 200


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_an_ipv6_customer_is_his_whole_network(house: House) -> None:
    for n in range(30):
        assert knock(house, "/t/nothing", f"2001:db8:1:2::{n:x}").status_code == 404
    assert knock(house, "/t/nothing", "2001:db8:1:2:ffff::1").status_code == 429
    assert knock(house, "/t/nothing", "2001:db8:1:3::1").status_code == 404


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_who_only_follows_good_links_is_never_slowed(house: House) -> None:
    visitor = Visitor(house, house.order())
    assert {visitor.get().status_code for _ in range(60)} == {200}


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_thousands_of_guesses_over_http(house: House) -> None:
    good = Visitor(house, house.order())
    answers: Counter[tuple[int, bytes]] = Counter()
    for n in range(2000):
        answer = knock(house, f"/t/{secrets.token_urlsafe(24)}", f"198.51.100.{n % 40}")
        answers[answer.status_code, answer.data] += 1
    assert sorted((code, count) for (code, _), count in answers.items()) == [(404, 1200), (429, 800)]
    assert good.get().status_code == 200


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_token_is_never_logged(house: House) -> None:
    visitor = Visitor(house, house.assigned())
    token = visitor.path.rsplit("/", 1)[1]
    settings = house.app.extensions["doorstep_settings"]
    logs.configure(replace(settings, log_level="debug"))
    with capture_logs() as entries:
        visitor.get()
        visitor.send("request", kind="no_ring", text="暗号")
        knock(house, visitor.path[:-1] + "x")
    logs.configure(settings)
    said = str(entries)
    assert token not in said and token[:20] not in said and "暗号" not in said
    assert {entry["route"] for entry in entries if entry["event"] == "request"} >= {"/t/<string:token>"}


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_broken_database_is_a_page_for_a_person(house: House) -> None:
    visitor = Visitor(house, house.order())

    def rename(before: str, after: str) -> None:
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {before} RENAME TO {after}")

    house.inside(lambda: rename("tracking_links", "elsewhere"))
    try:
        answer = visitor.get()
    finally:
        house.inside(lambda: rename("elsewhere", "tracking_links"))
    assert answer.status_code == 500
    assert "您的包裹不受影响" in answer.text and "Your parcel is not affected" in answer.text
    assert visitor.get().status_code == 200
