"""Vectors of copies: what a scope holds in two numbers, and when a copy begins anew."""

import hashlib

from tests.sync.making.book import Book
from tests.sync.making.cast import uid


def digests() -> Book:
    book = Book("digests", "What a scope holds in two numbers")

    def held(name: str, *rows: tuple[str, int]) -> None:
        given = {"rows": [{"entity": entity, "rev": rev} for entity, rev in rows]}
        book.case(name, "P30", "digest", given, {"count": len(rows), "sum": _sum(rows)})

    one, two, three = f"task:{uid(4, 1)}", f"task:{uid(4, 2)}", f"notice:{uid(9, 1)}"
    held("nothing", *())
    held("one row", (one, 1))
    held("its next revision is another sum", (one, 2))
    held("two rows", (one, 1), (two, 7))
    held("the same in the other order", (two, 7), (one, 1))
    held("revisions that change places", (one, 7), (two, 1))
    held("kinds of every scope", (one, 3), (three, 1), (f"station:{uid(1, 1)}", 12))
    held("a revision as large as they come", (one, 2**31 - 1))
    held("a sum that goes round", *((f"task:{uid(4, number)}", number) for number in range(1, 40)))
    first, second = (book.cases[place]["expect"] for place in (3, 4))
    assert first == second, "the order of rows must not matter"
    assert len({str(case["expect"]) for case in book.cases}) == len(book.cases) - 1
    assert book.cases[-1]["expect"]["sum"] < 2**48 < _whole_sum(book.cases[-1]["input"]["rows"])
    return book


def anew() -> Book:
    book = Book("anew", "When a copy begins anew, and when a server is told again")

    def cursor(name: str, at: int, ver: int, floor: int, claim: str | None, *, begun: bool = False) -> None:
        given = {"cursor": at, "begun": begun, "ver": ver, "floor": floor}
        book.case(name, "P29", "astray", given, {"cause": claim})

    cursor("up to date", 7, 7, 0, None)
    cursor("behind, and nothing is forgotten", 3, 7, 0, None)
    cursor("exactly at the floor", 5, 7, 5, None)
    cursor("one below the floor", 4, 7, 5, "floor")
    cursor("nothing yet is below no floor", 0, 7, 5, None)
    cursor("a walk that has begun goes on below the floor", 4, 7, 5, None, begun=True)
    cursor("from the future", 8, 7, 5, "ahead")
    cursor("from the future in the middle of a walk", 8, 7, 5, "ahead", begun=True)
    cursor("a scope nobody knows", 1, 0, 0, "ahead")
    cursor("nothing of a scope nobody knows", 0, 0, 0, None)

    def server(name: str, before: tuple[str | None, int], now: tuple[str, int], claim: str | None) -> None:
        (old, had), (new, has) = before, now
        given = {"epoch_before": old, "head_before": had, "epoch": new, "head": has}
        book.case(name, "P31", "forgot", given, {"cause": claim})

    server("the first word from a server", (None, 0), ("e1", 0), None)
    server("it has more than before", ("e1", 4), ("e1", 9), None)
    server("it has what it had", ("e1", 4), ("e1", 4), None)
    server("a new epoch", ("e1", 4), ("e2", 2), "epoch")
    server("a new epoch that has forgotten nothing of ours", ("e1", 4), ("e2", 4), "epoch")
    server("less than it said, and no word of an epoch", ("e1", 4), ("e1", 3), "head")
    server("less than it said before it had an epoch", (None, 4), ("e1", 3), "head")
    return book


def _sum(rows: tuple[tuple[str, int], ...]) -> int:
    """As the rule says it: hexadecimal, all added up, the remainder taken once."""
    return sum(_hash(entity, rev) for entity, rev in rows) % 2**48


def _whole_sum(rows: list[dict[str, object]]) -> int:
    return sum(_hash(str(row["entity"]), int(str(row["rev"]))) for row in rows)


def _hash(entity: str, rev: int) -> int:
    return int(hashlib.sha256(f"{entity}\n{rev}".encode()).hexdigest()[:12], 16)
