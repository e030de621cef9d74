"""A shift recomputed from the ledger alone: what its handheld recorded, what of it is here, whether the chain holds.

Nothing that was counted before is believed: every body is hashed again, every link of the chain followed, every place
looked for. What the handheld said when it closed the shift, and what the server keeps, is held against that (P32).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import func, select

from server.auth import queries as auth_queries
from server.core.db import db
from server.core.ids import is_uuid
from server.ops import oplog
from server.ops.models import DeviceHead, Operation
from server.ops.owners import OWNERS
from server.ops.places import Log, Place, accepted, of_log
from sync.merge import fold


@dataclass(frozen=True)
class ShiftAudit:
    """What the ledger says of one shift; `breaks` are sentences on what does not fit.

    The operation that closes a shift is not among those it counts, as on the handheld.
    """

    shift: str
    courier: str
    device: str
    recorded: int
    confirmed: int
    waiting: int
    refused: int
    elsewhere: int
    breaks: Sequence[str]

    @property
    def line(self) -> str:
        """All of it in one line."""
        counts = f"recorded {self.recorded}, confirmed {self.confirmed}, waiting {self.waiting}"
        other = f", on other handhelds {self.elsewhere}" if self.elsewhere else ""
        found = f"BROKEN: {'; '.join(self.breaks)}" if self.breaks else "chain whole"
        who = f"shift {self.shift} courier {self.courier} device {self.device}"
        return f"{who}: {counts}, refused {self.refused}{other}; {found}"


@dataclass(frozen=True)
class _Edge:
    """The operation that began or closed the shift, and the log it stands in."""

    log: Log
    place: Place


@dataclass(frozen=True)
class _Chain:
    """A log as far as it belongs to the shift: from `first` to `last`. `places` has one more at either end."""

    log: Log
    head: DeviceHead | None
    first: int
    last: int
    places: dict[int, Place]

    @property
    def of_shift(self) -> Iterable[Place]:
        """What stands in the shift's part, in order."""
        return (self.places[seq] for seq in range(self.first, self.last + 1) if seq in self.places)


def audit_shift(shift_id: str) -> ShiftAudit | None:
    """The audit of one shift, inside the caller's snapshot; None when nobody here has heard of it."""
    entity = f"shift:{shift_id}"
    told = accepted(entity) if is_uuid(shift_id) else []
    stored = OWNERS["shift"].load([shift_id], lock=False).get(shift_id)
    if not told and stored is None:
        return None
    edges = {place.type: _Edge(log, place) for log, place in reversed(told)}
    begin, end = edges.get("shift.started"), edges.get("shift.closed")
    if begin is None:
        courier = str(stored.record["courier"]) if stored else str(told[0][1].author)
        said = ["the operation that began it is not in the ledger"]
        return ShiftAudit(shift_id, _name(courier), "unknown", 0, 0, 0, 0, 0, said)
    chains = _chains(begin, end)
    counted = _counted(chains, begin, end)
    stubs = sum(place.stub for place in counted)
    waiting = 0 if end else sum(max(0, one.head.known_seq - one.head.head_seq) for one in chains if one.head)
    breaks = [said for chain in chains for said in _named(chain, _breaks(chain), alone=len(chains) == 1)]
    breaks += _against_counts(counted, stubs, end)
    breaks += _against_record(entity)
    return ShiftAudit(
        shift=shift_id,
        courier=_name(str(begin.place.author)),
        device=(end or begin).log[0],
        recorded=len(counted) + waiting,
        confirmed=len(counted) - stubs,
        waiting=waiting,
        refused=sum(place.refused for place in counted),
        elsewhere=_elsewhere(begin, end, {chain.log[0] for chain in chains}),
        breaks=breaks,
    )


# --- which part of which log ------------------------------------------------------------------------------------------


def _chains(begin: _Edge, end: _Edge | None) -> list[_Chain]:
    """The log the shift began in, and those its handheld went on with, or in which it was closed."""
    devices = {edge.log[0] for edge in (begin, end) if edge is not None}
    query = select(DeviceHead).where(DeviceHead.device_id.in_(devices))
    heads = {(head.device_id, head.incarnation): head for head in db.session.scalars(query)}
    later = sorted(heads.keys() - {begin.log}, key=lambda log: (heads[log].first_heard, log))
    found = [_chain(log, heads.get(log), begin, end) for log in [begin.log, *later]]
    return [chain for chain in found if chain is not None]


def _chain(log: Log, head: DeviceHead | None, begin: _Edge, end: _Edge | None) -> _Chain | None:
    """The shift's part of a log; None when it has no part in it."""
    starts = begin.place.seq if log == begin.log else 1
    found = of_log(log, starts - 1)
    times = {seq: place.at for seq, place in found.items() if place.at is not None and seq >= starts}
    if log == begin.log:
        first = starts
    else:
        first = min((seq for seq, at in times.items() if at >= (begin.place.at or 0)), default=0)
    last = max([*found, head.head_seq if head else 0, first])
    if end is not None and log == end.log:
        last = end.place.seq
    elif end is not None:
        last = max((seq for seq, at in times.items() if at <= (end.place.at or 0)), default=0)
    if first == 0 or last < first:
        return None
    return _Chain(log, head, first, last, {seq: found[seq] for seq in sorted(found) if seq <= last + 1})


