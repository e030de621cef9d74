"""Several builds of the same app, made of one: only what a build calls itself, and where its files lie, differs."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.browser import APPS

_BUILT = Path(os.environ.get("DOORSTEP_DIST", APPS))
_ID = re.compile(r"\d+\.\d+\.\d+\+[0-9a-f]{8}")
_PAGE = re.compile(r"(url:.?/.?,revision:.)[0-9a-f]{16}")
_NOT_A_COURIERS = ("tracking", "dispatch.html")
_TEXT = {".js", ".html", ".css"}
Fault = Callable[[str], str]
"""Changes the text of a build's scripts."""


class Builds:
    """Folders with builds by number, and `served`, the one the server hands out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.served = folder / "served"

    def make(self, number: int, *faults: Fault) -> None:
        """Build `number`, newer than those with lower ones; each fault has to find something to change."""
        made = self._folder / str(number)
        found = [False] * len(faults)
        (own,) = set(_ID.findall((_BUILT / "sw.js").read_text(encoding="utf-8")))
        for source in _BUILT.rglob("*"):
            inside = source.relative_to(_BUILT)
            if source.is_dir() or inside.parts[0] in _NOT_A_COURIERS or source.suffix == ".gz":
                continue
            target = made / str(inside).replace("assets/", f"assets/{number}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.suffix not in _TEXT:
                shutil.copyfile(source, target)
                continue
            text = source.read_text(encoding="utf-8").replace(own, f"0.0.{number}+{number:08x}")
            text = _PAGE.sub(rf"\g<1>{number:016x}", text.replace("assets/", f"assets/{number}/"))
            for at, fault in enumerate(faults):
                faulty = fault(text)
                found[at] |= faulty != text
                text = faulty
            target.write_text(text, encoding="utf-8")
        assert all(found), f"build {number}: nothing to change for fault {found.index(False)}"

    def serve(self, number: int) -> None:
        """From now on this one is handed out, whole from one request to the next."""
        link = self._folder / "next"
        link.symlink_to(self._folder / str(number), target_is_directory=True)
        link.replace(self.served)
