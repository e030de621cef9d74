"""The day itself: virtual time moves from event to event, the dispatcher and all handhelds act.

A handheld in signal speaks to the server every five minutes when its courier did something or the dispatcher gave it
work meanwhile, and at once when it comes back into signal. Polls that would find nothing are left out: on a real day
there are hundreds of thousands, and here each would cost a transaction and show nothing.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from server.day.dayfile import Pickup
from server.day.desk import Desk
from server.day.faults import NONE, Faults
from server.day.handhelds import Command, Handhelds
from server.day.schedule import MINUTE_MS, Plan
from sync.canonical import derive

POLL_MS = 5 * MINUTE_MS


@dataclass(frozen=True)
class Names:
    """What the file's names became on the server: users and tasks by the file's courier and order_id."""

    station: str
    users: dict[str, str]
    waybills: dict[str, str]

    def task(self, reference: str) -> str:
        """The task of an order; a handheld derives the same from the label."""
        return derive("task", "pickup", self.waybills[reference])

    def parcel(self, reference: str) -> str:
        """The parcel of an order."""
        return derive("parcel", self.waybills[reference])


@dataclass
class Told:
    """What the handhelds were made to record.

    `doers` says who went to an order's door after somebody had meddled with it, None for nobody; `wishes` are
    what customers asked for on their pages; `fired` counts what went wrong.
    """

    op_ids: list[str] = field(default_factory=list)
    scans: Counter[str] = field(default_factory=Counter)
    picked_up: dict[str, str] = field(default_factory=dict)
    doers: dict[str, str | None] = field(default_factory=dict)
    wishes: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    offline: int = 0
    unlisted: int = 0
    exchanges: int = 0
    failed_exchanges: int = 0


class Troubles(Protocol):
    """Who makes a day rough (`server.day.rough`)."""

    def meddle(self, replay: "Replay", at: int) -> None:
        """What people change, and which handhelds are killed, before the couriers' work of a moment."""

    def strike(self, replay: "Replay", couriers: set[str], at: int) -> None:
        """The exchanges of a moment, and what befalls the server meanwhile."""

    def doer(self, replay: "Replay", pickup: Pickup, at: int) -> str | None:
        """Who really goes to a door; None for nobody."""


