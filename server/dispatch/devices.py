"""The station's handhelds as the desk lists them: what each has recorded, what of it is here, what differs (P32)."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from server.auth import handhelds
from server.auth import queries as auth_queries
from server.auth.policy import UserView
from server.auth.scoping import Scope
from server.conflicts import queries as conflict_queries
from server.conflicts.queries import CaseFilter
from server.core.clock import now_ms
from server.core.db import read
from server.core.ids import uuid7
from server.core.records import Record
from server.ops import pipeline, quarantine, receipts
from server.ops import queries as op_queries
from server.ops.api import complete
from server.ops.batch import Envelope, Writer
from server.ops.receipts import Holder, Receipt
from server.shifts import queries as shift_queries

NO_LOGIN = {"login_since": None, "login_until": None}
LOOKED_BACK_MS = 48 * 3_600_000
"""How old a shift, or something refused, may be to be told of in the list."""
AT_ONCE = 50
MOST_AT_ONCE = 200
"""Operations let count by one call: each is decided like any other, with all it sets off."""


@dataclass(frozen=True)
class Released:
    """What became of what was let count, and how much there still is."""

    released: int
    refused: int
    left: int


def listing(scope: Scope) -> list[dict[str, Any]]:
    """Each handheld of the station, newest first, revoked ones too."""
    rows = auth_queries.devices_of(scope.station)
    since = now_ms() - LOOKED_BACK_MS
    shifts = shift_queries.newest_of_station(scope.station, since)
    holders = [
        Holder(device.id, device.incarnation, device.waiting, _id_of(shifts.get(user.id)))
        for device, user in rows
    ]
    found = receipts.of_devices(holders, since)
    logins = handhelds.logins_of(device.id for device, _ in rows)
    lost, cases = _lost(scope)
    waiting = quarantine.releasable(scope.station, [device.id for device, _ in rows])
    return [
        {
            **vars(device),
            "user": user,
            **(NO_LOGIN if device.revoked else logins.get(device.id, NO_LOGIN)),
            "shift": _shift(shifts.get(user.id), found[device.id]),
            **vars(found[device.id]),
            "releasable": len(waiting.get(device.id, [])),
            "lost": lost[device.id],
            "lost_case": cases.get(device.id),
        }
        for device, user in rows
    ]


def _id_of(shift: Record | None) -> str | None:
    return None if shift is None else str(shift["id"])


def _shift(shift: Record | None, receipt: Receipt) -> dict[str, Any] | None:
    """The courier's shift; what the handheld counted when it closed it, if it was this one."""
    if shift is None:
        return None
    here = receipt.since is not None
    counts = shift["counts"] if here else None
    told = {name: counts[name] for name in ("recorded", "confirmed", "waiting")} if counts else None
    names = ("id", "status", "started_at", "closed_at")
    return {**{name: shift[name] for name in names}, "here": here, "told": told}


def _lost(scope: Scope) -> tuple[Counter[str], dict[str, str]]:
    """Operations each handheld has lost and nobody has looked into yet, and the oldest case of it; what has come after
    all is not lost."""
    chosen = CaseFilter(status="open", kinds=("device_lost",))
    records, _ = conflict_queries.listing(scope.station, chosen, MOST_AT_ONCE)
    lost: Counter[str] = Counter()
    cases: dict[str, str] = {}
    heads = op_queries.consumed({str(record["mine"]["device"]) for record in records})
    for record in records:
        device, arrived = str(record["mine"]["device"]), op_queries.arrived_since(record["mine"], heads)
        lost[device] += int(record["mine"]["operations"]) - arrived
        cases.setdefault(device, record["id"])
    return lost, cases


def release(by: UserView, device_id: str, reason: str) -> Released:
    """Lets count what a revoked handheld had handed in, in the order of its log, as the decision of each one's case.

    Several transactions of a few each: what fails in the middle is gone on with by asking again.
    """
    with read():
        waiting = quarantine.releasable(by.station_id, [device_id]).get(device_id, [])
    chosen, writer = waiting[:MOST_AT_ONCE], Writer(by.id, by.station_id, by.role)
    for start in range(0, len(chosen), AT_ONCE):
        pipeline.submit(writer, [_decision(case, by.id, reason) for case in chosen[start : start + AT_ONCE]])
    with read():
        counts = quarantine.released(device_id, chosen)
    return Released(counts, len(chosen) - counts, len(waiting) - len(chosen))


def _decision(case: str, author: str, reason: str) -> Envelope:
    """What the desk sends when a person decides a case."""
    draft = {
        "op_id": uuid7(),
        "type": "conflict.decided",
        "v": 1,
        "entity": f"conflict:{case}",
        "base_rev": None,
        "base": {},
        "payload": {"outcome": quarantine.RELEASE, "reason": reason},
    }
    return complete(draft, author)
