"""How far the logs of a handheld's databases have been consumed, and what its clocks have told (P15, P32, P35)."""

from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, update

from server.core.sql import insertion, on_postgres, run, write
from server.ops.models import DeviceHead


@dataclass
class Head:
    """One local database's log, by the names of `DeviceHead`; written down by `keep`."""

    device_id: str
    incarnation: str
    first_heard: int
    last_heard: int
    head_seq: int = 0
    known_seq: int = 0
    lost_reported: int = 0
    skew_ms: int | None = None
    mono: int | None = None
    boot: str | None = None
    doubted_boot: str | None = None
    chain_hash: str | None = None


_TABLE = DeviceHead.__table__
_NAMES = tuple(field.name for field in fields(Head))
_KEY = ("device_id", "incarnation")
_OF_DEVICE = select(*(_TABLE.c[name] for name in _NAMES)).where(_TABLE.c.device_id == bindparam("device"))
_REPORTING = (
    update(_TABLE)
    .where(_TABLE.c.device_id == bindparam("device"), _TABLE.c.incarnation == bindparam("of"))
    .values(lost_reported=bindparam("last"))
)


def of_device(device_id: str, incarnation: str, now: int) -> tuple[Head, list[Head]]:
    """The head of this incarnation, a fresh one when it was never heard of, and those of all others."""
    heads = [Head(*row) for row in run(_OF_DEVICE, {"device": device_id})]
    own = [head for head in heads if head.incarnation == incarnation]
    others = [head for head in heads if head.incarnation != incarnation]
    return own[0] if own else Head(device_id, incarnation, now, now), others


def keep(head: Head) -> None:
    """Writes a head down."""
    write(_keeping(on_postgres()), [asdict(head)])


def report(head: Head, last: int) -> None:
    """Remembers up to which place the loss of operations is told."""
    head.lost_reported = last
    run(_REPORTING, {"device": head.device_id, "of": head.incarnation, "last": last})


@cache
def _keeping(_postgres: bool) -> Any:
    begun = insertion(_TABLE, _NAMES)
    changed = {name: begun.excluded[name] for name in _NAMES if name not in _KEY}
    return begun.on_conflict_do_update(index_elements=list(_KEY), set_=changed)
