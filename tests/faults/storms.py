"""F15: all come back at once after a restart. What is too much is told when to come again, and soon all are in."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.bench.station import Carried
from tests.builders import Tape
from tests.faults.oracle import Outcome, kept_ids
from tests.faults.site import Site, dice
from tests.faults.street import Answer, Courier

BACK_WITHIN_S, FDS_WITHIN_S = 60.0, 90.0
# Files the server may hold more than before: connections of the pool that were not needed until now.
_POOL = 12


@dataclass
class Storm:
    """Clients that ask until they are answered; `haste` is what part of the time they were told they really wait."""

    port: int
    couriers: list[Courier]
    haste: float
    seen: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    back: list[float] = field(default_factory=list)

    def blow(self) -> None:
        """All of them at once, until each is answered."""
        asyncio.run(self._all())

    async def _all(self) -> None:
        self._began = time.monotonic()
        await asyncio.gather(*(self._come_back(number, one) for number, one in enumerate(self.couriers)))

    async def _come_back(self, number: int, courier: Courier) -> None:
        random = dice("F15", number)
        first, tape = courier.acked + 1, courier.carried.tape
        while time.monotonic() < self._began + 3 * BACK_WITHIN_S:
            operations = tape.envelopes[courier.acked :]
            answer = await self._ask(courier, courier.body(first, operations, limit=500))
            self.seen[answer.status] += 1
            if answer.status == 200:
                courier._believe(first, operations, answer.told)
                self.back.append(time.monotonic() - self._began)
                self.wrong += courier.wrong
                return
            if (fault := answer.fault()) is not None:
                self.wrong.append(fault)
            told = float(answer.headers.get("retry-after", 0)) * self.haste
            await asyncio.sleep(max(told, 0.1) * random.uniform(1, 1.25))
        self.wrong.append("somebody never came back")

    async def _ask(self, courier: Courier, body: bytes) -> Answer:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return Answer(0)
        try:
            named = {**courier.carried.headers, "Content-Type": "application/json", "Connection": "close"}
            lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
            head = f"POST /api/v1/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
            writer.write(head.encode() + body)
            return _parsed(await reader.read())
        except OSError:
            return Answer(0)
        finally:
            writer.close()


def _parsed(came: bytes) -> Answer:
    head, _, body = came.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    words = status.split()
    if len(words) < 2:
        return Answer(0)
    named = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    whole = len(body) == int(named.get("content-length", -1))
    return Answer(int(words[1]) if whole else 0, named, body)


def storm(
    site: Site,
    clients: int,
    *,
    bug: str = "",
    haste: float = 1.0,
    again: int = 0,
    fds_s: float = FDS_WITHIN_S,
) -> Outcome:
    """A storm after a restart, then another one of `again` clients on the same server, which leaves nothing behind."""
    outcome = Outcome("F15 reconnect storm", site.database)
    site.serve(bug)
    couriers = [_client(site, number) for number in range(clients)]
    site.kill()
    first = Storm(site.port, _more_to_say(couriers), haste)
    crowd = threading.Thread(target=first.blow)
    crowd.start()
    site.again()
    crowd.join()
    fds, memory = _settled(site), site.worker.memory_info().rss
    second = Storm(site.port, _more_to_say(couriers[: again or clients]), haste)
    second.blow()
    left = _left_over(site, fds, fds_s)
    growth = site.worker.memory_info().rss / memory - 1
    promised = {op_id for one in couriers for op_id in one.promised}
    lost = promised - set(site.inside(kept_ids))
    answers = first.seen + second.seen
    outcome.figures |= {
        "clients": clients,
        "back after s, p50": round(sorted(first.back)[len(first.back) // 2], 1) if first.back else "-",
        "all back after s": round(max(first.back, default=0), 1),
        "503 with Retry-After": answers[503],
        "other 5xx": sum(number for status, number in answers.items() if status >= 500 and status != 503),
        "files left open": left,
        "memory growth %": round(growth * 100, 1),
    }
    outcome.wrong += first.wrong + second.wrong + [f"lost: {op_id}" for op_id in lost]
    if max(first.back, default=BACK_WITHIN_S + 1) > BACK_WITHIN_S:
        outcome.wrong.append("not everybody was back in time")
    if left > 0:
        outcome.wrong.append(f"{left} files left open {fds_s:.0f} s later")
    return outcome


def _client(site: Site, number: int) -> Courier:
    """A client with a log of its own; when there are more than handhelds, some handhelds have several."""
    of = site.couriers[number % len(site.couriers)]
    return Courier(Carried(of.waybills, Tape(of.tape.author, of.tape.device), of.headers), site.port)


def _more_to_say(couriers: list[Courier]) -> list[Courier]:
    for courier in couriers:
        courier.note("storm")
    return couriers


def _settled(site: Site) -> int:
    """Open files of the server once its last connections are closed."""
    before = int(site.worker.num_fds())
    while True:
        time.sleep(1)
        now = int(site.worker.num_fds())
        if now >= before:
            return now
        before = now


def _left_over(site: Site, base: int, seconds: float) -> int:
    """How many files more than `base` are open when the time is over, or 0 as soon as there are none."""
    until = time.monotonic() + seconds
    while (left := site.worker.num_fds() - base - _POOL) > 0 and time.monotonic() < until:
        time.sleep(0.2)
    return int(max(0, left))
