"""How each kind of case comes up on a real day, through the public doors, and what each decision then makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.core.ids import uuid7
from server.ops import pipeline
from server.ops.batch import Writer
from sync.canonical import derive
from tests.builders import AT, order
from tests.server.ops.house import House
from tests.server.stories.day import ON_THE_ROAD
from tests.server.stories.money import Scene, amount_differs, second_payment, status_of, unsettled

HOUR = 3_600_000
SHA = "ab" * 32
SEEN = {"window_start": AT + HOUR, "window_end": AT + 2 * HOUR}
EARLY = {"window_start": AT, "window_end": AT + HOUR}
LATER = {"window_start": AT + 5 * HOUR, "window_end": AT + 6 * HOUR}


def customer_says(
    house: House, op_type: str, entity: str, payload: dict[str, Any], version: int = 1
) -> dict[str, Any]:
    """One operation of the customer's own, as her page writes it."""
    customer = order(house.cast.home.id)["customer"]["id"]
    envelope = {
        "op_id": uuid7(),
        "type": op_type,
        "v": version,
        "author": customer,
        "device": None,
        "incarnation": None,
        "seq": None,
        "prev": None,
        "app": "tracking",
        "entity": entity,
        "base_rev": None,
        "base": {},
        "payload": payload,
        "blobs": [],
        "at": house.clock.now,
        "mono": None,
        "boot": None,
    }
    writer = Writer(customer, house.cast.home.id, "customer")
    [result] = house.inside(lambda: pipeline.submit(writer, [envelope]))
    return dict(result)


def wish(house: House, task: str, text: str = "请放前台") -> dict[str, Any]:
    """The customer's own request for one parcel."""
    customer = order(house.cast.home.id)["customer"]["id"]
    payload = {
        "request": derive("request", task, text),
        "kind": "leave_at_reception",
        "text": text,
        "active": True,
        "scope": "parcel",
        "address": None,
        "task": task,
        "weekdays": [],
        "source": "customer",
        "state": "accepted",
        "valid_from": None,
        "valid_until": None,
    }
    return customer_says(house, "customer.request_set", f"customer:{customer}", payload, 2)


def cancelled(house: House) -> Scene:
    """A parcel is cancelled while its courier, out of reach, hands it over."""
    task, phone, me = house.assigned(), house.phone(), house.cast.liang.id
    house.cancel(task, "客户来电取消")
    result = phone.delivers(signature=SHA)
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author="Dora",
        mine={"type": "task.delivered", "status": "delivered", "recipient": "self"},
        theirs={"status": "cancelled", "reason": "客户来电取消"},
        suggested="mine",
        look=status_of(house, task),
        stands=("delivered", me),
        then={"theirs": ("cancelled", me)},
        told=(phone,),
        untold=(house.phone(house.cast.bei),),
        evidence=1,
        hours=1,
    )


def reassigned(house: House) -> Scene:
    """A parcel is given to Bei while 阿良, out of reach, hands it over."""
    task, phone, other = house.assigned(), house.phone(), house.phone(house.cast.bei)
    house.reassign(task, house.cast.liang, house.cast.bei)
    result = phone.delivers(signature=SHA)
    holder = house.cast.bei.id
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author="Dora",
        mine={"type": "task.delivered", "courier": house.cast.liang.id},
        theirs={"courier": holder},
        suggested="mine",
        look=status_of(house, task),
        stands=("delivered", holder),
        then={"theirs": ("assigned", holder)},
        told=(phone, other),
        evidence=1,
    )


def contradiction(house: House) -> Scene:
    """Bei reports that nobody was home at a door where 阿良 had handed the parcel over."""
    task, phone, other = house.assigned(), house.phone(), house.phone(house.cast.bei)
    house.reassign(task, house.cast.liang, house.cast.bei)
    other.fails()
    result = phone.delivers(signature=SHA)

    def look() -> tuple[str, str]:
        record = house.record(f"task:{task}")
        assert record is not None
        return record["status"], record["outcome"]["author"]

    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author="Bei",
        mine={"status": "delivered"},
        theirs={"status": "attempt_failed", "reason": "NOT_HOME"},
        suggested="mine",
        look=look,
        stands=("delivered", house.cast.liang.id),
        then={"theirs": ("attempt_failed", house.cast.bei.id)},
        told=(phone, other),
        evidence=1,
    )


def state(house: House) -> Scene:
    """The desk cancels what has been handed over already."""
    task, phone, me = house.assigned(), house.phone(), house.cast.liang.id
    phone.delivers()
    result = house.cancel(task)
    return Scene(
        result["conflict"],
        task,
        mine_author="Dora",
        theirs_author="阿良",
        mine={"status": "cancelled", "reason": "客户取消"},
        theirs={"status": "delivered", "recipient": "self"},
        suggested="theirs",
        look=status_of(house, task),
        stands=("delivered", me),
        then={"mine": ("cancelled", me)},
        told=(phone,),
    )


