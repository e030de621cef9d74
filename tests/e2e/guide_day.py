"""A courier's day as the guide tells it: every chapter once, without a network for all but sync."""

from __future__ import annotations

from functools import partial

from playwright.sync_api import BrowserContext, Page, expect

from server.auth import queries as auth_queries
from server.core.ids import uuid7
from tests.builders import task_id
from tests.e2e.conftest import PHONE
from tests.e2e.guide_doors import at_the_door, fails, pickup
from tests.e2e.guide_walk import (
    GIVEN,
    GIVEN_TOO,
    LATE,
    LOADED,
    OTHERS,
    PICKUP,
    PLAIN,
    RECALLED,
    STRANGER,
    THREE,
    Round,
    Walk,
    goes,
    opens,
    to_list,
    work_of_the_day,
)
from tests.e2e.proxy import Line
from tests.e2e.stage import Stage
from tests.e2e.steps import by, close_sheet, enrol, frames, row, wait_ready_offline, wedge
from tests.e2e.test_full import with_room_for

A_YEAR = """() => {
    const Right = Date;
    const wrong = () => Right.now() + 366 * 86_400_000;
    window.Date = class extends Right {
        constructor(...given) { super(...(given.length ? given : [wrong()])); }
        static now() { return wrong(); }
    };
}"""


def a_day(day: Round, walk: Walk) -> None:
    """All chapters, in the order in which they can happen."""
    stage, phone = day.stage, day.liang.pages[0]
    code = work_of_the_day(stage)
    line = Line(stage.port)
    _first_use(phone, line.url, stage.enrolment_code("阿良"), walk)
    _recalls(stage, phone)
    bei = day.open_browser("phone", name="bei").pages[0]
    enrol(bei, line.url, stage.enrolment_code("Bei"))
    wait_ready_offline(bei)
    line.cut()
    _loads(phone, walk)
    _on_the_road(phone, walk)
    at_the_door(phone, walk, code)
    pickup(phone, walk)
    fails(phone, walk)
    _verdicts(phone, walk)
    _scans(phone, day.liang, line.url, walk)
    _hands_over(phone, bei, walk)
    _waits(phone, walk)
    _is_rescued(phone, bei, walk)
    line.mend()
    _is_told(phone, stage, walk)
    _is_written_to(phone, stage, walk)
    _is_updated(day, phone, walk)
    _looks_otherwise(phone, walk)
    _hands_in(phone, walk)
    _wrong_clock(phone, walk)
    _is_replaced(day, line.url, walk)
    bei.context.close()
    line.cut()
    _is_full(day, line.url, walk)


def _first_use(page: Page, url: str, code: str, walk: Walk) -> None:
    page.goto(url)
    by(page, "enrol-code").fill(code)
    walk.see(page, "enrol")
    by(page, "enrol-submit").click()
    expect(row(page, PLAIN)).to_be_visible()
    wait_ready_offline(page)
    expect(by(page, "shift-start")).to_be_visible()
    walk.see(page, "start")
    by(page, "guide-open").click()
    by(page, "guide-next").click()
    walk.see(page, "first-steps")
    by(page, "guide-next").click()
    by(page, "guide-next").click()
    by(page, "guide-practice").click()
    expect(by(page, "practice")).to_be_visible()
    walk.see(page, "practice")
    by(page, "practice-end").click()
    expect(by(page, "practice")).to_have_count(0)
    expect(row(page, PLAIN)).to_be_visible()


def _recalls(stage: Stage, page: Page) -> None:
    """Stopped by the sender before the shift: the phone hears of it while it still has a signal."""
    draft = {
        "type": "task.cancelled",
        "entity": f"task:{task_id(RECALLED)}",
        "payload": {"reason": "寄件人拦截"},
    }
    assert stage.operations(draft)[0]["status"] == "applied"
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(row(page, RECALLED).first).to_have_attribute("data-status", "cancelled", timeout=20_000)


def _dismissed(page: Page) -> None:
    by(page, "verdict").locator("xpath=..").get_by_label("关闭").click()


def _loads(page: Page, walk: Walk) -> None:
    by(page, "shift-start").click()
    by(page, "load-open").click()
    for waybill in (*(one for one in LOADED if one != PICKUP), OTHERS):
        wedge(page, waybill)
        expect(page.locator(f'[data-testid="verdict"][data-waybill="{waybill}"]').first).to_be_visible()
    _dismissed(page)
    expect(by(page, "load-missing")).to_have_attribute("data-waybill", LATE)
    walk.see(page, "load")
    by(page, "load-leave").click()
    expect(by(page, "load-leave-scanned")).to_be_visible()
    walk.see(page, "leave")
    by(page, "load-leave-scanned").click()
    expect(by(page, "next-card")).to_have_attribute("data-waybill", PLAIN)


