"""Couriers who record and push whatever happens to the server, and believe nothing but answers."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.bench.station import Carried
from tests.builders import APP, task_id
from tests.faults.site import dice

WORDS = {"applied", "merged", "conflict", "quarantined", "deferred"}
_PATIENCE_S = 60.0


@dataclass
class Answer:
    """What came back, or nothing: then `status` is 0."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def told(self) -> dict[str, Any]:
        """The body as an object."""
        made: dict[str, Any] = orjson.loads(self.body)
        return made

    def fault(self) -> str | None:
        """What is wrong with it as an answer of a server in trouble; None when a handheld can work with it."""
        if self.status in (0, 200):
            return None
        if self.status not in (429, 503):
            return f"HTTP {self.status}: {self.body[:200]!r}"
        if not self.headers.get("retry-after", "").isdigit():
            return f"HTTP {self.status} without Retry-After"
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return f"HTTP {self.status} is no problem document"
        return None


def ask(port: int, body: bytes, headers: dict[str, str], path: str = "/api/v1/exchange") -> Answer:
    """One request on a connection of its own; status 0 when no whole answer came back."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        came = connection.getresponse()
        named = {name.lower(): value for name, value in came.getheaders()}
        return Answer(came.status, named, came.read())
    except (OSError, http.client.HTTPException):
        return Answer(0)
    finally:
        connection.close()


@dataclass
class Courier:
    """One handheld: what it has recorded is on its tape, what it was promised in `promised`."""

    carried: Carried
    port: int
    batch: int = 25
    acked: int = 0
    promised: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    took: list[tuple[float, float]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """How many operations have had no answer."""
        return len(self.carried.tape.envelopes) - self.acked

    def note(self, text: str, waybill: str = "") -> None:
        """Records a note on one of his tasks; its text is its own, so that it can be counted."""
        tape, waybills = self.carried.tape, self.carried.waybills
        waybill = waybill or waybills[len(tape.envelopes) % len(waybills)]
        made = {"text": f"{text} {len(tape.envelopes)}"}
        tape.record("task.noted", f"task:{task_id(waybill)}", made, at=time.time_ns() // 1_000_000)

    def body(self, first: int, operations: Sequence[Any], **over: Any) -> bytes:
        """The body of an exchange."""
        clocks = {"sent_at": time.time_ns() // 1_000_000, "mono": time.monotonic_ns() // 1_000_000}
        message = {
            "protocol": 1,
            "app": APP,
            "incarnation": self.carried.tape.incarnation,
            "push": {"from_seq": first, "operations": operations} if operations else None,
            "cursors": self.carried.cursors,
            "ceilings": {},
            "limit": 1,
            "last_seq": len(self.carried.tape.envelopes),
            "boot": self.carried.tape.boot,
            **clocks,
            **over,
        }
        return orjson.dumps(message)

    def push(self) -> Answer:
        """One slice of what waits; what is answered is promised from then on."""
        first = self.acked + 1
        operations = self.carried.tape.envelopes[self.acked : self.acked + self.batch]
        return self.send(first, operations, self.body(first, operations))

    def send(self, first: int, operations: list[dict[str, Any]], body: bytes) -> Answer:
        """An exchange with these operations in it."""
        began = time.monotonic()
        answer = ask(self.port, body, self.carried.headers)
        self.took.append((began, time.monotonic()))
        self.seen[answer.status] += 1
        if answer.status == 200:
            self.bodies.append(body)
            self._believe(first, operations, answer.told)
        elif (fault := answer.fault()) is not None:
            self.wrong.append(fault)
        return answer

    def _believe(self, first: int, operations: list[dict[str, Any]], told: dict[str, Any]) -> None:
        if told["head_seq"] < self.acked:
            self.wrong.append(f"lost: the server's head went back from {self.acked} to {told['head_seq']}")
            self.acked = told["head_seq"]
            return
        if len(told["results"]) != len(operations):
            self.wrong.append(
                f"{len(told['results'])} results for {len(operations)} operations from {first} on"
            )
        for op, result in zip(operations, told["results"], strict=False):
            if result["op_id"] != op["op_id"] or result["status"] not in WORDS:
                self.wrong.append(f"{op['op_id']} was answered {result}")
            self.promised[op["op_id"]] = result
        self.acked = max(self.acked, told["head_seq"])


@contextmanager
def busy(couriers: Sequence[Courier], seed: object, pause_s: float = 0.0) -> Iterator[None]:
    """The couriers record and push, each in a thread of its own, for as long as this lasts."""
    over = threading.Event()

    def work(courier: Courier, number: int) -> None:
        random = dice("busy", seed, number)
        while not over.is_set():
            for _ in range(random.randint(1, 4)):
                courier.note(f"{seed}/{number}")
            if courier.push().status != 200:
                # A handheld waits as long as it is told; this one is in a hurry, which only makes it harder.
                over.wait(random.uniform(0.02, 0.1))
            over.wait(pause_s)

    threads = [
        threading.Thread(target=work, args=(one, number), daemon=True) for number, one in enumerate(couriers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(_PATIENCE_S)


def settle(couriers: Sequence[Courier], seconds: float = _PATIENCE_S) -> None:
    """Everything that still waits is pushed, now that nothing goes wrong any more; what stays is named wrong."""
    until = time.monotonic() + seconds
    for courier in couriers:
        while courier.waiting and time.monotonic() < until:
            before = courier.waiting
            courier.push()
            if courier.waiting >= before:
                time.sleep(0.05)
        if courier.waiting:
            courier.wrong.append(f"{courier.waiting} operations found no way in")


def complaints(couriers: Sequence[Courier]) -> list[str]:
    """What the couriers have to say, and forget once they have said it."""
    said = [one for courier in couriers for one in courier.wrong]
    for courier in couriers:
        with suppress(ValueError):
            courier.wrong.clear()
    return said
