"""The one function that says what anyone may see: `scope_for`.

Every door takes a `Scope` and asks it; every query a door calls takes one and filters by it. Nothing else in
the server decides visibility, so that one test (tests/server/test_scope_matrix.py) can hold all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.auth.policy import DESK, DeviceUser, Principal, Role


@dataclass(frozen=True)
class Scope:
    """What one principal may see.

    `station`: nothing outside it exists for the caller. `courier`: when set, only tasks this courier holds,
    and only on today's own list; None means every task of the station. `device` is set for a handheld.
    """

    station: str
    user: str
    role: Role
    courier: str | None
    device: str | None

    @property
    def desk(self) -> bool:
        """May use the dispatcher's doors: board, cases, devices."""
        return self.role in DESK and self.device is None

    @property
    def pulls(self) -> tuple[str, ...]:
        """Names of the sync scopes a handheld pulls; empty at the desk."""
        if self.device is None:
            return ()
        return (f"courier:{self.user}", f"notices:{self.user}", f"reference:{self.station}")

    def may_see_station(self, station: str) -> bool:
        """Anything that belongs to a station."""
        return station == self.station

    def may_see_task(self, station: str, courier: str | None) -> bool:
        """A task by its station and its present holder."""
        return station == self.station and (self.courier is None or courier == self.courier)

    def may_see_user(self, station: str, user: str) -> bool:
        """A colleague: the whole station at the desk, oneself as a courier."""
        return station == self.station and (self.courier is None or user == self.user)


def scope_for(principal: Principal) -> Scope:
    """The scope of a principal. A handheld is always its courier, whatever else that person may be."""
    user = principal.user
    if isinstance(principal, DeviceUser):
        return Scope(user.station_id, user.id, "courier", courier=user.id, device=principal.device.id)
    own = user.id if user.role == "courier" else None
    return Scope(user.station_id, user.id, user.role, courier=own, device=None)
