"""The desk on a real server: many tasks, two dispatchers at once, the socket cut, the whole line cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.proxy import Line
from tests.e2e.stage import PASSWORD, Stage, set_up, supervised
from tests.e2e.steps import by, log_in, row
from tests.e2e.test_screens import looks

MANY = 640
"""More than one request takes, and more than a screen shows by far."""
SLOW = 15_000


def _waybill(number: int) -> str:
    return f"SF15{number:08d}"


def _orders() -> list[dict[str, str]]:
    return [
        {
            "kind": "pickup" if number % 9 == 0 else "delivery",
            "reference": f"R{number:05d}",
            "waybill": _waybill(number),
            "name": "王小明",
            "phone": f"1380000{number:04d}",
            "address": f"浙江省杭州市西湖区文三路{number % 300 + 1}号示例小区3幢2单元501室",
            "longitude": f"{120.10 + number % 40 / 1000:.5f}",
            "latitude": f"{30.26 + number // 40 / 1000:.5f}",
        }
        for number in range(MANY)
    ]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("desk")
    with supervised() as supervisor:
        made = set_up(folder, supervisor, f"sqlite:///{folder / 'stage.db'}", _orders())
        made.hire(("dan", "Dan", "dispatcher"))
        yield made


class Desks:
    """Opens desks, each with a login of its own."""

    def __init__(self, browser: Browser, stage: Stage) -> None:
        self._browser = browser
        self._stage = stage
        self._open: list[BrowserContext] = []

    def __call__(
        self, user: str = "dora", *, url: str = "", sockets: bool = True, size: tuple[int, int] = (1440, 900)
    ) -> Page:
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            timezone_id="Asia/Shanghai",
            locale="zh-CN",
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        self._open.append(context)
        if not sockets:
            context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
        page = context.new_page()
        page.set_default_timeout(SLOW)
        log_in(page, url or self._stage.url, user, PASSWORD)
        return page

    def close(self) -> None:
        for context in self._open:
            context.close()


@pytest.fixture
def desks(browser: Browser, stage: Stage) -> Iterator[Desks]:
    made = Desks(browser, stage)
    yield made
    made.close()


def _live(page: Page, via: str) -> None:
    expect(by(page, "freshness")).to_have_attribute("data-via", via, timeout=SLOW)


def _find(page: Page, waybill: str) -> None:
    by(page, "task-search").fill(waybill)
    expect(row(page, waybill)).to_be_visible()
    expect(by(page, "task-row")).to_have_count(1)


def _assign(page: Page, courier: str) -> None:
    page.locator(f'[data-testid="pick-courier"][data-courier="{courier}"]').click()
    by(page, "confirm-action").click()


def test_two_dispatchers_see_each_other_and_the_loser_is_told(stage: Stage, desks: Desks) -> None:
    dora, dan = desks("dora"), desks("dan")
    _live(dora, "socket")
    _live(dan, "socket")
    for page in (dora, dan):
        _find(page, _waybill(7))
        by(page, "task-check").click()
        by(page, "bulk-assign").click()
    # Both have the sheet open on the same unassigned task. Dora is first.
    _assign(dora, stage.courier("阿良"))
    expect(by(dora, "result-line")).to_have_attribute("data-status", "applied")
    expect(row(dan, _waybill(7))).to_contain_text("阿良")
    _assign(dan, stage.courier("Bei"))
    expect(by(dan, "result-line")).to_have_attribute("data-status", "conflict")
    by(dan, "result-line").get_by_role("button").click()
    expect(by(dan, "case-mine")).to_be_visible()
    # What stands is what the server says, on both screens.
    assert stage.task(_waybill(7))["courier"]["name"] == "阿良"
    expect(row(dora, _waybill(7)).locator(".clash")).to_be_visible()


def test_without_sockets_the_desk_asks_and_says_how_old_it_is(stage: Stage, desks: Desks) -> None:
    line = Line(stage.port)
    page = desks("dora", url=line.url, sockets=False)
    _live(page, "poll")
    _find(page, _waybill(11))
    stage.assign("阿良", _waybill(11))
    expect(row(page, _waybill(11))).to_contain_text("阿良", timeout=SLOW)
    line.cut()
    expect(by(page, "freshness")).to_contain_text("未更新", timeout=SLOW)
    expect(by(page, "freshness")).to_contain_text("离线", timeout=SLOW)
    expect(row(page, _waybill(11))).to_be_visible()
    line.mend()
    expect(by(page, "freshness")).to_contain_text("每 2 秒更新", timeout=30_000)
    line.cut()


def test_a_socket_that_comes_back_is_used_again(stage: Stage, desks: Desks) -> None:
    line = Line(stage.port)
    page = desks("dora", url=line.url)
    _live(page, "socket")
    expect(by(page, "freshness")).to_contain_text("实时", timeout=SLOW)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    line.cut()
    page.wait_for_timeout(6_000)
    assert len(asked) < 25, f"{len(asked)} requests while the line was cut"
    line.mend()
    _live(page, "socket")
    stage.assign("Bei", _waybill(12))
    _find(page, _waybill(12))
    expect(row(page, _waybill(12))).to_contain_text("Bei")
    line.cut()


def test_everything_that_matches_is_moved_in_parts_and_taken_back(stage: Stage, desks: Desks) -> None:
    page = desks()
    by(page, "queue-unassigned").click()
    expect(by(page, "queue-unassigned")).to_have_attribute("aria-current", "true")
    free = int(by(page, "queue-unassigned").locator("b").inner_text())
    expect(by(page, "task-total")).to_contain_text(str(free))
    sent: list[int] = []
    page.on(
        "request",
        lambda request: (
            sent.append(len(request.post_data_json["operations"]))
            if request.method == "POST" and request.url.endswith("/operations")
            else None
        ),
    )
    by(page, "task-check").first.click()
    by(page, "select-matching").click()
    expect(page.get_by_text(f"已选 {free} 件")).to_be_visible()
    page.keyboard.press("a")
    _assign(page, stage.courier("Bei"))
    expect(by(page, "result-line").first).to_be_visible(timeout=60_000)
    assert sum(sent) == free and max(sent) <= 500 and len(sent) > 1, sent
    assert by(page, "result-line").count() <= 50
    expect(by(page, "queue-unassigned").locator("b")).to_have_text("0", timeout=SLOW)
    page.keyboard.press("z")
    expect(by(page, "queue-unassigned").locator("b")).to_have_text(str(free), timeout=60_000)


def test_many_rows_are_drawn_as_few_and_the_place_is_kept(desks: Desks) -> None:
    page = desks()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(MANY + 1))
    assert by(page, "task-row").count() < 80
    page.keyboard.press("End")
    last = page.locator(f'[data-testid="task-row"][aria-rowindex="{MANY + 1}"]')
    expect(last).to_be_visible()
    assert by(page, "task-row").count() < 80
    scrolled = by(page, "table-body").evaluate("element => element.scrollTop")
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(by(page, "courier-card").first).to_be_visible()
    page.keyboard.press("1")
    expect(last).to_be_visible()
    assert by(page, "table-body").evaluate("element => element.scrollTop") == scrolled
    # What a key press costs in the page itself, without the server.
    took = page.evaluate(
        """async () => {
            const begun = performance.now();
            for (let n = 0; n < 30; n += 1) {
                window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k' }));
                await new Promise(requestAnimationFrame);
            }
            return performance.now() - begun;
        }"""
    )
    assert took < 3_000, f"{took:.0f} ms for 30 moves"


def test_a_view_is_sent_to_a_colleague(desks: Desks) -> None:
    dora, dan = desks("dora"), desks("dan")
    by(dora, "filter-open").click()
    by(dora, "status-created").check()
    by(dora, "filter-kind").select_option("pickup")
    by(dora, "filter-merchant").fill("测试商家")
    by(dora, "filter-merchant").press("Enter")
    by(dora, "sort-waybill").click()
    total = by(dora, "task-total")
    expect(total).not_to_contain_text(str(MANY))
    dora.keyboard.press("Escape")
    dora.keyboard.press("j")
    expect(by(dora, "detail-waybill")).to_be_visible()
    address = dora.url[dora.url.index("#") :]
    dan.evaluate("address => { location.hash = address }", address)
    expect(by(dan, "task-total")).to_have_text(total.inner_text())
    expect(by(dan, "detail-waybill")).to_have_text(by(dora, "detail-waybill").inner_text())
    # Kept under a name for the station, it is on the colleague's desk too.
    by(dora, "filter-save").click()
    by(dora, "filter-name").fill("未派的揽收")
    by(dora, "filter-shared").check()
    by(dora, "filter-keep").click()
    expect(dora.get_by_test_id("saved-filter")).to_have_text("未派的揽收")
    dan.goto(dan.url.split("#")[0])
    dan.reload()
    by(dan, "saved-filter").click()
    expect(by(dan, "task-total")).to_have_text(total.inner_text())


def test_rows_are_dragged_onto_a_courier(stage: Stage, desks: Desks) -> None:
    page = desks()
    _find(page, _waybill(21))
    courier = stage.courier("阿良")
    target = page.locator(f'[data-testid="courier-row"][data-courier="{courier}"]')
    row(page, _waybill(21)).drag_to(target)
    expect(by(page, "result-line")).to_have_attribute("data-status", "applied")
    expect(row(page, _waybill(21))).to_contain_text("阿良")
    target = page.locator(f'[data-testid="courier-row"][data-courier="{stage.courier("Bei")}"]')
    row(page, _waybill(21)).drag_to(target)
    expect(row(page, _waybill(21))).to_contain_text("Bei")


def test_a_lost_answer_is_asked_for_again_and_takes_effect_once(stage: Stage, desks: Desks) -> None:
    page = desks()
    _find(page, _waybill(31))
    seen: list[str] = []

    def lose_once(route: Route) -> None:
        seen.append(route.request.post_data or "")
        if len(seen) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/operations", lose_once)
    by(page, "task-check").click()
    page.keyboard.press("n")
    by(page, "reason-input").fill("客户下午在家")
    by(page, "confirm-action").click()
    expect(by(page, "result-line")).to_have_attribute("data-status", "applied")
    assert len(seen) == 2 and seen[0] == seen[1]
    row(page, _waybill(31)).click()
    expect(page.get_by_text("客户下午在家").first).to_be_visible()
    notes = stage.call("GET", f"/api/v1/dispatch/tasks/{stage.task(_waybill(31))['id']}")["notes"]
    assert [note["text"] for note in notes] == ["客户下午在家"]


def test_windows_links_and_masked_data(stage: Stage, desks: Desks) -> None:
    page = desks()
    _find(page, _waybill(41))
    row(page, _waybill(41)).click()
    expect(by(page, "detail-waybill")).to_be_visible()
    page.keyboard.press("w")
    by(page, "window-15:00").click()
    by(page, "confirm-action").click()
    expect(row(page, _waybill(41))).to_contain_text("15:00–18:00")
    by(page, "copy-link").click()
    expect(by(page, "saved-toast")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "/t/" in link
    assert stage.url in link
    assert "13800000041" not in page.content()
    by(page, "reveal-open").click()
    by(page, "reveal-go").click()
    assert by(page, "revealed").count() == 0, "a look without a reason"
    by(page, "reveal-reason").fill("客户要求回电")
    by(page, "reveal-go").click()
    expect(by(page, "revealed")).to_contain_text("13800000041")
    by(page, "filter-clear").click()
    by(page, "task-row").nth(5).click()
    expect(by(page, "revealed")).to_have_count(0)


def test_an_ended_session_comes_back_to_the_same_place(desks: Desks) -> None:
    page = desks()
    by(page, "queue-unassigned").click()
    page.context.clear_cookies()
    page.evaluate("location.hash += '&task=00000000-0000-7000-8000-000000000000'")
    expect(by(page, "login-password")).to_be_visible(timeout=SLOW)
    by(page, "login-user").fill("dora")
    by(page, "login-password").fill(PASSWORD)
    by(page, "login-submit").click()
    expect(by(page, "queue-unassigned")).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["wide", "phone"])
def test_the_board_in_all_its_forms(desks: Desks, size: tuple[int, int]) -> None:
    Path("test-results/screens").mkdir(parents=True, exist_ok=True)
    page = desks(size=size)
    phone = size[0] < 700
    tag = "phone" if phone else "desk"
    by(page, "filter-open").click()
    expect(by(page, "filter-kind")).to_be_visible()
    looks(page, f"desk-6-filter-{tag}")
    by(page, "filter-open").click()
    by(page, "mode-couriers").click()
    expect(by(page, "courier-card").first).to_be_visible()
    looks(page, f"desk-7-couriers-{tag}")
    by(page, "mode-map").click()
    expect(by(page, "map")).to_have_attribute("data-stops", str(MANY), timeout=SLOW)
    expect(page.locator("[data-testid=map] canvas")).to_be_visible()
    looks(page, f"desk-8-map-{tag}")
    # No ground is configured here: that is no fault to speak of.
    expect(by(page, "map")).to_have_attribute("data-ground", "schematic")
    expect(by(page, "map-note")).to_have_count(0)
    by(page, "palette-open").click()
    expect(by(page, "palette-item").first).to_be_visible()
    looks(page, f"desk-9-palette-{tag}")
    by(page, "palette-input").fill("Bei")
    page.keyboard.press("Enter")
    by(page, "filter-clear").click()
    by(page, "mode-table").click()
    by(page, "task-check").first.click()
    looks(page, f"desk-10-chosen-{tag}")
    by(page, "bulk-window").click()
    expect(by(page, "window-15:00")).to_be_visible()
    looks(page, f"desk-11-window-{tag}")
