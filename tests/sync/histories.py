"""Histories that never happened: operations on one task by two couriers and two desks, for Hypothesis to invent."""

from typing import Any

from hypothesis import strategies as st

from sync.canonical import derive
from sync.merge import decide
from tests.sync.making.cast import (
    CHEN,
    CUSTOMER,
    HOUR,
    LI,
    NINE,
    REQUEST,
    STATION,
    TASK,
    WANG,
    ZHOU,
    op,
    order,
)

Plain = dict[str, Any]

COURIERS = st.sampled_from([LI, WANG])
DESKS = st.sampled_from([CHEN, ZHOU])
WINDOWS = st.sampled_from([None, NINE, NINE + HOUR, NINE + 2 * HOUR])
TEXTS = st.sampled_from(["先打电话", "勿按门铃", ""])
ON_THE_ROAD = "called consent_asked problem_reported handed_over taken_over"
FACTS = {
    "delivery": "out_for_delivery arrived delivered attempt_failed held returned noted " + ON_THE_ROAD,
    "pickup": "arrived picked_up attempt_failed noted " + ON_THE_ROAD,
}


@st.composite
def plans(draw: st.DrawFn) -> tuple[str, str, Plain, Plain]:
    """A change of plan: type, author, payload, base."""
    what = draw(
        st.sampled_from(["assigned", "reassigned", "reattempt_planned", "cancelled", "window_changed"])
    )
    author = draw(DESKS)
    if what == "cancelled":
        return f"task.{what}", author, {}, {}
    if what == "window_changed":
        base = draw(st.fixed_dictionaries({}, optional={"window_start": WINDOWS, "window_end": WINDOWS}))
        return f"task.{what}", author, {"window_start": draw(WINDOWS), "window_end": draw(WINDOWS)}, base
    base = draw(st.fixed_dictionaries({}, optional={"courier": st.sampled_from([None, LI, WANG])}))
    courier = draw(st.sampled_from([None, LI, WANG]) if what == "reattempt_planned" else COURIERS)
    return f"task.{what}", author, {"courier": courier}, base


@st.composite
def others(draw: st.DrawFn) -> tuple[str, str, Plain, Plain]:
    """A payment, a request or a scan."""
    what = draw(st.sampled_from(["payment.collected", "customer.request_set", "parcel.scanned"]))
    if what == "payment.collected":
        return what, draw(COURIERS), {"amount_minor": draw(st.sampled_from([12_800, 100]))}, {}
    if what == "customer.request_set":
        base = draw(st.fixed_dictionaries({}, optional={"text": TEXTS, "active": st.booleans()}))
        payload = {"request": REQUEST, "text": draw(TEXTS), "active": draw(st.booleans())}
        return what, draw(st.one_of(COURIERS, DESKS)), payload, base
    return what, draw(COURIERS), {}, {}


@st.composite
def histories(draw: st.DrawFn) -> list[Plain]:
    """An order and up to a dozen operations about it, in the server's order."""
    kind = draw(st.sampled_from(["delivery", "pickup"]))
    facts = st.tuples(
        st.sampled_from([f"task.{name}" for name in FACTS[kind].split()]), COURIERS, st.just({}), st.just({})
    )
    drawn = draw(st.lists(st.one_of(facts, facts, plans(), others()), max_size=12))
    log = [order(1, kind=kind)]
    for number, (op_type, author, payload, base) in enumerate(drawn, start=2):
        clock = NINE + draw(st.integers(-HOUR, HOUR))
        change: Plain = {"payload": payload, "base": base, "at": clock}
        if op_type == "parcel.scanned":
            change["entity"] = f"parcel:{derive('parcel', 'SF100200')}"
        log.append(op(op_type, author, number, **change))
    return log


def play(log: list[Plain]) -> tuple[dict[str, Plain], list[Any]]:
    """Decide a history from nothing; the board at the end and every decision."""
    board: dict[str, Plain] = {}
    decisions = []
    for given in log:
        decision = decide(board, given, station=STATION)
        board |= decision.changes
        decisions.append(decision)
    return board, decisions


ENTITIES = (f"task:{TASK}", f"customer:{CUSTOMER}", f"parcel:{derive('parcel', 'SF100200')}")
