"""Reads for the customer's page: everything about one task, gathered from the features that keep it."""

from __future__ import annotations

from server.auth import queries as auth_queries
from server.conflicts import queries as conflict_queries
from server.core.clock import now_ms
from server.core.records import Record
from server.crm import queries as crm_queries
from server.links.policy import LinkView
from server.ops import queries as op_queries
from server.parcels import queries as parcel_queries
from server.payments import queries as payment_queries
from server.proofs import queries as proof_queries
from server.tasks import queries as task_queries
from server.tracking.policy import Facts, last_dispute

ZONE = "Asia/Shanghai"


def facts(link: LinkView) -> Facts | None:
    """What the page of a link may speak of; None when its task is not there (any more) for this customer."""
    view = task_queries.one(link.task_id, link.station_id)
    if view is None or view.record["customer"] != link.customer_id:
        return None
    task = view.record
    customer = crm_queries.by_ids([task["customer"]])[task["customer"]]
    parcel = parcel_queries.by_ids([task["parcel"]])[task["parcel"]]
    log = op_queries.timeline(view.id)
    said = last_dispute(log, link.customer_id)
    station = auth_queries.station(link.station_id)
    return Facts(
        task=task,
        waybill=parcel["waybill"],
        customer=customer,
        obligation=payment_queries.by_tasks([view.id]).get(view.id),
        log=tuple(log),
        proofs=tuple(proof_queries.of_task(view.id)),
        heard=_last_heard(link.station_id, task["courier"]),
        case=_case(said.conflict if said else None, link.station_id),
        zone=station.timezone if station else ZONE,
        now=now_ms(),
    )


def case_kind(conflict_id: str | None, station_id: str) -> str | None:
    """What kind of case an operation opened."""
    case = _case(conflict_id, station_id)
    return None if case is None else str(case["kind"])


def _case(conflict_id: str | None, station_id: str) -> Record | None:
    return None if conflict_id is None else conflict_queries.one(conflict_id, station_id)


def _last_heard(station_id: str, courier: str | None) -> int | None:
    if courier is None:
        return None
    heard = [
        device.last_heard
        for device, owner in auth_queries.devices_of(station_id)
        if owner.id == courier and not device.revoked and device.last_heard is not None
    ]
    return max(heard, default=None)
