"""The customer's page in a real browser: every state on three screens, in both languages and both lights, and without a
script. Pictures for people to look at are in test-results/screens/.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from werkzeug.serving import make_server

from server.app import create_app
from server.core import clock as server_clock
from server.core.config import ROOT, Settings
from tests.browser import CHROMIUM, FLAGS
from tests.builders import AT, request_draft
from tests.conftest import SECRET, Clock
from tests.e2e.pushes import Tray, deliver, registration_of
from tests.e2e.steps import by, log_in
from tests.e2e.test_screens import look, looks
from tests.people import PASSWORD, make_cast
from tests.server.ops.house import SHA, House
from tests.server.tracking.test_hostile_text import CORPUS
from tests.server.tracking.visitor import Visitor

HOUR = 3_600_000
LIGHTS = [(lang, dark) for lang in ("zh", "en") for dark in (False, True)]
WIDTHS = (320, 390, 1440)


class Street:
    """A served house, and the links of its tasks by the state they are in."""

    def __init__(self, house: House, url: str) -> None:
        self.house = house
        self.url = url
        self.links: dict[str, str] = {}

    def order(self, name: str, **over: Any) -> tuple[str, str]:
        """An assigned task of a customer of its own; (task, waybill)."""
        number = len(self.links) + 1
        waybill = f"SF14703920{number:04d}"
        who = {
            "id": f"{number:08d}-0000-7000-8000-000000000000",
            "name": "王小明",
            "phone": f"1380000{number:04d}",
        }
        task = self.house.assigned(waybill, **{"customer": who, "merchant": "武夷山茶铺旗舰店", **over})
        self.links[name] = self.url + Visitor(self.house, task).path
        return task, waybill


@pytest.fixture(scope="module")
def street(sqlite_template: Path, fast_folder: Path) -> Iterator[Street]:
    folder = fast_folder / "street"
    folder.mkdir()
    shutil.copyfile(sqlite_template, folder / "street.db")
    app = create_app(
        Settings(f"sqlite:///{folder / 'street.db'}", folder, SECRET, env="test", log_level="critical")
    )
    clock = Clock()
    server_clock.use(clock)
    with app.app_context():
        cast = make_cast(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = Street(House(app, cast, clock), f"http://127.0.0.1:{server.server_port}")
    _furnish(made, clock)
    yield made
    server.shutdown()
    server.server_close()
    server_clock.use(server_clock.system)


def _furnish(street: Street, clock: Clock) -> None:
    house = street.house
    phone, silent = house.phone(), house.phone(house.cast.bei)
    for one in (phone, silent):
        one.tape.at = clock.now
    street.order("planned", cod_minor=12_800)
    task, _ = street.order("out")
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    visitor = Visitor(house, task)
    visitor.send("request", kind="leave_at_reception", text="前台 8:00–20:00 有人，请不要放快递柜")
    task, _ = street.order("delivered")
    payload = {"recipient": "family", "recipient_name": "李", "signature": SHA, "photos": [], "consent": None}
    phone.tape.record("task.delivered", f"task:{task}", payload, blobs=[SHA])
    phone.push()
    task, waybill = street.order("failed")
    phone.fails(waybill, reason="NO_ANSWER")
    task, waybill = street.order("disputed")
    phone.delivers(waybill)
    Visitor(house, task).send("wrong", tail="/wrong")
    street.order("pickup", kind="pickup", merchant="Pickup Logistics International")
    task, waybill = street.order("silent")
    house.reassign(task, house.cast.liang, house.cast.bei)
    silent.sends("task.out_for_delivery", f"task:{task}", {})
    task, _ = street.order("late", window_start=AT - 2 * HOUR, window_end=AT - HOUR)
    clock.advance(minutes=43)
    phone.exchange()
    street.links["lost"] = f"{street.url}/t/nothing"
    street.links["wrong"] = street.links["delivered"] + "/wrong"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def scriptless(browser: Browser) -> Iterator[Page]:
    made = browser.new_context(
        viewport={"width": 320, "height": 700}, locale="zh-CN", java_script_enabled=False
    )
    made.set_default_timeout(10_000)
    yield made.new_page()
    made.close()


@pytest.mark.parametrize(("lang", "dark"), LIGHTS)
def test_every_state_is_readable(street: Street, browser: Browser, lang: str, dark: bool) -> None:
    context = browser.new_context(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page = context.new_page()
    # The longest states on each screen; all of them on the phone, once in each language and light.
    shown = [*(("out", width) for width in WIDTHS), ("disputed", 320)]
    if (lang == "en") == dark:
        shown += [(name, 390) for name in street.links if name != "out"]
    for name, width in shown:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{street.links[name]}?lang={lang}")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        look(page, f"tracking-{name}-{width}-{lang}-{'dark' if dark else 'light'}")
        small = page.evaluate(
            """[...document.querySelectorAll('button, summary, select, .button, .pick, .top a')]
               .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 47.5)
               .map((e) => e.outerHTML.slice(0, 80))"""
        )
        assert small == [], f"{name}: targets below 48 px"
    context.close()


def test_a_customer_without_a_script_can_do_everything(street: Street, scriptless: Page) -> None:
    page, house = scriptless, street.house
    task, waybill = street.order("scriptless")
    page.goto(street.links["scriptless"])
    expect(page.locator("h1")).to_have_text("包裹已安排好快递员，预计今天 10:00–11:00 送到。")
    expect(page.locator("#push")).to_be_hidden()
    page.get_by_text("加一条要求").click()
    page.get_by_label("要求", exact=True).select_option("no_ring")
    page.get_by_label("补充说明").last.fill("宝宝在睡觉")
    page.get_by_role("button", name="告诉快递员").click()
    expect(page.get_by_role("status").first).to_contain_text("已保存")
    assert "said=request" in page.url
    page.reload()
    expect(page.get_by_test_id("request")).to_have_count(2)
    assert len(house.log(type="customer.request_set", author=_customer(house, task))) == 1
    page.get_by_label("修改要求").click()
    page.get_by_label("补充说明").first.fill("宝宝在睡觉，请发短信")
    page.get_by_role("button", name="保存修改").click()
    expect(page.get_by_test_id("request").last).to_contain_text("请发短信")
    page.get_by_label("修改要求").click()
    page.get_by_role("button", name="撤回这条要求").click()
    expect(page.get_by_test_id("request")).to_have_count(1)
    page.get_by_label("前台或物业").check()
    page.locator("#consents").get_by_role("button").click()
    expect(page.get_by_label("前台或物业")).to_be_checked()
    phone = house.phone()
    phone.tape.at = house.clock.now
    phone.delivers(waybill)
    page.goto(street.links["scriptless"])
    expect(page.locator("h1")).to_contain_text("已由本人签收")
    page.get_by_role("link", name="我没有收到").click()
    page.get_by_label("想告诉站点什么").fill("家里没人")
    page.get_by_role("button", name="确认：我没有收到").click()
    expect(page.locator("h1")).to_contain_text("站点正在核实")
    expect(page.get_by_test_id("wrong-said")).to_contain_text("您已告诉我们")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_contain_text("You told us you have not got it")
    assert house.status(task) == "assigned"


def test_a_late_request_says_so(street: Street, scriptless: Page) -> None:
    page = scriptless
    _, waybill = street.order("too late")
    page.goto(street.links["too late"])
    page.get_by_text("加一条要求").click()
    phone = street.house.phone()
    phone.tape.at = street.house.clock.now
    phone.delivers(waybill)
    page.get_by_role("button", name="告诉快递员").click()
    expect(page.get_by_role("status").first).to_contain_text("来不及了。站点已得到通知")


def test_hostile_texts_do_nothing_in_a_browser(street: Street, context: BrowserContext) -> None:
    task, _ = street.order("hostile", merchant=CORPUS[0])
    customer = _customer(street.house, task)
    street.house.desk().submit(*(request_draft(customer, text=text.replace("\x00", "")) for text in CORPUS))
    page = context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: alarms.append(request.url) if street.url not in request.url else None)
    page.goto(street.links["hostile"])
    page.wait_for_timeout(300)
    assert alarms == []
    expect(page.get_by_test_id("request")).to_have_count(len(CORPUS) + 1)
    assert page.title().endswith(CORPUS[0])


def test_the_link_is_told_to_nobody(street: Street, context: BrowserContext) -> None:
    """No request that the page sets off carries its address, and its policy lets nothing else in."""
    page = context.new_page()
    referers: list[str] = []
    page.on("request", lambda request: referers.append(request.headers.get("referer", "")))
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text))
    page.goto(street.links["out"])
    page.get_by_role("link", name="English").click()
    page.wait_for_load_state("networkidle")
    assert len(referers) >= 4 and set(referers) == {""}
    assert broken == []
    assert page.evaluate("document.referrer") == ""


def test_the_button_for_notices(street: Street, context: BrowserContext) -> None:
    """Where the browser says no, the page says so and goes on working."""
    page = context.new_page()
    page.goto(street.links["out"])
    button = page.locator("#push button")
    expect(button).to_have_text("在这台设备上通知我")
    button.click()
    expect(page.locator("#push p")).to_contain_text("浏览器不允许通知")
    expect(button).to_be_enabled()


def test_a_push_is_shown_and_its_tap_opens_the_page(
    street: Street, playwright: Playwright, tmp_path: Path
) -> None:
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path / "profile"), executable_path=CHROMIUM, headless=True, args=FLAGS
    )
    context.grant_permissions(["notifications"], origin=street.url)
    page = context.pages[0]
    session = context.new_cdp_session(page)
    path = street.links["out"].removeprefix(street.url)
    page.goto(street.links["delivered"])  # another parcel's page: the tap has to open the right one
    page.evaluate(
        """async () => {
             const made = await navigator.serviceWorker.register('/t/worker.js', { scope: '/t/' });
             while (made.active?.state !== 'activated') await new Promise((done) => setTimeout(done, 50));
           }"""
    )
    mine = registration_of(session, page, f"{street.url}/t/")
    notice = {
        "id": "33333333-0000-7000-8000-000000000000",
        "kind": "delivered",
        "lang": "zh",
        "tag": "t:1",
        "url": path,
        "title": "包裹已签收",
        "body": "点开查看凭证",
    }
    tray = Tray(context, "/t/worker.js")
    for data in (notice, "no notice of ours"):
        deliver(session, street.url, mine, data)
    assert sorted((one["title"], one["body"], one["data"]["url"]) for one in tray.after(2)) == sorted(
        [("包裹已签收", "点开查看凭证", path), ("Doorstep", "有新消息 · There is news", "/t/")]
    )
    opened = tray.worker.evaluate(
        """async () => {
             const urls = [];
             Object.defineProperty(self.clients, 'openWindow', { value: async (url) => void urls.push(url) });
             const found = await registration.getNotifications();
             const notification = found.find((one) => one.tag === 't:1');
             self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
             for (let tries = 0; tries < 200 && !urls.length; tries += 1) {
               await new Promise((done) => setTimeout(done, 50));
             }
             return [urls, (await registration.getNotifications()).length];
           }"""
    )
    assert opened == [[path], 1]
    # A page that shows this very parcel looks again by itself.
    page.goto(street.links["out"])
    with page.expect_event("load"):
        deliver(session, street.url, mine, notice)
    context.close()


def test_what_the_customer_says_is_a_case_at_the_desk(
    street: Street, context: BrowserContext, browser: Browser
) -> None:
    house = street.house
    _, waybill = street.order("too-late")
    phone = house.phone()
    phone.tape.at = house.clock.now
    her = context.new_page()
    her.goto(street.links["too-late"])
    her.get_by_text("加一条要求").click()
    her.get_by_label("要求", exact=True).select_option("no_ring")
    her.get_by_label("补充说明").last.fill("宝宝在睡觉")
    phone.delivers(waybill)
    her.get_by_role("button", name="告诉快递员").click()
    expect(her.get_by_role("status").first).to_be_visible()
    her.goto(street.links["too-late"])
    her.get_by_role("link", name="我没有收到").click()
    her.get_by_role("button", name="确认：我没有收到").click()
    expect(her.get_by_role("status").first).to_be_visible()

    desk = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN").new_page()
    log_in(desk, f"{street.url}", "dora", PASSWORD)
    for kind, told, outcome in (("request_late", "宝宝在睡觉", "noted"), ("disputed", "王*明", "theirs")):
        desk.goto(f"{street.url}/dispatch#/conflicts?kind={kind}")
        desk.locator(f'[data-testid="conflict-row"][data-waybill="{waybill}"]').click()
        expect(by(desk, "case-detail")).to_contain_text(told)
        case = str(by(desk, "case-detail").get_attribute("data-case"))
        if kind == "disputed":
            expect(by(desk, "case-mine")).to_have_text(re.compile("没有收到|Not received"))
        looks(desk, f"inbox-{kind}", widths=(390, 1440))
        offered = house.case(case)["outcomes"]
        desk.keyboard.press(str(offered.index(outcome) + 1))
        expect(by(desk, "decide-reason")).to_be_focused()
        desk.keyboard.type("已电话核实")
        desk.keyboard.press("Control+Enter")
        expect(by(desk, "case-run").first).to_contain_text(re.compile("已裁定 1 件|1 decided"))
        assert house.case(case)["decision"]["outcome"] == outcome
    desk.context.close()


def test_the_page_prints_clean(street: Street, context: BrowserContext) -> None:
    page = context.new_page()
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(street.links["delivered"])
    look(page, "tracking-print")
    for gone in ("form", "button", "details", ".top a", "#notices"):
        assert [one.is_visible() for one in page.locator(gone).all()].count(True) == 0, gone
    expect(page.get_by_text("打印时间")).to_be_visible()


def _customer(house: House, task: str) -> str:
    record = house.record(f"task:{task}")
    assert record is not None
    return str(record["customer"])


def test_the_pictures_are_of_the_built_app() -> None:
    assert (ROOT / "pwa" / "dist" / "tracking" / "page.js").is_file(), "type `make build`"
