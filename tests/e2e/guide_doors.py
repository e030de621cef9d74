"""The guide's chapters at the door: the plain case, what is out of the ordinary, pickups, what cannot be delivered."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.guide_walk import (
    CASH,
    CODE,
    FAILED,
    HELD,
    NEIGHBOUR,
    ONE,
    PICKUP,
    PLAIN,
    THREE,
    Walk,
    home,
    middle,
    opens,
    to_list,
)
from tests.e2e.steps import by, draw, picture

# This browser has no telephone, and its question which program to use would lie over the page.
NO_TELEPHONE = (
    "addEventListener('click', (e) => e.target.closest('a[href^=tel]') && e.preventDefault(), true)"
)


def at_the_door(page: Page, walk: Walk, code: str) -> None:
    """Six doors."""
    page.evaluate(NO_TELEPHONE)
    _plain(page, walk)
    _cash(page, walk)
    _together(page, walk)
    _neighbour(page, walk)
    _code(page, walk, code)
    _pieces(page, walk)


def _save(page: Page) -> None:
    expect(by(page, "primary")).to_have_attribute("data-step-next", "save")
    by(page, "primary").click()
    home(page)


def _plain(page: Page, walk: Walk) -> None:
    opens(page, PLAIN)
    walk.see(page, "door")
    by(page, "recipient-self").click()
    draw(page)
    walk.see(page, "signed")
    _save(page)
    walk.see(page, "saved", toast=True)


def _cash(page: Page, walk: Walk) -> None:
    opens(page, CASH)
    by(page, "cod-cash").click()
    walk.see(page, "cash")
    by(page, "recipient-self").click()
    draw(page)
    _save(page)


def _together(page: Page, walk: Walk) -> None:
    opens(page, ONE)
    by(page, "recipient-self").click()
    draw(page)
    middle(page, "together-all")
    walk.see(page, "together")
    by(page, "together-all").click()
    _save(page)


def _neighbour(page: Page, walk: Walk) -> None:
    opens(page, NEIGHBOUR)
    by(page, "recipient-locker").click()
    by(page, "photo-input").set_input_files(
        {"name": "a.txt", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.get_by_role("alert").filter(has_text="照片")).to_be_visible()
    middle(page, "photo-input")
    walk.see(page, "photo")
    by(page, "photo-input").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": picture(640, 480)}
    )
    expect(page.locator("img").first).to_be_visible()
    by(page, "recipient-neighbour").click()
    by(page, "consent-phone").click()
    middle(page, "consent-ask")
    walk.see(page, "consent")
    draw(page)
    _save(page)


def _code(page: Page, walk: Walk, code: str) -> None:
    opens(page, CODE)
    by(page, "recipient-self").click()
    by(page, "pin").fill("000000" if code != "000000" else "111111")
    expect(page.get_by_text("取件码不对。")).to_be_visible()
    middle(page, "pin")
    walk.see(page, "pin")
    by(page, "pin").fill(code)
    expect(by(page, "pin-right")).to_be_visible()
    box = by(page, "signature-pad").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 60, box["y"] + 60)
    expect(by(page, "signature-short")).to_be_visible()
    expect(by(page, "primary")).to_have_attribute("data-step-next", "signature")
    middle(page, "signature-short")
    walk.see(page, "signature")
    by(page, "signature-clear").click()
    draw(page)
    _save(page)


def _pieces(page: Page, walk: Walk) -> None:
    opens(page, THREE)
    by(page, "recipient-self").click()
    draw(page)
    by(page, "pieces-fewer").click()
    by(page, "rest-SHORT").click()
    middle(page, "pieces-fewer")
    walk.see(page, "pieces")
    _save(page)


def pickup(page: Page, walk: Walk) -> None:
    """Pieces, weight, packaging."""
    opens(page, PICKUP, "pickup")
    by(page, "weight").fill("1.25")
    by(page, "packaging-box").click()
    middle(page, "packaging-box")
    walk.see(page, "pickup")
    by(page, "primary").click()
    home(page)


def fails(page: Page, walk: Walk) -> None:
    """An attempt that is checked before the courier leaves; held; a problem parcel; the one to be stopped."""
    opens(page, FAILED)
    by(page, "problem-open").click()
    walk.see(page, "reasons")
    by(page, "reason-NOT_HOME").click()
    expect(by(page, "check-calls")).to_have_attribute("data-done", "false")
    by(page, "problem-call").click()
    expect(by(page, "check-calls")).to_have_attribute("data-done", "true")
    middle(page, "attempt-check")
    walk.see(page, "check")
    by(page, "problem-save").click()
    home(page)
    opens(page, HELD)
    by(page, "problem-open").click()
    by(page, "reason-SELF_PICKUP").click()
    expect(by(page, "act-held")).to_be_visible()
    walk.see(page, "held")
    by(page, "reason-change").click()
    by(page, "reason-DAMAGED").click()
    by(page, "photo-input").set_input_files(
        {"name": "b.png", "mimeType": "image/png", "buffer": picture(640, 480)}
    )
    expect(by(page, "check-photos")).to_have_attribute("data-done", "true")
    walk.see(page, "problem")
    by(page, "problem-save").click()
    home(page)
    to_list(page)
