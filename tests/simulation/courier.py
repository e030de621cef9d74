"""What couriers do on their rounds: they look at the handheld, work a few tasks, and put it back into the pocket."""

from base64 import b64encode
from hashlib import sha256
from random import Random
from typing import Any, Protocol

from sync.canonical import derive
from tests.simulation.handhelds import Handheld, Told
from tests.simulation.machine import SECOND, drawn
from tests.simulation.station import task_of

Draft = dict[str, Any]
Job = tuple[list[Draft], list[dict[str, Any]]]

FINISHED = ("delivered", "picked_up", "returned", "cancelled")
TRADES = {
    "finish": 8.0,
    "fail": 2.0,
    "scan": 2.0,
    "arrive": 2.0,
    "note": 1.0,
    "correct": 1.0,
    "poison": 0.6,
    "propose": 0.6,
    "unannounced": 0.6,
    "shift": 1.0,
}
PACE = (80, 150, 150, 300, 3 * SECOND)
"""From one deed to the next: some go out together, some on their own."""
UNANNOUNCED = ("SF0904", "SF0909", "SF0914")
"""Waybills of pickups that couriers may find at a door before the desk has heard of them."""


class Around(Protocol):
    """What couriers need of their world."""

    @property
    def now(self) -> int: ...
    def after(self, delay: int, act: Any) -> None: ...
    def saved(self, who: Handheld, envelopes: list[dict[str, Any]], user: str) -> None: ...
    def refused(self, code: str) -> None: ...
    def visited(self, who: Handheld) -> None: ...


