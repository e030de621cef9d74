"""Old versions of operations are understood for ever (P6): each step lifts one version to the next."""

from collections.abc import Callable, Mapping
from typing import Any, Final

Op = dict[str, Any]
Steps = Mapping[tuple[str, int], Callable[[Op], Op]]

# (type, version) -> the step to the next version. Nothing has changed since version 1.
STEPS: Final[Steps] = {}


def upcast(envelope: Op, steps: Steps = STEPS) -> Op:
    """The operation in the newest version there is a way to.

    What is no operation, has an unknown type or comes from a newer version is returned as it is: validate names it.
    The log keeps the operation as it was sent; only the copy that is decided is lifted.
    """
    while isinstance(envelope.get("type"), str) and isinstance(envelope.get("v"), int):
        step = steps.get((envelope["type"], envelope["v"]))
        if step is None:
            break
        envelope = step(envelope)
    return envelope
