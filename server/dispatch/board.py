"""The dispatcher's board: tasks and couriers as the desk shows them, personal data masked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.auth import queries as auth_queries
from server.auth.policy import DeviceView
from server.auth.scoping import Scope
from server.conflicts import queries as conflict_queries
from server.core import masking
from server.core.clock import day_bounds, day_of, now_ms
from server.core.records import Record
from server.crm import queries as crm_queries
from server.ops import queries as op_queries
from server.parcels import queries as parcel_queries
from server.payments import queries as payment_queries
from server.shifts import queries as shift_queries
from server.tasks import lines
from server.tasks import queries as task_queries
from server.tasks.queries import FINISHED, Filter, Progress, TaskView

PROBLEMS = ("attempt_failed", "held", "returned")
DONE = ("delivered", "picked_up")
MOST_IDS = 60_000


def day_start(scope: Scope) -> int:
    """First ms of the station's day."""
    return day_bounds(now_ms(), _zone(scope))[0]


def summary(scope: Scope) -> dict[str, Any]:
    """The queues with their counts."""
    now = now_ms()
    found = task_queries.progress(scope.station, day_start(scope), now)
    station = auth_queries.station(scope.station)
    by_status: dict[str, int] = {}
    for (_, status), group in found.items():
        by_status[status] = by_status.get(status, 0) + group.number
    return {
        "station": {
            "id": scope.station,
            "code": station.code if station else "",
            "name": station.name if station else "",
        },
        "day": day_of(now, _zone(scope)),
        "counts": {
            "all": sum(by_status.values()),
            "unassigned": sum(
                group.number
                for (courier, status), group in found.items()
                if courier is None and status not in FINISHED
            ),
            "left": sum(n for status, n in by_status.items() if status not in FINISHED),
            "late": sum(group.late for (_, status), group in found.items() if status not in FINISHED),
            "done": sum(by_status.get(status, 0) for status in DONE),
            "problems": sum(by_status.get(status, 0) for status in PROBLEMS),
            "cancelled": by_status.get("cancelled", 0),
            "conflicts": conflict_queries.count_open(scope.station),
        },
        "server_time": now,
    }


def couriers(scope: Scope) -> list[dict[str, Any]]:
    """Each courier with progress, plan, shift, place, and when a handheld of his was last heard."""
    since = day_start(scope)
    found = task_queries.progress(scope.station, since, now_ms())
    shifts = shift_queries.newest_of_station(scope.station, since)
    on_shift = [courier for courier, shift in shifts.items() if shift["status"] == "open"]
    places = op_queries.last_positions(on_shift)
    devices: dict[str, list[DeviceView]] = {}
    for device, owner in auth_queries.devices_of(scope.station):
        if not device.revoked:
            devices.setdefault(owner.id, []).append(device)
    return [
        {
            **_courier(user.id, user.name, found, shifts.get(user.id), devices.get(user.id, [])),
            "position": places.get(user.id),
        }
        for user in auth_queries.users_of(scope.station, "courier")
    ]


def _courier(
    user_id: str,
    name: str,
    found: Mapping[tuple[str | None, str], Progress],
    shift: Record | None,
    devices: list[DeviceView],
) -> dict[str, Any]:
    own = {status: group for (courier, status), group in found.items() if courier == user_id}
    left = [group for status, group in own.items() if status not in FINISHED]
    heard = [device.last_heard for device in devices if device.last_heard is not None]
    waiting = [device.waiting for device in devices if device.waiting is not None]
    total = sum(group.number for group in own.values())
    done = _number(own, DONE)
    following = [group.next_window_end for group in left if group.next_window_end is not None]
    return {
        "id": user_id,
        "name": name,
        "total": total,
        "done": done,
        "left": sum(group.number for group in left),
        "problems": _number(own, PROBLEMS),
        "plan": {
            "total": total - _number(own, ("cancelled",)),
            "done": done,
            "next_window_end": min(following, default=None),
            "late": sum(group.late for group in left),
        },
        "last_heard": max(heard, default=None),
        "shift": {"status": shift["status"], "started_at": shift["started_at"]} if shift else None,
        "devices": len(devices),
        "waiting": sum(waiting) if waiting else None,
    }


def _number(groups: Mapping[str, Progress], statuses: Iterable[str]) -> int:
    return sum(groups[status].number for status in statuses if status in groups)


def tasks(
    scope: Scope, chosen: Filter, order: str, *, down: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of the task table, and the number of tasks the filter leaves."""
    people = auth_queries.users_of(scope.station, "courier") if order == "courier" else []
    ordering = task_queries.ordering(order, down=down, couriers=[user.id for user in people])
    views, total = task_queries.listing(scope.station, day_start(scope), chosen, ordering, limit, offset)
    return rows(views), total


def lookup(scope: Scope, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of these tasks as they stand, also of those no longer in the day; unknown ones are left out."""
    return rows(task_queries.by_ids(ids, scope.station))


def everything(scope: Scope, chosen: Filter) -> tuple[list[dict[str, Any]], int]:
    """Id, revision, status and courier of all a filter leaves, for "select all that match"; at most MOST_IDS."""
    found, total = task_queries.lines(scope.station, day_start(scope), chosen, MOST_IDS)
    return [vars(line) for line in found], total


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
        "requests": len(lines.wishes(task, customer)),
        "attempts": task["attempts"],
        "conflict": case,
        "outcome": {name: outcome[name] for name in ("type", "at", "reason")} if outcome else None,
        "updated_at": view.updated_at,
    }


def _zone(scope: Scope) -> str:
    station = auth_queries.station(scope.station)
    return station.timezone if station else "Asia/Shanghai"
