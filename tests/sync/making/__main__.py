"""`python -m tests.sync.making [--check]`: write the vectors, or fail when the files are not what would be written."""

import json
import re
import sys
from pathlib import Path

from tests.sync.making import (
    basics,
    day,
    digests,
    facts,
    handovers,
    messages,
    money,
    pending,
    people,
    plans,
    requests,
    states,
    validating,
)
from tests.sync.making.book import Book

HERE = Path(__file__).resolve().parents[3] / "sync" / "vectors"
BOOKS = (
    basics.canonical,
    basics.ids,
    basics.clocks,
    basics.batches,
    basics.upcasts,
    validating.shapes,
    validating.envelopes,
    validating.sense,
    pending.effects,
    plans.merges,
    plans.plans,
    requests.requests,
    plans.orders,
    states.states,
    facts.pairs,
    facts.circumstances,
    money.payments,
    money.decisions,
    money.folds,
    pending.overlays,
    people.belonging,
    people.profiles,
    people.late,
    digests.digests,
    digests.anew,
    day.evidence,
    day.signed,
    handovers.handovers,
    messages.messages,
)


def written() -> dict[str, str]:
    """Every file by name, as it should be."""
    files: dict[str, str] = {}
    index = []
    names: set[str] = set()
    for number, make in enumerate(BOOKS, start=1):
        book = make()
        name = f"{number:02d}-{book.name}.json"
        for case in book.cases:
            assert case["name"] not in names, f"two vectors are named {case['name']}"
            names.add(case["name"])
        files[name] = _text(book)
        rules = sorted({rule for case in book.cases for rule in case["rule"]}, key=lambda rule: int(rule[1:]))
        index.append({"file": name, "title": book.title, "rules": rules, "count": len(book.cases)})
    rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in index)
    files["index.json"] = f'{{\n  "version": 1,\n  "files": [\n{rows}\n  ]\n}}\n'
    return files


def _text(book: Book) -> str:
    """One case a line: a change of a vector is then a change of a line. Lone surrogates and NUL stay escaped."""
    lines = (json.dumps(case, ensure_ascii=False) for case in book.cases)
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    return re.sub("[\ud800-\udfff\u2028\u2029\x7f]", lambda bad: f"\\u{ord(bad[0]):04x}", text)


def main() -> int:
    """Write the files, or only compare; 1 when they differ."""
    files = written()
    if "--check" not in sys.argv:
        for name, text in files.items():
            (HERE / name).write_text(text, encoding="utf-8")
        return 0
    present = {path.name for path in HERE.glob("*.json")}
    stale = sorted(present ^ set(files)) + sorted(
        name for name in present & set(files) if (HERE / name).read_text(encoding="utf-8") != files[name]
    )
    for name in stale:
        print(f"sync/vectors/{name} is not what tests/sync/making writes", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
