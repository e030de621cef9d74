"""The rules that are data: what may be written, by whom, what it does to a status, what outranks what.

The JSON files beside this module are the source for both languages; nothing here adds a rule of its own.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final, TypedDict

__all__ = [
    "CASE_KINDS",
    "FIELDS",
    "KIND_OF_ENTITY_ANY",
    "OPERATIONS",
    "OUTCOMES",
    "PROGRESS",
    "RANKS",
    "REASONS",
    "REASONS_VERSION",
    "STATES",
    "CaseRule",
    "FactRule",
    "OperationRule",
    "Reason",
]

# `entity` of an operation type that may point at an entity of any kind.
KIND_OF_ENTITY_ANY: Final = "any"

# "class" and "for" are Python keywords, hence the functional form.
OperationRule = TypedDict("OperationRule", {"v": int, "entity": str, "class": str, "roles": list[str]})
FactRule = TypedDict("FactRule", {"status": str, "for": list[str]})
Reason = TypedDict(
    "Reason",
    {
        "code": str,
        "zh": str,
        "en": str,
        "ems": list[str],
        "aftership": str | None,
        "x12": list[str],
        "sf": list[str],
        "next": str,
        "for": list[str],
        # What a complaint would ask for: calls, seconds at the door, photos, a note; without `must` nothing is offered.
        "evidence": dict[str, int],
        "must": list[str],
    },
)


class CaseRule(TypedDict):
    """How one kind of conflict is presented: the suggestion, the rule behind it, what each outcome does."""

    suggested: str
    rule: str
    outcomes: list[str]
    effects: dict[str, str]
    en: str
    zh: str


def _read(name: str) -> Any:
    return json.loads(files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))


_STATES = _read("states")
_FACTS = _read("facts")
_MERGE = _read("merge")
_REASONS = _read("reasons")

OPERATIONS: Final[Mapping[str, OperationRule]] = _read("operations")
# task kind -> status -> operation type -> next status; a missing entry means "not from here".
STATES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    kind: _STATES[kind] for kind in ("delivery", "pickup")
}
RANKS: Final[Mapping[str, int]] = _FACTS["ranks"]
PROGRESS: Final[Mapping[str, FactRule]] = _FACTS["progress"]
OUTCOMES: Final[Mapping[str, FactRule]] = _FACTS["outcomes"]
# operation type -> the fields it sets, which merge three ways on their `base`.
FIELDS: Final[Mapping[str, list[str]]] = _MERGE["fields"]
CASE_KINDS: Final[Mapping[str, CaseRule]] = _MERGE["kinds"]
REASONS_VERSION: Final[str] = _REASONS["version"]
REASONS: Final[Mapping[str, Reason]] = {row["code"]: row for row in _REASONS["reasons"]}
