"""The desk's map: a real file under it, a broken one, and the couriers where their handhelds said they were."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.e2e import tiles
from tests.e2e.stage import PASSWORD, Stage, set_up, supervised
from tests.e2e.steps import by, enrol, log_in, row
from tests.e2e.test_screens import PICTURES, look

STATION = (30.2700, 120.1300)
REACH_M = 700
HERE = (30.2722, 120.1342)
"""Where 阿良 is, on the water of the test's ground; Bei is on land."""
THERE = (30.2610, 120.1180)
ROUTES = {"阿良": ["MP0001", "MP0002"], "Bei": ["MP0003", "MP0004"]}
CORNERS = {
    "MP0001": (0.015, 0.02),
    "MP0002": (0.015, -0.02),
    "MP0003": (-0.015, 0.02),
    "MP0004": (-0.015, -0.02),
}
LATE_MINUTES = 25
SLOW_MACHINE_MINUTES = 5
"""What may pass between the handhelds and the last picture."""
LIGHT = {"water": [128, 222, 234, 255], "land": [226, 223, 218, 255]}
DARK = {"water": [49, 53, 63, 255], "land": [31, 31, 31, 255]}
LOOKS = [("zh-CN", False, LIGHT), ("en-GB", True, DARK)]
WIDE, PHONE = (1440, 900), (390, 844)

WRITING = """
window.__written = new Map();
const fill = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
  window.__written.delete(text);
  window.__written.set(text, { x, y });
  return fill.apply(this, arguments);
};
"""
"""What was written on a canvas can not be read from it afterwards."""

COLOUR = """
([x, y, which]) => {
  const map = document.querySelector('[data-testid=map]').getBoundingClientRect();
  for (const canvas of document.querySelectorAll(which)) {
    const box = canvas.getBoundingClientRect();
    const [left, top] = [x + map.x - box.x, y + map.y - box.y];
    if (left < 0 || top < 0 || left >= box.width || top >= box.height) continue;
    const scale = canvas.width / box.width;
    return [...canvas.getContext('2d').getImageData(left * scale, top * scale, 1, 1).data];
  }
  return null;
}
"""
"""The colour at a place of the map, in canvases of one kind."""
PLACE_KNOWN = (
    "new Promise((told) => navigator.geolocation.getCurrentPosition(told, null, { maximumAge: 60_000 }))"
)
STANDS = "() => !document.querySelector('.leaflet-tile-pane canvas:not(.leaflet-tile-loaded)')"
GROUND, PICTURE = ".leaflet-tile-pane canvas", ".leaflet-overlay-pane canvas"


def _orders() -> list[dict[str, str]]:
    return [
        {
            "kind": "delivery",
            "reference": f"R-{waybill}",
            "waybill": waybill,
            "name": "测试客户",
            "phone": "12000000001",
            "address": f"杭州市西湖区示例路 {waybill[-1]} 号",
            "latitude": f"{STATION[0] + up:.5f}",
            "longitude": f"{STATION[1] + aside:.5f}",
        }
        for waybill, (up, aside) in CORNERS.items()
    ]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ground") / "hangzhou.pmtiles"


@pytest.fixture(autouse=True)
def _whole_ground(ground: Path) -> None:
    tiles.write(ground, *STATION, REACH_M)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, ground: Path) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("map")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, supervised() as supervisor:
        patch.setenv("DOORSTEP_TILES", str(ground))
        made = set_up(folder, supervisor, f"sqlite:///{folder / 'stage.db'}", _orders())
        for courier, waybills in ROUTES.items():
            made.assign(courier, *waybills)
        yield made


@pytest.fixture(scope="module")
def couriers(stage: Stage, browser: Browser) -> None:
    """阿良 was heard now; what Bei did he did without a signal, and it came 25 minutes later."""
    with _handheld(stage, browser, "阿良", HERE) as phone:
        _note(phone)
        _sent(stage, "阿良")
    with _handheld(stage, browser, "Bei", THERE) as phone:
        phone.context.set_offline(True)
        _note(phone)
        phone.clock.fast_forward(LATE_MINUTES * 60_000)
        phone.context.set_offline(False)
        phone.evaluate("window.dispatchEvent(new Event('online'))")
        _sent(stage, "Bei")


@contextmanager
def _handheld(stage: Stage, browser: Browser, courier: str, place: tuple[float, float]) -> Iterator[Page]:
    """A handheld on a shift whose first task is on its screen."""
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        geolocation={"latitude": place[0], "longitude": place[1], "accuracy": 12},
        permissions=["geolocation"],
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.clock.install()
    enrol(page, stage.url, stage.enrolment_code(courier))
    expect(row(page, ROUTES[courier][0])).to_be_visible()
    by(page, "shift-start").click()
    expect(by(page, "shift-start")).to_have_count(0)
    # The app asks where it is from now on; by the time the same question is answered here, it has been told.
    page.evaluate(PLACE_KNOWN)
    page.goto(f"{stage.url}/#/task/{stage.task(ROUTES[courier][0])['id']}")
    expect(by(page, "note-open").first).to_be_visible()
    yield page
    context.close()


