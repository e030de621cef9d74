"""What a customer may know and do about one task: plain data in, plain data out, no words and no HTML.

Nothing here names a person of the house, another customer, a phone or a door; what is not picked out by these
functions does not reach the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from server.core.records import Record
from server.ops.queries import LoggedOperation
from server.proofs.queries import ProofView
from sync.requests import belongs

MINUTE_MS = 60_000
SILENT_MS = 10 * MINUTE_MS
"""A courier not heard of for longer than this is out of signal, and the band of time is widened."""
WIDEN_STEP_MS = 10 * MINUTE_MS
WIDEN_MOST_MS = 120 * MINUTE_MS
UNDER_WAY_MS = 180 * MINUTE_MS
"""A pickup has nothing like setting out: its courier counts as under way this long before the window."""

FINISHED = ("delivered", "picked_up", "returned", "cancelled")
PROVEN = ("task.delivered", "task.picked_up")
LEAVE_WITH = ("reception", "neighbour", "locker", "station")
SHOWN_SOURCES = ("order", "customer", "csr", "merchant")
PLANS = ("task.assigned", "task.reassigned", "task.reattempt_planned")
OUTCOMES = ("task.delivered", "task.picked_up", "task.attempt_failed", "task.held", "task.returned")
PROGRESS = ("task.out_for_delivery", "task.arrived")
STEPS = {
    "delivery": ("ordered", "planned", "out", "door", "done"),
    "pickup": ("ordered", "planned", "door", "done"),
}
_REACHED = {
    "delivery": {"created": 0, "assigned": 1, "out_for_delivery": 2, "arrived": 3, "delivered": 4},
    "pickup": {"created": 0, "assigned": 1, "arrived": 2, "picked_up": 3},
}
# Where on the line it came to a stop; counted from the end for what happens at a door.
_PROBLEM_AT = {"attempt_failed": -2, "held": 1, "returned": -2, "cancelled": 1}


@dataclass(frozen=True)
class Facts:
    """All that is known of a task and may be asked for its page. Times are ms since the epoch, UTC.

    `heard` is when a handheld of the task's courier last spoke with the server. `case` is the one the customer's own
    word opened. `zone` is the station's IANA time zone.
    """

    task: Record
    waybill: str
    customer: Record
    obligation: Record | None
    log: tuple[LoggedOperation, ...]
    proofs: tuple[ProofView, ...]
    heard: int | None
    case: Record | None
    zone: str
    now: int

    @property
    def finished(self) -> bool:
        """Nobody will ring for this task any more."""
        return self.task["status"] in FINISHED


@dataclass(frozen=True)
class Band:
    """When it comes: one end may be open.

    `planned_end` is the end as promised. `silent` is for how many minutes the courier has been out of signal; for that
    `end` was moved by `widened` ms. A band that is `late` has passed even so, and is shown as promised.
    """

    start: int | None
    end: int | None
    planned_end: int | None
    widened: int
    silent: int
    late: bool


@dataclass(frozen=True)
class Event:
    """One line of the timeline; `key` says what, the rest what the words need."""

    key: str
    at: int
    reason: str | None = None
    window: tuple[int | None, int | None] | None = None
    void: bool = False


def moment(one: LoggedOperation) -> int:
    """When it happened on the server's clock (P35), never later than it was heard of."""
    return min(one.at + (one.skew_ms or 0), one.received_at)


def under_way(facts: Facts) -> bool:
    """Whether a courier is on his way with it, so that his silence matters."""
    task = facts.task
    if dispute(facts) is not None:
        return False
    if task["status"] in ("out_for_delivery", "arrived"):
        return True
    start = task["window_start"]
    planned = task["kind"] == "pickup" and task["status"] == "assigned"
    return planned and start is not None and facts.now >= start - UNDER_WAY_MS


