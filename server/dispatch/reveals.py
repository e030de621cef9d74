"""Masked data in the clear, each look counted, capped and written down before anything is shown."""

from collections.abc import Sequence
from typing import Any

from server.auth.scoping import Scope
from server.core.clock import now_ms
from server.core.errors import Code, Problem
from server.core.masking import mask_name
from server.core.records import Record
from server.crm import queries as crm_queries
from server.crm import service as crm_service
from server.crm.queries import RevealView
from server.dispatch import customers
from server.tasks import by_customer as tasks_by_customer
from server.tasks import queries as task_queries

_SHOWN_ADDRESSES = 30


def of_customer(scope: Scope, customer_id: str, fields: Sequence[str], reason: str) -> dict[str, Any] | None:
    """A customer's fields in the clear; None when the scope holds no such customer. Call it in a transaction."""
    view = crm_queries.one(customer_id, scope.station)
    if view is None:
        return None
    left = _written(scope, f"customer:{view.id}", view.id, fields, reason)
    tasks = tasks_by_customer.newest(view.id, _SHOWN_ADDRESSES) if "address" in fields else []
    addresses = list(dict.fromkeys(str(task.record["address"]["text"]) for task in tasks))
    return {"values": _values(view.record, addresses, fields), "left_today": left}


def of_task(scope: Scope, task_id: str, fields: Sequence[str], reason: str) -> dict[str, Any] | None:
    """The contact and address of a task in the clear; None when the scope holds no such task. In a transaction."""
    task = task_queries.one(task_id, scope.station)
    view = crm_queries.one(task.record["customer"], scope.station) if task else None
    if task is None or view is None:
        return None
    left = _written(scope, f"task:{task.id}", view.id, fields, reason)
    return {"values": _values(view.record, [task.record["address"]["text"]], fields), "left_today": left}


def audit(
    scope: Scope, user: str | None, customer: str | None, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of who looked at what in the station, newest first, and how many looks there were in all."""
    found, total = crm_queries.reveals(scope.station, user, customer, limit, offset)
    names = customers.names_of(one.user_id for one in found)
    people = crm_queries.by_ids({one.customer_id for one in found})
    tasks = tasks_by_customer.of_station(scope.station, [_task_of(one) for one in found if _task_of(one)])
    rows = [
        {
            "id": one.id,
            "at": one.at,
            "user": {"id": one.user_id, "name": names.get(one.user_id, "")},
            "customer": {
                "id": one.customer_id,
                "name": mask_name(people[one.customer_id]["name"]) if one.customer_id in people else "",
            },
            "task": _task_of(one) or None,
            "waybill": tasks[_task_of(one)].waybill if _task_of(one) in tasks else None,
            "fields": one.fields,
            "reason": one.reason,
        }
        for one in found
    ]
    return rows, total


def _written(scope: Scope, subject: str, customer_id: str, fields: Sequence[str], reason: str) -> int:
    """Counts the look; answers how many are left today.

    Raises:
        Problem: reveal_capped, with the seconds until the next look.
    """
    allowed = crm_service.reveal(
        scope.station, scope.user, subject, customer_id, sorted(set(fields)), reason.strip(), now_ms()
    )
    if allowed.capped:
        raise Problem(Code.REVEAL_CAPPED, retry_after=-(-allowed.wait_ms // 1000))
    return allowed.left


def _values(record: Record, addresses: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
    known = {
        "name": record["name"],
        "phone": record["phone"],
        "email": record["email"],
        "contacts": record["contacts"],
        "address": "\n".join(addresses),
    }
    return {name: known[name] for name in known if name in fields}


def _task_of(one: RevealView) -> str:
    kind, _, identity = one.subject.partition(":")
    return identity if kind == "task" else ""
