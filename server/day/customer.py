"""Customers of a rough day: each opens the page of a task without a script, and asks for something in its form."""

import http.client
import re
import urllib.error
import urllib.parse
import urllib.request

from server.day.desk import Desk

_TIMEOUT_S = 60.0
_TRIES = 8
_FORM = re.compile(r'action="([^"]+/request[^"]*)">\s*<input type="hidden" name="form" value="([^"]+)"')
SAID = re.compile(r"[?&]said=([a-z_]+)")


class PageError(Exception):
    """The customer's page did not do what a customer needs of it."""


def asks_for(desk: Desk, base_url: str, task: str, text: str) -> str:
    """A customer asks for something about one task; answers what the page said of it (`request`, `late`, …).

    On a bad line the same form is sent again and again: its nonce makes all of it one operation.

    Raises:
        PageError: the page has no such form, or could not be reached at all.
    """
    path = urllib.parse.urlsplit(desk.link(task)).path
    page, _ = _fetch(base_url + path, None)
    found = _FORM.search(page)
    if found is None:
        raise PageError("the page has no form for a request")
    action, nonce = found.groups()
    filled = {
        "form": nonce,
        "kind": "other",
        "text": text,
        "scope": "parcel" if "scope" in page else "always",
    }
    _, address = _fetch(base_url + action, urllib.parse.urlencode(filled).encode())
    said = SAID.search(address)
    return said.group(1) if said else ""


def _fetch(address: str, data: bytes | None) -> tuple[str, str]:
    """Body and final address."""
    trouble: Exception | None = None
    for _ in range(_TRIES):
        request = urllib.request.Request(address, data=data)  # noqa: S310  # loopback http
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return answer.read().decode(), str(answer.url)
        except urllib.error.HTTPError as error:
            raise PageError(f"{error.code}: {error.read()[:200]!r}") from error
        except (OSError, http.client.HTTPException) as error:
            trouble = error
    raise PageError(str(trouble))
