"""What one batch carries from step to step of the pipeline."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from server.auth.policy import UserView
from server.core.records import Record, Versioned
from sync.canonical import derive
from sync.merge import Decision

Envelope = dict[str, Any]
Result = dict[str, Any]


@dataclass(frozen=True)
class Writer:
    """Who hands operations in. `device_id` and `incarnation` are None for anything but a handheld.

    What a `revoked` one hands in is evidence and nothing more (P34).
    """

    user_id: str
    station_id: str
    role: str
    device_id: str | None = None
    incarnation: str | None = None
    revoked: bool = False


@dataclass(frozen=True)
class Fault:
    """Why something handed in did not become an operation: a stable code and a sentence for a person."""

    code: str
    detail: str


@dataclass
class Item:
    """One thing handed in, and what became of it.

    `raw` is kept word for word. `op` is the operation in today's form, None when there is none to be had.
    `seq` is the position in the handheld's log, whatever the content says. `answer` is set once, by the first step
    that knows it. `twin` is the same operation earlier in this batch: it gives the answer to both. `waited` is who
    handed a waiting operation in, back then; None for what arrives now. `skew_ms` is by how much its time was put right
    (P35). `breaks_chain` is set when it does not name the hash of what stands before it in its log, `repeats` when it
    was answered at another place of a log. `recorded_by` is who recorded it when that is not who works with the
    handheld now (P11). `parked_id` is its row in the quarantine when a person lets it count after all; it has `waited`
    there (P34).
    """

    raw: Any
    body_hash: str
    op: Envelope | None = None
    seq: int | None = None
    fault: Fault | None = None
    decision: Decision | None = None
    rev: int | None = None
    conflict: str | None = None
    answer: Result | None = None
    keeps_seq: bool = True
    skew_ms: int | None = None
    twin: "Item | None" = None
    waited: Writer | None = None
    breaks_chain: bool = False
    repeats: bool = False
    parked_id: str | None = None
    recorded_by: Writer | None = None

    @property
    def operation(self) -> Envelope:
        """The operation of a live item."""
        if self.op is None:
            raise LookupError("this item never became an operation")
        return self.op

    @property
    def decided(self) -> Decision:
        """The decision on an item that has been through step 6."""
        if self.decision is None:
            raise LookupError("this item was not decided")
        return self.decision

    @property
    def live(self) -> bool:
        """Whether the steps after `seen` still have to look at it."""
        return self.op is not None and self.fault is None and self.open

    @property
    def open(self) -> bool:
        """Whether it still has to get an answer."""
        return self.answer is None and self.twin is None

    @property
    def woken(self) -> bool:
        """Whether it had been waiting for what this batch brought (P18: `deferred`)."""
        return self.waited is not None

    def again(self) -> "Item":
        """The same arrival before any step touched it but the first three."""
        return Item(
            raw=self.raw,
            body_hash=self.body_hash,
            op=self.op,
            seq=self.seq,
            fault=self.fault,
            breaks_chain=self.breaks_chain,
            skew_ms=self.skew_ms,
            recorded_by=self.recorded_by,
        )


@dataclass
class Board:
    """The records a batch works on, with the revisions they were loaded at; `moved` are those changed since."""

    loaded: dict[str, Versioned] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    revs: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    def lay(self, entity: str, versioned: Versioned) -> None:
        """Puts a loaded record on the board."""
        self.loaded[entity] = versioned
        self.records[entity] = versioned.record
        self.revs[entity] = versioned.rev

    def put(self, entity: str, record: Record) -> None:
        """Replaces a record by what was decided; one change, one revision."""
        self.records[entity] = record
        self.revs[entity] = self.revs.get(entity, 0) + 1
        self.moved.add(entity)

    def of_kind(self, kind: str) -> Iterable[tuple[str, Record]]:
        """(id, record) of one kind."""
        prefix = f"{kind}:"
        return [
            (entity[len(prefix) :], record)
            for entity, record in self.records.items()
            if entity.startswith(prefix)
        ]


@dataclass(frozen=True)
class Notice:
    """One line for a courier: a decision, or that a waiting operation was settled."""

    user_id: str
    id: str
    body: dict[str, Any]


@dataclass
class Batch:
    """One transaction's worth of work. `couriers` are those its operations name (id -> station), `desks` who
    works at a station's desk.

    `voided` and `forced` say which operation took another one back, or made it stand after all; None gives it back.
    `taken_back` and `given_back` are the operations themselves, whose money moves with them.
    """

    writer: Writer
    items: list[Item]
    now: int
    board: Board = field(default_factory=Board)
    couriers: dict[str, str] = field(default_factory=dict)
    desks: dict[str, list[UserView]] = field(default_factory=dict)
    voided: dict[str, str | None] = field(default_factory=dict)
    forced: dict[str, str | None] = field(default_factory=dict)
    taken_back: list[Envelope] = field(default_factory=list)
    given_back: list[Envelope] = field(default_factory=list)
    closed_shifts: set[str] = field(default_factory=set)
    notices: list[Notice] = field(default_factory=list)

    @property
    def live(self) -> list[Item]:
        """Items that still have to be decided or written as operations."""
        return [item for item in self.items if item.live]

    def writer_of(self, item: Item) -> Writer:
        """Who stands for an item: whoever hands this batch in, handed it in when it had to wait, or recorded it."""
        return item.waited or item.recorded_by or self.writer


def split(entity: str) -> tuple[str, str]:
    """`task:0198…` -> (`task`, `0198…`)."""
    kind, _, identity = entity.partition(":")
    return kind, identity


def task_of(op: Envelope) -> str | None:
    """The task an operation is about, when it is about one; a scan may only name a task of its own waybill."""
    kind, identity = split(op["entity"])
    if kind in ("task", "obligation"):
        return identity
    if op["type"] == "message.sent":
        return op["payload"]["task"] or None
    if op["type"] != "parcel.scanned":
        return None
    task = op["payload"].get("task")
    return task if task in tasks_of_waybill(op["payload"]["waybill"]) else None


def tasks_of_waybill(waybill: str) -> tuple[str, ...]:
    """The ids a waybill's tasks have, whether there are such tasks or not."""
    return tuple(derive("task", kind, waybill) for kind in ("delivery", "pickup"))


def as_result(seq: int | None, answer: Result) -> Result:
    """An answer as it goes out, its keys always in one order: a database may keep them in another (P16)."""
    at = answer["applied_at"]
    return {
        "seq": seq,
        "op_id": answer["op_id"],
        "status": answer["status"],
        "code": answer["code"],
        "detail": answer["detail"],
        "applied_at": None if at is None else {"scope": at["scope"], "ver": at["ver"]},
        "conflict": answer["conflict"],
    }
