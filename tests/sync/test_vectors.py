"""The shared vectors, run in Python; Vitest runs the same files."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sync.making.__main__ import written
from tests.sync.making.run import FUNCTIONS, run

HERE = Path(__file__).resolve().parents[2] / "sync" / "vectors"
INDEX = json.loads((HERE / "index.json").read_text(encoding="utf-8"))


def vectors() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    for row in INDEX["files"]:
        cases += json.loads((HERE / row["file"]).read_text(encoding="utf-8"))
    return cases


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    assert run(vector["function"], vector["input"]) == vector["expect"]


def test_the_index_counts_every_case_once() -> None:
    names = [vector["name"] for vector in vectors()]
    assert len(names) == len(set(names)) == sum(row["count"] for row in INDEX["files"])
    listed = {row["file"] for row in INDEX["files"]} | {"index.json"}
    assert listed == {str(path.relative_to(HERE)) for path in HERE.rglob("*.json")}


def test_every_function_has_vectors() -> None:
    assert {vector["function"] for vector in vectors()} == set(FUNCTIONS)


def test_the_files_are_what_the_rules_make() -> None:
    for name, text in written().items():
        assert (HERE / name).read_text(encoding="utf-8") == text, f"run python -m tests.sync.making: {name}"


def test_p19_every_ordered_pair_of_outcomes_has_a_vector() -> None:
    names = {vector["name"] for vector in vectors()}
    outcomes = {
        "delivery": ("delivered", "returned", "held", "attempt_failed"),
        "pickup": ("picked_up", "attempt_failed"),
    }
    former, holder = "Li (former holder)", "Wang (holder)"
    for kind, several in outcomes.items():
        for one in several:
            for two in several:
                for first, second in ((former, holder), (holder, former)):
                    assert f"facts-two-couriers/{kind}: {first} {one}, then {second} {two}" in names
