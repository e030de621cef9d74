"""sync/SPEC.md and what shows it: no rule without a vector or a test, no vector without a rule."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = (ROOT / "sync" / "SPEC.md").read_text(encoding="utf-8")
INDEX = json.loads((ROOT / "sync" / "vectors" / "index.json").read_text(encoding="utf-8"))
TOUCHED = list(range(1, 36))

RULES = dict(re.findall(r"^### (P\d+) [^\n]*\n(.*?)(?=^##|\Z)", SPEC, flags=re.MULTILINE | re.DOTALL))


def named(text: str, what: str) -> list[str]:
    """The names in back quotes after `Vectors:` or `Tests:`."""
    found = re.search(rf"{what}:\s+((?:`[^`]+`,?\s*)+)\.", text.replace("\n", " "))
    return re.findall(r"`([^`]+)`", found[1]) if found else []


@cache
def rules_of_books() -> dict[str, set[str]]:
    """Which rules the vectors of each book name."""
    books: dict[str, set[str]] = {}
    for row in INDEX["files"]:
        for vector in json.loads((ROOT / "sync" / "vectors" / row["file"]).read_text(encoding="utf-8")):
            books.setdefault(vector["name"].partition("/")[0], set()).update(vector["rule"])
    return books


def shown_by(reference: str) -> list[str]:
    """Tests under a folder by the start of their name: `tests/server::test_p25_*`, `tests/pwa::P7 *`."""
    folder, _, pattern = reference.partition("::")
    start = re.escape(pattern.removesuffix("*"))
    found: list[str] = []
    for path in (ROOT / folder).rglob("*"):
        if path.name.startswith("test_") and path.suffix == ".py":
            found += re.findall(
                rf"^\s*(?:async )?def ({start}\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
            )
        elif path.name.endswith(".test.ts"):
            text = path.read_text(encoding="utf-8")
            found += re.findall(rf"""\b(?:it|test)\(\s*["'`]({start}[^"'`]+)""", text)
    return found


def test_the_rules_of_this_stage_are_there() -> None:
    assert list(RULES) == [f"P{number}" for number in TOUCHED]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_what_shows_it(rule: str) -> None:
    assert named(RULES[rule], "Vectors") or named(RULES[rule], "Tests")


@pytest.mark.parametrize("rule", RULES)
def test_the_vectors_a_rule_names_exist(rule: str) -> None:
    books = rules_of_books()
    for book in named(RULES[rule], "Vectors"):
        assert rule in books.get(book, set()), f"no vector of {book} is about {rule}"


@pytest.mark.parametrize(
    "reference", sorted({name for text in RULES.values() for name in named(text, "Tests")})
)
def test_the_tests_a_rule_names_exist(reference: str) -> None:
    assert shown_by(reference), f"no test {reference}"


def test_a_test_is_named_under_its_own_rule() -> None:
    for rule, text in RULES.items():
        for reference in named(text, "Tests"):
            pattern = reference.partition("::")[2].lower()
            assert pattern.startswith((f"test_{rule.lower()}_", f"{rule.lower()} "))


def test_a_vector_stands_under_every_rule_it_names() -> None:
    for book, rules in rules_of_books().items():
        for rule in rules:
            assert rule in RULES, f"{book} names {rule}, which SPEC.md does not have"
            assert book in named(RULES[rule], "Vectors"), f"{rule} does not name {book}"
