"""What is on whose list: rows move between scopes in the transaction of the change (P24, P25, P27, P28)."""

from __future__ import annotations

from collections.abc import Callable

from server.core.db import transaction
from server.core.ids import uuid7
from server.ops import imports, manifest, reference
from tests.builders import AT, assign_draft, order, order_draft, task_id
from tests.server.ops.house import WAYBILL, House, Phone

COUNTS = {"recorded": 1, "confirmed": 1, "waiting": 0, "cash_minor": 0}


def test_p24_an_assigned_task_is_on_the_list_with_contact_requests_and_money(house: House) -> None:
    task = house.assigned(cod_minor=1250)
    phone = house.phone()
    phone.pull()
    body = phone.rows()[f"task:{task}"]
    assert set(body) == {"task", "parcel", "customer", "obligation", "conflict"}
    assert body["customer"]["phone"] == "13800000001"
    assert [request["kind"] for request in body["customer"]["requests"]] == ["call_first"]
    assert body["obligation"]["amount_minor"] == 1250
    assert body["task"]["address"]["room"] == "502"
    other = house.phone(house.cast.bei)
    other.pull()
    assert other.rows() == {}


def test_p28_a_reassigned_task_leaves_one_list_with_a_reason_and_is_on_the_other_at_once(
    house: House,
) -> None:
    task = house.assigned()
    before, after = house.phone(), house.phone(house.cast.bei)
    before.pull(), after.pull()
    house.reassign(task, house.cast.liang, house.cast.bei)
    removed = before.pull()[before.scope][f"task:{task}"]
    assert (removed["present"], removed["reason"], removed["body"]) == (False, "reassigned", None)
    put = after.pull()[after.scope][f"task:{task}"]
    assert (put["present"], put["body"]["task"]["courier"]) == (True, house.cast.bei.id)
    house.reassign(task, house.cast.bei, house.cast.liang)
    before.pull(), after.pull()
    assert set(before.rows()) == {f"task:{task}"} and after.rows() == {}