class Replay:
    """One day being replayed; `told` is what came of it."""

    def __init__(
        self,
        plan: Plan,
        names: Names,
        desk: Desk,
        handhelds: Handhelds,
        set_clock: Callable[[int], None],
        tick: Callable[[int], None],
        faults: Faults = NONE,
        troubles: Troubles | None = None,
    ) -> None:
        self._plan = plan
        self._faults = faults
        self._troubles = troubles
        self.names = names
        self.desk = desk
        self.handhelds = handhelds
        self._set_clock = set_clock
        self._tick = tick
        self._due: list[int] = []
        self._syncs: dict[int, set[str]] = defaultdict(set)
        self._turns: dict[int, list[tuple[str, bool]]] = defaultdict(list)
        self._starts: dict[int, list[str]] = defaultdict(list)
        self._offline: set[str] = set()
        self.told = Told()

    def run(self) -> None:
        """Every moment of the day at which something happens, in order."""
        for courier, shift in self._plan.shifts.items():
            self._starts[shift.start].append(courier)
            for start, end in shift.offline:
                self._turns[start].append((courier, False))
                self._turns[end].append((courier, True))
        self._due += {
            *self._plan.accepts,
            *self._plan.work,
            *self._turns,
            *self._starts,
            *self._faults.moments,
        }
        heapq.heapify(self._due)
        last = -1
        while self._due:
            at = heapq.heappop(self._due)
            if at != last:
                self._moment(at)
            last = at

    @property
    def couriers(self) -> list[str]:
        """Everybody with a shift today."""
        return list(self._plan.shifts)

    def everybody(self, at: int, do: str) -> dict[str, Any]:
        """One command to every handheld; the values by courier."""
        values = self.handhelds.all([self.command(who, at, do, {}) for who in self.couriers])
        return dict(zip(self.couriers, values, strict=True))

    def command(self, courier: str, at: int, do: str, args: dict[str, Any]) -> Command:
        """A command at a moment of true time, with what the courier's handheld takes that moment for."""
        return Command(courier, at + self._faults.skew(courier, at), do, args, at)

    def sync(self, couriers: Iterable[str], at: int) -> None:
        """An exchange (or as many as it takes) of each of these handhelds."""
        waiting = sorted(couriers)
        outcomes = self.handhelds.all([self.command(who, at, "sync", {}) for who in waiting])
        self.told.exchanges += len(outcomes)
        self.told.failed_exchanges += sum(not outcome["ok"] for outcome in outcomes)

    def record(self, drafts: list[tuple[str, list[dict[str, Any]]]], at: int) -> None:
        """Has couriers record operations, and notes the op_ids their handhelds called saved."""
        commands = [self.command(who, at, "submit", {"drafts": some}) for who, some in drafts]
        for (who, _), envelopes in zip(drafts, self.handhelds.all(commands), strict=True):
            self.told.op_ids += [envelope["op_id"] for envelope in envelopes]
            self.told.offline += len(envelopes) if who in self._offline else 0
            for envelope in envelopes:
                if envelope["type"] == "parcel.scanned":
                    self.told.scans[envelope["entity"].partition(":")[2]] += 1
                elif envelope["type"] == "task.picked_up":
                    self.told.picked_up[envelope["entity"].partition(":")[2]] = envelope["op_id"]
            if who not in self._offline:
                self.poll_after(who, at)

    def _moment(self, at: int) -> None:
        self._set_clock(at)
        self._accept(self._plan.accepts.get(at, []), at)
        self._turn(self._turns.get(at, []), at)
        self._start(self._starts.get(at, []), at)
        if self._troubles is not None:
            self._troubles.meddle(self, at)
        work = self._plan.work.get(at, [])
        self._arrive(self._done_by([one.pickup for one in work if one.kind == "arrive"], at), at)
        self._pick_up(self._done_by([one.pickup for one in work if one.kind == "pick_up"], at), at)
        waiting = self._syncs.pop(at, set()) - self._offline
        if self._troubles is None:
            self.sync(waiting, at)
        else:
            self._troubles.strike(self, waiting, at)

    def _done_by(self, pickups: list[Pickup], at: int) -> list[Pickup]:
        """The pickups that are really made, by whoever makes them now that somebody has meddled with the plan."""
        if self._troubles is None:
            return pickups
        doers = [(one, self._troubles.doer(self, one, at)) for one in pickups]
        return [replace(one, courier=who) for one, who in doers if who is not None]

    def offline(self, courier: str) -> bool:
        """Whether a courier's handheld has no network now."""
        return courier in self._offline

    def poll_after(self, courier: str, at: int) -> None:
        """Plans the next poll; whatever happens before it waits for the same one."""
        due = at - at % POLL_MS + POLL_MS
        self._syncs[due].add(courier)
        heapq.heappush(self._due, due)

    def _accept(self, pickups: list[Pickup], at: int) -> None:
        if not pickups:
            return
        self.desk.assign(
            [(self.names.task(one.reference), self.names.users[one.courier]) for one in pickups], at
        )
        for one in pickups:
            shift = self._plan.shifts[one.courier]
            if shift.start <= at <= shift.end:
                self.poll_after(one.courier, at)

    def _turn(self, turns: list[tuple[str, bool]], at: int) -> None:
        """In and out of signal; a span that ends where the next begins goes on."""
        wanted = dict(turns) | {courier: False for courier, online in turns if not online}
        self.handhelds.all(
            [self.command(who, at, "online", {"online": online}) for who, online in wanted.items()]
        )
        for courier, online in wanted.items():
            (self._offline.discard if online else self._offline.add)(courier)
            if online:
                self._syncs[at].add(courier)

    def _start(self, couriers: list[str], at: int) -> None:
        """The shift begins: what was accepted before is fetched, if there is a network."""
        self.sync([who for who in couriers if who not in self._offline], at)
        lists = self.handhelds.all([self.command(who, at, "today", {}) for who in couriers])
        drafts: list[tuple[str, list[dict[str, Any]]]] = []
        for who, tasks in zip(couriers, lists, strict=True):
            payload = {"station": self.names.station, "tasks": len(tasks)}
            drafts.append((who, [draft("shift.started", f"shift:{self.shift_of(who)}", payload)]))
        self.record(drafts, at)

    def shift_of(self, courier: str) -> str:
        """The id of a courier's shift."""
        return derive("shift", self.names.users[courier], str(self._plan.shifts[courier].start))

    def _arrive(self, pickups: list[Pickup], at: int) -> None:
        self.record(
            [
                (who, [draft("task.arrived", f"task:{self.names.task(one.reference)}", {}) for one in some])
                for who, some in _by_courier(pickups).items()
            ],
            at,
        )

    def _pick_up(self, pickups: list[Pickup], at: int) -> None:
        """Scan and pickup. A task the handheld has not been told of is worked from its label."""
        codes = [self.names.waybills[one.reference] for one in pickups]
        asked = [
            self.command(one.courier, at, "verdict", {"code": code})
            for one, code in zip(pickups, codes, strict=True)
        ]
        answers = self.handhelds.all(asked)
        said_of = {one.reference: said for one, said in zip(pickups, answers, strict=True)}
        self.told.unlisted += sum(
            not said.get("task") or said["task"].get("unlisted", False) for said in answers
        )
        drafts = [
            (who, [made for one in some for made in self._drafts(one, said_of[one.reference])])
            for who, some in _by_courier(pickups).items()
        ]
        self.record(drafts, at)
        self._tick(len(pickups))

    def _drafts(self, one: Pickup, said: dict[str, Any]) -> list[dict[str, Any]]:
        """The scan and the pickup; a handheld that knows the task says which of the customer's requests it showed."""
        waybill, task = self.names.waybills[one.reference], self.names.task(one.reference)
        scan = {
            "code": waybill,
            "waybill": waybill,
            "source": "wedge",
            "verdict": said["verdict"],
            "task": task,
        }
        taken: dict[str, Any] = {"pieces": 1, "weight_g": None, "photos": [], "waybill": waybill}
        return [
            draft("parcel.scanned", f"parcel:{self.names.parcel(one.reference)}", scan),
            draft("task.picked_up", f"task:{task}", taken) | _shown(said.get("task")),
        ]


def draft(kind: str, entity: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What a screen hands to the engine; the engine makes the operation of it."""
    return {"type": kind, "entity": entity, "payload": payload}


def _shown(view: dict[str, Any] | None) -> dict[str, Any]:
    customer = view["customer"] if view and not view.get("unlisted") else None
    return {"base": {"requests": [one["id"] for one in customer["requests"]]}} if customer else {}


def _by_courier(pickups: list[Pickup]) -> dict[str, list[Pickup]]:
    found: dict[str, list[Pickup]] = defaultdict(list)
    for one in pickups:
        found[one.courier].append(one)
    return found
