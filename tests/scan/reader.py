"""The built app's decoder in Chromium: pictures go in, codes come out, as they do on a handheld."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser import APPS

_PAGE = """<!doctype html><title>scan</title><script>
let next = 1;
let worker = null;
function ask(message, transfer) {
  const id = next++;
  return new Promise((resolve, reject) => {
    const told = ({ data }) => {
      if (data.id !== id) return;
      worker.removeEventListener('message', told);
      if ('hits' in data) resolve(data.hits); else reject(new Error(data.error));
    };
    worker.addEventListener('message', told);
    worker.postMessage({ id, wasm: new URL(window.wasm, location.href).href, ...message }, transfer);
  });
}
window.begin = (script, wasm) => { window.wasm = wasm; worker = new Worker(script); return ask({}, []); };
window.read = async (url) => {
  let image;
  try {
    image = await createImageBitmap(await (await fetch(url)).blob());
  } catch (error) {
    return { hits: [], ms: 0, trouble: 'not a picture' };
  }
  const from = performance.now();
  let hits;
  try {
    hits = await ask({ image }, [image]);
  } catch (error) {
    return { hits: [], ms: 0, trouble: `the decoder fell over: ${error.message}` };
  }
  const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, '0')).join('');
  const named = hits.map(({ text, bytes, format, symbology }) => ({ text, hex: hex(bytes), format, symbology }));
  return { hits: named, ms: performance.now() - from };
};
</script>"""


@dataclass(frozen=True)
class Hit:
    """One code of a picture."""

    text: str
    hex: str
    symbology: str


@dataclass
class Read:
    """What a picture gave; `trouble` when it is none."""

    hits: list[Hit]
    ms: float
    trouble: str = ""


@dataclass
class Reader:
    """The decoder, made ready once; `asked` is every address its page and its worker fetched from."""

    page: Page
    url: str
    asked: list[str] = field(default_factory=list)
    _pictures: list[bytes] = field(default_factory=list)

    def read(self, picture: bytes) -> Read:
        """All the codes that the app's own passes find."""
        self._pictures.append(picture)
        found: dict[str, Any] = self.page.evaluate(
            "url => window.read(url)", f"/picture/{len(self._pictures) - 1}"
        )
        hits = [Hit(one["text"], one["hex"], one["symbology"]) for one in found["hits"]]
        return Read(hits, found["ms"], found.get("trouble", ""))


def _only(pattern: str) -> Path:
    found = sorted((APPS / "assets").glob(pattern))
    if len(found) != 1:
        raise FileNotFoundError(f"one {pattern} expected in {APPS / 'assets'}: type `make build`")
    return found[0]


@contextmanager
def ready(browser: Browser) -> Iterator[Reader]:
    """The decoder on a server of its own, loopback only, that has nothing but the app's files and the pictures."""
    worker, wasm = _only("decode-worker-*.js"), _only("zxing_reader-*.wasm")
    pictures: list[bytes] = []
    files = {
        "/": ("text/html; charset=utf-8", _PAGE.encode()),
        f"/assets/{worker.name}": ("text/javascript", worker.read_bytes()),
        f"/assets/{wasm.name}": ("application/wasm", wasm.read_bytes()),
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = files.get(self.path, ("application/octet-stream", b""))
            if self.path.startswith("/picture/"):
                body = pictures[int(self.path.removeprefix("/picture/"))]
            self.send_response(200 if body or self.path.startswith("/picture/") else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context()
    try:
        page = context.new_page()
        reader = Reader(page, url, _pictures=pictures)
        context.on("request", lambda request: reader.asked.append(request.url))
        page.goto(url + "/")
        page.evaluate(
            "([script, wasm]) => window.begin(script, wasm)",
            [f"/assets/{worker.name}", f"/assets/{wasm.name}"],
        )
        yield reader
    finally:
        context.close()
        server.shutdown()
        server.server_close()
