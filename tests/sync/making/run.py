"""Calls a function of sync by the name a vector gives it, plain data in and out."""

import copy
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sync.apply import apply
from sync.canonical import NotCanonicalError, canonical, derive, normal_waybill, sha256_hex
from sync.clock import corrected
from sync.conflict import effect
from sync.digest import digest
from sync.evidence import shown
from sync.merge import decide, fold
from sync.pending import absorb, item_state, overlay
from sync.protocol import (
    UnreadableError,
    astray,
    forgot,
    narrowed,
    parse,
    plan_push,
    position_code,
    slice_batch,
)
from sync.requests import applies, belongs
from sync.upcast import upcast
from sync.validate import validate
from sync.values import three_way

Plain = dict[str, Any]


def _canonical(given: Plain) -> Plain:
    text = canonical(given["value"])
    return {"text": text, "sha256": sha256_hex(text)}


def _validate(given: Plain) -> Plain:
    problems = validate(given["envelope"], given["role"])
    return {"problems": [{"code": problem.code, "field": problem.field} for problem in problems]}


def _decide(given: Plain) -> Plain:
    known = {"rev": given["rev"], "station": given["station"], "pin": given.get("pin")}
    return asdict(decide(given["board"], given["op"], **known))


def _fold(given: Plain) -> Plain:
    records = fold(given["entity"], given["ops"], given["void"], given["force"], station=given["station"])
    return {"records": records}


def _effect(given: Plain) -> Plain:
    what = effect(given["case"], given["outcome"])
    return {"void": sorted(what.void), "force": sorted(what.force)}


def _overlay(given: Plain) -> Plain:
    return {"rows": overlay(given["rows"], given["entries"], given["results"], given["cursors"])}


def _request(given: Plain) -> Plain:
    request, task = given["request"], given["task"]
    counts = applies(request, task, given["weekday"], given["now"])
    return {"belongs": belongs(request, task), "applies": counts}


def _digest(given: Plain) -> Plain:
    return asdict(digest((row["entity"], row["rev"]) for row in given["rows"]))


def _evidence(given: Plain) -> Plain:
    report = {name: given[name] for name in ("photos", "note", "at")}
    return {"evidence": shown(given["task"], given["author"], given["reason"], **report)}


FUNCTIONS: dict[str, Callable[[Plain], Plain]] = {
    "canonical": _canonical,
    "derive": lambda given: {"id": derive(*given["parts"])},
    "normal_waybill": lambda given: {"waybill": normal_waybill(given["code"])},
    "corrected": lambda given: asdict(corrected(given["at"], given["device_now"], given["server_now"])),
    "validate": _validate,
    "apply": lambda given: {"record": apply(given["record"], given["op"])},
    "merge": lambda given: asdict(three_way(given["base"], given["theirs"], given["mine"])),
    "decide": _decide,
    "digest": _digest,
    "evidence": _evidence,
    "astray": lambda given: {"cause": astray(**given)},
    "forgot": lambda given: {"cause": forgot(**given)},
    "fold": _fold,
    "request": _request,
    "effect": _effect,
    "overlay": _overlay,
    "absorb": lambda given: {"known": absorb(given["known"], given["results"])},
    "item_state": lambda given: {"state": item_state(given["result"])},
    "slice": lambda given: {"count": slice_batch(given["sizes"])},
    "narrowed": lambda given: {"count": narrowed(given["count"])},
    "plan_push": lambda given: asdict(plan_push(given["head_seq"], given["from_seq"], given["count"])),
    "position": lambda given: {
        "code": position_code(given["op"], given["device"], given["incarnation"], given["seq"])
    },
    "parse": lambda given: {"value": parse(given["text"].encode())},
    "upcast": lambda given: {"envelope": upcast(given["envelope"])},
}


def run(function: str, given: Plain) -> Plain:
    """The answer to one vector; `{"error": True}` where the function refuses its input.

    Raises AssertionError when the call changed what it was given.
    """
    before = copy.deepcopy(given)
    try:
        answer = FUNCTIONS[function](given)
    except (NotCanonicalError, UnreadableError):
        answer = {"error": True}
    assert given == before, f"{function} changed its input"
    return answer
