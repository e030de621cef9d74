"""The round the guide is walked on, and what is seen on it: words and pictures of each screen in both languages."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, expect

from server.auth import queries as auth_queries
from server.core import pins
from tests.builders import assign_draft, order_draft, task_id
from tests.e2e.builds import Builds
from tests.e2e.conftest import OpenBrowser
from tests.e2e.guide import spaced
from tests.e2e.stage import Stage
from tests.e2e.steps import by
from tests.e2e.test_screens import DRAWN, STANDS
from tests.scan.drawing import draw as drawn
from tests.scan.drawing import film

ZONE = ZoneInfo("Asia/Shanghai")
WAYBILLS = tuple(f"DS20261125{number:04d}" for number in range(1, 16))
(
    PLAIN,
    CASH,
    ONE,
    TWO,
    NEIGHBOUR,
    CODE,
    THREE,
    PICKUP,
    FAILED,
    HELD,
    GIVEN,
    GIVEN_TOO,
    LATE,
    OTHERS,
    RECALLED,
) = WAYBILLS
LOADED = WAYBILLS[:12]
NAMES = (
    "王小明",
    "李芳",
    "陈静",
    "陈静",
    "赵磊",
    "周婷",
    "吴强",
    "郑爽",
    "孙浩",
    "马丽",
    "朱军",
    "胡敏",
    "郭涛",
    "何平",
    "罗兰",
)
STRANGER = "DS20269999001"
# As when it is chosen in another tab: the buttons for it are in a sheet that would lie over what is looked at.
SPEAK = """(language) => {
    const [key, newValue] = ['doorstep.language', language];
    localStorage.setItem(key, newValue);
    window.dispatchEvent(new StorageEvent('storage', { key, newValue }));
}"""
NO_TOAST = """() => document.querySelectorAll('[data-testid="saved-toast"]')
    .forEach((one) => (one.style.visibility = 'hidden'))"""
SAYS = """() => [document.body.innerText, ...[...document.querySelectorAll('[aria-label], [placeholder]')]
    .filter((one) => one.checkVisibility())
    .flatMap((one) => [one.getAttribute('aria-label'), one.getAttribute('placeholder')])].join('\\n')"""


@dataclass
class Picture:
    """What a name of the guide stands for: the whole screen, or a part of it."""

    whole: bool
    taken: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Walk:
    """What was seen: in every language the words, and the pictures when they are taken."""

    languages: Sequence[str]
    taking: bool
    pictures: dict[str, Picture] = field(default_factory=dict)
    _said: dict[str, list[str]] = field(default_factory=dict)

    def see(self, page: Page, name: str, *, part: Locator | None = None, toast: bool = False) -> None:
        """The screen as it stands, left as it was found.

        Between two steps a courier takes longer than a toast stays: without `toast` the last one is not looked at.
        """
        if not toast:
            page.evaluate(NO_TOAST)
        spoken = page.evaluate(STANDS)
        kept = self.pictures[name] = Picture(whole=part is None)
        for language in self.languages:
            page.evaluate(SPEAK, language)
            self._said.setdefault(language, []).append(page.evaluate(SAYS))
            if self.taking:
                page.wait_for_timeout(250)
                page.evaluate(DRAWN)
                kept.taken[language] = _shot(page, part)
        page.evaluate(SPEAK, spoken)

    def said(self, language: str) -> str:
        """All that was to be read on the way."""
        return spaced("\n".join(self._said[language]))


def _shot(page: Page, part: Locator | None) -> bytes:
    cdp: CDPSession = page.context.new_cdp_session(page)
    asked: dict[str, Any] = {"format": "webp", "quality": 62}
    if part is not None:
        box = part.bounding_box()
        assert box is not None
        asked["clip"] = {**box, "scale": 1}
    answer = cdp.send("Page.captureScreenshot", asked)
    cdp.detach()
    return base64.b64decode(answer["data"])


@dataclass
class Round:
    """The stage and the builds it hands out, the courier's phone with its camera, and a way to open the colleague's."""

    stage: Stage
    builds: Builds
    liang: BrowserContext
    open_browser: OpenBrowser


def orders() -> list[dict[str, str]]:
    """One that nobody gets: the day's own come by the desk."""
    return [
        {
            "kind": "delivery",
            "reference": "G-0",
            "waybill": "DS202611249999",
            "pieces": "1",
            "name": "测试",
            "phone": "12000000000",
            "address": "杭州市西湖区示例路 99 号",
        }
    ]


