"""Orders from a merchant's system: one call, one effect, however often it is sent."""

import json
import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from server.auth import queries as auth
from server.auth.keys import KeyView
from server.core.clock import now_ms
from server.core.db import read, transaction
from server.core.ids import uuid7
from server.intake import applying, queries, service
from server.intake.cells import CellError, Reading, read_cell
from server.intake.fields import FIELDS
from server.intake.mapping import FieldRule, Mapping
from server.intake.models import IdempotentCall
from server.intake.policy import Intake, Order, breaks, payload_of, without_repeated
from server.intake.problems import RowProblem
from server.intake.schemas import OrderIn
from server.intake.table import Table, Written
from server.parcels import queries as parcel_queries
from server.tasks import queries as task_queries
from sync.canonical import sha256_hex

MOST_ORDERS = 500
KEPT_MS = 30 * 24 * 3_600_000
# Longer than any call takes: whoever began it has died.
_DEAD_MS = 60_000
_PATIENCE_S = 10.0
_NAME = re.compile(r"[\x21-\x7e]{1,255}")
_RULE = FieldRule((), None, None, (), None, {}, optional=True)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a call: a JSON pointer, a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True)
class Answer:
    """What a call is answered: an HTTP status with a body, or with what is wrong."""

    status: int
    body: dict[str, Any]

    @property
    def faults(self) -> list[Fault]:
        """What is wrong, when that is the answer."""
        return [Fault(**one) for one in self.body.get("faults", [])]


class ReusedError(Exception):
    """The Idempotency-Key came with another body before."""


class BusyError(Exception):
    """The same call is still being worked on elsewhere."""


def is_name(text: str) -> bool:
    """Whether this can be an Idempotency-Key."""
    return _NAME.fullmatch(text) is not None


def take(key: KeyView, name: str, raw: bytes, body: dict[str, Any]) -> Answer:
    """Does what a call asks for once, and answers every repeat of it alike (for 30 days).

    Args:
        key: whose call it is.
        name: its Idempotency-Key.
        raw: the body as it came; what makes a repeat a repeat.
        body: the same, parsed: {orders: [...], skip_bad?: bool}.

    Raises:
        ReusedError: the key came with another body.
        BusyError: a call with this key is being worked on.
    """
    digest = sha256_hex(raw)
    until = time.monotonic() + _PATIENCE_S
    while True:
        begun = _begin(key.id, name, digest)
        if isinstance(begun, Answer):
            return begun
        if begun is not None:
            break
        if time.monotonic() > until:
            raise BusyError
        time.sleep(0.05)
    try:
        answer = _work(key, digest, begun, body)
    except Exception:
        with transaction() as session:
            session.execute(
                update(IdempotentCall).where(*_this(key.id, name)).values(begun_at=now_ms() - _DEAD_MS)
            )
        raise
    with transaction() as session:
        values = {"status": answer.status, "answer": answer.body}
        session.execute(update(IdempotentCall).where(*_this(key.id, name)).values(**values))
    return answer


def forget_old() -> None:
    """For the worker: calls older than 30 days are new again."""
    with transaction() as session:
        session.execute(delete(IdempotentCall).where(IdempotentCall.begun_at < now_ms() - KEPT_MS))


def status_of(key: KeyView, reference: str) -> dict[str, Any] | None:
    """A merchant's own order by its reference; inside `read()`."""
    order = queries.order_of(key.merchant, reference, key.station_id)
    if order is None:
        return None
    task = task_queries.one(order.task_id, key.station_id)
    if task is None:
        return {"reference": reference, "status": "accepted", "task": order.task_id}
    parcel = parcel_queries.by_ids([task.record["parcel"]]).get(task.record["parcel"], {})
    outcome = task.record["outcome"]
    return {
        "reference": reference,
        "task": task.id,
        "waybill": parcel.get("waybill"),
        "kind": task.record["kind"],
        "status": task.record["status"],
        "window_start": task.record["window_start"],
        "window_end": task.record["window_end"],
        "attempts": task.record["attempts"],
        "reason": outcome["reason"] if outcome else None,
        "at": outcome["at"] if outcome else None,
    }


def _this(key_id: str, name: str) -> tuple[Any, ...]:
    return IdempotentCall.key_id == key_id, IdempotentCall.name == name


def _begin(key_id: str, name: str, digest: str) -> Answer | str | None:
    """The answer given before; else the id of the import this call makes; None while somebody else works on it."""
    now = now_ms()
    try:
        with transaction() as session:
            known = session.get(IdempotentCall, (key_id, name), with_for_update=True)
            if known is not None and known.begun_at < now - KEPT_MS:
                session.delete(known)
                session.flush()
                known = None
            if known is None:
                made = IdempotentCall(
                    key_id=key_id, name=name, body_hash=digest, batch_id=uuid7(), begun_at=now
                )
                session.add(made)
                session.flush()
                return made.batch_id
            if known.body_hash != digest:
                raise ReusedError
            if known.status is not None and known.answer is not None:
                return Answer(known.status, known.answer)
            if known.begun_at > now - _DEAD_MS:
                return None
            known.begun_at = now
            return known.batch_id
    except IntegrityError:
        return None


