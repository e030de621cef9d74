"""From the rows of a table to orders, all of them checked before anything is said. Plain data in, plain data out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from server.core.jsontext import plain_hash
from server.intake.cells import CellError, Reading, read_cell
from server.intake.fields import FIELDS
from server.intake.mapping import FieldRule, Mapping
from server.intake.problems import RowProblem, UnusableFileError
from server.intake.sound import sound
from server.intake.table import Table
from sync.canonical import derive, normal_waybill
from sync.tables import OPERATIONS
from sync.validate import validate

TYPE = "order.imported"
APP = "intake/1"
LOOK_EVERY = 1_000
# What the payload holds beside what the order says: how it came here, and what the station makes of it.
_NOT_SAID = ("import", "courier", "after")
# Names in the payload that differ from the field's.
_FIELD_OF = {
    "text": "address",
    "weight_g": "weight",
    "cod_minor": "cod",
    "lng_e7": "longitude",
    "lat_e7": "latitude",
}


@dataclass(frozen=True)
class Intake:
    """What holds for a whole file: whose orders, for which station, how dates without a year are read.

    `couriers` are the station's couriers, user id by login name: a file's courier is a hint, unknown names are dropped.
    """

    station_id: str
    merchant: str | None
    year: int
    mapping: Mapping
    couriers: dict[str, str]
    batch_id: str


@dataclass(frozen=True)
class Order:
    """One valid order: where it stood in the file, the payload of its operation, and the ids that follow from it."""

    row: int
    payload: dict[str, Any]

    @cached_property
    def op_id(self) -> str:
        """The same for ever for one merchant's reference: importing twice is one operation.

        Only after its import was taken back is it another one, named by the cancellation it follows.
        """
        after = self.payload["after"]
        named = (self.payload["merchant"], self.payload["reference"], *((after,) if after else ()))
        return derive("import", TYPE, *named)

    @cached_property
    def task_id(self) -> str:
        """The id a handheld also derives from kind and waybill."""
        return derive("task", self.payload["kind"], self.payload["waybill"])

    @cached_property
    def digest(self) -> str:
        """What the order says, whichever file said it and whoever works here."""
        said = {name: value for name, value in self.payload.items() if name not in _NOT_SAID}
        return plain_hash(said)


def read_orders(
    table: Table, intake: Intake, look: Callable[[int], None] = lambda _done: None
) -> tuple[list[Order], list[RowProblem]]:
    """All valid orders of a table and everything wrong with it, by row; `look` hears how many rows were read.

    Raises:
        UnusableFileError: the header lacks columns, or nobody says whose orders these are.
    """
    lacking = intake.mapping.missing_columns(table.header)
    if lacking:
        raise UnusableFileError("columns_missing", columns=", ".join(lacking))
    if (
        intake.merchant is None
        and intake.mapping.merchant is None
        and _source("merchant", intake, table) is None
    ):
        raise UnusableFileError("no_merchant")
    orders: list[Order] = []
    plan = _plan(intake, table)
    problems = list(table.problems)
    lost = {problem.row for problem in problems}
    for done, (number, row) in enumerate(table.rows.items(), start=1):
        values, wrong = _values(number, row, table, intake, plan)
        if not wrong:
            order = Order(number, payload_of(values, intake))
            wrong = breaks(order, intake, table)
            if not wrong and number not in lost:
                orders.append(order)
        problems += wrong
        if done % LOOK_EVERY == 0:
            look(done)
    return without_repeated(orders, problems, intake, table)


def without_repeated(
    orders: list[Order], problems: list[RowProblem], intake: Intake, table: Table
) -> tuple[list[Order], list[RowProblem]]:
    """Orders of one batch that are right beside each other, and everything wrong with it, by row."""
    problems = [*problems, *_repeated(orders, "reference", intake, table)]
    problems += _repeated(orders, "waybill", intake, table)
    bad = {problem.row for problem in problems}
    good = [order for order in orders if order.row not in bad]
    return good, sorted(problems, key=lambda problem: problem.row)


def cancellation_id(batch_id: str, task_id: str) -> str:
    """The operation that cancels a task when its import is undone: the same however often it is sent (P16)."""
    return derive("undo", batch_id, task_id)


def envelope(order: Order, author: str, at: int) -> dict[str, Any]:
    """The operation of one order. Depends on nothing but its arguments: sent again it has the same body (P16)."""
    return {
        "op_id": order.op_id,
        "type": TYPE,
        "v": OPERATIONS[TYPE]["v"],
        "author": author,
        "device": None,
        "incarnation": None,
        "seq": None,
        "prev": None,
        "app": APP,
        "entity": f"task:{order.task_id}",
        "base_rev": None,
        "base": {},
        "payload": order.payload,
        "blobs": [],
        "at": at,
        "mono": None,
        "boot": None,
    }


@dataclass(frozen=True)
class _Source:
    """Where a field of this file comes from: one column, or whatever its rule makes of the row."""

    name: str
    column: str | None
    reading: Reading
    needed: bool

    def text(self, row: dict[str, str]) -> str:
        return row[self.column] if self.column is not None else self.reading.rule.text(row).strip()


def _plan(intake: Intake, table: Table) -> list[_Source]:
    """What to look for in every row, once for the file; columns it does not have are not looked for."""
    plan = []
    for name, rule in intake.mapping.fields.items():
        column, field = rule.source(table.header), FIELDS[name]
        if column is not None or rule.constant is not None or rule.template is not None or field.required:
            reading = Reading(rule, field, intake.mapping.zone, intake.year)
            plan.append(_Source(name, column, reading, field.required and not rule.optional))
    return plan


def _values(
    number: int, row: dict[str, str], table: Table, intake: Intake, plan: list[_Source]
) -> tuple[dict[str, Any], list[RowProblem]]:
    values: dict[str, Any] = {}
    wrong: list[RowProblem] = []
    lost = table.lost.get(number, frozenset())
    for source in plan:
        if source.column in lost:
            told: dict[str, str | int] = {"value": row[source.column or ""]}
            wrong.append(RowProblem(number, source.column or source.name, "digits", told))
            continue
        try:
            value = read_cell(source.text(row), source.reading)
        except CellError as error:
            wrong.append(RowProblem(number, source.column or source.name, error.code, error.facts))
            continue
        values[source.name] = value
        if value is None and source.needed:
            wrong.append(RowProblem(number, source.column or source.name, "required"))
    return values, wrong or list(_together(number, values, intake, row))


def _together(
    number: int, values: dict[str, Any], intake: Intake, row: dict[str, str]
) -> Iterable[RowProblem]:
    """What only several cells of a row can get wrong."""
    fields = intake.mapping.fields
    if _merchant(values, intake) is None:
        yield RowProblem(number, _column("merchant", fields.get("merchant"), row), "required")
    if (values.get("longitude") is None) != (values.get("latitude") is None):
        yield RowProblem(number, _column("longitude", fields.get("longitude"), row), "half_position")
    if values.get("pin_required") and values.get("kind") == "pickup":
        yield RowProblem(number, _column("pin_required", fields.get("pin_required"), row), "pin_pickup")
    start, end = values.get("window_start"), values.get("window_end")
    where = _column("window_end", fields.get("window_end"), row)
    if (start is None) != (end is None):
        yield RowProblem(number, where, "half_window")
    elif start is not None and end is not None and end < start:
        yield RowProblem(number, where, "window_order")


def payload_of(values: dict[str, Any], intake: Intake) -> dict[str, Any]:
    """The payload of an order from its fields, as `cells.read_cell` gives them."""
    merchant = _merchant(values, intake)
    reference, phone = values["reference"], values.get("phone") or ""
    who = "".join(filter(str.isdigit, phone)) or values.get("name") or f"{merchant}/{reference}"
    customer = derive("customer", intake.station_id, who)
    return {
        "kind": values["kind"],
        "merchant": merchant,
        "reference": reference,
        "waybill": normal_waybill(values["waybill"]),
        "pieces": values.get("pieces") or 1,
        "weight_g": values.get("weight"),
        "goods": values.get("goods"),
        "customer": {"id": customer, "name": values.get("name") or "", "phone": phone},
        "address": {
            "text": values["address"],
            **{part: values.get(part) for part in ("community", "building", "unit", "room")},
            "lng_e7": values.get("longitude"),
            "lat_e7": values.get("latitude"),
        },
        "window_start": values.get("window_start"),
        "window_end": values.get("window_end"),
        "cod_minor": values.get("cod") or 0,
        "currency": "CNY",
        "requests": [
            {"id": derive("request", customer, kind, text), "kind": kind, "text": text}
            for kind, text in dict.fromkeys(values.get("requests") or [])
        ],
        "courier": intake.couriers.get(values.get("courier") or ""),
        "sequence": values.get("sequence"),
        "import": intake.batch_id,
        "after": None,
        **({"pin_required": True} if values.get("pin_required") else {}),
    }


def _merchant(values: dict[str, Any], intake: Intake) -> str | None:
    """The person who imports knows best, then the row, then the mapping."""
    return intake.merchant or values.get("merchant") or intake.mapping.merchant


def breaks(order: Order, intake: Intake, table: Table) -> list[RowProblem]:
    """Whatever the rules of the protocol still have against the order: it must never reach quarantine."""
    problems: list[RowProblem] = []
    if sound(order.payload):
        return problems
    for problem in validate(envelope(order, intake.station_id, 0), None):
        last = problem.field.rpartition(".")[2]
        column = _source(_FIELD_OF.get(last, last), intake, table) or last or table.header[0]
        problems.append(RowProblem(order.row, column, "rule", {"why": problem.detail}))
    return problems


def _repeated(orders: list[Order], name: str, intake: Intake, table: Table) -> Iterable[RowProblem]:
    """A reference or a waybill that an earlier row of the same file has already."""
    first: dict[tuple[str, str], int] = {}
    for order in orders:
        scope = order.payload["merchant"] if name == "reference" else order.payload["kind"]
        key = (scope, order.payload[name])
        if key in first:
            column = _source(name, intake, table) or name
            yield RowProblem(order.row, column, "repeated", {"row": first[key], "value": order.payload[name]})
        else:
            first[key] = order.row


def _source(name: str, intake: Intake, table: Table) -> str | None:
    rule = intake.mapping.fields.get(name)
    return rule.source(table.header) if rule else None


def _column(name: str, rule: FieldRule | None, row: dict[str, str]) -> str:
    """The name a person finds in the header; a field made of several columns goes by its own name."""
    return (rule.source(row) if rule else None) or name


@dataclass(frozen=True)
class KnownOrder:
    """An order that was accepted before.

    `freed_by` is the cancellation of its task when its import was taken back: it may be given once more. `leaving`
    while that is still being done.
    """

    merchant: str
    reference: str
    task_id: str
    digest: str
    leaving: bool = False
    freed_by: str | None = None


@dataclass(frozen=True)
class Sifted:
    """Valid orders against what was accepted before."""

    new: list[Order]
    unchanged: int
    changed: list[RowProblem]
    taken: list[RowProblem]


def compare(
    orders: list[Order], known: Iterable[KnownOrder], mapping: Mapping, header: tuple[str, ...]
) -> Sifted:
    """Sets aside what is there already. A row that now says something else is told, and not applied."""
    by_reference = {(one.merchant, one.reference): one for one in known}
    by_task = {one.task_id: one for one in by_reference.values()}
    rules = mapping.fields
    columns = {
        name: (rules[name].source(header) if name in rules else None) or name
        for name in ("reference", "waybill")
    }
    new: list[Order] = []
    changed: list[RowProblem] = []
    taken: list[RowProblem] = []
    unchanged = 0
    for order in orders:
        mine = by_reference.get((order.payload["merchant"], order.payload["reference"]))
        other = by_task.get(order.task_id)
        before = [one for one in (other, mine) if one is not None]
        if any(one.leaving for one in before):
            told = {"value": order.payload["reference"]}
            taken.append(RowProblem(order.row, columns["reference"], "leaving", told))
        elif before and all(one.freed_by for one in before):
            new.append(replace(order, payload={**order.payload, "after": before[0].freed_by}))
        elif mine is not None and mine.digest == order.digest:
            unchanged += 1
        elif mine is not None:
            value = order.payload["reference"]
            changed.append(RowProblem(order.row, columns["reference"], "already_there", {"value": value}))
        elif other is not None:
            facts: dict[str, str | int] = {
                "value": order.payload["waybill"],
                "owner": f"{other.merchant} {other.reference}",
            }
            taken.append(RowProblem(order.row, columns["waybill"], "waybill_taken", facts))
        else:
            new.append(order)
    return Sifted(new, unchanged, changed, taken)
