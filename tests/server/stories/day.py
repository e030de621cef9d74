"""The stories of a courier's day: what a door asked for and did not get, problem parcels, parcels that change hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.server.ops.house import House
from tests.server.stories.money import Scene, status_of

SHA = "ab" * 32


def _signed(house: House, task: str, result: dict[str, Any], **over: Any) -> Scene:
    """A sign-off that lacks something: it stands, until customer service says otherwise."""
    me = house.cast.liang.id
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author=None,
        look=status_of(house, task),
        stands=("delivered", me),
        then={"theirs": ("assigned", me)},
        owner="陈晨",
        **{"theirs": {}, "suggested": "noted", "hours": 2, **over},
    )


def no_consent(house: House) -> Scene:
    """The neighbour took it; nobody had asked the recipient."""
    task, phone = house.assigned(), house.phone()
    result = phone.delivers(recipient="neighbour", signature=SHA)
    mine = {"recipient": "neighbour", "consent": "none"}
    return _signed(house, task, result, mine=mine, told=(phone,), evidence=1)


def wrong_code(house: House) -> Scene:
    """It was to be handed over for a code; the courier typed another."""
    task, phone = house.assigned(pin_required=True), house.phone()
    result = phone.delivers(pin="000")
    return _signed(house, task, result, mine={"code": "wrong"}, told=(phone,), hours=1)


def partial(house: House) -> Scene:
    """Two of three pieces were there."""
    task, phone = house.assigned(pieces=3), house.phone()
    result = phone.delivers(pieces=2, rest={"reason": "SHORT", "note": None})
    mine, theirs = {"pieces": 2, "reason": "SHORT"}, {"pieces": 3}
    return _signed(house, task, result, mine=mine, theirs=theirs, told=(phone,), suggested="mine", hours=4)


def problem(house: House) -> Scene:
    """The box is broken: customer service is to say what becomes of it."""
    task, phone = house.assigned(), house.phone()
    payload = {"reason": "DAMAGED", "note": "外箱破损", "photos": [SHA]}
    result = phone.sends("task.problem_reported", f"task:{task}", payload)

    def look() -> tuple[str, str | None]:
        record = house.record(f"task:{task}")
        assert record is not None
        return record["status"], record.get("problem", {}).get("reason")

    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author=None,
        mine={"reason": "DAMAGED", "note": "外箱破损"},
        theirs={"status": "assigned"},
        suggested="mine",
        look=look,
        stands=("assigned", "DAMAGED"),
        then={"theirs": ("assigned", None)},
        told=(phone,),
        evidence=1,
        owner="陈晨",
        hours=2,
    )


def handover_denied(house: House) -> Scene:
    """阿良 says that he gave it to Bei, and then that he delivered it himself."""
    task, phone, other = house.assigned(), house.phone(), house.phone(house.cast.bei)
    phone.sends("task.handed_over", f"task:{task}", {"to": house.cast.bei.id})
    result = phone.delivers(signature=SHA)
    holder = house.cast.bei.id
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author="阿良",
        mine={"status": "delivered", "courier": house.cast.liang.id},
        theirs={"courier": holder},
        suggested="mine",
        look=status_of(house, task),
        stands=("delivered", holder),
        then={"theirs": ("assigned", holder)},
        told=(phone, other),
        evidence=1,
        hours=1,
    )


def handover_alone(house: House) -> Scene:
    """Bei says that she took it from 阿良, who says nothing of it by the end of her shift."""
    task, other = house.assigned(), house.phone(house.cast.bei)
    before = house.phone()
    taken = {"from": house.cast.liang.id, "kind": "delivery", "waybill": None}
    other.sends("task.taken_over", f"task:{task}", taken)
    shift(house, other)
    [case] = [one["id"] for one in house.cases() if one["kind"] == "handover"]
    me = house.cast.bei.id
    return Scene(
        case,
        task,
        mine_author="Bei",
        theirs_author=None,
        mine={"type": "task.taken_over", "courier": me},
        theirs={"courier": house.cast.liang.id},
        suggested="mine",
        look=status_of(house, task),
        stands=("assigned", me),
        then={"theirs": ("assigned", house.cast.liang.id)},
        told=(other, before),
        hours=1,
    )


def shift(house: House, phone: Any) -> None:
    """A courier begins and closes a shift."""
    entity = f"shift:{phone.tape.incarnation}"
    phone.tape.record("shift.started", entity, {"station": house.cast.home.id, "tasks": 1})
    closed = {"recorded": 2, "confirmed": 2, "waiting": 0, "cash_minor": 0}
    phone.tape.record("shift.closed", entity, closed)
    assert [one["status"] for one in phone.push()] == ["applied", "applied"]


ON_THE_ROAD: dict[str, tuple[Callable[[House], Scene], ...]] = {
    "no_consent": (no_consent,),
    "wrong_code": (wrong_code,),
    "partial": (partial,),
    "problem": (problem,),
    "handover": (handover_denied, handover_alone),
}
