"""What a case of a story is, and the stories about money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from server.payments import queries as payments
from tests.server.ops.house import House, Phone


@dataclass
class Scene:
    """A case that has come up.

    `look` says what the record tells now; `stands` is what it tells while nobody has decided, `then` what each outcome
    makes of it (one that is missing changes nothing). `told` are the handhelds that must hear of the decision.
    """

    case: str
    task: str | None
    mine_author: str
    theirs_author: str | None
    mine: dict[str, Any]
    theirs: dict[str, Any]
    suggested: str
    look: Callable[[], Any]
    stands: Any
    then: dict[str, Any] = field(default_factory=dict)
    told: tuple[Phone, ...] = ()
    untold: tuple[Phone, ...] = ()
    evidence: int = 0
    owner: str = "Dora"
    hours: float = 4


def status_of(house: House, task: str) -> Callable[[], tuple[str, str | None]]:
    def look() -> tuple[str, str | None]:
        record = house.record(f"task:{task}")
        assert record is not None
        return record["status"], record["courier"]

    return look


def _pays(phone: Phone, task: str, amount: int, method: str = "cash") -> dict[str, Any]:
    payment = {"task": task, "amount_minor": amount, "currency": "CNY", "method": method}
    return phone.sends("payment.collected", f"obligation:{task}", payment)


def _money(house: House, task: str, phone: Phone) -> Callable[[], tuple[str, int, int]]:
    def look() -> tuple[str, int, int]:
        due = house.record(f"obligation:{task}")
        assert due is not None
        assert house.inside(payments.unbalanced_transfers) == []
        cash, qr = (
            house.inside(lambda m=m: payments.balance(f"{m}:{phone.courier.id}")) for m in ("cash", "qr")
        )
        return due["status"], cash, qr

    return look


def unsettled(house: House) -> Scene:
    """A parcel is handed over without the money that was due for it."""
    task, phone, me = house.assigned(cod_minor=1000), house.phone(), house.cast.liang.id
    result = phone.delivers()
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author=None,
        mine={"status": "delivered"},
        theirs={"amount_minor": 1000, "currency": "CNY"},
        suggested="noted",
        look=status_of(house, task),
        stands=("delivered", me),
        then={"theirs": ("assigned", me)},
        told=(phone,),
        hours=2,
    )


def amount_differs(house: House) -> Scene:
    """The courier takes nine yuan where ten are due."""
    task, phone = house.assigned(cod_minor=1000), house.phone()
    result = _pays(phone, task, 900)
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author=None,
        mine={"amount_minor": 900, "method": "cash"},
        theirs={"amount_minor": 1000},
        suggested="mine",
        look=_money(house, task, phone),
        stands=("settled", 900, 0),
        then={"theirs": ("due", 0, 0)},
        told=(phone,),
        hours=2,
    )


def second_payment(house: House) -> Scene:
    """Money is taken in cash, and once more by code."""
    task, phone = house.assigned(cod_minor=1000), house.phone()
    _pays(phone, task, 1000)
    result = _pays(phone, task, 1000, "qr")
    return Scene(
        result["conflict"],
        task,
        mine_author="阿良",
        theirs_author="阿良",
        mine={"method": "qr", "amount_minor": 1000},
        theirs={"method": "cash", "amount_minor": 1000},
        suggested="theirs",
        look=_money(house, task, phone),
        stands=("settled", 1000, 1000),
        then={"mine": ("settled", 0, 1000), "theirs": ("settled", 1000, 0)},
        told=(phone,),
        hours=2,
    )
