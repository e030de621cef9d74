"""The desk's peer in its own tests: the contract's JSON over HTTP, with switches for the weather of a network.

`python -m tests.pwa.dispatch.fake_server PORT [TASKS]`; or `serve(port, tasks)` from a test. Not part of the product.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from server.core.headers import CONTENT_SECURITY_POLICY
from tests.pwa.dispatch.fake_day import MINUTE, Day, Json, now_ms, uid

DIST = Path(__file__).resolve().parents[3] / "pwa" / "dist"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
DESK = {"id": "desk", "username": "desk", "name": "李调度", "role": "dispatcher", "lang": "zh"}


class Fake(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, tasks: int, dist: Path = DIST) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.dist = dist
        self.day = Day(tasks)
        self.lock = threading.Lock()
        self.seen: dict[str, Json] = {}
        self.posted: list[str] = []
        self.tries = 0
        self.logged_in = False
        self.delay_s = 0.0
        self.down = False
        self.lose_answers = 0
        """So many POST /operations take effect, but their answer is lost (500)."""

    def operate(self, op: Json) -> Json:
        self.posted.append(op["op_id"])
        if op["op_id"] not in self.seen:
            self.seen[op["op_id"]] = {
                "seq": None,
                "op_id": op["op_id"],
                "code": None,
                "detail": None,
                **self.effect(op),
            }
        return self.seen[op["op_id"]]

    def effect(self, op: Json) -> Json:
        kind, _, ident = op["entity"].partition(":")
        ok = {"status": "applied", "conflict": None}
        if kind == "conflict":
            self.day.settle(
                next(c for c in self.day.cases if c["id"] == ident), op["payload"], DESK["name"], now_ms()
            )
            return ok
        task = self.day.tasks[ident]
        if task["conflict"] and op["type"] != "operation.corrected":
            return {"status": "conflict", "conflict": task["conflict"], "code": "field"}
        merged = op["base_rev"] is not None and op["base_rev"] != task["rev"]
        self.change(task, op)
        task["rev"] += 1
        author = {"id": "desk", "name": DESK["name"]}
        self.day.timelines[ident].append(
            {**self.day.entry(op["type"], op["at"], author, op["payload"]), "op_id": op["op_id"]}
        )
        return {**ok, "status": "merged" if merged else "applied"}

    def change(self, task: Json, op: Json) -> None:
        payload = op["payload"]
        if op["type"] in ("task.assigned", "task.reassigned"):
            task["before"] = (task["courier"], task["status"])
            task["courier"] = next(c for c in self.day.couriers if c["id"] == payload["courier"])
            task["status"] = "assigned"
        elif op["type"] == "task.cancelled":
            task["before"] = (task["courier"], task["status"])
            task["status"] = "cancelled"
        elif op["type"] == "operation.corrected":
            task["courier"], task["status"] = task["before"]


class Handler(BaseHTTPRequestHandler):
    server: Fake
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: Any) -> None:
        return

    def answer(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def say(self, value: Any, status: int = 200, **headers: str) -> None:
        kind = "application/json" if status < 400 else "application/problem+json"
        self.answer(status, json.dumps(value, ensure_ascii=False).encode(), kind, **headers)

    def problem(self, status: int, code: str, **headers: str) -> None:
        self.say({"title": code, "status": status, "code": code, "detail": code}, status, **headers)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if not url.path.startswith("/api/"):
            self.page(url.path)
            return
        time.sleep(self.server.delay_s)
        if self.server.down:
            self.problem(503, "unavailable")
            return
        if not self.server.logged_in and not url.path.startswith("/api/v1/blobs"):
            self.problem(401, "login_required")
            return
        with self.server.lock:
            self.read(url.path.removeprefix("/api/v1/"), query)

    def page(self, path: str) -> None:
        file = self.server.dist / ("dispatch.html" if path == "/dispatch" else path.lstrip("/"))
        if not file.is_file():
            self.answer(404, b"", "text/plain")
            return
        self.answer(
            200,
            file.read_bytes(),
            TYPES.get(file.suffix, "application/octet-stream"),
            Content_Security_Policy=CONTENT_SECURITY_POLICY,
        )

    def read(self, path: str, query: dict[str, str]) -> None:
        day = self.server.day
        match path.split("/"):
            case ["session"]:
                self.say({"user": {**DESK, "station": day.station}, "csrf_token": "fake"})
            case ["dispatch", "summary"]:
                open_cases = sum(case["status"] == "open" for case in day.cases)
                counts = {
                    "unassigned": 0,
                    "left": 0,
                    "done": 0,
                    "problems": 0,
                    "cancelled": 0,
                    "conflicts": open_cases,
                }
                self.say(
                    {"station": day.station, "day": "2026-11-21", "counts": counts, "server_time": now_ms()}
                )
            case ["dispatch", "couriers"]:
                self.say({"couriers": day.courier_rows(), "server_time": now_ms()})
            case ["dispatch", "tasks"]:
                self.tasks(query)
            case ["dispatch", "tasks", ident]:
                self.task(ident)
            case ["dispatch", "conflicts"]:
                wanted = query.get("status", "open")
                self.say({"conflicts": [case for case in day.cases if case["status"] == wanted]})
            case ["dispatch", "conflicts", ident]:
                self.say(next(case for case in day.cases if case["id"] == ident))
            case ["devices"]:
                self.say({"devices": day.devices})
            case ["blobs", sha] if sha in day.blobs:
                self.answer(200, day.blobs[sha], "image/png")
            case _:
                self.problem(404, "not_found")

    def tasks(self, query: dict[str, str]) -> None:
        rows = list(self.server.day.tasks.values())
        if query.get("q"):
            rows = [row for row in rows if query["q"] in json.dumps(row, ensure_ascii=False)]
        offset, limit = int(query.get("offset", 0)), min(1000, int(query.get("limit", 100)))
        keep = [
            {name: value for name, value in row.items() if name != "before"}
            for row in rows[offset : offset + limit]
        ]
        self.say({"tasks": keep, "total": len(rows)})

    def task(self, ident: str) -> None:
        day = self.server.day
        row = day.tasks.get(ident)
        if row is None:
            self.problem(404, "not_found")
            return
        texts = [
            ("no_ring", "宝宝在睡觉,请勿按门铃,轻敲"),
            ("weekdays_only", "工作日请放前台,Weekends: call first"),
        ]
        requests = [
            {"id": uid(day.rng), "kind": k, "text": t, "active": True} for k, t in texts[: row["requests"]]
        ]
        proofs = [
            {"sha": "5" * 64, "kind": "signature", "state": "stored"},
            {"sha": "7" * 64, "kind": "photo", "state": "pending"},
        ]
        proofs.insert(1, {"sha": "6" * 64, "kind": "photo", "state": "stored"})
        shown = proofs if row["status"] == "delivered" else []
        keep = {name: value for name, value in row.items() if name != "before"}
        self.say(
            {**keep, "requests": requests, "notes": [], "timeline": day.timelines[ident], "proofs": shown}
        )

    def do_DELETE(self) -> None:
        self.server.logged_in = False
        self.answer(204, b"", "text/plain")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else {}
        path = urlsplit(self.path).path
        if path == "/__fake":
            for name, value in body.items():
                setattr(self.server, name, value)
            self.say({"posted": self.server.posted})
            return
        time.sleep(self.server.delay_s)
        if self.server.down:
            self.problem(503, "unavailable")
            return
        if path != "/api/v1/session" and self.headers.get("X-CSRF-Token") != "fake":
            self.problem(403, "csrf_invalid")
            return
        with self.server.lock:
            self.write(path.removeprefix("/api/v1/"), body)

    def write(self, path: str, body: Json) -> None:
        match path.split("/"):
            case ["session"]:
                self.login(body)
            case ["operations"]:
                results = [self.server.operate(op) for op in body["operations"]]
                if self.server.lose_answers > 0:
                    self.server.lose_answers -= 1
                    self.problem(500, "internal")
                    return
                self.say({"results": results})
            case ["devices", "codes"]:
                code = {
                    "code": "K7QX2M9P",
                    "expires_at": now_ms() + 10 * MINUTE,
                    "url": "http://127.0.0.1:8000/#enrol=K7QX2M9P",
                }
                self.say({**code, "qr_svg": qr(code["url"])}, 201)
            case ["devices", ident, "revoke"]:
                next(d for d in self.server.day.devices if d["id"] == ident)["revoked_at"] = now_ms()
                self.answer(204, b"", "text/plain")
            case _:
                self.problem(404, "not_found")

    def login(self, body: Json) -> None:
        self.server.tries += 1
        if body.get("password") == "desk-demo":
            self.server.logged_in, self.server.tries = True, 0
            self.say({"user": {**DESK, "station": self.server.day.station}, "csrf_token": "fake"})
            return
        if self.server.tries > 3:
            self.problem(429, "rate_limited", Retry_After="42")
            return
        self.problem(401, "credentials_invalid")


def qr(text: str) -> str:
    import segno

    return str(segno.make(text, error="m").svg_inline(scale=4))


def serve(port: int = 0, tasks: int = 160, dist: Path = DIST) -> Fake:
    """Start in a thread of this process; `shutdown()` ends it."""
    server = Fake(port, tasks, dist)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    Fake(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 160).serve_forever()
