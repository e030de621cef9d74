"""A file of vectors in the making: each case is computed, held against its claim, and kept."""

from dataclasses import dataclass, field
from typing import Any

from tests.sync.making.run import run

Plain = dict[str, Any]


class ClaimError(AssertionError):
    """The code and the rule disagree: one of them is wrong."""


@dataclass
class Book:
    """One vector file: its name without number, a title, and its cases."""

    name: str
    title: str
    cases: list[Plain] = field(default_factory=list)

    def case(self, name: str, rules: str, function: str, given: Plain, claim: Plain) -> Plain:
        """Add a case; `rules` are separated by spaces. Returns the full answer, for a case that goes on from it.

        `claim` maps paths of the answer (`cases.0.kind`: dots for steps, `#` for a length) to values.
        """
        answer = run(function, given)
        for path, value in claim.items():
            found = look(answer, path)
            if found != value or type(found) is not type(value):
                raise ClaimError(f"{name}: {path} is {found!r}, the rule demands {value!r}")
        self.cases.append(
            {
                "name": f"{self.name}/{name}",
                "rule": rules.split(),
                "function": function,
                "input": given,
                "expect": answer,
            }
        )
        return answer

    def decide(
        self,
        name: str,
        rules: str,
        board: Plain,
        op: Plain,
        claim: Plain,
        *,
        rev: int | None = None,
        station: str | None = None,
        pin: str | None = None,
    ) -> Plain:
        """Add a decision; claims may speak of `after.…`, the record afterwards, and of `kinds`, those of its cases."""
        given = {"board": board, "op": op, "rev": rev, "station": station}
        if pin is not None:
            given["pin"] = pin
        after = run("decide", given)
        entity = op["entity"]
        spelled = {}
        for path, value in claim.items():
            if path == "kinds":
                kinds = [case["kind"] for case in after["cases"]]
                if kinds != value:
                    raise ClaimError(f"{name}: cases {kinds}, the rule demands {value}")
            elif path.startswith("after."):
                record = (board | after["changes"]).get(entity)
                if look(record, path.removeprefix("after.")) != value:
                    raise ClaimError(f"{name}: {path} is {record!r}, the rule demands {value!r}")
            else:
                spelled[path] = value
        return self.case(name, rules, "decide", given, spelled)


def look(value: Any, path: str) -> Any:
    """Follow a path; None where it ends early."""
    for step in filter(None, path.split(".")):
        if step == "#":
            value = len(value)
        elif isinstance(value, list):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value
