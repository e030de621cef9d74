"""What the page says at each turn of a task, and what it never says."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from itsdangerous import URLSafeSerializer

from tests.builders import AT
from tests.server.ops.house import SHA, House, Phone
from tests.server.tracking.visitor import Visitor

pytestmark = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
DIST = Path(__file__).parents[3] / "pwa" / "dist"
FIRST_LOAD = 15 * 1024


@pytest.fixture
def phone(house: House) -> Iterator[Phone]:
    """A phone whose clock goes with the house's."""
    made = house.phone()
    made.tape.at = house.clock.now
    return made


def later(house: House, phone: Phone, **by: int) -> None:
    house.clock.advance(**by)
    phone.tape.at = house.clock.now


def sentence(visitor: Visitor, tail: str = "") -> str:
    html = visitor.get(tail).text
    found = re.search(r'<h1 id="sentence">(.+?)</h1>', html)
    assert found, html[:1000]
    return found.group(1).replace("\xa0", " ")


def states(visitor: Visitor) -> list[str]:
    return re.findall(r'<li class="(done|now|problem|next)"', visitor.get().text)


def test_a_delivery_from_order_to_door(house: House, phone: Phone) -> None:
    task = house.order()
    visitor = Visitor(house, task)
    assert sentence(visitor) == "已收到您的包裹信息，预计今天 10:00–11:00 送到。"
    assert states(visitor) == ["now", "next", "next", "next", "next"]
    house.tell(
        "task.assigned",
        f"task:{task}",
        {"courier": house.cast.liang.id, "sequence": 1},
        base={"courier": None},
    )
    assert sentence(visitor) == "包裹已安排好快递员，预计今天 10:00–11:00 送到。"
    assert sentence(visitor, "?lang=en") == "Your parcel has a courier. It should come today, 10:00–11:00."
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    assert sentence(visitor) == "正在派送，预计今天 10:00–11:00 送到。"
    assert states(visitor) == ["done", "done", "now", "next", "next"]
    assert "最近一次收到快递员的消息：09:00" in visitor.read().text
    phone.sends("task.arrived", f"task:{task}", {})
    assert sentence(visitor) == "快递员已经到您门口了。"
    phone.delivers()
    assert sentence(visitor) == "已由本人签收，今天 09:00。"
    assert sentence(visitor, "?lang=en") == "Delivered and signed for by the recipient, today 09:00."
    assert states(visitor) == ["done"] * 5
    log = re.findall(r"<span><span>(.+?)</span>", visitor.get().text)
    assert log == ["本人签收", "快递员到达", "快递员出发派送", "已安排快递员", "收到包裹信息"]


def test_a_courier_out_of_signal_widens_the_band(house: House, phone: Phone) -> None:
    task = house.assigned()
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    visitor = Visitor(house, task)
    house.clock.advance(minutes=9)
    assert "时间已放宽" not in visitor.read().text
    house.clock.advance(minutes=14)
    assert sentence(visitor) == "正在派送，预计今天 10:00–11:30 送到。"
    text = visitor.read("?lang=en").text
    assert "Widened: courier out of signal for 23 min" in text
    assert "Courier last heard 09:00" in text
    assert "As of 09:23" in text
    phone.exchange()
    assert sentence(visitor) == "正在派送，预计今天 10:00–11:00 送到。"


def test_a_late_parcel_is_called_late(house: House, phone: Phone) -> None:
    task = house.assigned()
    visitor = Visitor(house, task)
    later(house, phone, minutes=121)
    assert sentence(visitor) == "原定今天 10:00–11:00 送到，已经过了时间，快递员还没有出发。"
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    assert sentence(visitor) == "原定今天 10:00–11:00 送到，已经晚了，快递员还在路上。"


def test_a_failed_attempt_says_why_and_what_next(house: House, phone: Phone) -> None:
    task = house.assigned()
    visitor = Visitor(house, task, "en-GB")
    phone.fails(reason="NOT_HOME")
    assert (
        sentence(visitor) == "We could not deliver it today 09:00. Reason: Nobody home. We will come again."
    )
    assert states(visitor) == ["done", "done", "done", "problem", "next"]
    payload = {"courier": house.cast.bei.id, "window_start": AT + 86_400_000, "window_end": AT + 90_000_000}
    house.tell("task.reattempt_planned", f"task:{task}", payload)
    assert sentence(visitor) == "Your parcel has a courier. It should come tomorrow, 09:00–10:00."
    assert "Another attempt planned" in visitor.read().text


def test_held_returned_and_cancelled(house: House, phone: Phone) -> None:
    said = {"reason": "SELF_PICKUP", "note": "王小明来取", "photos": []}
    held, returned, cancelled = (house.assigned(f"SF100000000{n}") for n in (1, 2, 3))
    phone.sends("task.held", f"task:{held}", said)
    phone.sends("task.returned", f"task:{returned}", {**said, "reason": "REFUSED"})
    house.cancel(cancelled, "客户王小明来电 13800000001")
    assert sentence(Visitor(house, held)) == "包裹在站点保管：自取。包裹在站点等您来取。"
    assert sentence(Visitor(house, returned)) == "包裹已退回寄件方：拒收。"
    assert sentence(Visitor(house, cancelled)) == "这次派送已取消。"
    for task in (held, returned, cancelled):
        text = Visitor(house, task).get().text
        assert "王小明" not in text and "13800000001" not in text


def test_a_pickup_has_its_own_words(house: House, phone: Phone) -> None:
    task = house.assigned(kind="pickup")
    visitor = Visitor(house, task)
    assert sentence(visitor) == "快递员预计今天 10:00–11:00 上门取件。"
    assert states(visitor) == ["done", "now", "next", "next"]
    payload = {"pieces": 1, "weight_g": 900, "photos": [SHA], "waybill": None}
    phone.sends("task.picked_up", f"task:{task}", payload, blobs=[SHA])
    assert sentence(visitor) == "包裹已取走，今天 09:00。"
    assert "照片 1 张，由站点保管" in visitor.read().text