def _note(phone: Page) -> None:
    by(phone, "note-open").first.click()
    by(phone, "note-input").fill("门禁坏了")
    by(phone, "note-save").click()
    # Not the toast: the shift's may still stand there, and the clock must not jump before this is recorded.
    expect(by(phone, "note-input")).to_have_count(0)


def _sent(stage: Stage, courier: str) -> None:
    for _ in range(150):
        rows = stage.call("GET", "/api/v1/dispatch/couriers")["couriers"]
        if next(one["position"] for one in rows if one["name"] == courier):
            return
        time.sleep(0.1)
    raise AssertionError(f"no position of {courier} came")


@dataclass
class Seen:
    """A desk with the map open, and what went wrong or came over the line meanwhile."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    pieces: list[Response] = field(default_factory=list)

    def spot(self, lat: float, lng: float) -> tuple[float, float]:
        """Where a place is on a map that shows all stops: the same sum as the map's, made anew."""
        box: Any = by(self.page, "map").bounding_box()
        corners = [tiles.mercator(STATION[0] + sign * 0.015, STATION[1] + sign * 0.02) for sign in (-1, 1)]
        spans = [abs(corners[1][axis] - corners[0][axis]) * 256 for axis in (0, 1)]
        scale = 1
        while all(
            span * scale * 2 <= box[side] - 64 for span, side in zip(spans, ("width", "height"), strict=True)
        ):
            scale *= 2
        middle = [(corners[0][axis] + corners[1][axis]) / 2 for axis in (0, 1)]
        x, y = (
            (at - mid) * 256 * scale + box[side] / 2
            for at, mid, side in zip(tiles.mercator(lat, lng), middle, ("width", "height"), strict=True)
        )
        return x, y

    def colour(self, lat: float, lng: float, which: str, up: float = 0) -> list[int]:
        x, y = self.spot(lat, lng)
        found: list[int] = self.page.evaluate(COLOUR, [x, y - up, which])
        return found

    def written(self, start: str) -> tuple[str, float, float]:
        """The last sentence on the canvas that starts so, and where it stands."""
        found: list[Any] = self.page.evaluate(
            "start => [...window.__written].filter(([text]) => text.startsWith(start))", start
        )
        text, place = found[-1]
        return text, place["x"], place["y"]

    def tone(self, name: str) -> list[int]:
        """A colour of the page, by its role."""
        told: str = self.page.evaluate(
            """name => { const one = document.createElement('i'); one.style.color = `var(--${name})`;
              document.querySelector('[data-testid=map]').append(one);
              const told = getComputedStyle(one).color; one.remove(); return told; }""",
            name,
        )
        return [*map(int, told.removeprefix("rgb(").removesuffix(")").split(",")), 255]


OpenMap = Callable[..., Seen]


