"""Old versions of operations are understood for ever (P6): each step lifts one version to the next."""

from collections.abc import Callable, Mapping
from typing import Any, Final

Op = dict[str, Any]
Steps = Mapping[tuple[str, int], Callable[[Op], Op]]


def _request_set_v1(envelope: Op) -> Op:
    """Version 1 knew no scope, no source and nobody who had to accept: what was asked counted everywhere, at once.

    A handheld may only propose, so what one asked for in version 1 is a proposal. What is no payload stays as it is.
    """
    payload = envelope.get("payload")
    if not isinstance(payload, dict):
        return {**envelope, "v": 2}
    from_door = envelope.get("device") is not None
    since: Op = {
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": "courier" if from_door else "csr",
        "state": "proposed" if from_door else "accepted",
        "valid_from": None,
        "valid_until": None,
    }
    return {**envelope, "v": 2, "payload": {**since, **payload}}


def _order_imported_v1(envelope: Op) -> Op:
    """In version 1 an order came once and for all: none followed a cancellation."""
    payload = envelope.get("payload")
    if not isinstance(payload, dict):
        return {**envelope, "v": 2}
    return {**envelope, "v": 2, "payload": {"after": None, **payload}}


def _delivered_v1(envelope: Op) -> Op:
    """In version 1 a consent was a sentence, what the courier had been told."""
    payload = envelope.get("payload")
    said = payload.get("consent") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(said, str):
        return {**envelope, "v": 2}
    told = {"kind": payload.get("recipient"), "source": "told", "ref": None, "v": None, "note": said}
    return {**envelope, "v": 2, "payload": {**payload, "consent": told}}


# (type, version) -> the step to the next version.
STEPS: Final[Steps] = {
    ("customer.request_set", 1): _request_set_v1,
    ("order.imported", 1): _order_imported_v1,
    ("task.delivered", 1): _delivered_v1,
}


def upcast(envelope: Op, steps: Steps = STEPS) -> Op:
    """The operation in the newest version there is a way to.

    What is no operation, has an unknown type or comes from a newer version is returned as it is: validate names it.
    The log keeps the operation as it was sent; only the copy that is decided is lifted.
    """
    # `type(...) is int`: true is no version 1.
    while isinstance(envelope.get("type"), str) and type(envelope.get("v")) is int:
        step = steps.get((envelope["type"], envelope["v"]))
        if step is None:
            break
        envelope = step(envelope)
    return envelope