def camera_film(file: Path) -> Path:
    """Two labels of the round, one after the other."""
    first, second = drawn(("Code128", FAILED), ("Code128", HELD))
    scenes = [(8, [(one, 320 - one.width // 2, 240 - one.height // 2)]) for one in (first, second)]
    film(file, [*scenes, (2, [])])
    return file


def _place(number: int) -> dict[str, Any]:
    estate = ("示例花园", "示例东苑", "示例公寓")[number % 3]
    return {
        "text": f"杭州市西湖区示例路 {number} 号",
        "community": estate,
        "building": str(number),
        "unit": "2",
        "room": f"{number % 9 + 1}01",
        "lng_e7": 1_201_000_000 + number * 7 % 16 * 13_000,
        "lat_e7": 302_700_000 - number * 5 % 13 * 17_000,
    }


def work_of_the_day(stage: Stage) -> str:
    """Orders and assignments of the day; answers the code of the parcel that needs one."""
    with stage.inside():
        station = auth_queries.station_by_code("HZ01")
        assert station is not None
        code = pins.of_task(task_id(CODE))
    start = int(datetime.now(ZONE).timestamp() // 1_800) * 1_800_000
    more: dict[str, dict[str, Any]] = {
        PLAIN: {"requests": [{"id": task_id("wish"), "kind": "no_ring", "text": "宝宝在睡觉，请发短信"}]},
        CASH: {"cod_minor": 12_850},
        CODE: {"pin_required": True},
        THREE: {"pieces": 3},
    }
    made = [
        order_draft(
            station.id,
            waybill,
            "pickup" if waybill == PICKUP else "delivery",
            customer={"id": task_id(f"who {name}"), "name": name, "phone": f"1380000{3000 + at:04d}"},
            address=_place(3 if waybill == TWO else at),
            window_start=start - 3_600_000,
            window_end=start + (at + 1) * 1_800_000,
            goods="",
            **{"requests": []} | more.get(waybill, {}),
        )
        for at, (waybill, name) in enumerate(zip(WAYBILLS, NAMES, strict=True), start=1)
    ]
    liang, bei = stage.courier("阿良"), stage.courier("Bei")
    given = [
        assign_draft(
            waybill,
            bei if waybill == OTHERS else liang,
            "pickup" if waybill == PICKUP else "delivery",
            sequence=at,
        )
        for at, waybill in enumerate(WAYBILLS, start=1)
    ]
    assert {one["status"] for one in stage.operations(*made)} == {"applied"}
    assert {one["status"] for one in stage.operations(*given)} == {"applied"}
    return code


def goes(page: Page, route: str) -> None:
    """By its address: where a task stands on the list depends on what was done before."""
    page.evaluate("route => (location.hash = route)", f"#/{route}")


def to_list(page: Page) -> None:
    """Back at the list, and a toast that lay over it gone."""
    goes(page, "")
    expect(by(page, "search")).to_be_visible()


def opens(page: Page, waybill: str, kind: str = "delivery") -> None:
    """A task's screen."""
    goes(page, f"task/{task_id(waybill, kind)}")
    expect(by(page, "primary")).to_be_visible()


def middle(page: Page, testid: str) -> None:
    """What the picture is about lies in its middle."""
    by(page, testid).first.evaluate("one => one.scrollIntoView({ block: 'center' })")


def home(page: Page) -> None:
    """Saved, and back at the list."""
    expect(by(page, "saved-toast").first).to_be_visible()
    page.wait_for_function("() => location.hash === '#/' || location.hash === ''")
