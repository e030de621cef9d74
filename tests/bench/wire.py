"""A driver's connection: kept open, and with little work of its own, since it shares the machine with the server."""

from __future__ import annotations

import http.client


class Wire:
    """One client of the server on this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def post(self, path: str, body: bytes, own: dict[str, str]) -> tuple[int, bytes, float | None]:
        """Status and body of the answer, and how many seconds it asks to be left alone."""
        headers = {"Content-Type": "application/json", **own}
        try:
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            # The server may close an idle connection at any moment; a handheld asks again as well.
            self._connection.close()
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
        wait = answer.headers.get("Retry-After")
        return answer.status, answer.read(), None if wait is None else float(wait)

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()
