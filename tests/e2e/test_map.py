"""The desk's map: a real file under it, a broken one, and the couriers where their handhelds said they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Response, expect

from server.demo.supervise import Supervisor
from tests.browser import CHROMIUM, FLAGS
from tests.e2e import tiles
from tests.e2e.stage import PASSWORD, Stage, set_up
from tests.e2e.steps import by, enrol, log_in, row
from tests.e2e.test_screens import PICTURES, look

STATION = (30.2700, 120.1300)
REACH_M = 700
HERE = (30.2722, 120.1342)
"""Where 阿良 is, on the water of the test's ground; Bei is on land."""
THERE = (30.2610, 120.1180)
ROUTES = {"阿良": ["MP0001", "MP0002"], "Bei": ["MP0003", "MP0004"]}
CORNERS = {"MP0001": (0.015, 0.02), "MP0002": (0.015, -0.02), "MP0003": (-0.015, 0.02), "MP0004": (-0.015, -0.02)}
LATE_MINUTES = 25
LIGHT = {"water": (128, 222, 234), "land": (226, 223, 218)}
DARK = {"water": (49, 53, 63), "land": (20, 20, 20)}
WIDE, PHONE = (1440, 900), (390, 844)

WRITING = """
window.__written = new Map();
const fill = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
  window.__written.set(text, { x, y });
  return fill.apply(this, arguments);
};
"""
"""What was written on a canvas can not be read from it afterwards."""

COLOUR = """
([lat, lng, which]) => {
  const map = document.querySelector('[data-testid=map]').getBoundingClientRect();
  const { x, y } = window.__spot(lat, lng);
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
"""The colour at a place, in canvases of one kind."""


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