def _work(key: KeyView, digest: str, batch_id: str, body: dict[str, Any]) -> Answer:
    given, skip_bad = body["orders"], bool(body.get("skip_bad"))
    mapping = Mapping("api", _UTC, key.merchant, frozenset(), {})
    with read():
        before = queries.batch(batch_id)
        couriers = {user.username: user.id for user in auth.users_of(key.station_id, "courier")}
    intake = Intake(key.station_id, key.merchant, 2000, mapping, couriers, batch_id)
    rows: dict[int, dict[str, str]] = {number: {} for number in range(1, len(given) + 1)}
    table = Table("API", digest, (), rows, [], written=Written("json"))
    orders, problems = _orders(given, intake, table)
    faults = _faults(problems)
    if before is None or before.status not in ("accepted", "applied"):
        person = service.Person(key.id, key.station_id, "admin")
        request = service.Request(table, mapping, key.merchant, 2000, person, skip_bad)
        report = service.accept_given(request, orders, problems, batch_id)
        faults = _faults(report.problems)
        if report.refused(skip_bad):
            return Answer(422, {"faults": [vars(fault) for fault in faults]})
    applying.apply(batch_id)
    return Answer(201, _told(key, batch_id, orders, faults))


def _told(key: KeyView, batch_id: str, orders: list[Order], faults: list[Fault]) -> dict[str, Any]:
    bad = {int(fault.pointer.split("/")[2]) for fault in faults}
    good = [order for order in orders if order.row - 1 not in bad]
    with read():
        came_with = queries.batches_of(key.merchant, [order.payload["reference"] for order in good])
    return {
        "import": batch_id if batch_id in came_with.values() else None,
        "orders": [
            {
                "index": order.row - 1,
                "reference": order.payload["reference"],
                "waybill": order.payload["waybill"],
                "task": order.task_id,
                "status": "accepted"
                if came_with.get(order.payload["reference"]) == batch_id
                else "unchanged",
            }
            for order in good
        ],
        "rejected": [vars(fault) for fault in faults],
    }


def _orders(given: list[Any], intake: Intake, table: Table) -> tuple[list[Order], list[RowProblem]]:
    orders: list[Order] = []
    problems: list[RowProblem] = []
    for number, one in enumerate(given, start=1):
        values, wrong = _values(number, one)
        if not wrong:
            order = Order(number, payload_of(values, intake))
            wrong = breaks(order, intake, table)
            if not wrong:
                orders.append(order)
        problems += wrong
    return without_repeated(orders, problems, intake, table)


def _values(number: int, given: Any) -> tuple[dict[str, Any], list[RowProblem]]:
    """The fields of one order as `read_cell` would give them, or what is wrong."""
    try:
        values: dict[str, Any] = OrderIn().load(given)
    except ValidationError as error:
        return {}, [
            RowProblem(number, path, "shape", {"why": why}) for path, why in _flat(error.messages, "")
        ]
    phone = values.get("phone")
    if phone:
        try:
            values["phone"] = read_cell(phone, Reading(_RULE, FIELDS["phone"], _UTC, 2000))
        except CellError as error:
            return {}, [RowProblem(number, "phone", error.code, error.facts)]
    for name in ("window_start", "window_end"):
        moment = values.get(name)
        values[name] = int(moment.timestamp() * 1000) if isinstance(moment, datetime) else None
    start, end = values["window_start"], values["window_end"]
    if (start is None) != (end is None):
        return {}, [RowProblem(number, "window_end", "half_window")]
    if start is not None and end < start:
        return {}, [RowProblem(number, "window_end", "window_order")]
    if values["pin_required"] and values["kind"] == "pickup":
        return {}, [RowProblem(number, "pin_required", "pin_pickup")]
    values["longitude"], values["latitude"] = values.pop("lng_e7", None), values.pop("lat_e7", None)
    if (values["longitude"] is None) != (values["latitude"] is None):
        return {}, [RowProblem(number, "lng_e7", "half_position")]
    values["weight"], values["cod"] = values.pop("weight_g", None), values.pop("cod_minor", None)
    values["requests"] = [(one["kind"], one["text"]) for one in values.get("requests") or []]
    return values, []


def _flat(messages: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(messages, dict):
        return [
            found
            for key, below in messages.items()
            for found in _flat(below, path if key == "_schema" else f"{path}/{key}".lstrip("/"))
        ]
    return [(path, str(messages[0] if isinstance(messages, list) and messages else messages))]


def _faults(problems: list[RowProblem]) -> list[Fault]:
    return [
        Fault(
            f"/orders/{problem.row - 1}" + (f"/{problem.column}" if problem.column else ""),
            problem.code,
            problem.what("en"),
        )
        for problem in problems
    ]


def parse(raw: bytes) -> dict[str, Any]:
    """The body of a call.

    Raises:
        ValueError: no JSON object with a list of orders; the message says what was expected.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError("The body is no JSON.") from error
    given = body.get("orders") if isinstance(body, dict) else None
    if not isinstance(given, list):
        raise ValueError("The body is an object with a list `orders`.")  # noqa: TRY004 - not the caller's type
    if set(body) - {"orders", "skip_bad"} or not isinstance(body.get("skip_bad", False), bool):
        raise ValueError("Beside `orders` there is only `skip_bad`, true or false.")
    if not 1 <= len(given) <= MOST_ORDERS:
        raise ValueError(f"A call brings 1 to {MOST_ORDERS} orders.")
    return dict(body)
