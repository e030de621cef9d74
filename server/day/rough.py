"""A rough day carried out: people change the plan, handhelds and the server are killed, and the work goes on."""

import threading
import time
from random import Random
from typing import Any

from server.day.customer import asks_for
from server.day.dayfile import Pickup
from server.day.faults import Faults
from server.day.house import House
from server.day.replay import Replay

_BEFORE_THE_KILL_S = 0.6
# A server is killed while handhelds talk to it: one of twenty of them, at most so many at once.
_A_CROWD = 4


class Roughness:
    """What makes this day rough; see `replay.Troubles`."""

    def __init__(self, house: House, faults: Faults, seed: int) -> None:
        self._house = house
        self._faults = faults
        self._random = Random(f"roughness/{seed}")
        self._outages = list(faults.server_kills)
        self._crowd = max(1, min(_A_CROWD, len(faults.skews) // 20))
        self._holders: dict[str, str] = {}
        self._cancelled: set[str] = set()

    def meddle(self, replay: Replay, at: int) -> None:
        """The dispatcher reassigns and cancels, customers change what they ask for, handhelds are killed."""
        for pickup, other in self._faults.reassigned.get(at, []):
            self._reassign(replay, pickup, other, at)
        for pickup in self._faults.cancelled.get(at, []):
            status = replay.desk.cancel(replay.names.task(pickup.reference), at)
            replay.told.fired[f"cancelled_{'late' if status == 'conflict' else 'in_time'}"] += 1
            self._cancelled.add(pickup.reference)
        for pickup in self._faults.requests.get(at, []):
            wish = f"第 {pickup.reference} 单，请放门口 / order {pickup.reference}: at the door please"
            said = asks_for(replay.desk, replay.desk.base_url, replay.names.task(pickup.reference), wish)
            replay.told.wishes.append(wish)
            replay.told.fired[f"asked_{'late' if said == 'late' else 'in_time'}"] += 1
        for who, failpoint in self._faults.handheld_kills.get(at, []):
            there = replay.handhelds.all([replay.command(who, at, "kill", {"at": failpoint})])[0]
            replay.told.fired["handheld_killed_in_exchange" if there else "handheld_killed"] += 1
            replay.poll_after(who, at)

    def strike(self, replay: Replay, couriers: set[str], at: int) -> None:
        """The exchanges of a moment; a server that is due to die does so in the middle of a busy one."""
        if not self._outages or at < self._outages[0] or len(couriers) < self._crowd:
            replay.sync(couriers, at)
            return
        self._outages.pop(0)
        killer = threading.Thread(target=self._kill)
        killer.start()
        replay.sync(couriers, at)
        killer.join()
        self._house.serve()
        replay.told.fired["server_killed"] += 1
        for who in couriers:
            replay.poll_after(who, at)

    def doer(self, replay: Replay, pickup: Pickup, at: int) -> str | None:
        """Who goes to the door: whoever was to, unless his handheld has told him that he need not."""
        if pickup.reference not in self._holders and pickup.reference not in self._cancelled:
            return pickup.courier
        doers = replay.told.doers
        if pickup.reference not in doers:
            doers[pickup.reference] = self._decide(replay, pickup, at)
        return doers[pickup.reference]

    def _kill(self) -> None:
        time.sleep(self._random.uniform(0, _BEFORE_THE_KILL_S))
        self._house.kill_server()

    def _reassign(self, replay: Replay, pickup: Pickup, other: str, at: int) -> None:
        users = replay.names.users
        status = replay.desk.reassign(
            replay.names.task(pickup.reference), users[pickup.courier], users[other], at
        )
        replay.told.fired[f"reassigned_{'late' if status == 'conflict' else 'in_time'}"] += 1
        if status != "conflict":
            self._holders[pickup.reference] = other
            replay.poll_after(other, at)

    def _decide(self, replay: Replay, pickup: Pickup, at: int) -> str | None:
        task = replay.names.task(pickup.reference)
        view: dict[str, Any] | None = replay.handhelds.all(
            [replay.command(pickup.courier, at, "task", {"id": task})]
        )[0]
        unknowing = view is not None and not view.get("removed") and view["task"]["cancelled"] is None
        if unknowing:
            return pickup.courier
        return None if pickup.reference in self._cancelled else self._holders.get(pickup.reference)
