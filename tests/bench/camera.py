"""What the handheld's bench holds before the camera, and how it slows the decoder down.

A film of 1280x720 at ten pictures a second: a carton, and for two seconds of three a label on it, askew, a little out
of focus and grainy, with one Code 128 of the courier's list whose bars are two to eight pixels wide.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.steps import by
from tests.scan.drawing import Grey, draw, film

WIDE, HIGH = 1280, 720
GRAIN = 25
CARTON, PAPER, INK = 110, 195, 35
LABEL_WIDE, LABEL_HIGH = 620, 330
CODE_HIGH = 110
# Lines of print above the code and below it, from the label's upper edge.
PRINT = (60, 80, 260, 280, 300)
WITHOUT, WITH = 10, 20

SLOWED = """
async (slower) => {
  const slow = `(() => {
    const say = self.postMessage.bind(self);
    let began = 0;
    self.addEventListener('message', () => { began = performance.now(); });
    self.postMessage = (...said) => {
      const until = began + ${slower} * (performance.now() - began);
      while (performance.now() < until);
      say(...said);
    };
  })();`;
  for (const name of await caches.keys()) {
    const kept = await caches.open(name);
    const worker = (await kept.keys()).find(({ url }) => /decode-worker/.test(url));
    if (!worker) continue;
    const script = await (await kept.match(worker)).text();
    await kept.put(worker, new Response(slow + script, { headers: { 'Content-Type': 'text/javascript' } }));
    return true;
  }
  return false;
}
"""
"""Chromium slows a page's own thread down and refuses to for a worker's: the decoder, as the phone keeps it, is made to
take that many times as long over each picture before it answers."""

# The first picture with paper where there was carton: from there on the code is in sight.
_SEEN = """
(bright) => {
  const video = document.querySelector('[data-testid="camera"]');
  const eye = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  let without = false;
  const look = (_, { presentationTime }) => {
    eye.drawImage(video, video.videoWidth / 2 - 8, video.videoHeight / 2 - 140, 16, 16, 0, 0, 1, 1);
    const [light] = eye.getImageData(0, 0, 1, 1).data;
    without ||= light < bright;
    if (without && light >= bright) {
      clearInterval(going);
      window.begins(presentationTime);
    } else video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  const go = () => document.querySelector('[data-testid="scan-go"]')?.click();
  // Again, should the parcel that was left behind be taken for a new one: it is still held up.
  const going = setInterval(go, 200);
  go();
}
"""


def parcels(file: Path, waybills: Sequence[str]) -> None:
    """The film: one parcel after the other, and none between them."""
    carton = _picture(None)
    labels = [_picture(code) for code in draw(*[("Code128", waybill) for waybill in waybills])]
    scenes = [scene for label in labels for scene in ((WITHOUT, [(carton, 0, 0)]), (WITH, [(label, 0, 0)]))]
    film(file, scenes, width=WIDE, height=HIGH)


def open_eye(page: Page) -> None:
    """The scan screen with a running camera."""
    by(page, "scan-open").click()
    page.locator('[data-testid="camera"][data-state="on"]').wait_for()


def await_parcel(page: Page) -> None:
    """The next parcel that comes before the camera begins the measuring; the last one's verdict is left behind."""
    page.evaluate(_SEEN, (CARTON + PAPER) // 2)


def _picture(code: Grey | None) -> Grey:
    grains = random.Random(code.pixels if code else b"")
    rows = (_row(code, y) for y in range(HIGH))
    pixels = (
        bytes(is_ + grain % GRAIN for is_, grain in zip(row, grains.randbytes(WIDE), strict=True))
        for row in rows
    )
    return Grey(WIDE, HIGH, b"".join(pixels))


def _row(code: Grey | None, y: int) -> bytes:
    """One row without its grain."""
    top = y - (HIGH - LABEL_HIGH) // 2
    if code is None or not 0 <= top < LABEL_HIGH:
        return bytes([CARTON]) * WIDE
    label = bytearray([PAPER]) * LABEL_WIDE
    if abs(top - LABEL_HIGH // 2) < CODE_HIGH // 2:
        left = (LABEL_WIDE - code.width) // 2
        label[left : left + code.width] = code.row(code.height // 2).translate(_INKED)
    elif any(0 <= top - line < 10 for line in PRINT):
        label[50:400] = (bytes([INK]) * 6 + bytes([PAPER]) * 8) * 25
    # Held askew by some degrees, as a hand does.
    left = (WIDE - LABEL_WIDE) // 2 + (top - LABEL_HIGH // 2) // 14
    row = bytes([CARTON]) * left + bytes(label)
    row += bytes([CARTON]) * (WIDE - len(row))
    return bytes((row[max(0, x - 1)] + 2 * row[x] + row[min(WIDE - 1, x + 1)]) // 4 for x in range(WIDE))


_INKED = bytes(INK if value < 128 else PAPER for value in range(256))