def band(facts: Facts) -> Band | None:
    """The window as it can honestly be shown now; None when none was promised or it no longer matters."""
    task, now = facts.task, facts.now
    start, end = task["window_start"], task["window_end"]
    if (start is None and end is None) or task["status"] not in ("created", "assigned", "out_for_delivery"):
        return None
    if dispute(facts) is not None:
        return None
    silence = now - facts.heard if facts.heard is not None and under_way(facts) else 0
    widened = 0
    if silence > SILENT_MS and end is not None:
        widened = min(-(-silence // WIDEN_STEP_MS) * WIDEN_STEP_MS, WIDEN_MOST_MS)
    shown = None if end is None else end + widened
    silent = silence // MINUTE_MS if widened else 0
    if shown is not None and now > shown:
        return Band(start, end, end, 0, silent, late=True)
    return Band(start, shown, end, widened, silent, late=False)


def dispute(facts: Facts) -> LoggedOperation | None:
    """The customer's own "that did not happen", as long as it stands and nothing new was planned or done since."""
    standing = None
    for one in facts.log:
        if _is_dispute(facts, one) and one.voided_by is None:
            standing = one
        elif one.type in PLANS + PROGRESS + OUTCOMES and counts(facts, one):
            standing = None
    return standing


def last_dispute(log: Iterable[LoggedOperation], customer_id: str) -> LoggedOperation | None:
    """The newest correction by the customer, standing or not."""
    own = [one for one in log if one.type == "operation.corrected" and one.author == customer_id]
    return own[-1] if own else None


def steps(facts: Facts) -> list[tuple[str, str]]:
    """The step line: (step, "done" | "now" | "problem" | "next")."""
    kind, status = facts.task["kind"], facts.task["status"]
    names = STEPS[kind]
    reached = _REACHED[kind].get(status)
    trouble = reached is None
    if reached is None:
        reached = _PROBLEM_AT[status] % len(names)
    if dispute(facts) is not None:
        reached, trouble = len(names) - 1, True
    last = reached == len(names) - 1
    here = "problem" if trouble else "done" if last else "now"
    return [
        (name, "done" if at < reached else here if at == reached else "next") for at, name in enumerate(names)
    ]


def outcome(facts: Facts) -> LoggedOperation | None:
    """The operation the present outcome rests on."""
    stands = facts.task["outcome"]
    if stands is None:
        return None
    return next((one for one in facts.log if one.op_id == stands["op_id"]), None)


def disputable(facts: Facts) -> LoggedOperation | None:
    """The sign-off a customer may call untrue; None when there is none."""
    found = outcome(facts)
    return found if found is not None and found.type == "task.delivered" else None


def counts(facts: Facts, one: LoggedOperation) -> bool:
    """Whether an operation moved the task: what was disputed or merged away did not, unless it is what stands."""
    stands = facts.task["outcome"]
    if one.type in OUTCOMES and stands is not None and stands["op_id"] == one.op_id:
        return True
    if one.type in PROGRESS + OUTCOMES:
        return one.status == "applied"
    return one.status in ("applied", "merged")


def events(facts: Facts) -> list[Event]:
    """The timeline, newest first: what a customer can make sense of, without the house's own comings and goings."""
    found: list[Event] = []
    planned = set_out = False
    for one in facts.log:
        if _is_dispute(facts, one):
            found.append(Event("disputed", moment(one)))
            continue
        if not counts(facts, one) and one.voided_by is None:
            continue
        if one.type in PLANS:
            key = _plan_key(one, planned, set_out)
            planned, set_out = one.payload.get("courier") is not None, False
        else:
            key = _key(facts, one)
        if one.type in PROGRESS and one.voided_by is None:
            set_out = True
        if one.type in ("task.attempt_failed", "task.held") and one.voided_by is None:
            planned = set_out = False
        if key is not None:
            found.append(_event(key, one))
    closed = _closed_dispute(facts)
    return sorted([*found, *closed], key=lambda event: event.at, reverse=True)


def requests(facts: Facts) -> list[Record]:
    """Requests the customer sees: those about this task, accepted, and not what a courier only suggested."""
    return [
        request
        for request in facts.customer["requests"]
        if request["active"] and request["state"] == "accepted" and request["source"] in SHOWN_SOURCES
        if belongs(request, facts.task)
    ]


def pin_shown(facts: Facts) -> bool:
    """Whether the customer has to tell the courier a code to get the parcel."""
    return bool(facts.task.get("pin_required")) and not facts.finished and facts.task["kind"] == "delivery"


def question(facts: Facts) -> Record | None:
    """What the courier last asked and the customer has not answered: {kind, at, op_id}."""
    if facts.finished:
        return None
    answered = {one.get("answers") for one in facts.customer["consents"]}
    waiting = [one for one in facts.task.get("asked", []) if one["op_id"] not in answered]
    return dict(waiting[-1]) if waiting else None


def own(request: Record) -> bool:
    """Whether the customer may change and withdraw it: he asked for it himself."""
    return bool(request["source"] == "customer")


def consents(customer: Record) -> dict[str, bool]:
    """What the customer agreed to, by kind; the newest word on a kind counts. Notices go out unless declined."""
    words = [one for one in customer["consents"] if one.get("task") is None]
    said = {one["kind"]: bool(one["given"]) for one in sorted(words, key=lambda one: one["at"])}
    return {kind: said.get(kind, kind == "notices") for kind in (*LEAVE_WITH, "notices")}


def _is_dispute(facts: Facts, one: LoggedOperation) -> bool:
    return one.type == "operation.corrected" and one.author == facts.task["customer"]


def _plan_key(one: LoggedOperation, planned: bool, set_out: bool) -> str | None:
    """Who was to bring it changes often before anybody sets out; only what changes the day is told."""
    if one.payload.get("courier") is None:
        return None
    if one.type == "task.reattempt_planned":
        return "again"
    if set_out:
        return "replanned"
    return None if planned else "planned"


def _key(facts: Facts, one: LoggedOperation) -> str | None:
    kind = facts.task["kind"]
    if one.type == "order.imported":
        return f"ordered.{kind}"
    if one.type == "task.delivered":
        return f"delivered.{one.payload['recipient']}"
    if one.type == "task.attempt_failed":
        return "attempt_failed.pickup" if kind == "pickup" else "attempt_failed"
    if one.type == "task.window_changed":
        return "window"
    if one.type == "operation.corrected":
        shown = {other.op_id for other in facts.log if other.type in OUTCOMES}
        return "corrected" if one.payload["corrects"] in shown else None
    plain = (
        "task.out_for_delivery",
        "task.arrived",
        "task.picked_up",
        "task.held",
        "task.returned",
        "task.cancelled",
    )
    return one.type.removeprefix("task.") if one.type in plain else None


def _event(key: str, one: LoggedOperation) -> Event:
    window = None
    if one.type == "task.window_changed":
        window = (one.payload["window_start"], one.payload["window_end"])
    reason = one.payload.get("reason") if one.type in OUTCOMES else None
    return Event(key, moment(one), reason, window, one.voided_by is not None)


def _closed_dispute(facts: Facts) -> list[Event]:
    case = facts.case
    if case is None or case["decision"] is None or case["decision"]["outcome"] != "theirs":
        return []
    return [Event("dispute_closed", case["decision"]["at"])]
