"""What an operation sets, who says so, and the three-way merge of it (P20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.tables import FIELDS

Record = dict[str, Any]
Op = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Merge:
    """Fields after a three-way merge; the contested ones keep theirs."""

    values: dict[str, Any]
    contested: list[str]


def stamp(op: Op) -> dict[str, Any]:
    """Who did it, when, by which operation."""
    return {"op_id": op["op_id"], "author": op["author"], "at": op["at"]}


def id_of(entity: str) -> str:
    """The id in `kind:id`."""
    return entity.partition(":")[2]


def new_values(op: Op) -> dict[str, Any]:
    """The mergeable fields an operation sets, with the values it gives them."""
    payload = op["payload"]
    return {field: payload[field] for field in FIELDS[op["type"]]}


def three_way(
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    mine: Mapping[str, Any],
    gone: Mapping[str, list[Any]] | None = None,
) -> Merge:
    """Merge `mine` into `theirs`, field by field, on what the writer saw (P20).

    A field that only one side changed takes that side's value, a field both changed alike is no dispute, a field both
    changed apart is contested. A field missing from `base` was not looked at, so mine stands. A list is one value.
    `gone` holds values that no longer count: who saw one of them saw what stood then.
    """
    values: dict[str, Any] = {}
    contested: list[str] = []
    for name, value in mine.items():
        stands = theirs[name]
        values[name] = value
        if value == stands or name not in base or base[name] == stands:
            continue
        if gone and base[name] in gone.get(name, ()):
            continue
        values[name] = stands
        if value != base[name]:
            contested.append(name)
    return Merge(values, contested)
