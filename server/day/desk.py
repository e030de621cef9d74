"""The dispatcher's desk, scripted: a web session over HTTP like any browser's."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.cookiejar import CookieJar
from typing import Any

from server.core.ids import uuid7

PAGE = 1000
_TIMEOUT_S = 60.0
_TRIES = 8
_SESSION = "/api/v1/session"


class DeskError(Exception):
    """The server answered a dispatcher's call with a problem."""


class Desk:
    """A logged-in dispatcher. Keeps the op_ids of everything it sent."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self.base_url = base_url
        self._login = {"username": username, "password": password}
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._csrf = ""
        self.sent: list[str] = []

    def log_in(self) -> None:
        """Opens a session; done again by itself when virtual time has outlived it."""
        self._csrf = ""
        self._csrf = self._again("POST", _SESSION, self._login)["csrf_token"]

    def enrolment_code(self, courier_id: str) -> str:
        """A fresh one-time code for a courier's handheld."""
        code = self._again("POST", "/api/v1/devices/codes", {"courier": courier_id})["code"]
        return str(code)

    def assign(self, tasks: Sequence[tuple[str, str]], now: int) -> None:
        """Gives tasks to couriers, (task id, courier id) each, in one request."""
        self.send(
            [
                operation(
                    "task.assigned",
                    f"task:{task}",
                    {"courier": user, "sequence": None},
                    now,
                    {"courier": None},
                )
                for task, user in tasks
            ]
        )

    def reassign(self, task: str, before: str, courier: str, now: int) -> str:
        """Takes a task from one courier and gives it to another; the result's status."""
        payload = {"courier": courier, "sequence": None, "reason": "临时调整 / changed on the day"}
        made = operation("task.reassigned", f"task:{task}", payload, now, {"courier": before})
        return str(self.send([made])[0]["status"])

    def cancel(self, task: str, now: int) -> str:
        """Cancels a task; the result's status."""
        payload = {"reason": "客户取消 / cancelled by the customer"}
        return str(self.send([operation("task.cancelled", f"task:{task}", payload, now)])[0]["status"])

    def link(self, task: str) -> str:
        """The address of the customer's page of a task."""
        return str(self._again("POST", "/api/v1/tracking/links", {"task": task})["url"])

    def send(self, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Sends operations, as many requests as they need; the results in order."""
        results: list[dict[str, Any]] = []
        for start in range(0, len(operations), PAGE):
            page = operations[start : start + PAGE]
            self.sent += [one["op_id"] for one in page]
            results += self._again("POST", "/api/v1/operations", {"operations": page})["results"]
        return results

    def open_conflicts(self) -> list[dict[str, Any]]:
        """The cases nobody has decided."""
        return list(self._again("GET", "/api/v1/dispatch/conflicts?status=open", None)["conflicts"])

    def _again(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """One call, as often as a bad line and a session that has run out need it; operations keep their ids."""
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._call(method, path, body)
            except urllib.error.HTTPError as error:
                if error.code == 401 and path != _SESSION:
                    self.log_in()
                elif error.code < 500 or not tries_left:
                    raise DeskError(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error
            except (OSError, http.client.HTTPException) as error:
                if not tries_left:
                    raise DeskError(f"{method} {path}: {error}") from error
        raise DeskError(f"{method} {path}: refused again and again")

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data=data, method=method)  # noqa: S310  # loopback http
        request.add_header("Accept", "application/json")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if self._csrf:
            request.add_header("X-CSRF-Token", self._csrf)
        with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
            return dict(json.loads(answer.read() or b"{}"))


def operation(
    kind: str, entity: str, payload: dict[str, Any], now: int, base: dict[str, Any] | None = None
) -> dict[str, Any]:
    """An operation as the web door takes it: the server fills in the author."""
    return {
        "op_id": uuid7(now),
        "type": kind,
        "v": 1,
        "entity": entity,
        "base_rev": None,
        "base": base or {},
        "payload": payload,
        "at": now,
    }