def _on_the_road(page: Page, walk: Walk) -> None:
    walk.see(page, "next")
    by(page, "order-open").click()
    by(page, "order-stop").nth(2).get_by_role("button").first.click()
    walk.see(page, "order")
    by(page, "back").click()
    by(page, "search").fill("3009")
    expect(by(page, "task-row")).to_have_count(1)
    walk.see(page, "search")
    by(page, "search").fill("")
    by(page, "map-open").click()
    expect(by(page, "map-card")).to_be_visible()
    walk.see(page, "map")
    opens(page, THREE)
    expect(by(page, "out-of-turn")).to_be_visible()
    walk.see(page, "out-of-turn")
    to_list(page)


def _verdicts(page: Page, walk: Walk) -> None:
    """One of each, over the list: three that are his, three that are not."""
    for verdict, waybill in (
        ("mine", LATE),
        ("duplicate", LATE),
        ("signed", PLAIN),
        ("other_route", OTHERS),
        ("unknown", STRANGER),
        ("recalled", RECALLED),
    ):
        to_list(page)
        wedge(page, waybill)
        card = page.locator(f'[data-testid="verdict"][data-verdict="{verdict}"][data-waybill="{waybill}"]')
        expect(card.first).to_be_visible()
        walk.see(page, f"verdict-{verdict}", part=card.first)
        if verdict == "recalled":
            by(page, "recall-acknowledge").click()
        else:
            _dismissed(page)


def _scans(page: Page, context: BrowserContext, url: str, walk: Walk) -> None:
    by(page, "scan-open").click()
    expect(by(page, "camera-trouble")).to_have_attribute("data-trouble", "refused")
    by(page, "scan-input").fill(GIVEN_TOO[:-2] + GIVEN_TOO[-1] + GIVEN_TOO[-2])
    expect(by(page, "scan-guess").first).to_be_visible()
    walk.see(page, "typed")
    by(page, "scan-close").click()
    context.grant_permissions(["camera"], origin=url)
    by(page, "scan-open").click()
    by(page, "scan-batch").check(force=True)
    expect(by(page, "scan-count")).to_have_attribute("data-count", "2", timeout=30_000)
    walk.see(page, "camera")
    by(page, "scan-done").click()
    expect(by(page, "scan-screen")).to_have_count(0)


def _hands_over(liang: Page, bei: Page, walk: Walk) -> None:
    opens(liang, GIVEN)
    by(liang, "hand-this").click()
    expect(by(liang, "hand-count")).to_have_text("1")
    wedge(liang, GIVEN_TOO)
    expect(by(liang, "hand-count")).to_have_text("2")
    walk.see(liang, "hand-choose")
    by(liang, "hand-show").click()
    offer = frames(liang)
    walk.see(liang, "hand-show")
    goes(bei, "handover")
    walk.see(bei, "hand-ways")
    by(bei, "hand-take").click()
    expect(by(bei, "camera-trouble")).to_contain_text("请站点改派")
    for frame in offer:
        wedge(bei, frame)
    expect(by(bei, "hand-row")).to_have_count(2)
    walk.see(bei, "hand-check")
    by(bei, "hand-accept").click()
    expect(by(bei, "hand-took")).to_be_visible()
    walk.see(bei, "hand-receipt")
    by(liang, "hand-no-receipt").click()
    walk.see(liang, "hand-no-receipt")
    by(liang, "hand-no-receipt").click()
    for frame in frames(bei):
        wedge(liang, frame)
    expect(by(liang, "hand-done")).to_be_visible()
    walk.see(liang, "hand-done")
    by(liang, "hand-done").click()


def _waits(page: Page, walk: Walk) -> None:
    """Without a signal: what waits, and what can still be taken back."""
    to_list(page)
    walk.see(page, "offline")
    goes(page, "outbox")
    expect(by(page, "undo-item").first).to_be_visible()
    walk.see(page, "outbox")
    by(page, "undo-do").first.click()
    expect(by(page, "saved-toast").first).to_be_visible()
    walk.see(page, "undone", toast=True)


def _is_rescued(liang: Page, bei: Page, walk: Walk) -> None:
    goes(liang, "rescue")
    walk.see(liang, "rescue")
    by(liang, "rescue-show").click()
    expect(by(liang, "rescue-code")).to_be_visible()
    by(liang, "rescue-code").scroll_into_view_if_needed()
    walk.see(liang, "rescue-codes")
    goes(bei, "rescue")
    wedge(bei, by(liang, "rescue-code").get_attribute("data-frame") or "")
    expect(by(bei, "rescue-collected").or_(by(bei, "carried")).first).to_be_visible()
    walk.see(bei, "rescue-take")


def _is_told(page: Page, stage: Stage, walk: Walk) -> None:
    """The station changes a window and leaves a word; it is announced, not slipped in."""
    task = stage.task(LATE)
    window = {name: task[name] for name in ("window_start", "window_end")}
    later = {**window, "window_end": window["window_end"] + 3_600_000}
    entity = f"task:{task['id']}"
    stage.operations(
        {"type": "task.window_changed", "entity": entity, "payload": later, "base": window},
        {"type": "task.noted", "entity": entity, "payload": {"text": "门禁坏了，请打电话"}},
    )
    to_list(page)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(by(page, "changes-open")).to_be_visible(timeout=30_000)
    walk.see(page, "told")
    by(page, "changes-open").click()
    walk.see(page, "news")
    by(page, "news-seen").click()
    to_list(page)