def _counted(chains: Sequence[_Chain], begin: _Edge, end: _Edge | None) -> list[Place]:
    """What the courier recorded in the shift, each once, wherever else it stands too; what closes it left out."""
    found: dict[str, Place] = {}
    for chain in chains:
        for place in chain.of_shift:
            key = place.op_id or f"{chain.log}/{place.seq}"
            if place.author in (begin.place.author, None) and (key not in found or found[key].repeat):
                found[key] = place
    return [place for key, place in found.items() if end is None or key != end.place.op_id]


def _elsewhere(begin: _Edge, end: _Edge | None, devices: set[str]) -> int:
    """What the courier recorded on other handhelds while the shift lasted, by the handhelds' clocks."""
    query = select(func.count()).where(
        Operation.author == begin.place.author,
        Operation.device_id.is_not(None),
        Operation.device_id.not_in(devices),
        Operation.at >= begin.place.at,
    )
    if end is not None:
        query = query.where(Operation.at <= end.place.at)
    return int(db.session.execute(query).scalar_one())


# --- what does not fit ------------------------------------------------------------------------------------------------


def _named(chain: _Chain, breaks: Iterable[str], *, alone: bool) -> list[str]:
    return [said if alone else f"log {chain.log[1]}: {said}" for said in breaks]


def _breaks(chain: _Chain) -> Iterable[str]:
    gaps = [seq for seq in range(chain.first, chain.last + 1) if seq not in chain.places]
    if gaps:
        yield f"seq {_ranges(gaps)} missing"
    bent = [place for place in chain.of_shift if not place.sound]
    yield from _first(bent, "does not fit its hash")
    yield from _first(_unlinked(chain), "does not name the hash of the one before it")
    yield from _against_heads(chain)


def _unlinked(chain: _Chain) -> list[Place]:
    """Places whose `prev` is not what the place before them comes to; those at a gap or a bent body left out."""
    found = [chain.places[1]] if 1 in chain.places and chain.places[1].prev is not None else []
    for before, after in pairwise(chain.places.values()):
        known = after.seq == before.seq + 1 and before.sound and after.sound and not after.repeat
        if known and after.prev != before.chain:
            found.append(after)
    return found


def _first(places: Sequence[Place], what: str) -> Iterable[str]:
    if places:
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        yield f"seq {places[0].seq} operation {places[0].op_id or 'without an id'} {what}{more}"


def _against_heads(chain: _Chain) -> Iterable[str]:
    """How far the server says that it has consumed the log, and what it remembers of the last one."""
    head, ends = chain.head, max(chain.places, default=0)
    if head is None:
        yield "no head is kept for this log"
        return
    if head.head_seq < ends:
        yield f"the head is kept as {head.head_seq}, seq {ends} is here"
    last = chain.places.get(head.head_seq)
    if last is not None and last.sound and head.chain_hash not in (None, last.chain):
        yield f"the head does not name the hash of seq {last.seq}"
    device = auth_queries.device(chain.log[0])
    if device is not None and device.incarnation == head.incarnation and device.head_seq != head.head_seq:
        yield f"the device list says head {device.head_seq}, the log says {head.head_seq}"


def _against_counts(counted: Sequence[Place], stubs: int, end: _Edge | None) -> Iterable[str]:
    """What the handheld counted when it closed the shift. What still waited then has come, or would be missing."""
    if end is None or end.place.raw is None:
        return
    told = end.place.raw["payload"]
    if told["recorded"] != len(counted):
        yield f"the handheld counted recorded {told['recorded']}, the ledger has {len(counted)}"
    if told["confirmed"] + told["waiting"] != len(counted) - stubs:
        both = f"confirmed {told['confirmed']} and waiting {told['waiting']}"
        yield f"the handheld counted {both}, the ledger has {len(counted) - stubs}"
    cash = _cash(counted)
    if told["cash_minor"] != cash:
        yield f"the handheld counted cash {told['cash_minor']}, the ledger has {cash}"


def _cash(counted: Sequence[Place]) -> int:
    """Cash taken in the shift, in minor units, without what the courier took back himself."""
    said = [place for place in counted if place.raw is not None and not place.stub]
    payloads = [(place, (place.raw or {}).get("payload", {})) for place in said]
    back = {payload.get("corrects") for place, payload in payloads if place.type == "operation.corrected"}
    return sum(
        payload.get("amount_minor", 0)
        for place, payload in payloads
        if place.type == "payment.collected" and payload.get("method") == "cash" and place.op_id not in back
    )


def _against_record(entity: str) -> Iterable[str]:
    """The record of the shift, as the server keeps it, against the operations it is made of."""
    past = oplog.history(entity, ())
    void = {one.op["op_id"] for one in past if one.voided_by is not None}
    folded = fold(entity, [one.op for one in past], void).get(entity)
    shift_id = entity.partition(":")[2]
    stored = OWNERS["shift"].load([shift_id], lock=False).get(shift_id)
    kept = stored.record if stored else None
    if kept == folded:
        return
    names = [name for name in (folded or {}) if kept is None or kept.get(name) != (folded or {})[name]]
    yield f"the stored shift differs from the ledger in {', '.join(names) or 'what it holds'}"


def _ranges(seqs: Sequence[int]) -> str:
    """`[4, 5, 6, 9]` as `4-6, 9`."""
    runs: list[list[int]] = []
    for seq in seqs:
        if runs and seq == runs[-1][1] + 1:
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)


def _name(user_id: str) -> str:
    found = auth_queries.user(user_id)
    return found.name if found else user_id