class Couriers:
    """All of them; which task and which deed is drawn from the visit's own seed and from what the handheld shows."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._own: dict[str, list[tuple[str, str]]] = {}

    def visit(self, who: Handheld, jobs: int, stay: int, random: Random) -> None:
        """The app is opened, `jobs` things are done, and it is looked at for `stay` ms more."""
        who.open()
        self._next(who, jobs, stay, random)

    def _next(self, who: Handheld, jobs: int, stay: int, random: Random) -> None:
        life = who.life

        def go() -> None:
            if not who.awake or who.life != life:
                return
            if jobs == 0:
                who.sleep()
                self._around.visited(who)
                return
            tab = "two" if who.tabs > 1 and random.random() < 0.5 else "one"
            who.call("today", {}, lambda tasks: self._work(who, tasks, random, tab), tab)
            self._next(who, jobs - 1, stay, random)

        self._around.after(random.choice(PACE) if jobs else stay, go)

    def _work(self, who: Handheld, tasks: Any, random: Random, tab: str) -> None:
        if not isinstance(tasks, list):
            return
        # An older app: something of the types that have newer versions now.
        trade = "propose" if who.aged and random.random() < 0.5 else drawn(random, TRADES)
        if trade == "shift":
            who.call("shift", {}, lambda seen: self._shift(who, seen, tab), tab)
            return
        open_tasks = [task for task in tasks if task["status"] not in FINISHED and not task["cancelled"]]
        task = random.choice(open_tasks) if open_tasks else random.choice(tasks) if tasks else None
        drafts, blobs = self._job(who, trade, task, random)
        if drafts:
            who.call("submit", {"drafts": drafts, "blobs": blobs}, self._told(who), tab)

    def _told(self, who: Handheld) -> Told:
        user = who.user

        def told(said: Any) -> None:
            if isinstance(said, Exception):
                self._around.refused(str(said))
                return
            self._around.saved(who, said, user)
            own = self._own.setdefault(user, [])
            own += [(one["op_id"], one["entity"]) for one in said if one["type"].startswith("task.")]

        return told

    def _job(self, who: Handheld, trade: str, task: dict[str, Any] | None, random: Random) -> Job:
        if trade == "unannounced":
            return _finish(_label(random.choice(UNANNOUNCED)), random)
        if trade in ("correct", "poison"):
            return [self._correction(who, trade, random)], []
        if task is None:
            return [], []
        if trade == "finish":
            return _finish(task, random)
        if trade == "fail":
            return _failed(task, random)
        if trade == "scan":
            return [_scan(task)], []
        if trade == "note":
            return [_on(task, "task.noted", {"text": f"备注 {random.randint(0, 999)}"})], []
        if trade == "propose":
            return [_proposal(task, random)], []
        return [_on(task, "task.arrived", {})], []

    def _shift(self, who: Handheld, seen: Any, tab: str) -> None:
        """Begins one, or closes the one that is open with what the handheld counts at this moment."""
        if isinstance(seen, Exception):
            return
        shift = derive("shift", who.user, str(self._around.now))
        begin = {"station": seen["station"], "tasks": 1}
        draft = {"type": "shift.started", "entity": f"shift:{shift}", "payload": begin}
        if seen["open"]:
            draft = {"type": "shift.closed", "entity": seen["open"], "payload": seen["counts"]}
        who.call("submit", {"drafts": [draft], "blobs": []}, self._told(who), tab)

    def _correction(self, who: Handheld, trade: str, random: Random) -> Draft:
        own = self._own.get(who.user)
        unknown = derive("operation", who.name, str(self._around.now))
        corrects, entity = random.choice(own) if own and trade == "correct" else (unknown, f"task:{unknown}")
        payload = {"corrects": corrects, "error": "did_not_occur", "note": None}
        return {"type": "operation.corrected", "entity": entity, "payload": payload}


def _label(waybill: str) -> dict[str, Any]:
    """A pickup nobody announced, as its label tells of it."""
    return {"id": task_of(waybill), "kind": "pickup", "waybill": waybill, "due": 0}


def _on(task: dict[str, Any], kind: str, payload: dict[str, Any]) -> Draft:
    base = {"requests": task["requests"]} if "requests" in task else {}
    return {"type": kind, "entity": f"task:{task['id']}", "payload": payload, "base": base}


def _scan(task: dict[str, Any]) -> Draft:
    waybill = task["waybill"]
    payload = {"code": waybill, "waybill": waybill, "source": "wedge", "verdict": "mine", "task": task["id"]}
    return {"type": "parcel.scanned", "entity": f"parcel:{derive('parcel', waybill)}", "payload": payload}


def _finish(task: dict[str, Any], random: Random) -> Job:
    """Scan, money where money is due, and the outcome with what proves it."""
    drafts = [_scan(task)]
    if task["due"]:
        amount = task["due"] if random.random() < 0.9 else task["due"] + 100
        method = random.choice(("cash", "qr"))
        paid = {"task": task["id"], "amount_minor": amount, "currency": "CNY", "method": method}
        drafts.append({"type": "payment.collected", "entity": f"obligation:{task['id']}", "payload": paid})
    proofs = [_picture(random)] if random.random() < 0.4 else []
    if task["kind"] == "pickup":
        photos = ["blob:0"] if proofs else []
        taken = {"pieces": 1, "weight_g": None, "photos": photos, "waybill": task["waybill"]}
        return [*drafts, _on(task, "task.picked_up", taken)], proofs
    signature = "blob:0" if proofs else None
    given: dict[str, Any] = {
        "recipient": "self",
        "recipient_name": None,
        "signature": signature,
        "photos": [],
        "consent": None,
    }
    return [*drafts, _on(task, "task.delivered", given)], proofs


def _failed(task: dict[str, Any], random: Random) -> Job:
    proofs = [_picture(random)] if random.random() < 0.4 else []
    payload = {"reason": "NOT_HOME", "note": None, "photos": ["blob:0"] if proofs else []}
    return [_on(task, "task.attempt_failed", payload)], proofs


def _proposal(task: dict[str, Any], random: Random) -> Draft:
    """A wish the customer told the courier at the door; customer service accepts it or not."""
    wish = derive("request", task["id"], str(random.random()))
    return {
        "type": "customer.request_set",
        "entity": f"customer:{task['customer']}",
        "payload": request(wish, "proposed", "courier"),
    }


def request(wish: str, state: str, source: str) -> dict[str, Any]:
    """The payload of `customer.request_set`."""
    return {
        "request": wish,
        "kind": "no_ring",
        "text": "宝宝在睡觉",
        "active": True,
        "scope": "always",
        "address": None,
        "task": None,
        "weekdays": [],
        "source": source,
        "state": state,
        "valid_from": None,
        "valid_until": None,
    }


def _picture(random: Random) -> dict[str, Any]:
    """Bytes that begin like a PNG; what is in them is nobody's business here. Some take more than one piece to send."""
    data = b"\x89PNG\r\n\x1a\n" + sha256(random.randbytes(8)).digest() * (
        3_000 if random.random() < 0.1 else 1
    )
    return {
        "base64": b64encode(data).decode(),
        "type": "image/png",
        "kind": random.choice(("signature", "photo")),
    }