def _is_written_to(page: Page, stage: Stage, walk: Walk) -> None:
    with stage.inside():
        station = auth_queries.station_by_code("HZ01")
        assert station is not None
    words = {
        "station": station.id,
        "to": [stage.courier("阿良")],
        "task": None,
        "text": "今天北门封路，请走东门",
    }
    [sent] = stage.operations({"type": "message.sent", "entity": f"message:{uuid7()}", "payload": words})
    assert sent["status"] == "applied", sent
    page.evaluate("window.dispatchEvent(new Event('online'))")
    by(page, "messages-open").click(timeout=30_000)
    expect(by(page, "message")).to_have_attribute("data-read", "false")
    walk.see(page, "message")
    by(page, "message-seen").click()
    to_list(page)


def _is_updated(day: Round, page: Page, walk: Walk) -> None:
    """The station has a newer app: it says so on the list, and goes in when the courier wants it."""
    day.builds.serve(2)
    page.evaluate("navigator.serviceWorker.ready.then((one) => one.update())")
    update = page.get_by_role("button", name="更新", exact=True)
    expect(update).to_be_visible(timeout=30_000)
    walk.see(page, "update")
    update.click()
    expect(page.locator('script[src^="/assets/2/"]')).to_have_count(1, timeout=20_000)
    expect(by(page, "search")).to_be_visible()


def _is_replaced(day: Round, url: str, walk: Walk) -> None:
    """Stopped by the station it hands in and forgets; then a code makes it a courier's spare."""
    stage = day.stage
    page = day.liang.new_page()
    day.liang.pages[0].close()
    page.goto(url)
    expect(by(page, "search")).to_be_visible()
    [old] = [one for one in stage.call("GET", "/api/v1/devices")["devices"] if one["user"]["name"] == "阿良"]
    stage.call("POST", f"/api/v1/devices/{old['id']}/revoke")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(by(page, "wiped")).to_be_visible(timeout=30_000)
    walk.see(page, "stopped")
    by(page, "enrol-code").fill(stage.enrolment_code("阿良"))
    by(page, "enrol-submit").click()
    expect(row(page, GIVEN)).to_have_count(0)
    expect(row(page, LATE).first).to_be_visible()
    walk.see(page, "spare")


def _looks_otherwise(page: Page, walk: Walk) -> None:
    assert not _at_the_left(page)
    by(page, "menu-open").click()
    walk.see(page, "menu")
    by(page, "menu-settings").click()
    expect(by(page, "theme-sunlight")).to_be_visible()
    by(page, "theme-sunlight").click()
    by(page, "hand-left").click()
    walk.see(page, "settings")
    close_sheet(page)
    assert _at_the_left(page)
    walk.see(page, "sunlight")
    by(page, "menu-open").click()
    by(page, "menu-settings").click()
    by(page, "theme-light").click()
    by(page, "hand-right").click()
    close_sheet(page)


def _at_the_left(page: Page) -> bool:
    """On which side the thumb finds the button it needs most."""
    box = by(page, "next-open").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2 < PHONE["width"] / 2


def _hands_in(page: Page, walk: Walk) -> None:
    goes(page, "close")
    expect(by(page, "shift-close")).to_be_visible(timeout=30_000)
    walk.see(page, "close")
    by(page, "shift-close").click()
    expect(by(page, "close-proof")).to_have_attribute("data-confirmed", "true", timeout=30_000)
    walk.see(page, "proof")
    to_list(page)


def _is_full(day: Round, url: str, walk: Walk) -> None:
    """No room for anything: it is said, and what was written stays in the form."""
    page, cdp = with_room_for(partial(day.open_browser, name="bei"), url, -1_000_000_000)
    page.goto(f"{url}/#/task/{task_id(OTHERS)}")
    by(page, "note-open").first.click()
    by(page, "note-input").fill("放在门卫那里")
    by(page, "note-save").click()
    # Above the sheet in which it was written, or nobody reads it.
    above = page.locator("dialog[open] :popover-open").get_by_test_id("saved-toast")
    expect(above.filter(has_text="存储已满")).to_be_visible()
    walk.see(page, "full", toast=True)
    # Some room again: the same press saves it, and the list says how things stand.
    cdp.send("Storage.overrideQuotaForOrigin", {"origin": url})
    by(page, "note-save").click()
    expect(by(page, "note-input")).to_have_count(0)
    to_list(page)
    expect(by(page, "storage-short")).to_be_visible()
    walk.see(page, "short")
    page.context.close()


def _wrong_clock(page: Page, walk: Walk) -> None:
    page.add_init_script(f"({A_YEAR})()")
    page.reload()
    expect(by(page, "clock-wrong")).to_be_visible(timeout=20_000)
    walk.see(page, "clock")