@pytest.fixture
def open_map(stage: Stage, browser: Browser, couriers: None) -> Iterator[OpenMap]:
    opened = []

    def open_one(*, locale: str = "zh-CN", dark: bool = False) -> Seen:
        context = browser.new_context(
            viewport={"width": WIDE[0], "height": WIDE[1]},
            locale=locale,
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        opened.append(context)
        context.set_default_timeout(15_000)
        context.add_init_script(WRITING)
        seen = Seen(context.new_page())
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on(
            "console",
            lambda line: seen.complaints.append(line.text) if line.type == "error" else None,
        )
        seen.page.on("response", lambda got: seen.pieces.append(got) if ".pmtiles" in got.url else None)
        log_in(seen.page, stage.url, "dora", PASSWORD)
        if locale.startswith("en"):
            by(seen.page, "lang-en").first.click()
        # Before the login the desk asks who is there and is told: nobody.
        seen.complaints.clear()
        by(seen.page, "mode-map").click()
        expect(by(seen.page, "map")).to_have_attribute("data-stops", "4")
        by(seen.page, "map-fit").click()
        return seen

    yield open_one
    for context in opened:
        context.close()


def _expect_ground(seen: Seen, what: str) -> None:
    expect(by(seen.page, "map")).to_have_attribute("data-ground", what)


def _expect_schematic(seen: Seen, ground: str) -> None:
    """The grid, with every stop and flag on it."""
    page = seen.page
    _expect_ground(seen, ground)
    expect(page.locator(GROUND)).to_have_count(0)
    page.wait_for_function(f"spot => ({COLOUR})(spot)?.[3] === 255", arg=[*seen.spot(*STATION), PICTURE])
    assert seen.written("阿良")
    expect(by(page, "map-credit")).to_have_count(0)


@pytest.mark.parametrize(("locale", "dark", "colours"), LOOKS, ids=["zh", "en-dark"])
def test_the_ground_and_the_couriers_on_it(
    open_map: OpenMap, ground: Path, locale: str, dark: bool, colours: dict[str, list[int]]
) -> None:
    seen = open_map(locale=locale, dark=dark)
    page = seen.page
    _expect_ground(seen, "shown")
    expect(by(page, "map-credit")).to_contain_text("OpenStreetMap")
    expect(by(page, "map-note")).to_have_count(0)
    for width, height in (WIDE, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        by(page, "map-fit").click()
        page.wait_for_function(STANDS)
        look(page, f"desk-map-{width}-{locale[:2]}-{'dark' if dark else 'light'}")
        assert seen.colour(*STATION, GROUND) == colours["water"]
        assert seen.colour(*THERE, GROUND) == colours["land"]
        assert seen.colour(*STATION, PICTURE)[3] == 0, "something is painted over the ground"
        _expect_flags(seen)

    by(page, "mode-table").click()
    expect(by(page, "task-row").first).to_be_visible()

    # Pieces of the file, never the whole of it.
    assert {piece.status for piece in seen.pieces} == {206}
    sizes = [int(piece.headers["content-length"]) for piece in seen.pieces]
    assert len(sizes) > 1 and max(sizes) < ground.stat().st_size / 2, sizes
    assert seen.complaints == []


def _expect_flags(seen: Seen) -> None:
    """The flag's foot is the place, and the flag says how old the place is."""
    name, *new = seen.written("阿良")
    assert _minutes(name) <= SLOW_MACHINE_MINUTES, name
    late, *old = seen.written("Bei")
    assert LATE_MINUTES - 1 <= _minutes(late) <= LATE_MINUTES + SLOW_MACHINE_MINUTES, late
    for place, label in ((HERE, new), (THERE, old)):
        x, y = seen.spot(*place)
        assert abs(label[0] - x) < 2 and 10 < y - label[1] < 30, (label, x, y)
    assert seen.colour(*HERE, PICTURE) == seen.tone("accent"), "a place known now is a full mark"
    assert seen.colour(*THERE, PICTURE) == seen.tone("raised"), "an old place is a hollow mark"
    assert seen.colour(*HERE, PICTURE, up=28) == seen.tone("accent")
    assert seen.colour(*THERE, PICTURE, up=28) == seen.tone("raised")


def _minutes(flag: str) -> int:
    """The age on a flag; a name alone is less than a minute old."""
    return int("0" + "".join(filter(str.isdigit, flag)))


def test_a_file_that_is_not_there_leaves_the_schematic_and_says_so(open_map: OpenMap, ground: Path) -> None:
    ground.unlink()
    seen = open_map()
    _expect_schematic(seen, "unread")
    expect(by(seen.page, "map-note")).to_have_count(1)

    # The light changes while the map is open, and the map with it.
    light = seen.colour(*HERE, PICTURE)
    seen.page.emulate_media(color_scheme="dark")
    seen.page.wait_for_function(
        f"both => String(({COLOUR})(both[0])) !== String(both[1])", arg=[[*seen.spot(*HERE), PICTURE], light]
    )


def test_a_file_that_can_not_be_read_leaves_the_schematic_and_says_so(
    open_map: OpenMap, ground: Path
) -> None:
    whole = ground.read_bytes()
    ground.write_bytes(b"not a map at all" * 4_000)
    seen = open_map()
    page = seen.page
    _expect_schematic(seen, "unread")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.locator("summary", has_text="图例").click()
    expect(by(page, "map-note")).to_be_visible()
    look(page, "desk-map-unread")

    # Cut off behind the header and the directory; then of another town; then gone.
    ground.write_bytes(whole[:20_000])
    by(page, "map-again").click()
    _expect_schematic(seen, "unread")
    tiles.write(ground, 31.2300, 121.4700, REACH_M)
    by(page, "map-again").click()
    _expect_schematic(seen, "elsewhere")
    ground.unlink()
    by(page, "map-again").click()
    _expect_schematic(seen, "unread")

    # Mended, and asked for again.
    ground.write_bytes(whole)
    by(page, "map-again").click()
    _expect_ground(seen, "shown")
    expect(by(page, "map-note")).to_have_count(0)
    page.wait_for_function(STANDS)
    assert seen.colour(*STATION, GROUND) == LIGHT["water"]


def test_the_handheld_draws_the_same_ground_and_has_it_without_a_signal(
    stage: Stage, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, locale="zh-CN")
    context.set_default_timeout(15_000)
    page = context.new_page()
    enrol(page, stage.url, stage.enrolment_code("阿良"))
    expect(row(page, ROUTES["阿良"][0])).to_be_visible()
    page.goto(f"{stage.url}/#/map")
    expect(by(page, "map")).to_have_attribute("data-ground", "shown")
    page.wait_for_function(STANDS)
    look(page, "handheld-map-ground")
    page.evaluate("location.hash = '#/'")
    context.set_offline(True)
    page.evaluate("location.hash = '#/map'")
    expect(by(page, "map")).to_have_attribute("data-ground", "shown")
    page.wait_for_function(STANDS)
    assert page.evaluate(f"document.querySelectorAll({GROUND!r}).length") > 0
    context.close()
