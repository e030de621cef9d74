"""Pages from a pinned ceiling: complete, in order, and nothing lost of what changes between two pages (P26)."""

from __future__ import annotations

import gzip
import json

from tests.builders import assign_draft, order_draft, task_id
from tests.server.ops.house import House, Phone


def day(house: House, tasks: int = 7) -> None:
    """So many tasks on 阿良's list, one version each."""
    waybills = [f"SF{number}" for number in range(tasks)]
    orders = (order_draft(house.cast.home.id, waybill) for waybill in waybills)
    house.desk().submit(*orders, *(assign_draft(waybill, house.cast.liang.id) for waybill in waybills))


def tasks_page(phone: Phone, cursor: int, ceiling: int | None, limit: int) -> dict:
    ceilings = {} if ceiling is None else {phone.scope: ceiling}
    return phone.exchange(cursors={phone.scope: cursor}, ceilings=ceilings, limit=limit)["pull"]["scopes"][0]


def test_p26_a_list_comes_in_pages_in_order_of_version(house: House) -> None:
    day(house)
    phone = house.phone()
    seen, cursor, ceiling = [], 0, None
    for _ in range(4):
        page = tasks_page(phone, cursor, ceiling, 3)
        assert (page["from"], page["ceiling"]) == (cursor, 7)
        assert len(page["rows"]) <= 3
        seen += [row["ver"] for row in page["rows"]]
        cursor, ceiling = page["to"], page["ceiling"]
        if page["final"]:
            break
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert page["final"] and page["to"] == 7


def test_p26_a_row_that_changes_between_two_pages_is_not_lost(house: House) -> None:
    day(house)
    phone = house.phone()
    first = tasks_page(phone, 0, None, 3)
    later = next(row for row in tasks_page(phone, 3, 7, 500)["rows"] if row["ver"] == 6)["entity"]
    house.tell("task.noted", later, {"text": "changed between the pages"})
    house.tell("task.noted", first["rows"][0]["entity"], {"text": "changed after it was read"})
    second = tasks_page(phone, first["to"], first["ceiling"], 500)
    assert second["final"] and second["to"] == first["ceiling"] == 7
    assert later not in [row["entity"] for row in second["rows"]]
    third = tasks_page(phone, second["to"], None, 500)
    assert {row["entity"] for row in third["rows"]} == {later, first["rows"][0]["entity"]}
    seen = {row["entity"] for page in (first, second, third) for row in page["rows"]}
    assert seen == {f"task:{task_id(f'SF{number}')}" for number in range(7)}


def test_p26_rows_that_come_while_paging_wait_for_the_next_pull(house: House) -> None:
    day(house)
    phone = house.phone()
    first = tasks_page(phone, 0, None, 5)
    house.assigned("SF99", phone="13999999999")
    second = tasks_page(phone, first["to"], first["ceiling"], 5)
    assert second["final"] and [row["ver"] for row in second["rows"]] == [6, 7]
    assert [row["ver"] for row in tasks_page(phone, second["to"], None, 5)["rows"]] == [8]


def test_p26_a_long_answer_is_packed_for_who_takes_it_so(house: House) -> None:
    day(house)
    phone = house.phone()
    body = phone.tape.exchange()
    plain = phone.send(body)
    packed = phone.send(body, Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data))["pull"] == plain.json["pull"]
    assert len(packed.data) < len(plain.data) / 3


def test_p26_one_limit_holds_for_all_scopes_together(house: House) -> None:
    day(house, 3)
    phone = house.phone()
    house.cancel(task_id("SF0"))
    house.decide(phone.delivers("SF0")["conflict"], "mine")
    pages = phone.exchange(limit=2)["pull"]["scopes"]
    assert [len(page["rows"]) for page in pages] == [2, 0, 0]
    assert [page["final"] for page in pages] == [False, False, True]
    assert pages[1]["to"] == 0
    for limit in (1, 2, 3, 4, 500):
        fresh = house.phone()
        fresh.pull(limit)
        assert (len(fresh.rows()), len(fresh.notices())) == (3, 1), limit


def test_p26_a_full_page_that_is_the_last_one_still_ends(house: House) -> None:
    day(house, 4)
    phone = house.phone()
    page = tasks_page(phone, 0, None, 4)
    end = tasks_page(phone, page["to"], page["ceiling"], 4)
    assert end["final"] and end["rows"] == [] and end["to"] == 4


def test_p26_p29_a_ceiling_from_the_future_does_no_harm_and_a_cursor_begins_anew(house: House) -> None:
    day(house, 3)
    phone = house.phone()
    page = tasks_page(phone, 0, 10_000, 500)
    assert (page["ceiling"], page["to"], page["final"]) == (3, 3, True)
    page = tasks_page(phone, 10_000, None, 500)
    assert (page["from"], page["to"], len(page["rows"]), page["final"]) == (0, 3, 3, True)
    assert page["reset"]
    page = tasks_page(phone, 3, 1, 500)
    assert (page["to"], page["rows"], page["final"]) == (3, [], True)


def test_p24_the_feed_holds_one_row_per_task_removals_included(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    for before, after in ((house.cast.liang, house.cast.bei), (house.cast.bei, house.cast.liang)) * 3:
        house.reassign(task, before, after)
    house.reassign(task, house.cast.liang, house.cast.bei)
    [row] = tasks_page(phone, 0, None, 500)["rows"]
    assert (row["ver"], row["present"], row["body"]) == (8, False, None)


def test_p26_a_second_handheld_of_the_same_courier_has_the_same_list(house: House) -> None:
    day(house, 3)
    one, two = house.phone(), house.phone()
    one.delivers("SF0")
    one.pull(), two.pull(2)
    assert one.rows() == two.rows()


def test_p26_nothing_new_is_an_empty_final_page_at_the_same_cursor(house: House) -> None:
    day(house, 2)
    phone = house.phone()
    phone.pull()
    assert {scope: len(rows) for scope, rows in phone.pull().items()} == dict.fromkeys(phone.cursors, 0)
    assert phone.cursors[phone.scope] == 2