def field_of_both(house: House) -> Scene:
    """Two people at the desk move the same window at once."""
    task, phone = house.assigned(), house.phone()
    house.tell("task.window_changed", f"task:{task}", EARLY, base=SEEN)
    result = house.tell("task.window_changed", f"task:{task}", LATER, base=SEEN, by=house.cast.chen)

    def look() -> dict[str, int]:
        record = house.record(f"task:{task}")
        assert record is not None
        return {name: record[name] for name in SEEN}

    return Scene(
        result["conflict"],
        task,
        mine_author="陈晨",
        theirs_author="Dora",
        mine=LATER,
        theirs=EARLY,
        suggested="theirs",
        look=look,
        stands=EARLY,
        then={"mine": LATER},
        told=(phone,),
    )


def quarantined(house: House) -> Scene:
    """A handheld with a newer build sends something this server does not know."""
    task, phone, me = house.assigned(), house.phone(), house.cast.liang.id
    result = phone.sends("task.unheard_of", f"task:{task}", {"room": "502"})
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author=None,
        mine={"code": "unknown_type", "type": "task.unheard_of"},
        theirs={},
        suggested="noted",
        look=status_of(house, task),
        stands=("assigned", me),
        told=(phone,),
    )


def device_lost(house: House) -> Scene:
    """A handheld forgets what it had said it would send."""
    task, phone = house.assigned(), house.phone()
    phone.exchange(last_seq=3)
    phone.tape.incarnation = uuid7()
    phone.exchange(last_seq=0)
    [case] = house.cases()
    return Scene(
        case["id"],
        None,
        mine_author="阿良",
        theirs_author=None,
        mine={"first_seq": 1, "last_seq": 3, "operations": 3},
        theirs={},
        suggested="noted",
        look=status_of(house, task),
        stands=("assigned", house.cast.liang.id),
        told=(phone,),
        hours=1,
    )


def request_late(house: House) -> Scene:
    """The customer asks for the reception after the parcel was handed over."""
    task, phone, me = house.assigned(), house.phone(), house.cast.liang.id
    phone.delivers(signature=SHA)
    result = wish(house, task)
    return Scene(
        result["conflict"],
        task,
        mine_author="王*明",
        theirs_author="阿良",
        mine={"text": "请放前台", "request": "leave_at_reception"},
        theirs={"status": "delivered"},
        suggested="noted",
        look=status_of(house, task),
        stands=("delivered", me),
        told=(phone,),
        owner="陈晨",
        hours=2,
    )


def request_unheard(house: House) -> Scene:
    """The customer's wish was recorded in time, and the handheld that reports the delivery had not heard of it."""
    task, phone, me = house.assigned(), house.phone(), house.cast.liang.id
    assert wish(house, task)["status"] == "applied"
    payload = {"recipient": "self", "recipient_name": None, "signature": None, "photos": [], "consent": None}
    result = phone.sends("task.delivered", f"task:{task}", payload, base={"requests": []})
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author="王*明",
        mine={"status": "delivered"},
        theirs={"text": "请放前台", "request": "leave_at_reception"},
        suggested="noted",
        look=status_of(house, task),
        stands=("delivered", me),
        told=(phone,),
        owner="陈晨",
        hours=2,
    )


def disputed(house: House) -> Scene:
    """The customer says that the parcel her tracking page calls delivered never reached her."""
    task, phone, me = house.assigned(), house.phone(), house.cast.liang.id
    phone.delivers(signature=SHA)
    delivery = phone.tape.envelopes[-1]["op_id"]
    said = {"corrects": delivery, "error": "did_not_occur", "note": "这不是我签的"}
    result = customer_says(house, "operation.corrected", f"task:{task}", said)
    return Scene(
        result["conflict"],
        task,
        mine_author="王*明",
        theirs_author="阿良",
        mine={"note": "这不是我签的"},
        theirs={"status": "delivered", "recipient": "self"},
        suggested="mine",
        look=status_of(house, task),
        stands=("assigned", me),
        then={"theirs": ("delivered", me)},
        told=(phone,),
        owner="陈晨",
        hours=1,
    )


SCENES: dict[str, tuple[Callable[[House], Scene], ...]] = {
    "cancelled": (cancelled,),
    "reassigned": (reassigned,),
    "contradiction": (contradiction,),
    "state": (state,),
    "field": (field_of_both,),
    "unsettled": (unsettled,),
    "amount_differs": (amount_differs,),
    "second_payment": (second_payment,),
    "quarantined": (quarantined,),
    "device_lost": (device_lost,),
    "request_late": (request_late, request_unheard),
    "disputed": (disputed,),
    **ON_THE_ROAD,
}
