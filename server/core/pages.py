"""The built web apps as files: pages and the service worker always asked for again, hashed assets kept for ever.

The build lays a packed copy (`.gz`) beside each file that gets smaller by it; whoever takes it gets that one.
"""

from __future__ import annotations

import json
import mimetypes
from pathlib import Path

from flask import Blueprint, Response, current_app, send_from_directory

from server.core.access import public
from server.core.config import Settings
from server.core.errors import Code, Problem
from server.core.headers import takes_gzip

pages = Blueprint("pages", __name__)

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
AN_HOUR = "public, max-age=3600"
_TYPES = {".webmanifest": "application/manifest+json", ".wasm": "application/wasm", ".js": "text/javascript"}


@pages.get("/")
@public
def courier() -> Response:
    """The courier's app."""
    return _send("index.html", ASK_AGAIN)


@pages.get("/dispatch")
@public
def dispatch() -> Response:
    """The dispatcher's desk; what it may show is decided by the API."""
    return _send("dispatch.html", ASK_AGAIN)


@pages.get("/sw.js")
@public
def service_worker() -> Response:
    """The service worker: a stale one would serve a stale app for a day.

    While handhelds' apps are recalled a word stands before it. That makes it another worker to every browser, one
    that does not wait for the page it replaces (pwa/sw.ts); the browser asks for it even where that page is broken.
    """
    settings: Settings = current_app.extensions["doorstep_settings"]
    file = settings.dist / "sw.js"
    if not settings.recall or not file.is_file():
        return _send("sw.js", ASK_AGAIN)
    word = f"self.doorstepRecall = {json.dumps(settings.recall)};\n"
    response = Response(word + file.read_text(encoding="utf-8"), mimetype=_TYPES[".js"])
    response.headers["Cache-Control"] = ASK_AGAIN
    return response


@pages.get("/assets/<path:name>")
@public
def assets(name: str) -> Response:
    """Files with a content hash in their name."""
    return _send(f"assets/{name}", FOREVER)


@pages.get("/<string:name>")
@public
def root_file(name: str) -> Response:
    """Icons and the manifest, which lie beside the pages; a page is not served under a second address."""
    if name.startswith(".") or Path(name).suffix in ("", ".html"):
        raise Problem(Code.NOT_FOUND)
    return _send(name, ASK_AGAIN if name.endswith(".webmanifest") else AN_HOUR)


def _send(name: str, cache: str) -> Response:
    settings: Settings = current_app.extensions["doorstep_settings"]
    if not settings.dist.is_dir():
        raise Problem(Code.NOT_FOUND, "The web apps have not been built yet.")
    kind = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
    packed = f"{name}.gz"
    ready = takes_gzip() and (settings.dist / packed).is_file()
    response = send_from_directory(
        settings.dist, packed if ready else name, mimetype=kind, download_name=Path(name).name
    )
    if ready:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = cache
    response.vary.add("Accept-Encoding")
    return response
