"""An import that was taken back and is given once more."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from server.core.db import db, read
from server.crm.models import Customer
from server.ops.models import Operation
from server.payments.models import LedgerEntry
from server.tasks.models import Task
from tests.builders import Tape, assign_draft, draft, task_id
from tests.people import Cast, Desk
from tests.server.intake.asking import DOOR, as_csv, begin, bring, count, undo, work
from tests.server.intake.books import HEADER, order_row

WISH = "要求"


def a_file(*rows: list[Any]) -> bytes:
    return as_csv(*rows).encode()


def record(app: Flask, waybill: str) -> dict[str, Any]:
    with app.app_context(), read():
        task = db.session.get(Task, task_id(waybill))
        assert task is not None
        return dict(task.record)


def owed(app: Flask) -> dict[str, int]:
    """The ledger's accounts; together they come to nothing."""
    with app.app_context(), read():
        sums = select(LedgerEntry.account, func.sum(LedgerEntry.amount_minor)).group_by(LedgerEntry.account)
        return {account: int(total) for account, total in db.session.execute(sums)}


def test_orders_of_an_undone_import_come_again_by_the_same_file(app: Flask, cast: Cast, desk: Desk) -> None:
    data = a_file(*(order_row(n) for n in range(1, 6)))
    first = begin(app, desk, bring(desk, data))
    desk.submit(assign_draft("XL000001", cast.liang.id))
    assert owed(app) == {"due": 6250, "merchant": -6250}
    assert undo(app, desk, first["id"])["status"] == "undone"
    again = begin(app, desk, bring(desk, data))
    assert (again["status"], again["new"], again["problems"]) == ("applied", 5, [])
    task = record(app, "XL000001")
    assert (task["status"], task["courier"], task["cancelled"], task["touched"]) == (
        "created",
        None,
        None,
        {},
    )
    assert count(app, Task) == count(app, Task, Task.status == "created") == 5
    assert owed(app) == {"due": 6250, "merchant": -6250}, "what is owed is owed once"
    # Nothing is deleted: what was said before is in the log, and marked.
    assert count(app, Operation, Operation.voided_by.is_not(None)) == 5 + 5 + 1
    # Undone and given a third time: the same rules hold.
    assert undo(app, desk, again["id"])["status"] == "undone"
    assert count(app, Task, Task.status == "cancelled") == 5
    third = begin(app, desk, bring(desk, data))
    assert (third["status"], third["new"], count(app, Task, Task.status == "created")) == ("applied", 5, 5)
    handheld = cast.handheld(cast.liang)
    desk.submit(assign_draft("XL000002", cast.liang.id))
    tape = Tape(cast.liang.id, handheld.device)
    tape.failed("XL000002")
    assert handheld.post("/api/v1/exchange", json=tape.exchange()).json["results"][0]["status"] == "applied"


def test_a_wrong_mapping_is_put_right(app: Flask, desk: Desk) -> None:
    """The usual reason for an undo: the columns were taken for something else, the references among them."""
    wrong = a_file(order_row(1, 订单号="ROW-1", 代收货款=125, 收货地址="仓库"), order_row(2, 订单号="X-1"))
    first = begin(app, desk, bring(desk, wrong))
    undo(app, desk, first["id"])
    right = a_file(order_row(1, 代收货款=0), order_row(2))
    again = begin(app, desk, bring(desk, right))
    assert (again["status"], again["new"], again["problems"]) == ("applied", 2, [])
    one, two = record(app, "XL000001"), record(app, "XL000002")
    assert (one["reference"], one["address"]["text"]) == ("X-1", "杭州市云溪路1号")
    assert (two["reference"], two["status"]) == ("X-2", "created")
    assert owed(app) == {"due": 1250, "merchant": -1250}
    (row,) = [one for one in desk.get("/api/v1/dispatch/tasks").json["tasks"] if one["waybill"] == "XL000001"]
    assert row["status"] == "created"


def test_yesterdays_file_brings_nothing_back(app: Flask, desk: Desk) -> None:
    data = a_file(order_row(1), order_row(2))
    begin(app, desk, bring(desk, data))
    desk.submit(draft("task.cancelled", f"task:{task_id('XL000001')}", {"reason": "客户不要了"}))
    again = begin(app, desk, bring(desk, data))
    assert (again["new"], again["unchanged"]) == (0, 2)
    assert record(app, "XL000001")["status"] == "cancelled"


def test_what_was_kept_is_still_there(app: Flask, cast: Cast, desk: Desk) -> None:
    data = a_file(order_row(1), order_row(2))
    state = begin(app, desk, bring(desk, data))
    desk.submit(assign_draft("XL000002", cast.liang.id))
    assert desk.post(f"{DOOR}/imports/{state['id']}/undo", json={"reason": "x"}).status_code == 202
    leaving = begin(app, desk, bring(desk, data))
    assert leaving["status"] == "rejected"
    assert {problem["code"] for problem in leaving["problems"]} == {"leaving"}
    handheld = cast.handheld(cast.liang)
    tape = Tape(cast.liang.id, handheld.device)
    tape.failed("XL000002")
    handheld.post("/api/v1/exchange", json=tape.exchange())
    assert work(app, desk, state["id"])["kept"] == 1
    again = begin(app, desk, bring(desk, data))
    assert (again["status"], again["new"], again["unchanged"]) == ("applied", 1, 1)
    assert record(app, "XL000002")["status"] == "attempt_failed"
    assert record(app, "XL000001")["status"] == "created"


def test_a_wish_given_by_mistake_goes_with_its_order(app: Flask, desk: Desk) -> None:
    def with_wish(number: int, wish: str) -> list[Any]:
        return [*order_row(number, 联系电话="12900000001"), wish]

    def told(wish: str) -> bytes:
        lines = as_csv(with_wish(1, wish), with_wish(2, "")).replace(
            ",".join(HEADER), ",".join([*HEADER, WISH])
        )
        return lines.encode()

    first = begin(app, desk, bring(desk, told("勿按门铃")))
    undo(app, desk, first["id"])
    begin(app, desk, bring(desk, told("送前来电")))
    with app.app_context(), read():
        (customer,) = db.session.scalars(select(Customer)).all()
    assert [one["text"] for one in customer.record["requests"]] == ["送前来电"]
