"""What befalls whole handhelds and those who work with them: logins, revocations, upgrades, spares, manifests."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from server.auth import queries
from server.core.db import read
from server.ops import manifest
from server.ops.forgetting import forget_removals
from tests.simulation import custody
from tests.simulation.courier import UNANNOUNCED
from tests.simulation.custody import Entry
from tests.simulation.desk import Desk
from tests.simulation.handhelds import Handheld
from tests.simulation.house import Answer, House, Request
from tests.simulation.machine import MINUTE, SECOND
from tests.simulation.oracle import Oracle, ViolationError
from tests.simulation.station import ORDERS, task_of

CLOCK_ALLOWED = 5 * MINUTE
"""A clock that is off by less is believed as it is (P35)."""
GLANCE = 30 * SECOND
"""How long somebody looks at a handheld that is not his work at the moment."""


class Around(Protocol):
    """What these need of their world."""

    @property
    def now(self) -> int: ...
    def after(self, delay: int, act: Callable[[], None]) -> None: ...
    def fired(self, fault: str) -> None: ...
    def note(self, text: str) -> None: ...
    def close(self, who: Handheld) -> None: ...
    def enrol(self, who: Handheld) -> None: ...
    def spare_for(self, who: Handheld) -> Handheld: ...
    def colleague(self, index: int) -> Handheld: ...
    def break_down(self, who: Handheld) -> None: ...
    def unless_at_work(self, who: Handheld) -> None: ...


@dataclass(frozen=True)
class Published:
    """A manifest as the worker once published it."""

    at: int
    entries: dict[str, Entry]


class Turns:
    """`guarded` is whether anybody may be told less than all: from then on every answer is looked at."""

    def __init__(self, house: House, desk: Desk, oracle: Oracle, around: Around) -> None:
        self._house = house
        self._desk = desk
        self._oracle = oracle
        self._around = around
        self._before: dict[str, set[str]] = {}
        self.published: list[Published] = []
        self.guarded = False

    # --- logins (P34, P11) --------------------------------------------------------------------------------------------

    def log_out(self, who: Handheld, _random: Random, how: str) -> None:
        """A login ends: its time is over, the desk ends it, or the courier does."""
        device = self._device(who)
        self.guarded = True
        if how == "courier" and who.awake:
            who.call("logOut", {}, lambda _: self._around.fired("login_ended by the courier"))
        elif how == "desk" and device:
            told = self._around.fired
            self._desk.manage(
                "DELETE", f"/api/v1/devices/{device}/login", lambda: told("login_ended by the desk")
            )
        elif how == "time" and device:
            now = self._around.now
            query = "UPDATE handheld_session SET until = ? WHERE device_id = ? AND until > ?"
            self._house.write(query, now, device, now)
            self._around.fired("login_ended by time")

    def log_in(self, who: Handheld, _random: Random, courier: int | None = None) -> None:
        """By a code from the desk, for whoever worked with it last, or for another courier."""
        user = who.user if courier is None else self._desk.couriers()[courier]
        self.guarded = True

        def told(said: Any) -> None:
            self._around.note(f"{who.name}: login {said if isinstance(said, Exception) else 'begun'}")
            if not isinstance(said, Exception):
                self._around.fired("login" if user == who.user else "login of another")
                who.user = user

        self.look_at(who)
        self._desk.code(user, lambda code: who.call("logIn", {"code": code}, told))

    def look_at(self, who: Handheld) -> None:
        """Somebody takes it in his hand for a moment, if nobody works with it anyway."""
        if not who.awake:
            who.open()
            self._around.after(GLANCE, lambda: self._around.unless_at_work(who))

    # --- revocation (P34) ---------------------------------------------------------------------------------------------

    def revoke(self, who: Handheld, _random: Random) -> None:
        device = self._device(who)
        self.guarded = True
        if device:
            self._desk.manage(
                "POST", f"/api/v1/devices/{device}/revoke", lambda: self._around.fired("revoked")
            )

    def heard(self, request: Request, answer: Answer) -> None:
        """An exchange was answered: was it told what it may be told, and all it has a right to?"""
        if self.guarded and answer.status == 200:
            wrong = custody.wrong_telling(self._house, request, answer, self._around.now)
            if wrong:
                raise ViolationError(wrong)

    # --- upgrades (P6, P8) --------------------------------------------------------------------------------------------

    def old(self, who: Handheld, _random: Random) -> None:
        """From now on an older app runs there, and reaches nobody."""
        seen = self._oracle.look(who)
        if seen["writing"] or not seen["device"]:
            return
        self._before[who.name] = {row["op_id"] for row in seen["journal"]}
        who.aged = True

    def upgrade(self, who: Handheld, _random: Random) -> None:
        """What it has recorded since is in the old versions, and the next app to start is the new one."""
        if not who.aged:
            return
        self._around.close(who)
        seen = self._oracle.look(who)
        mine = [row["op_id"] for row in seen["journal"] if row["op_id"] not in self._before[who.name]]
        aged = who.ask("age", k=0, ops=mine)["value"]
        who.aged = False
        self._oracle.aged |= set(aged)
        # A login of an older app had the device's credential for its token.
        self._house.write(
            "UPDATE handheld_session SET token_hash = (SELECT credential_hash FROM device WHERE id = device_id) "
            "WHERE device_id = ? AND ended_at IS NULL",
            seen["device"],
        )
        self._around.fired("upgrade with a queue" if mine else "upgrade")
        for _ in aged:
            self._around.fired("operation of an old version")
        self.look_at(who)

    # --- spares (P32) -------------------------------------------------------------------------------------------------

    def spare(self, who: Handheld, _random: Random) -> None:
        """The handheld is dead; its courier goes on with another one."""
        if who.retired:
            return
        self._around.close(who)
        who.retired = True
        self._around.fired("spare")
        other = self._around.spare_for(who)
        self._around.enrol(other)
        self._around.after(GLANCE, lambda: self._around.unless_at_work(other))

    def back(self, who: Handheld, _random: Random) -> None:
        """The dead one has been mended, with whatever it had not sent."""
        if who.retired:
            who.retired = False
            unsent = any(not row["acked"] for row in self._oracle.look(who)["journal"])
            self._around.fired("back with unsent work" if unsent else "back")
            self.look_at(who)

    def rescue(self, who: Handheld, _random: Random, by: int, broken: bool) -> None:
        """What it has not sent goes to a colleague's handheld (P11); then it breaks for good, or sends it too."""
        other = self._around.colleague(by)
        if who is other or who.retired or other.retired or who.aged or other.aged:
            return

        def taken(said: Any, op_ids: set[str]) -> None:
            self._around.note(f"{other.name}: carries {said or len(op_ids)}")
            if isinstance(said, Exception):
                return
            self._oracle.carry(other, op_ids)
            self._around.fired("carried by a colleague")
            if broken:
                self._around.fired("broken when all was carried")
                self._around.break_down(who)

        def rescued(said: Any) -> None:
            if isinstance(said, Exception) or not said["operations"]:
                return
            bodies = [json.loads(one["body"])["operations"] for one in said["packages"]]
            op_ids = {op["op_id"] for operations in bodies for op in operations}
            self.look_at(other)
            file = {name: said[name] for name in ("packages", "proofs")}
            other.call("carry", file, lambda told: taken(told, op_ids))

        self.look_at(who)
        who.call("rescue", {}, rescued)

    # --- the manifest (P24) -------------------------------------------------------------------------------------------

    def publish(self, _random: Random) -> None:
        """The worker's round. It runs in a process of its own, so a server that is down does not hold it up."""
        with self._house.app.app_context():
            manifest.publish_all()
            with read():
                users = queries.users_of(self._station(), "courier")
        labels = {user.id: f"R{n}" for n, user in enumerate(sorted(users, key=lambda one: one.id), start=1)}
        body = self._house.json("SELECT body FROM manifests")[0]
        wrong = custody.wrong_manifest(self._house, body["entries"], labels)
        if wrong:
            raise ViolationError(wrong)
        entries = {short: (route, flags) for short, route, flags in body["entries"]}
        self.published.append(Published(body["published_at"], entries))
        self._around.fired("manifest")

    def verdict(self, who: Handheld, random: Random) -> None:
        """Parcels that lie about are scanned; what is said of them is held against what was published."""
        if who.retired:
            return
        self.look_at(who)
        waybills = [f"SF{n:04d}" for n in range(ORDERS)] + [*UNANNOUNCED, "SF9999"]
        for waybill in random.sample(waybills, 5):
            who.call("verdict", {"code": waybill, "task": task_of(waybill)}, self._said(who, waybill))

    def _said(self, who: Handheld, waybill: str) -> Callable[[Any], None]:
        skew = who.skew

        def told(said: Any) -> None:
            if isinstance(said, Exception) or said["own"] or who.skew != skew:
                return
            age, got = said["age"], (said["verdict"], said["route"])
            fresh = age is not None and age <= custody.STALE
            self._around.fired("verdict" if fresh else "verdict without a manifest")
            right = (
                {custody.expected(one.entries, waybill) for one in self._of_age(who, age)}
                if fresh
                else {("unknown", None)}
            )
            if got not in right:
                raise ViolationError(f"P24: {who.name} says {got} of {waybill}, {right} was published")

        return told

    def _of_age(self, who: Handheld, age: int) -> list[Published]:
        """The manifests that may seem so old to it: by its clock, or by what it last learned to be wrong with that.

        One from what it takes for the future seems new. What it learns of its clock is off by the answer's journey.
        """
        clock = self._around.now + who.skew - age
        near = [(clock, SECOND)] + [(clock - skew, MINUTE) for skew in who.skews if abs(skew) > CLOCK_ALLOWED]
        return [
            one
            for one in self.published
            if any(abs(one.at - at) <= off or (age == 0 and one.at >= at) for at, off in near)
        ]

    # --- long absence (P29) -------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """The worker forgets removals of long ago, and whoever is logged in somewhere is so no more."""
        self.guarded = True
        with self._house.app.app_context():
            forget_removals()
        self._around.fired("months away")

    def _device(self, who: Handheld) -> str | None:
        """The device it is, as far as the server knows it."""
        device = self._oracle.look(who)["device"]
        known = self._house.rows("SELECT id FROM device WHERE id = ?", device)
        return str(known[0]["id"]) if known else None

    def _station(self) -> str:
        return str(self._house.rows("SELECT id FROM station")[0]["id"])