def test_proof_is_named_and_not_shown(house: House, phone: Phone) -> None:
    task = house.assigned()
    phone.tape.record(
        "task.delivered",
        f"task:{task}",
        {
            "recipient": "reception",
            "recipient_name": "李前台",
            "signature": SHA,
            "photos": ["cd" * 32, "ef" * 32],
            "consent": "电话同意",
        },
        blobs=[SHA, "cd" * 32, "ef" * 32],
    )
    phone.push()
    visitor = Visitor(house, task)
    text = visitor.read().text
    assert "签收人 前台" in text
    assert "签名、照片 2 张，由站点保管" in text
    html = visitor.get().text
    assert "<img" not in html and SHA not in html and "李前台" not in html and "电话同意" not in html


def test_cash_to_have_ready(house: House) -> None:
    task = house.assigned(cod_minor=128_005)
    assert "请准备好代收款 ¥1,280.05" in Visitor(house, task).read().text


def without_noise(page: str) -> str:
    """The page with what its forms carry in clear: in signatures, random ids and the link itself any three digits may
    stand by chance."""

    def clear(found: re.Match[str]) -> str:
        _, said = URLSafeSerializer("any").loads_unsafe(found.group(1))
        return json.dumps({**said, "n": "", "t": ""}, ensure_ascii=False)

    return re.sub(r"/t/[\w-]{20,}", "", re.sub(r'name="form" value="([^"]+)"', clear, page))


def test_nobody_is_named_and_no_door_is_shown(house: House, phone: Phone) -> None:
    """The canary test: full names, phones, rooms, staff, notes, other numbers appear on no form of the page."""
    task = house.assigned(
        customer={"id": "11111111-0000-7000-8000-000000000000", "name": "金丝雀明", "phone": "13912340001"}
    )
    house.tell("task.noted", f"task:{task}", {"text": "金丝雀备注"})
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    visitor = Visitor(house, task)
    pages = [visitor.get().text, visitor.get("?lang=en").text]
    phone.delivers(recipient_name="金丝雀代收")
    pages += [visitor.get().text, visitor.get("/wrong").text]
    visitor.send("wrong", tail="/wrong", note="金丝雀说明")
    pages.append(visitor.get().text)
    secrets = ("金丝雀明", "13912340001", "1391234", "502", "3 单元", "100 号", "阿良", "Dora", "liang")
    for page in map(without_noise, pages):
        for canary in (*secrets, "金丝雀备注", "金丝雀代收", "金丝雀说明", "SF1000000001", "1201000000"):
            assert canary not in page, canary
    assert "金**明" in pages[0] and "文三小区 · 100" in pages[0]
    assert "•••• •••• </span><b>0001</b>" in pages[0]


def test_the_language(house: House) -> None:
    task = house.order()
    for language, shown in (
        ("en-US,en;q=0.8", "en"),
        ("fr,zh;q=0.5", "zh-CN"),
        ("ja", "zh-CN"),
        (None, "zh-CN"),
    ):
        assert f'<html lang="{shown}">' in Visitor(house, task, language).get().text
    visitor = Visitor(house, task, "zh")
    english = visitor.get("?lang=en")
    assert '<html lang="en">' in english.text
    # Forms keep the language that was asked for.
    assert all(form.action.endswith("?lang=en") for form in visitor.read("?lang=en").forms)
    assert f'href="{visitor.path}?lang=zh"' in english.text
    assert visitor.get("?lang=<script>").status_code == 200


def test_the_customers_own_language_comes_first(house: House) -> None:
    task = house.order()
    record = house.record(f"task:{task}")
    assert record is not None
    profile = {
        "kind": "person",
        "name": "John Smith",
        "phone": "13800000001",
        "email": None,
        "language": "en",
        "tier": "casual",
        "contacts": [],
        "tags": [],
    }
    house.tell("customer.profile_set", f"customer:{record['customer']}", profile)
    page = Visitor(house, task, "zh-CN").get().text
    assert '<html lang="en">' in page
    assert "J*** S****" in page


def test_headers_of_the_page(house: House) -> None:
    answer = Visitor(house, house.order()).get()
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["X-Content-Type-Options"] == "nosniff"
    security = headers["Content-Security-Policy"]
    assert "default-src 'none'" in security and "frame-ancestors 'none'" in security
    assert "unsafe" not in security
    assert "Set-Cookie" not in headers


def test_the_first_load_is_small(house: House, phone: Phone, capsys: pytest.CaptureFixture[str]) -> None:
    """Page with style, script and icon together, gzipped; a long day with many requests on it."""
    task = house.assigned()
    visitor = Visitor(house, task)
    for text in ("放在门口的鞋柜上", "狗会叫，不用怕", "周末在家"):
        visitor.send("request", kind="other", text=text)
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    phone.fails()
    phone.delivers()
    page = len(gzip.compress(visitor.get("?lang=en").data))
    rest = {name: DIST / name for name in ("tracking/page.js", "icon.svg")}
    sizes = {name: len(gzip.compress(file.read_bytes())) for name, file in rest.items() if file.exists()}
    total = page + sum(sizes.values())
    with capsys.disabled():
        print(f"\n    first load, gzip: page {page}, {sizes}: {total / 1024:.1f} kB")
    assert total <= FIRST_LOAD
    used = re.findall(r'(?:src|href)="(/[^"]+)"', visitor.get().text)
    assert {one for one in used if not one.startswith(visitor.path)} == {"/icon.svg", "/t/page.js"}
