"""The page's style sheet and the policy that goes with it: in the page itself, so that one answer is the whole page."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from typing import Final

from markupsafe import Markup


def _squeezed() -> str:
    file = files("server.tracking") / "templates" / "tracking" / "page.css"
    text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([{};,])\s*", r"\1", text).replace(";}", "}").strip()


_TEXT: Final = _squeezed()
_HASH: Final = base64.b64encode(hashlib.sha256(_TEXT.encode()).digest()).decode("ascii")

STYLE: Final = Markup(_TEXT)  # noqa: S704 - our own file, nothing of a customer's
"""The style sheet as it stands between the tags; `SECURITY` names its hash, so no other style applies."""

SECURITY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
