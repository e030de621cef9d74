"""One seed's world: virtual time moves from event to event, and everybody acts on one thread."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from random import Random
from typing import Any

from tests.simulation.courier import Couriers
from tests.simulation.desk import Desk
from tests.simulation.handhelds import Engines, Fuse, Handheld
from tests.simulation.house import Answer, House, Request
from tests.simulation.machine import DAY, HOUR, MINUTE, SECOND, START, Machine
from tests.simulation.network import Network
from tests.simulation.oracle import Oracle, ViolationError
from tests.simulation.scenario import Step
from tests.simulation.station import COURIERS, name_of
from tests.simulation.turns import Turns

PATIENCE = 2 * MINUTE
"""How long a sync may take once all is well."""
ROUNDS = 6
"""How many syncs a handheld may need to be rid of its queue (I11)."""


@dataclass(frozen=True)
class Outcome:
    """What came of one seed; `violation` is None when everything held.

    `places` are those of a fuse that was still burning in the end (see `Fuse`).
    """

    seed: str
    trace: str
    operations: int
    fired: Counter[str]
    violation: str | None
    history: list[str]
    places: list[int]


class World:
    """Server, handhelds and people of one scenario."""

    def __init__(
        self,
        seed: str,
        steps: Sequence[Step],
        house: House,
        engines: Engines,
        machine: Machine,
        *,
        bug: str | None = None,
        crew: int = COURIERS,
    ) -> None:
        self._seed = seed
        self._steps = steps
        self._house = house
        self._engines = engines
        self._machine = machine
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._awaited: dict[str, int] = {}
        self._kept: set[str] = set()
        self._copied = False
        self._fired: Counter[str] = Counter()
        self._history: list[str] = []
        machine.begin(f"server/{seed}")
        house.begin()
        names = [name_of(n) for n in range(crew)]
        steal = any(step.do == "worker" for step in steps)
        engines.reset(seed, [*names, *(f"{name}s spare" for name in names)], bug, worker=steal)
        users = {row["username"]: row["id"] for row in house.rows("SELECT username, id FROM user_account")}
        self.handhelds = [Handheld(name, users[name], engines, self) for name in names]
        self._spares: dict[str, Handheld] = {}
        self._away = 0
        self.oracle = Oracle(house, self.handhelds)
        self._network = Network(seed, house, self)
        self._couriers = Couriers(self)
        self._people = Desk(house, self)
        self._turns = Turns(house, self._people, self.oracle, self)

    def run(self) -> Outcome:
        """The scenario, the healing, and the oracle's verdict."""
        violation, places = None, list[int]()
        with self._machine.owned():
            try:
                self._begin()
                for step in self._steps:
                    self._at(START + step.at, partial(self._perform, step))
                self._until(START + max((step.at for step in self._steps), default=0) + HOUR)
                places = [place for who in self.handhelds if who.fuse for place in who.fuse.places]
                self._heal()
                self.oracle.judge()
            except ViolationError as error:
                violation = str(error)
                self.note(violation)
            trace = self._engines.trace.copy()
            for row in self._house.rows("SELECT op_id, status, body_hash FROM operations ORDER BY position"):
                trace.update(repr(tuple(row)).encode())
        self._fired.update(self.oracle.counts)
        operations = len(self.oracle.saved) + len(self.oracle.sent)
        return Outcome(
            self._seed, trace.hexdigest(), operations, self._fired, violation, self._history, places
        )

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        return self._machine.now

    def after(self, delay: int, act: Callable[[], None]) -> None:
        """`act` happens in `delay` ms."""
        self._at(self.now + delay, act)

    def _at(self, at: int, act: Callable[[], None]) -> None:
        self._count += 1
        heappush(self._due, (at, self._count, act))

    def _until(self, end: int) -> None:
        while self._due and self._due[0][0] <= end:
            at, _, act = heappop(self._due)
            self._machine.now = max(self.now, at)
            act()
        self._machine.now = end

    # --- what happens -------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Every courier has a handheld that is enrolled, and has never synced."""
        for who in self.handhelds:
            self.enrol(who)
        self._until(self.now + 10 * SECOND)
        for who in self.handhelds:
            who.sleep()

    def _enrolled(self, who: Handheld) -> bool:
        """Whether it has an identity that the server knows; one restored from before it was made does not, nor one
        whose storage turned back to before it was wiped."""
        device = self.oracle.look(who)["device"]
        return bool(self._house.rows("SELECT 1 FROM device WHERE id = ? AND wiped_at IS NULL", device))

    def enrol(self, who: Handheld) -> None:
        """A code from the desk; whoever it did not work for asks for another one at the next visit."""
        who.open()
        self._people.code(who.user, lambda code: who.call("enrol", {"code": code}, lambda _: None))

    def _perform(self, step: Step) -> None:
        self.note(step.told())
        random = Random(step.seed)
        do = getattr(self, f"_{step.do}", None) or getattr(self._turns, step.do)
        if step.who is None:
            do(random, **step.args)
        else:
            do(self._at_hand(step), random, **step.args)

    def _at_hand(self, step: Step) -> Handheld:
        """The courier's own handheld, or his spare one: that alone while his own is dead, either of them afterwards."""
        own = self.handhelds[step.who or 0]
        spare = self._spares.get(own.name)
        return spare if spare and step.do != "back" and (own.retired or step.at % 2) else own

    def _visit(self, who: Handheld, random: Random, jobs: int, stay: int) -> None:
        self._awaited[who.name] = self.now + stay + MINUTE
        if not self._enrolled(who):
            self.enrol(who)
        self._couriers.visit(who, jobs, stay, random)

    def _desk(self, random: Random, what: str) -> None:
        self._people.act(what, random)

    def _worker(self, who: Handheld, _random: Random, frozen: bool) -> None:
        """The service worker is woken beside the app, which may be hidden and stand still (P12)."""
        if not who.alive or who.tabs > 1 or who.retired:
            return
        frozen = frozen and not who.awake
        self.fired("worker beside a frozen app" if frozen else "worker")
        who.wake_worker(lambda _: self.unless_at_work(who), frozen=frozen)

    def _months(self, _random: Random, days: int) -> None:
        """When the two days are over nobody works for so long."""
        self._away = days

    def _line(self, who: Handheld, _random: Random, **fault: Any) -> None:
        who.armed.append(fault)

    def _kill(self, who: Handheld, _random: Random, tasks: int, kept: bool, back: int) -> None:
        if who.alive:
            who.fuse = Fuse(tasks, kept, back)

    def _offline(self, who: Handheld, _random: Random, hours: int) -> None:
        who.online = False
        self.after(hours * HOUR, lambda: self._back_online(who))

    def _back_online(self, who: Handheld) -> None:
        who.online = True
        if who.awake:
            who.command("signal", what="online")

    def _clock(self, who: Handheld, _random: Random, skew: int) -> None:
        if who.skew != skew:
            who.skew = skew
            who.skews.add(skew)
            self.fired("clock")

    def _slow(self, who: Handheld, _random: Random, stride: int) -> None:
        who.stride = stride
        self.fired("slow")
        self.after(MINUTE, lambda: setattr(who, "stride", None))

    def _tab(self, who: Handheld, _random: Random, alone: bool) -> None:
        if not who.awake or who.tabs > 1:
            return
        who.tabs = 2
        who.command("open", tab="two", alone=alone)
        self.fired("tab_with_its_own_lock" if alone else "tab")

    def _image(self, who: Handheld, _random: Random) -> None:
        self.close(who)
        who.ask("keep", k=0, image="copy")
        self._kept.add(who.name)

    def _rollback(self, who: Handheld, _random: Random) -> None:
        """The phone was set up anew from its own backup."""
        if who.name in self._kept:
            self._replace(who, lambda: who.ask("back", k=0, image="copy"), "rollback")

    def _evict(self, who: Handheld, _random: Random) -> None:
        """The browser threw the storage away; the courier gets a new code at the station."""
        self._kept.discard(who.name)
        self._replace(who, lambda: who.ask("evict", k=0), "evict")
        self.enrol(who)
        self.after(30 * SECOND, who.sleep)

    def break_down(self, who: Handheld) -> None:
        """Its storage is gone for good; its courier gets a new code at the station."""
        self._evict(who, Random(who.name))

    def colleague(self, index: int) -> Handheld:
        return self.handhelds[index]

    def _replace(self, who: Handheld, act: Callable[[], Any], name: str) -> None:
        self.close(who)
        before = self.oracle.look(who)
        act()
        self.oracle.taken(who, before)
        self.fired(name)

    def close(self, who: Handheld) -> None:
        """The app is closed in peace: what it had begun is over, it just hears no more of it."""
        if who.alive:
            who.kill(kept=False)

    def _backup(self, _random: Random) -> None:
        self._house.keep()
        self._copied = True

    def _restore(self, _random: Random) -> None:
        if self._copied:
            self._house.restore()
            for who in self.handhelds:
                who.held.clear()
            self.oracle.restored()
            self.fired("restore")

    # --- what everybody needs of their world --------------------------------------------------------------------------

    def spare_for(self, who: Handheld) -> Handheld:
        """Another handheld for the same courier; the one he has already, if there is one."""
        if who.name not in self._spares:
            self._spares[who.name] = Handheld(f"{who.name}s spare", who.user, self._engines, self)
            self.handhelds.append(self._spares[who.name])
        return self._spares[who.name]

    def unless_at_work(self, who: Handheld) -> None:
        """Its screen goes off, as soon as nobody is at work with it."""
        left = self._awaited.get(who.name, 0) - self.now
        if left < 0:
            who.sleep()
        else:
            self.after(left + 1, lambda: self.unless_at_work(who))

    @property
    def has_manifest(self) -> bool:
        return bool(self._turns.published)

    def heard(self, request: Request, answer: Answer) -> None:
        self._turns.heard(request, answer)

    def note(self, text: str) -> None:
        self._history.append(text)

    def fired(self, fault: str) -> None:
        self._fired[fault] += 1

    def send(self, who: Handheld, number: str, request: Request) -> None:
        self._network.carry(who, number, request)

    def handle(self, request: Request) -> Answer | None:
        return self._house.handle(request)

    def sent(self, op_ids: list[str]) -> None:
        self.oracle.sent |= set(op_ids)

    def saved(self, who: Handheld, envelopes: list[dict[str, Any]], user: str) -> None:
        self.oracle.told_saved(who, envelopes, user)
        self.note(f"{who.name} saved " + ", ".join(f"{one['type']} {one['op_id'][-6:]}" for one in envelopes))

    def refused(self, code: str) -> None:
        self._fired[f"refused {code}"] += 1

    def visited(self, who: Handheld) -> None:
        self.oracle.watch(who)

    def answered(self, who: Handheld) -> None:
        self.oracle.watch(who)

    def crashed(self, down: int) -> None:
        self.note(f"the server is down for {down // SECOND} s")
        self.after(down, self._house.start)

    def killed(self, who: Handheld, back: int, half_done: bool) -> None:
        """An app is gone; if somebody was looking at it, it is started again."""
        if back:
            self.note(f"{who.name} was killed" + (" in the middle of a commit" if half_done else ""))
            self.fired("kill_half_done" if half_done else "kill")
        who.tabs = 1
        self.oracle.watch(who)
        left = self._awaited.get(who.name, 0) - self.now
        if back and left > 0:
            self.after(back, who.open)
            self.after(max(left, back + 30 * SECOND), who.sleep)

    # --- and in the end -----------------------------------------------------------------------------------------------

    def _heal(self) -> None:
        """No more faults: everybody is back in signal, queues drain, cases are decided, and the news of it arrives."""
        self._due.clear()
        self._house.start()
        for who in self.handhelds:
            if who.aged:
                self._turns.upgrade(who, Random(self._seed))
            who.fuse, who.stride, who.online, who.skew = None, None, True, 0
            who.retired = False
            who.armed.clear()
            self.close(who)
        if self._away:
            self._machine.now += self._away * DAY
            self._turns.forget()
        self._drain()
        for _ in range(2):
            if not self._people.decide_all(Random(self._seed)):
                break
        self._drain()

    def _drain(self) -> None:
        """Syncs until every handheld was told that the server has everything (I11)."""
        left = list(self.handhelds)
        for _ in range(ROUNDS):
            left = [who for who in left if self._waiting(who)]
            if not left:
                return
        raise ViolationError(f"I11: {', '.join(who.name for who in left)} did not get rid of the queue")

    def _waiting(self, who: Handheld) -> bool:
        """One more sync of a handheld; whether something waits even so."""
        said: list[Any] = []
        who.open()
        if not self._enrolled(who):
            self.enrol(who)
            self._until(self.now + 5 * SECOND)
        if not self.oracle.look(who)["told"]:
            self._turns.log_in(who, Random(self._seed))
            self._until(self.now + 5 * SECOND)
        who.call("sync", {}, said.append)
        end = self.now + PATIENCE
        while not said and self.now < end:
            self._until(self.now + SECOND)
        seen = self.oracle.look(who)
        who.sleep()
        local, server = seen["local"], seen["server"] or {}
        self.note(f"{who.name} has synced: {said}")
        agreed = server.get("incarnation") == local["incarnation"] and server.get("head_seq") == local["seq"]
        return not (agreed and not seen["waiting"] and seen["told"] and said and said[0]["ok"])
