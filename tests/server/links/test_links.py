"""Tracking links: unguessable, kept as a hash, expiring, withdrawable; handed out by the desk of the station."""

from __future__ import annotations

import base64
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from server.core.db import db, read, transaction
from server.core.ids import uuid7
from server.links import policy, queries, service
from server.links.models import TrackingLink
from tests.server.ops.house import House

DAY = 86_400_000


def issue(house: House, task: str) -> str:
    def work() -> str:
        with transaction():
            return service.issue(task, house.cast.home.id, uuid7())

    return str(house.inside(work))


def withdraw(house: House, task: str) -> bool:
    def work() -> bool:
        with transaction():
            return service.withdraw(task)

    return bool(house.inside(work))


def find(house: House, token: str) -> policy.LinkView | None:
    def work() -> policy.LinkView | None:
        with read():
            return service.find(token)

    found: policy.LinkView | None = house.inside(work)
    return found


def test_a_token_is_192_bits_that_only_the_secret_can_make() -> None:
    token = policy.make_token("secret", "task", 1)
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)
    others = {
        policy.make_token(*parts)
        for parts in (("other", "task", 1), ("secret", "task", 2), ("secret", "another", 1))
    }
    assert len(others | {token}) == 4


def test_issuing_again_gives_the_same_link_and_a_longer_life(house: House) -> None:
    task = uuid7()
    token = issue(house, task)
    first = find(house, token)
    house.clock.advance(hours=24)
    assert issue(house, task) == token
    second = find(house, token)
    assert first is not None and second is not None
    assert (first.task_id, first.station_id) == (task, house.cast.home.id)
    assert DAY <= second.expires_at - first.expires_at < DAY + 1000


def test_a_link_ends_after_thirty_days(house: House) -> None:
    token = issue(house, uuid7())
    house.clock.advance(ms=30 * DAY - 1000)
    assert find(house, token) is not None
    house.clock.advance(ms=2000)
    assert find(house, token) is None


def test_a_withdrawn_link_is_dead_and_the_next_one_is_another(house: House) -> None:
    task = uuid7()
    token = issue(house, task)
    assert withdraw(house, task)
    assert find(house, token) is None
    assert not withdraw(house, task), "there is nothing left to withdraw"
    again = issue(house, task)
    assert again != token
    assert find(house, token) is None
    assert find(house, again) is not None


def test_the_token_itself_is_stored_nowhere(house: House) -> None:
    token = issue(house, uuid7())

    def rows() -> str:
        with read() as session:
            return "".join(str(vars(row)) for row in session.scalars(select(TrackingLink)))

    kept = house.inside(rows)
    assert token not in kept
    assert policy.digest(token) in kept


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "A" * 31,
        "A" * 33,
        "A" * 100_000,
        "../../etc/passwd",
        "%00",
        "\x00",
        "\ud800",
        "令牌",
        "' OR 1=1 --",
    ],
    ids=range(11),
)
def test_a_malformed_token_finds_nothing(house: House, token: str) -> None:
    issue(house, uuid7())
    assert find(house, token) is None


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_million_guesses_find_nothing(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """The lookup `find` uses, 5,000 guesses at a time; the real tokens among them are found, so it can find."""

    def work() -> tuple[int, float]:
        with transaction():
            real = {service.issue(uuid7(), house.cast.home.id, uuid7()) for _ in range(200)}
        began = time.perf_counter()
        with read():
            hits = 0
            for _ in range(200):
                drawn = base64.urlsafe_b64encode(secrets.token_bytes(5_000 * policy.TOKEN_BYTES)).decode()
                guesses = [drawn[at : at + 32] for at in range(0, len(drawn), 32)]
                assert len(guesses) == 5_000
                hits += len(queries.by_digest(policy.digest(guess) for guess in guesses))
            took = time.perf_counter() - began
            assert len(queries.by_digest(policy.digest(token) for token in real)) == 200
        return hits, took

    hits, took = house.inside(work)
    with capsys.disabled():
        print(f"\n    1,000,000 guessed tokens: {hits} hits in {took:.1f} s")
    assert hits == 0


def test_two_who_issue_at_once_hand_out_one_link(house: House) -> None:
    task = uuid7()
    with ThreadPoolExecutor(8) as threads:
        tokens = set(threads.map(lambda _: issue(house, task), range(16)))
    assert len(tokens) == 1

    def generation() -> int:
        with read():
            row = db.session.get(TrackingLink, task)
            return 0 if row is None else row.generation

    assert house.inside(generation) == 1


def test_the_desk_hands_a_link_out_and_withdraws_it(house: House) -> None:
    task = house.order()
    for person in (house.cast.dora, house.cast.chen, house.cast.ada):
        answer = house.desk(person).post("/api/v1/tracking/links", json={"task": task})
        assert answer.status_code == 200, answer.text
        assert set(answer.json) == {"url", "expires_at"}
    url = answer.json["url"]
    assert re.fullmatch(r"http://localhost/t/[A-Za-z0-9_-]{32}", url)
    token = url.rsplit("/", 1)[1]
    assert find(house, token) is not None
    for _ in range(2):
        assert house.desk().call("DELETE", f"/api/v1/tracking/links?task={task}").status_code == 204
    assert find(house, token) is None


def test_another_station_gets_no_link(house: House) -> None:
    task = house.order()
    far = house.desk(house.cast.far_dispatcher)
    assert far.post("/api/v1/tracking/links", json={"task": task}).status_code == 404
    assert far.call("DELETE", f"/api/v1/tracking/links?task={task}").status_code == 404
    assert house.desk().post("/api/v1/tracking/links", json={"task": uuid7()}).status_code == 404
    assert house.desk().post("/api/v1/tracking/links", json={"task": "x"}).status_code == 422
