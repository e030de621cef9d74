"""Customers as the desk shows them: list, one screen each, proposals and the timeline; personal data masked."""

from collections.abc import Iterable, Sequence
from typing import Any

from server.auth import queries as auth_queries
from server.auth.scoping import Scope
from server.conflicts import by_customer as cases_by_customer
from server.core.clock import now_ms
from server.core.masking import mask_name
from server.core.records import Record
from server.crm import policy
from server.crm import queries as crm_queries
from server.crm.queries import CustomerView
from server.dispatch import customer_words as words
from server.ops.batch import tasks_of_waybill
from server.ops.touches import Touch, touches
from server.tasks import by_customer as tasks_by_customer
from server.tasks.by_customer import Owned
from sync.canonical import normal_waybill

SHOWN_TASKS = 30
SHOWN_PROPOSALS = 200


def listing(
    scope: Scope, text: str | None, tier: str | None, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of the station's customers with their open work, and how many there are in all."""
    also = _by_waybill(text) if text else []
    views, total = crm_queries.listing(scope.station, text, also, tier, limit, offset)
    counts = tasks_by_customer.counts(view.id for view in views)
    cases = _open_cases(scope)
    return [_line(view, counts.get(view.id, (0, 0)), cases.get(view.id, 0)) for view in views], total


def proposals(scope: Scope) -> list[dict[str, Any]]:
    """Requests that were proposed and wait for a decision, the oldest first."""
    views = crm_queries.proposing(scope.station, SHOWN_PROPOSALS)
    waiting = [(view, request) for view in views for request in policy.open_proposals(view.record)]
    about = _Around(scope, [(view.record, [request]) for view, request in waiting])
    found = [
        {
            "customer": {
                "id": view.id,
                "rev": view.rev,
                "name": mask_name(view.record["name"]),
                "kind": view.record["kind"],
                "tier": view.record["tier"],
            },
            "request": about.request(view.record, request),
        }
        for view, request in waiting
    ]
    return sorted(found, key=lambda one: (one["request"]["set_at"] or 0, one["request"]["id"]))


def customer(scope: Scope, customer_id: str) -> dict[str, Any] | None:
    """Everything the desk may know of one customer; None when the scope holds no such customer."""
    view = crm_queries.one(customer_id, scope.station)
    if view is None:
        return None
    record = view.record
    about = _Around(scope, [(record, record["requests"])], record["consents"])
    open_tasks, all_tasks = tasks_by_customer.counts([view.id]).get(view.id, (0, 0))
    task_ids = tasks_by_customer.ids_of(view.id)
    tasks = _tasks(tasks_by_customer.newest(view.id, SHOWN_TASKS))
    cases = cases_by_customer.of_customer(scope.station, view.id, task_ids, "open")
    return {
        "id": view.id,
        "rev": view.rev,
        **words.profile(record),
        "requests": [about.request(record, request) for request in record["requests"]],
        "consents": [about.consent(one) for one in newest_consents(record["consents"])],
        "tasks": tasks,
        "open_tasks": open_tasks,
        "all_tasks": all_tasks,
        "addresses": list(dict.fromkeys(task["address"] for task in tasks)),
        "cases": _cases(cases),
        "left_today": crm_queries.allowance(scope.user, now_ms()).left,
        "server_time": now_ms(),
    }


def timeline(scope: Scope, customer_id: str, before: int | None, limit: int) -> dict[str, Any] | None:
    """A page of every touch of a customer, newest first; `next` is where the page after it begins."""
    view = crm_queries.one(customer_id, scope.station)
    if view is None:
        return None
    task_ids = tasks_by_customer.ids_of(view.id)
    cases = cases_by_customer.of_customer(scope.station, view.id, task_ids)
    entities = [f"customer:{view.id}", *(f"conflict:{case['id']}" for case in cases)]
    found = touches(entities, task_ids, before, limit + 1)
    case_tasks = {f"conflict:{case['id']}": case["task"] for case in cases}
    return {
        "entries": _entries(view, found[:limit], case_tasks),
        "next": found[limit - 1].position if len(found) > limit else None,
    }


def newest_consents(consents: Iterable[Record]) -> list[Record]:
    """One consent per kind counts, the newest; the others stay in the log."""
    newest: dict[str, Record] = {}
    for one in consents:
        known = newest.get(one["kind"])
        if known is None or one["at"] >= known["at"]:
            newest[one["kind"]] = one
    return [newest[kind] for kind in sorted(newest)]


def names_of(ids: Iterable[str | None]) -> dict[str, str]:
    """Names of people of the company; customers are none of them."""
    wanted = {one for one in ids if one}
    return {user_id: user.name for user_id, user in auth_queries.users_by_id(wanted).items()}


class _Around:
    """What requests and consents are told with: who set them, which parcel they are for."""

    def __init__(
        self,
        scope: Scope,
        told: Sequence[tuple[Record, Sequence[Record]]],
        consents: Sequence[Record] = (),
    ) -> None:
        authors = [self._touch(record, one)["author"] for record, requests in told for one in requests]
        self._names = names_of([*authors, *(one["author"] for one in consents)])
        tasks = {one["task"] for _, requests in told for one in requests if one["task"]}
        self._tasks = tasks_by_customer.of_station(scope.station, tasks)

    def request(self, record: Record, request: Record) -> dict[str, Any]:
        """A special request with where it came from."""
        touch = self._touch(record, request)
        task = self._tasks.get(request["task"])
        return {
            **{name: request[name] for name in ("id", "kind", "text", "active", "scope", "weekdays")},
            **{name: request[name] for name in ("source", "state", "valid_from", "valid_until")},
            "address": words.mask_text_address(request["address"]),
            "task": request["task"],
            "waybill": task.waybill if task else None,
            "task_status": task.record["status"] if task else None,
            "set_by": self._names.get(touch["author"]),
            "set_at": touch["at"],
        }

    def consent(self, given: Record) -> dict[str, Any]:
        """A consent with who wrote it down."""
        return {
            **{name: given[name] for name in ("id", "kind", "given", "source", "note", "at")},
            "set_by": self._names.get(given["author"]),
        }

    @staticmethod
    def _touch(record: Record, request: Record) -> dict[str, Any]:
        touch: dict[str, Any] = record["touched"].get(request["id"], {"author": None, "at": None})
        return touch


def _by_waybill(text: str) -> list[str]:
    """The customers of a waybill number typed whole."""
    return list(tasks_by_customer.customers_of(tasks_of_waybill(normal_waybill(text))).values())


def _open_cases(scope: Scope) -> dict[str, int]:
    """customer id -> how many open cases concern him."""
    subjects = cases_by_customer.open_subjects(scope.station)
    owners = tasks_by_customer.customers_of(one.task_id for one in subjects if one.task_id)
    found: dict[str, int] = {}
    for one in subjects:
        kind, _, identity = one.entity.partition(":")
        whose = owners.get(one.task_id) if one.task_id else identity if kind == "customer" else None
        if whose:
            found[whose] = found.get(whose, 0) + 1
    return found


def _line(view: CustomerView, counts: tuple[int, int], cases: int) -> dict[str, Any]:
    shown = words.profile(view.record)
    requests = [one for one in view.record["requests"] if one["active"]]
    return {
        "id": view.id,
        **{name: shown[name] for name in ("kind", "name", "phone", "language", "tier", "tags")},
        "open_tasks": counts[0],
        "all_tasks": counts[1],
        "open_cases": cases,
        "requests": sum(1 for one in requests if one["state"] == "accepted"),
        "proposals": sum(1 for one in requests if one["state"] == "proposed"),
    }


def _tasks(views: Sequence[Owned]) -> list[dict[str, Any]]:
    names = names_of(view.record["courier"] for view in views)
    return [
        {
            **{name: view.record[name] for name in ("id", "kind", "status", "window_start", "window_end")},
            "waybill": view.waybill,
            "courier": names.get(view.record["courier"]),
            "address": words.mask_text_address(view.record["address"]["text"]),
            "outcome": {name: view.record["outcome"][name] for name in ("type", "at", "reason")}
            if view.record["outcome"]
            else None,
        }
        for view in views
    ]


def _cases(records: Sequence[Record]) -> list[dict[str, Any]]:
    tasks = {view.id: view for view in _views(record["task"] for record in records)}
    owners = names_of(record["owner"] for record in records)
    return [
        {
            **{name: record[name] for name in ("id", "kind", "task", "fields", "opened_at", "due_at")},
            "waybill": tasks[record["task"]].waybill if record["task"] in tasks else None,
            "owner": owners.get(record["owner"]),
        }
        for record in records
    ]


def _entries(
    view: CustomerView, found: Sequence[Touch], case_tasks: dict[str, str | None]
) -> list[dict[str, Any]]:
    of = {one.position: one.task_id or case_tasks.get(one.entity) for one in found}
    tasks = {one.id: one for one in _views(of.values())}
    names = names_of(one.author for one in found)
    devices = auth_queries.devices_by_id({one.device_id for one in found if one.device_id})
    labels = {device.id: device.label for device in devices.values()}
    return [
        {
            "position": one.position,
            "op_id": one.op_id,
            "type": one.type,
            "task": of[one.position],
            "waybill": task.waybill if (task := tasks.get(of[one.position] or "")) else None,
            "author": {"id": one.author, "name": names.get(one.author, "")},
            "by_customer": one.author == view.id,
            "device": (labels.get(one.device_id) or one.device_id[-6:]) if one.device_id else None,
            **{
                name: getattr(one, name)
                for name in ("at", "received_at", "skew_ms", "status", "conflict", "voided")
            },
            "payload": words.payload(one.type, one.payload),
        }
        for one in found
    ]


def _views(task_ids: Iterable[str | None]) -> list[Owned]:
    return tasks_by_customer.owned({one for one in task_ids if one})
