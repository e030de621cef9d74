"""A crowd of handhelds at once: what is too much is told when to come again, before it costs anything (P18, F15)."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from server.core import metrics
from server.handheld import admission, api
from server.handheld.admission import AT_WORK, EACH_S, LATEST_S, SOONEST_S, Gate
from tests.server.ops.house import House
from tests.server.statements import heard

PLACES = 2


@pytest.fixture
def narrow(house: House) -> Iterator[House]:
    """A server that works on two exchanges at once."""
    admission.open_gate(house.app.extensions, PLACES)
    yield house
    admission.open_gate(house.app.extensions, 64)


class Held:
    """Exchanges that are being worked on until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside = threading.Semaphore(0)
        self.go = threading.Event()
        real = api.push

        def slow(*args: Any, **named: Any) -> Any:
            self.inside.release()
            assert self.go.wait(10)
            return real(*args, **named)

        monkeypatch.setattr(api, "push", slow)


def test_p18_f15_beyond_its_places_the_server_says_when_to_come_again_before_any_look_into_the_database(
    narrow: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [narrow.phone() for _ in range(PLACES + 1)]
    held, statuses = Held(monkeypatch), []

    def exchange(phone: Any) -> None:
        statuses.append(phone.send(phone.tape.exchange()).status_code)

    threads = [threading.Thread(target=exchange, args=(phone,)) for phone in phones[:PLACES]]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert held.inside.acquire(timeout=10)
    before = metrics.EXCHANGES_REFUSED._value.get()
    with heard(narrow.app) as asked:
        refused = phones[PLACES].send(phones[PLACES].tape.exchange())
        looked = len(asked)
    assert (refused.status_code, refused.json["code"], looked) == (503, "busy", 0)
    assert admission.SOONEST_S <= int(refused.headers["Retry-After"]) <= admission.LATEST_S
    assert metrics.EXCHANGES_REFUSED._value.get() == before + 1
    assert narrow.desk().get("/api/v1/devices").status_code == 200, "the desk is not kept out"
    held.go.set()
    for thread in threads:
        thread.join()
    assert statuses == [200, 200]
    assert phones[PLACES].exchange()["head_seq"] == 0


def test_p18_f15_a_few_are_at_work_and_the_others_wait_for_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [house.phone() for _ in range(AT_WORK + 2)]
    held, statuses = Held(monkeypatch), []

    def exchange(phone: Any) -> None:
        statuses.append(phone.send(phone.tape.exchange()).status_code)

    threads = [threading.Thread(target=exchange, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for _ in range(AT_WORK):
        assert held.inside.acquire(timeout=10)
    assert not held.inside.acquire(timeout=0.3), "one more than there are hands"
    held.go.set()
    for thread in threads:
        thread.join()
    assert statuses == [200] * len(phones)


def test_p18_f15_a_place_is_given_back_whatever_became_of_the_exchange(
    narrow: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = narrow.phone()
    for body in (b"{broken", b"[]"):
        for _ in range(PLACES + 1):
            assert phone.send_raw(body).status_code == 400
    phone.handheld.credential, known = "wrong", phone.handheld.credential
    assert [phone.send(phone.tape.exchange()).status_code for _ in range(PLACES + 1)] == [401] * (PLACES + 1)
    phone.handheld.credential = known

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(api, "push", broken)
    answers = [phone.send(phone.tape.exchange()) for _ in range(PLACES + 1)]
    assert [answer.status_code for answer in answers] == [500] * (PLACES + 1)
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers), "never a 5xx without it"


def test_p18_f15_the_crowd_is_told_different_moments(narrow: House) -> None:
    phone = narrow.phone()
    gate: Gate = narrow.app.extensions["doorstep_exchanges"]
    for _ in range(PLACES):
        assert gate.places.acquire(blocking=False)
    told = [int(phone.send(phone.tape.exchange()).headers["Retry-After"]) for _ in range(40)]
    for _ in range(PLACES):
        gate.places.release()
    assert told[0] == SOONEST_S
    assert len(set(told)) > 3


def test_f15_a_few_wait_a_moment_and_a_crowd_comes_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission.time, "monotonic", lambda: 1_000.0)
    gate = Gate(threading.BoundedSemaphore(1))
    few = [gate.another_moment() for _ in range(10)]
    assert (few[0], max(few)) == (SOONEST_S, math.ceil(SOONEST_S + 9 * EACH_S))
    assert few == sorted(few)
    crowd = [gate.another_moment() for _ in range(10_000)]
    assert max(crowd) == LATEST_S
    late = crowd[1_000:]
    assert min(late) >= LATEST_S // 2
    assert len(set(late)) == LATEST_S // 2 + 1
    # When the last of them has been told to come, the crowd is over.
    monkeypatch.setattr(admission.time, "monotonic", lambda: 1_000.0 + LATEST_S)
    assert gate.another_moment() == SOONEST_S


def test_p18_f15_a_server_that_is_not_ready_says_when_to_ask_again(house: House) -> None:
    """The house's tables were not made by migrations, so it is not."""
    answer = house.app.test_client().get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