def test_p28_a_task_taken_from_everybody_leaves_the_list(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.fails()
    phone.pull()
    plan = {"courier": None, "window_start": None, "window_end": None}
    house.tell("task.reattempt_planned", f"task:{task}", plan, base={"courier": phone.courier.id})
    assert phone.pull()[phone.scope][f"task:{task}"]["reason"] == "reassigned"
    assert house.status(task) == "created"


def test_p24_a_cancelled_task_stays_on_the_list_until_the_shift_is_closed(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    house.cancel(task)
    phone.pull()
    assert phone.rows()[f"task:{task}"]["task"]["cancelled"]["reason"] == "客户取消"


def test_p24_a_closed_shift_clears_what_is_finished_and_nothing_else(house: House) -> None:
    done, gone, left, failed = (house.assigned(f"SF{n}") for n in range(4))
    others = house.assigned("SF9", to=house.cast.bei)
    phone, other = house.phone(), house.phone(house.cast.bei)
    other.delivers("SF9")
    shift = f"shift:{uuid7()}"
    phone.tape.record("shift.started", shift, {"station": house.cast.home.id, "tasks": 4})
    phone.tape.delivered("SF0")
    phone.tape.failed("SF3")
    phone.push()
    house.cancel(gone)
    phone.sends("shift.closed", shift, COUNTS)
    new = phone.pull()[phone.scope]
    assert {entity for entity, row in new.items() if row["reason"] == "shift_closed"} == {
        f"task:{done}",
        f"task:{gone}",
    }
    assert set(phone.rows()) == {f"task:{left}", f"task:{failed}"}
    other.pull()
    assert set(other.rows()) == {f"task:{others}"}
    assert house.record(shift)["counts"] == COUNTS


def test_p24_sign_off_and_closing_in_one_batch_leave_a_clear_list(house: House) -> None:
    house.assigned()
    phone = house.phone()
    shift = f"shift:{uuid7()}"
    phone.tape.record("shift.started", shift, {"station": house.cast.home.id, "tasks": 1})
    phone.tape.delivered(WAYBILL)
    phone.tape.record("shift.closed", shift, COUNTS)
    phone.push()
    phone.pull()
    assert phone.rows() == {}


def test_p24_a_finished_task_that_left_with_the_shift_stays_off_the_list_whatever_is_decided(
    house: House,
) -> None:
    task = house.assigned()
    phone = house.phone()
    house.cancel(task)
    case = phone.delivers()["conflict"]
    shift = f"shift:{uuid7()}"
    phone.tape.record("shift.started", shift, {"station": house.cast.home.id, "tasks": 1})
    phone.tape.record("shift.closed", shift, COUNTS)
    phone.push()
    house.decide(case, "theirs")
    phone.pull()
    assert phone.rows() == {}
    assert [notice["outcome"] for notice in phone.notices()] == ["theirs"]


def test_p20_only_his_own_shift_can_a_courier_close(house: House) -> None:
    mine, other = house.phone(), house.phone(house.cast.bei)
    shift = f"shift:{uuid7()}"
    mine.sends("shift.started", shift, {"station": house.cast.home.id, "tasks": 0})
    assert other.sends("shift.closed", shift, COUNTS)["code"] == "forbidden"
    assert house.record(shift)["status"] == "open"


def test_p24_a_request_reaches_every_list_the_customer_is_on(house: House) -> None:
    customer = order(house.cast.home.id)["customer"]["id"]
    house.assigned("SF1")
    house.assigned("SF2", to=house.cast.bei)
    mine, other = house.phone(), house.phone(house.cast.bei)
    mine.pull(), other.pull()
    before = mine.mirror[mine.scope]
    wish = {"request": uuid7(), "kind": "no_ring", "text": "宝宝在睡觉", "active": True}
    assert house.tell("customer.request_set", f"customer:{customer}", wish)["status"] == "applied"
    for phone, waybill in ((mine, "SF1"), (other, "SF2")):
        [row] = phone.pull()[phone.scope].values()
        assert row["entity"] == f"task:{task_id(waybill)}"
        assert "宝宝在睡觉" in [request["text"] for request in row["body"]["customer"]["requests"]]
    assert (
        mine.mirror[mine.scope][f"task:{task_id('SF1')}"]["rev"] > before[f"task:{task_id('SF1')}"]["rev"] - 1
    )
    again = {**wish, "active": False}
    house.tell(
        "customer.request_set", f"customer:{customer}", again, base={"text": "宝宝在睡觉", "active": True}
    )
    mine.pull()
    shown = mine.rows()[f"task:{task_id('SF1')}"]["customer"]["requests"]
    assert "宝宝在睡觉" not in [request["text"] for request in shown]


def test_p24_a_courier_may_note_a_request_only_for_customers_on_his_list(house: House) -> None:
    customer = order(house.cast.home.id)["customer"]["id"]
    house.assigned()
    wish = {"request": uuid7(), "kind": "other", "text": "beware of the dog", "active": True}
    assert house.phone().sends("customer.request_set", f"customer:{customer}", wish)["status"] == "applied"
    stranger = house.phone(house.cast.bei).sends("customer.request_set", f"customer:{customer}", wish)
    assert stranger["code"] == "forbidden"


def test_p24_an_order_that_says_nothing_new_of_its_customer_moves_nobodys_row(house: House) -> None:
    house.assigned("SF1")
    phone = house.phone()
    phone.pull()
    house.order("SF2", requests=[])
    assert phone.pull()[phone.scope] == {}
    house.order("SF3", requests=[{"id": uuid7(), "kind": "id_check", "text": "ask for an ID"}])
    assert set(phone.pull()[phone.scope]) == {f"task:{task_id('SF1')}"}


def test_p24_a_row_has_a_revision_of_its_own_that_moves_with_each_of_its_parts(house: House) -> None:
    task = house.assigned(cod_minor=100)
    phone = house.phone()
    revs = []

    def rev() -> int:
        phone.pull()
        return int(phone.mirror[phone.scope][f"task:{task}"]["rev"])

    revs.append(rev())
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    revs.append(rev())
    payment = {"task": task, "amount_minor": 100, "currency": "CNY", "method": "cash"}
    phone.sends("payment.collected", f"obligation:{task}", payment)
    revs.append(rev())
    wish = {"request": uuid7(), "kind": "fragile", "text": "glass", "active": True}
    house.tell("customer.request_set", f"customer:{order(house.cast.home.id)['customer']['id']}", wish)
    revs.append(rev())
    assert revs == sorted(set(revs))


def test_p27_each_result_says_which_version_of_the_authors_list_covers_it(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    first = phone.sends("task.out_for_delivery", f"task:{task}", {})["applied_at"]
    assert first == {"scope": phone.scope, "ver": 2}
    idle = phone.sends("task.out_for_delivery", f"task:{task}", {})
    assert (idle["status"], idle["applied_at"]["ver"]) == ("merged", 2)
    parked = phone.sends("task.unheard_of", f"task:{task}", {})
    # The case about it stands on the task's row, which has moved with it.
    assert parked["applied_at"] == {"scope": phone.scope, "ver": 3}
    page = phone.exchange(cursors={phone.scope: 1})["pull"]["scopes"][0]
    assert page["to"] >= first["ver"]
    assert page["rows"][0]["body"]["task"]["status"] == "out_for_delivery"
    other = house.phone(house.cast.bei)
    foreign = other.delivers()
    assert foreign["applied_at"] == {"scope": other.scope, "ver": 0}


def test_p26_the_answer_to_a_push_already_holds_what_it_changed(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL)
    answer = phone.exchange(phone.tape.envelopes, 1)
    page = answer["pull"]["scopes"][0]
    assert page["to"] >= answer["results"][0]["applied_at"]["ver"]
    assert page["rows"][0]["body"]["task"]["outcome"]["op_id"] == phone.tape.envelopes[0]["op_id"]
    assert house.status(task) == "delivered"


def test_p24_tasks_of_an_unfinished_import_are_on_no_list_until_they_are_revealed(house: House) -> None:
    batch = uuid7()

    def within(work: Callable[[], object]) -> None:
        with transaction():
            work()

    house.inside(lambda: within(lambda: imports.hide(batch)))
    orders = [order_draft(house.cast.home.id, f"SF{n}", **{"import": batch}) for n in range(3)]
    assert {result["status"] for result in house.desk().submit(*orders)} == {"applied"}
    board = "/api/v1/dispatch/"
    assert house.desk().get(board + "tasks").json["total"] == 0
    assert house.desk().get(board + "summary").json["counts"]["all"] == 0
    assert house.desk().get(f"{board}tasks/{task_id('SF0')}").status_code == 404
    house.inside(manifest.publish_all)
    assert house.phone().handheld.get("/api/v1/manifest").json["entries"] == []
    house.inside(lambda: within(lambda: imports.reveal(batch, house.cast.home.id)))
    assert house.desk().get(board + "tasks").json["total"] == 3
    assert house.desk().get(board + "summary").json["counts"]["unassigned"] == 3
    house.inside(manifest.publish_all)
    assert len(house.phone().handheld.get("/api/v1/manifest").json["entries"]) == 3


def test_p24_an_import_that_repeats_an_order_does_not_hide_what_is_on_the_board(house: House) -> None:
    house.order()
    batch = uuid7()

    def hide() -> None:
        with transaction():
            imports.hide(batch)

    house.inside(hide)
    [again] = house.desk().submit(order_draft(house.cast.home.id, **{"import": batch}))
    assert again["status"] == "merged"
    assert house.desk().get("/api/v1/dispatch/tasks").json["total"] == 1


def test_p24_the_manifest_knows_recalled_and_closed_and_no_person(house: House) -> None:
    open_, done, recalled = (house.assigned(f"SF{n}") for n in range(3))
    house.order("SF3")
    phone = house.phone()
    phone.delivers("SF1")
    house.cancel(recalled)
    house.inside(manifest.publish_all)
    response = phone.handheld.get("/api/v1/manifest")
    flags = sorted(entry[2] for entry in response.json["entries"])
    assert flags == [0, 0, 1, 2]
    assert all(len(entry[0]) == 16 for entry in response.json["entries"])
    assert response.json["published_at"] > AT
    for private in ("王小明", "13800000001", "502", "SF0", "阿良", house.cast.liang.id):
        assert private not in response.text
    assert open_ and done
    far = house.phone(house.cast.far_courier).handheld.get("/api/v1/manifest").json
    assert (far["station"], far["entries"]) == (house.cast.away.id, [])


def test_p24_reference_data_is_published_once_and_again_only_when_it_changed(house: House) -> None:
    phone = house.phone()
    for _ in range(3):
        house.inside(reference.publish_all)
    [row] = phone.pull()[f"reference:{house.cast.home.id}"].values()
    assert (row["ver"], row["body"]["code"], row["body"]["reasons_version"]) == (1, "HZ01", "2026-11.2")


def test_p24_a_handheld_pulls_its_own_scopes_whatever_it_asks_for(house: House) -> None:
    house.assigned()
    other: Phone = house.phone(house.cast.bei)
    asked = {f"courier:{house.cast.liang.id}": 0, f"notices:{house.cast.liang.id}": 0}
    pages = other.exchange(cursors=asked)["pull"]["scopes"]
    assert [page["scope"] for page in pages] == [
        f"courier:{house.cast.bei.id}",
        f"notices:{house.cast.bei.id}",
        f"reference:{house.cast.home.id}",
    ]
    assert all(page["rows"] == [] for page in pages)


def test_p25_scopes_count_without_gaps_over_many_changes(house: House) -> None:
    for number in range(4):
        house.order(f"SF{number}")
    house.desk().submit(*(assign_draft(f"SF{n}", house.cast.liang.id) for n in range(4)))
    phone = house.phone()
    rows = sorted(row["ver"] for row in phone.pull()[phone.scope].values())
    assert rows == [1, 2, 3, 4]
