"""Money is double entry from the first day: rows are only added, every transfer sums to zero (P21)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from server.core.db import db, read
from server.payments import queries
from server.payments.models import LedgerEntry
from server.payments.policy import entries_of, reversal_of
from tests.builders import draft, order_draft, task_id
from tests.server.ops.house import WAYBILL, House, Phone


def pays(phone: Phone, task: str, amount: int = 1000, **over: Any) -> dict[str, Any]:
    payload = {"task": task, "amount_minor": amount, "currency": "CNY", "method": "cash", **over}
    return phone.sends("payment.collected", f"obligation:{task}", payload)


def balance(house: House, account: str) -> int:
    return int(house.inside(lambda: queries.balance(account)))


def entries(house: House) -> int:
    return house.count(LedgerEntry)


def balanced(house: House) -> bool:
    def total() -> int:
        with read():
            return int(
                db.session.execute(select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0))).scalar_one()
            )

    return house.inside(queries.unbalanced_transfers) == [] and house.inside(total) == 0


def test_p21_an_order_with_cash_on_delivery_is_owed_to_the_merchant(house: House) -> None:
    house.order(cod_minor=1000)
    assert (balance(house, "due"), balance(house, "merchant")) == (1000, -1000)
    house.order("SF2", cod_minor=0)
    assert entries(house) == 2 and balanced(house)


def test_p21_the_payment_moves_what_is_due_into_the_couriers_hands(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    assert pays(phone, task)["status"] == "applied"
    assert (balance(house, "due"), balance(house, f"cash:{phone.courier.id}")) == (0, 1000)
    obligation = house.record(f"obligation:{task}")
    assert (obligation["status"], obligation["collected"]["amount_minor"]) == ("settled", 1000)
    assert phone.delivers()["status"] == "applied"
    assert balanced(house)


def test_p21_qr_and_cash_are_two_accounts(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    pays(phone, task, method="qr")
    assert (balance(house, f"qr:{phone.courier.id}"), balance(house, f"cash:{phone.courier.id}")) == (1000, 0)


def test_p21_a_second_payment_is_kept_put_before_a_person_and_settles_nothing(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    mine, other = house.phone(), house.phone(house.cast.bei)
    pays(mine, task)
    result = pays(other, task)
    case = house.case(result["conflict"])
    assert (result["status"], case["kind"], case["suggested"]) == ("conflict", "second_payment", "theirs")
    assert (case["mine"]["amount_minor"], case["theirs"]["amount_minor"]) == (1000, 1000)
    assert house.record(f"obligation:{task}")["collected"]["author"] == house.cast.liang.id
    assert balance(house, f"cash:{house.cast.bei.id}") == 1000
    assert balance(house, "due") == -1000
    assert balanced(house)


def test_p21_another_amount_than_was_due_settles_and_opens_a_case(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    result = pays(house.phone(), task, amount=900)
    case = house.case(result["conflict"])
    assert (result["status"], case["kind"], case["suggested"]) == ("conflict", "amount_differs", "mine")
    assert house.record(f"obligation:{task}")["status"] == "settled"
    assert (balance(house, f"cash:{house.cast.liang.id}"), balance(house, "due")) == (900, 100)
    house.decide(result["conflict"], "theirs")
    assert house.record(f"obligation:{task}")["status"] == "due"
    assert (balance(house, f"cash:{house.cast.liang.id}"), balance(house, "due")) == (0, 1000)
    assert balanced(house)


def test_p21_signed_for_while_money_is_due_opens_a_case_and_stands(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    result = house.phone().delivers()
    assert (result["status"], house.case(result["conflict"])["kind"]) == ("conflict", "unsettled")
    assert house.status(task) == "delivered"
    assert balance(house, "due") == 1000


def test_p21_the_same_payment_again_moves_no_money(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    pays(phone, task)
    before = entries(house)
    for _ in range(3):
        phone.exchange(phone.tape.envelopes, 1)
    assert entries(house) == before


def test_p21_the_same_order_under_another_id_is_not_owed_twice(house: House) -> None:
    house.order(cod_minor=1000)
    [again] = house.desk().submit(order_draft(house.cast.home.id, cod_minor=1000))
    assert again["status"] == "merged"
    assert balance(house, "due") == 1000 and entries(house) == 2


def test_p21_a_quarantined_payment_moves_no_money(house: House) -> None:
    task = house.assigned(cod_minor=1000)
    phone = house.phone()
    assert pays(phone, task, amount=0)["status"] == "quarantined"
    assert pays(phone, task, amount=-5)["status"] == "quarantined"
    assert pays(phone, task, method="cheque")["status"] == "quarantined"
    assert (
        house.desk().submit(draft("payment.collected", f"obligation:{task}", {}))[0]["status"]
        == "quarantined"
    )
    assert entries(house) == 2
    far = house.phone(house.cast.far_courier)
    assert pays(far, task)["code"] == "forbidden"
    assert entries(house) == 2


def test_p21_money_for_a_task_without_cash_on_delivery_waits(house: House) -> None:
    task = house.assigned()
    assert pays(house.phone(), task)["status"] == "deferred"
    assert entries(house) == 0


def test_p21_a_payment_names_its_own_obligation(house: House) -> None:
    task, other = house.assigned(cod_minor=1000), house.assigned("SF2", cod_minor=1000)
    phone = house.phone()
    payload = {"task": other, "amount_minor": 1000, "currency": "CNY", "method": "cash"}
    assert phone.sends("payment.collected", f"obligation:{task}", payload)["code"] == "wrong_entity"
    assert other == task_id("SF2") and task == task_id(WAYBILL)


def test_p21_a_reversal_is_the_mirror_of_what_it_takes_back() -> None:
    payload = {"task": "t", "amount_minor": 70, "currency": "CNY", "method": "qr"}
    op = {"op_id": "o", "type": "payment.collected", "author": "a", "entity": "obligation:t", "at": 1}
    forth, back = entries_of({**op, "payload": payload}), reversal_of({**op, "payload": payload})
    assert [entry["amount_minor"] for entry in forth] == [70, -70]
    assert [entry["amount_minor"] for entry in back] == [-70, 70]
    assert [entry["account"] for entry in forth] == [entry["account"] for entry in back] == ["qr:a", "due"]
    assert {entry["transfer"] for entry in forth} & {entry["transfer"] for entry in back} == set()
    assert entries_of({**op, "type": "task.delivered", "payload": {}}) == []
