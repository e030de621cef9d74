"""Who sits beside the server: the dispatcher, customer service, and customers on their pages."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Protocol
from urllib.parse import urlencode

from server.auth import queries, service
from server.core.db import transaction
from server.core.ids import uuid7
from server.links import service as links
from server.tracking import forms
from sync.tables import OPERATIONS
from tests.simulation.courier import UNANNOUNCED, request
from tests.simulation.house import Answer, House, Request
from tests.simulation.machine import HOUR, SECOND
from tests.simulation.station import COURIERS, PASSWORD, assignment, name_of, order

AGAIN = 7 * SECOND


class Around(Protocol):
    """What the desk needs of its world."""

    @property
    def now(self) -> int: ...
    def after(self, delay: int, act: Callable[[], None]) -> None: ...
    def handle(self, request: Request) -> Answer | None: ...
    def sent(self, op_ids: list[str]) -> None: ...
    def fired(self, fault: str) -> None: ...


class Desk:
    """People with a browser: what they send is sent again, with the same ids, until it is answered."""

    def __init__(self, house: House, around: Around) -> None:
        self._house = house
        self._around = around
        self._cookies: dict[str, tuple[str, str]] = {}
        self._orders = 0

    def act(self, what: str, random: Random) -> None:
        """One thing somebody does, to whatever the database offers for it; nothing when it offers nothing."""
        getattr(self, f"_{what}")(random)

    def code(self, user: str, told: Callable[[str], None]) -> None:
        """An enrolment code for a courier."""
        key = self._house.app.extensions["doorstep_settings"].secret_key
        with self._house.app.app_context(), transaction():
            courier = queries.user(user)
            issued = courier and service.issue_code(courier, issued_by=None, key=key)
        told(issued.code if issued else "")

    def manage(self, method: str, path: str, done: Callable[[], None]) -> None:
        """What the dispatcher does to a handheld. One that the server has forgotten meanwhile is none."""
        self._call("dispatcher", path, {}, lambda answer: None if answer.status == 404 else done(), method)

    def decide_all(self, random: Random) -> int:
        """Every open case gets a decision; says how many there were."""
        cases = self._house.rows("SELECT id, record FROM conflicts WHERE status = 'open' ORDER BY id")
        self._send("dispatcher", [_decision(row["id"], json.loads(row["record"]), random) for row in cases])
        return len(cases)

    # --- the dispatcher -----------------------------------------------------------------------------------------------

    def _order(self, random: Random) -> None:
        self._orders += 1
        waybill = random.choice(UNANNOUNCED) if random.random() < 0.4 else f"SF{500 + self._orders:04d}"
        station = self._house.rows("SELECT id FROM station")[0]["id"]
        given = assignment(waybill, random.choice(self.couriers()))
        ordered = order(station, waybill, self._around.now)
        if self._orders % 3 == 0:
            # Some import still speaks version 1, which knew no `after` (P6).
            ordered = {**ordered, "v": 1, "payload": {**ordered["payload"]}}
            del ordered["payload"]["after"]
        made = [ordered, given]
        self._send("dispatcher", [_operation(**one) for one in made[: random.randint(1, 2)]])

    def _assign(self, random: Random) -> None:
        for task in self._tasks(random, "courier_id IS NULL AND status = 'created'"):
            payload = {"courier": random.choice(self.couriers()), "sequence": None}
            self._send("dispatcher", [_operation("task.assigned", task, payload, {"courier": None})])

    def _reassign(self, random: Random) -> None:
        for task in self._tasks(random, "courier_id IS NOT NULL AND status NOT IN ('cancelled')"):
            row = self._house.rows("SELECT courier_id FROM tasks WHERE id = ?", task.partition(":")[2])[0]
            before = row["courier_id"]
            others = [courier for courier in self.couriers() if courier != before]
            payload = {"courier": random.choice(others), "sequence": None, "reason": "临时调整"}
            self._send("dispatcher", [_operation("task.reassigned", task, payload, {"courier": before})])

    def _cancel(self, random: Random) -> None:
        for task in self._tasks(random, "status != 'cancelled'"):
            self._send("dispatcher", [_operation("task.cancelled", task, {"reason": "客户取消"})])

    def _window(self, random: Random) -> None:
        for task in self._tasks(random, "status NOT IN ('cancelled', 'delivered')"):
            start = self._around.now + random.randint(1, 5) * HOUR
            window = {"window_start": start, "window_end": start + HOUR}
            self._send("dispatcher", [_operation("task.window_changed", task, window)])

    def _reattempt(self, random: Random) -> None:
        for task in self._tasks(random, "status = 'attempt_failed'"):
            payload = {"courier": random.choice(self.couriers()), "window_start": None, "window_end": None}
            self._send("dispatcher", [_operation("task.reattempt_planned", task, payload)])

    def _sign_off(self, random: Random) -> None:
        """A courier has called: the dispatcher enters for him what came of a task (P2)."""
        held = "courier_id IS NOT NULL AND kind = 'delivery' AND status NOT IN ('delivered', 'returned', 'cancelled')"
        for task in self._tasks(random, held):
            given: dict[str, Any] = {
                "recipient": "station",
                "recipient_name": None,
                "signature": None,
                "photos": [],
                "consent": None,
            }
            made = _operation("task.delivered", task, given, v=OPERATIONS["task.delivered"]["v"])
            self._send("dispatcher", [made], lambda: self._around.fired("sign_off by the desk"))

    def _decide(self, random: Random) -> None:
        self.decide_all(random)

    def _undo(self, random: Random) -> None:
        for row in self._some(
            random, "SELECT id, record FROM conflicts WHERE status = 'decided' ORDER BY id"
        ):
            payload = {"decision": json.loads(row["record"])["decision"]["op_id"]}
            self._send("dispatcher", [_operation("conflict.undone", f"conflict:{row['id']}", payload)])

    def _expire(self, _random: Random) -> None:
        """Whoever is logged in at the desk has to do it again."""
        self._house.write("UPDATE web_session SET ended_at = 1")

    # --- customer service ---------------------------------------------------------------------------------------------

    def _accept(self, random: Random) -> None:
        """A courier's proposal becomes the customer's request."""
        customers = self._house.rows("SELECT id, record FROM customers ORDER BY id")
        proposed = [
            (row["id"], wish["id"])
            for row in customers
            for wish in json.loads(row["record"])["requests"]
            if wish["state"] == "proposed"
        ]
        for customer, wish in proposed[:1]:
            payload = request(wish, "accepted", "courier")
            made = _operation(
                "customer.request_set", f"customer:{customer}", payload, {"state": "proposed"}, v=2
            )
            self._send("csr", [made])

    def _edit(self, random: Random) -> None:
        for row in self._some(random, "SELECT id, record FROM customers ORDER BY id"):
            known = json.loads(row["record"])
            kept = ("kind", "phone", "email", "language", "tier", "contacts", "tags")
            payload = {name: known[name] for name in kept} | {"name": f"王 {random.randint(0, 99)}"}
            made = _operation(
                "customer.profile_set", f"customer:{row['id']}", payload, {"name": known["name"]}
            )
            self._send("csr", [made])

    # --- customers ----------------------------------------------------------------------------------------------------

    def _wish(self, random: Random) -> None:
        filled = {"kind": "other", "text": f"放门口 {random.randint(0, 99)}", "scope": "parcel"}
        for task in self._tasks(random, "1"):
            finished = self._status(task) in ("delivered", "picked_up", "returned", "cancelled")
            self._form(task, "request", {"finished": finished}, filled)

    def _dispute(self, random: Random) -> None:
        for task in self._tasks(random, "status = 'delivered'"):
            record = json.loads(
                self._house.rows("SELECT record FROM tasks WHERE id = ?", task.partition(":")[2])[0][0]
            )
            self._form(task, "wrong", {"op": record["outcome"]["op_id"]}, {"note": "没有收到"})

    def _form(self, task: str, act: str, seen: dict[str, Any], filled: dict[str, str]) -> None:
        """The page of a task is opened and one of its forms sent."""
        identity = task.partition(":")[2]
        row = self._house.rows("SELECT station_id, customer_id FROM tasks WHERE id = ?", identity)[0]
        with self._house.app.app_context(), transaction():
            token = links.issue(identity, row["station_id"], row["customer_id"])
        key = self._house.app.extensions["doorstep_settings"].secret_key
        nonce = forms.sign(key, identity, act, self._around.now, seen)
        body = urlencode(filled | {"form": nonce}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        self._again(Request("POST", f"{links.path(token)}/{act}", headers, body), lambda _: None)

    # --- the way there ------------------------------------------------------------------------------------------------

    def _send(
        self, role: str, operations: list[dict[str, Any]], then: Callable[[], None] = lambda: None
    ) -> None:
        if not operations:
            return
        stamped = [one | {"op_id": uuid7(), "at": self._around.now} for one in operations]

        def told(_: Answer) -> None:
            self._around.sent([one["op_id"] for one in stamped])
            then()

        self._call(role, "/api/v1/operations", {"operations": stamped}, told)

    def _call(
        self, role: str, path: str, body: Any, told: Callable[[Answer], None], method: str = "POST"
    ) -> None:
        def heard(answer: Answer) -> None:
            if answer.status == 401:
                self._log_in(role, lambda: self._call(role, path, body, told, method))
            elif answer.status >= 300 and answer.status != 404:
                raise RuntimeError(f"{path}: {answer.status} {answer.body[:300]!r}")
            else:
                told(answer)

        cookie, token = self._cookies.get(role, ("", ""))
        headers = {"content-type": "application/json", "cookie": cookie, "x-csrf-token": token}
        self._again(Request(method, path, headers, json.dumps(body).encode()), heard)

    def _log_in(self, role: str, then: Callable[[], None]) -> None:
        def heard(answer: Answer) -> None:
            cookie = answer.headers["set-cookie"].partition(";")[0]
            self._cookies[role] = (cookie, json.loads(answer.body)["csrf_token"])
            then()

        body = json.dumps({"username": role, "password": PASSWORD}).encode()
        self._again(Request("POST", "/api/v1/session", {"content-type": "application/json"}, body), heard)

    def _again(self, request: Request, heard: Callable[[Answer], None]) -> None:
        """The same request until the server answers it."""
        answer = self._around.handle(request)
        if answer is None or answer.status >= 500:
            self._around.after(AGAIN, lambda: self._again(request, heard))
        else:
            heard(answer)

    def couriers(self) -> list[str]:
        """Their ids, in the order of their names."""
        names = [name_of(n) for n in range(COURIERS)]
        found = {
            row["username"]: row["id"] for row in self._house.rows("SELECT username, id FROM user_account")
        }
        return [found[name] for name in names]

    def _tasks(self, random: Random, condition: str) -> list[str]:
        """One task, or none, as `task:id`."""
        query = f"SELECT id FROM tasks WHERE {condition} ORDER BY id"
        return [f"task:{row['id']}" for row in self._some(random, query)]

    def _status(self, task: str) -> str:
        rows = self._house.rows("SELECT status FROM tasks WHERE id = ?", task.partition(":")[2])
        return str(rows[0]["status"])

    def _some(self, random: Random, query: str) -> list[Any]:
        found = self._house.rows(query)
        return [random.choice(found)] if found else []


def _operation(
    type: str,  # noqa: A002 - the name on the wire
    entity: str,
    payload: dict[str, Any],
    base: dict[str, Any] | None = None,
    v: int = 1,
) -> dict[str, Any]:
    return {"type": type, "v": v, "entity": entity, "base_rev": None, "base": base or {}, "payload": payload}


def _decision(case: str, record: dict[str, Any], random: Random) -> dict[str, Any]:
    outcome = record["suggested"] if random.random() < 0.5 else random.choice(record["outcomes"])
    return _operation("conflict.decided", f"conflict:{case}", {"outcome": outcome, "reason": "按系统建议"})
