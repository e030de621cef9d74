"""The dispatcher's board: tasks and couriers as the desk shows them, personal data masked."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from server.auth import queries as auth_queries
from server.auth.policy import DeviceView
from server.auth.scoping import Scope
from server.conflicts import queries as conflict_queries
from server.core import masking
from server.core.clock import day_bounds, day_of, now_ms
from server.core.records import Record
from server.crm import queries as crm_queries
from server.parcels import queries as parcel_queries
from server.payments import queries as payment_queries
from server.shifts import queries as shift_queries
from server.tasks import queries as task_queries
from server.tasks.queries import FINISHED, Filter, TaskView

PROBLEMS = ("attempt_failed", "held", "returned")
DONE = ("delivered", "picked_up")


def day_start(scope: Scope) -> int:
    """First ms of the station's day."""
    return day_bounds(now_ms(), _zone(scope))[0]


def summary(scope: Scope) -> dict[str, Any]:
    """The queues with their counts."""
    counts = task_queries.counts(scope.station, day_start(scope))
    station = auth_queries.station(scope.station)
    by_status: dict[str, int] = {}
    for (_, status), number in counts.items():
        by_status[status] = by_status.get(status, 0) + number
    return {
        "station": {
            "id": scope.station,
            "code": station.code if station else "",
            "name": station.name if station else "",
        },
        "day": day_of(now_ms(), _zone(scope)),
        "counts": {
            "all": sum(by_status.values()),
            "unassigned": sum(
                n for (courier, status), n in counts.items() if courier is None and status not in FINISHED
            ),
            "left": sum(n for status, n in by_status.items() if status not in FINISHED),
            "done": sum(by_status.get(status, 0) for status in DONE),
            "problems": sum(by_status.get(status, 0) for status in PROBLEMS),
            "cancelled": by_status.get("cancelled", 0),
            "conflicts": conflict_queries.count_open(scope.station),
        },
        "server_time": now_ms(),
    }


def couriers(scope: Scope) -> list[dict[str, Any]]:
    """Each courier with progress, shift, and when a handheld of his was last heard."""
    since = day_start(scope)
    counts = task_queries.counts(scope.station, since)
    shifts = shift_queries.newest_of_station(scope.station, since)
    devices: dict[str, list[DeviceView]] = {}
    for device, owner in auth_queries.devices_of(scope.station):
        if not device.revoked:
            devices.setdefault(owner.id, []).append(device)
    return [
        _courier(user.id, user.name, counts, shifts.get(user.id), devices.get(user.id, []))
        for user in auth_queries.users_of(scope.station, "courier")
    ]


def _courier(
    user_id: str,
    name: str,
    counts: dict[tuple[str | None, str], int],
    shift: Record | None,
    devices: list[DeviceView],
) -> dict[str, Any]:
    own = {status: number for (courier, status), number in counts.items() if courier == user_id}
    heard = [device.last_heard for device in devices if device.last_heard is not None]
    waiting = [device.waiting for device in devices if device.waiting is not None]
    return {
        "id": user_id,
        "name": name,
        "total": sum(own.values()),
        "done": sum(own.get(status, 0) for status in DONE),
        "left": sum(number for status, number in own.items() if status not in FINISHED),
        "problems": sum(own.get(status, 0) for status in PROBLEMS),
        "last_heard": max(heard, default=None),
        "shift": {"status": shift["status"], "started_at": shift["started_at"]} if shift else None,
        "devices": len(devices),
        "waiting": sum(waiting) if waiting else None,
    }


def tasks(scope: Scope, chosen: Filter, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """A page of the task table, and the number of tasks the filter leaves."""
    if chosen.text:
        chosen = replace(
            chosen,
            parcels=parcel_queries.matching(chosen.text),
            customers=crm_queries.matching(scope.station, chosen.text),
        )
    views, total = task_queries.listing(scope.station, day_start(scope), chosen, limit, offset)
    return rows(views), total


def rows(views: Sequence[TaskView]) -> list[dict[str, Any]]:
    """Table rows for tasks, each composed of what several features know."""
    ids = [view.id for view in views]
    parcels = parcel_queries.by_ids({view.record["parcel"] for view in views})
    customers = crm_queries.by_ids({view.record["customer"] for view in views})
    obligations = payment_queries.by_tasks(ids)
    open_cases = conflict_queries.open_of_tasks(ids)
    people = auth_queries.users_by_id({view.record["courier"] for view in views if view.record["courier"]})
    return [
        _row(
            view,
            parcels[view.record["parcel"]],
            customers[view.record["customer"]],
            obligations.get(view.id),
            open_cases.get(view.id),
            people[view.record["courier"]].name if view.record["courier"] else None,
        )
        for view in views
    ]


def _row(
    view: TaskView,
    parcel: Record,
    customer: Record,
    obligation: Record | None,
    case: str | None,
    courier: str | None,
) -> dict[str, Any]:
    task = view.record
    outcome = task["outcome"]
    return {
        "id": view.id,
        "rev": view.rev,
        "kind": task["kind"],
        "status": task["status"],
        "waybill": parcel["waybill"],
        "merchant": task["merchant"],
        "reference": task["reference"],
        "courier": {"id": task["courier"], "name": courier} if task["courier"] else None,
        "sequence": task["sequence"],
        "window_start": task["window_start"],
        "window_end": task["window_end"],
        "contact": {
            "name": masking.mask_name(customer["name"]),
            "phone": masking.mask_phone(customer["phone"]),
        },
        "address": masking.mask_address(task["address"])["text"],
        "cod": {"amount_minor": obligation["amount_minor"], "status": obligation["status"]}
        if obligation
        else None,
        "requests": sum(1 for request in customer["requests"] if request["active"]),
        "attempts": task["attempts"],
        "conflict": case,
        "outcome": {name: outcome[name] for name in ("type", "at", "reason")} if outcome else None,
    }


def _zone(scope: Scope) -> str:
    station = auth_queries.station(scope.station)
    return station.timezone if station else "Asia/Shanghai"
