"""The courier's guide stays true: its pictures are of this walk, and what it quotes was on the screens of it.

`make guide` (GUIDE=write) writes the guide; without that the walk fails where the written one differs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright

from server.demo.supervise import Supervisor
from tests.browser import CHROMIUM, FLAGS
from tests.e2e.builds import Builds
from tests.e2e.conftest import PHONE, OpenBrowser
from tests.e2e.guide import HEAVIEST, LANGUAGES, Guide, GuideError, size_of, strings
from tests.e2e.guide_day import a_day
from tests.e2e.guide_walk import Round, Walk, camera_film, orders
from tests.e2e.stage import set_up

WRITE = os.environ.get("GUIDE") == "write"
AGAIN = "it is out of step: type `make guide`, look at what it wrote, and keep it"


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """A phone whose camera sees labels of the round."""
    film = camera_film(tmp_path / "camera.y4m")
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path / "phone"),
        executable_path=CHROMIUM,
        headless=True,
        args=[*FLAGS, "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"],
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        has_touch=True,
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


def test_the_guide_shows_and_says_what_the_handheld_does(
    tmp_path: Path,
    supervisor: Supervisor,
    phone: BrowserContext,
    open_browser: OpenBrowser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = strings()
    guides = [Guide(language, words) for language in LANGUAGES]
    texts = [guide.render() for guide in guides]
    assert guides[0].pictures == guides[1].pictures, (
        "the two languages show the same pictures in the same order"
    )
    for guide, text in zip(guides, texts, strict=True):
        assert WRITE or guide.target.read_text(encoding="utf-8") == text, f"{guide.target.name}: {AGAIN}"
    builds = Builds(tmp_path / "builds")
    for number in (1, 2):
        builds.make(number)
    builds.serve(1)
    monkeypatch.setenv("DOORSTEP_DIST", str(builds.served))
    stage = set_up(tmp_path, supervisor, f"sqlite:///{tmp_path / 'stage.db'}", orders())
    walk = Walk(LANGUAGES, taking=WRITE)
    a_day(Round(stage, builds, phone, open_browser), walk)
    assert sorted(walk.pictures) == sorted(guides[0].pictures), (
        "pictures of the walk, and those the guide shows"
    )
    unseen = {guide.language: guide.unseen(walk.said(guide.language)) for guide in guides}
    assert unseen == {language: [] for language in LANGUAGES}, "quoted in the guide, on no screen of the walk"
    if WRITE:
        for guide, text in zip(guides, texts, strict=True):
            _write(guide, text, walk)
    for guide in guides:
        _compare(guide, walk)


def _write(guide: Guide, text: str, walk: Walk) -> None:
    guide.target.write_text(text, encoding="utf-8")
    guide.gallery.mkdir(parents=True, exist_ok=True)
    for left in guide.gallery.glob("*.webp"):
        left.unlink()
    for name in guide.pictures:
        (guide.gallery / guide.file(name)).write_bytes(walk.pictures[name].taken[guide.language])


def _compare(guide: Guide, walk: Walk) -> None:
    there = {file.name: file.read_bytes() for file in guide.gallery.iterdir()}
    assert sorted(there) == sorted(map(guide.file, guide.pictures)), AGAIN
    for name in guide.pictures:
        size = size_of(there[guide.file(name)])
        assert walk.pictures[name].whole == (size == (PHONE["width"], PHONE["height"])), (name, size)
    assert sum(map(len, there.values())) <= HEAVIEST / len(LANGUAGES)


def test_a_source_that_does_not_add_up_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.e2e.guide.FOLDER", tmp_path)
    (tmp_path / "source").mkdir()
    words = {"zh": {"door": {"pin.title": "取件码", "pieces": "共 {n} 件"}, "handover": {"give": "转给同事"}}}
    guide = Guide("zh", words)

    def rendered(source: str) -> str:
        guide.source.write_text(source, encoding="utf-8")
        return guide.render()

    for wrong in (
        "{t:pin.tittle}",
        "{t:pieces}",
        "{picture:door}",
        "{t:give}",
        "{picture:a 甲}{picture:a 乙}",
    ):
        with pytest.raises(GuideError):
            rendered(wrong)
    assert rendered("按{t:handover/give}，{says:pieces n=2}").endswith("按「转给同事」，「共 2 件」")
    rendered("{t:pin.title}{t:pieces n=2}")
    assert guide.unseen("客户的 取件码 共 13 件") == []
    assert guide.unseen("共 13 件") == ["pin.title"]
