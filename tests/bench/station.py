"""A station for the workload `shift`: couriers with a handheld and a list each, and what they record."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import orjson

from server.auth import service as auth
from server.core.db import transaction
from server.core.ids import uuid7
from server.ops import pipeline
from server.ops.batch import Writer
from tests.builders import APP, Tape, assign_draft, order_draft, task_id
from tests.people import Cast

AT_ONCE = 500


@dataclass
class Carried:
    """A handheld: its list, its log, what makes a request its own, how far it has pulled, the batches it has cut."""

    waybills: list[str]
    tape: Tape
    headers: dict[str, str]
    cursors: dict[str, int] = field(default_factory=dict)
    batches: list[tuple[bytes, int]] = field(default_factory=list)
    _sent: int = 0

    def record_departures(self) -> None:
        """Sets out with everything."""
        for waybill in self.waybills:
            self.tape.record("task.out_for_delivery", f"task:{task_id(waybill)}", {})

    def record_deliveries(self) -> None:
        """Delivers everything."""
        for waybill in self.waybills:
            self.tape.delivered(waybill)

    def record_notes(self, number: int) -> None:
        """Writes something down about its first tasks."""
        for waybill in self.waybills[:number]:
            self.tape.record("task.noted", f"task:{task_id(waybill)}", {"text": "放在门卫处"})

    def cut(self, size: int) -> list[tuple[bytes, int]]:
        """What was recorded since, as bodies of exchanges with the number of operations in each."""
        waiting = self.tape.envelopes[self._sent :]
        made = []
        for start in range(0, len(waiting), size):
            part = waiting[start : start + size]
            made.append((self._body({"from_seq": part[0]["seq"], "operations": part}, {}), len(part)))
        self._sent += len(waiting)
        self.batches = made
        return made

    def asking(self, ceilings: dict[str, int]) -> bytes:
        """The body of an exchange that only pulls."""
        return self._body(None, ceilings)

    def changes(self, number: int) -> list[dict[str, Any]]:
        """Drafts by which the desk moves the windows of the first tasks."""
        window = {"window_start": 1_777_900_000_000, "window_end": 1_777_903_600_000}
        return [
            {
                "op_id": uuid7(),
                "type": "task.window_changed",
                "v": 1,
                "entity": f"task:{task_id(waybill)}",
                "base_rev": None,
                "base": {},
                "payload": window,
            }
            for waybill in self.waybills[:number]
        ]

    def _body(self, push: dict[str, Any] | None, ceilings: dict[str, int]) -> bytes:
        return orjson.dumps(
            {
                "protocol": 1,
                "app": APP,
                "incarnation": self.tape.incarnation,
                "push": push,
                "cursors": self.cursors,
                "ceilings": ceilings,
                "limit": 1000,
                "sent_at": time.time_ns() // 1_000_000,
                "last_seq": len(self.tape.envelopes),
            }
        )


def furnish(cast: Cast, devices: int, tasks: int) -> list[Carried]:
    """Couriers with a handheld and a list each, through the product's own pipeline."""
    desk = Writer(cast.dora.id, cast.home.id, "dispatcher")
    with cast.app.app_context(), transaction():
        couriers = [
            auth.create_user(cast.home.id, f"shift{at}", f"Shift {at}", "courier", password=None)
            for at in range(devices)
        ]
    carried = []
    drafts: list[dict[str, Any]] = []
    for at, courier in enumerate(couriers):
        enrolled = cast.handheld(courier)
        waybills = [f"SHIFT{at:04d}{number:06d}" for number in range(tasks)]
        carried.append(Carried(waybills, Tape(courier.id, enrolled.device), enrolled.headers))
        drafts += [
            order_draft(cast.home.id, waybill, phone=f"13{at:04d}{number:05d}")
            for number, waybill in enumerate(waybills)
        ]
        drafts += [
            assign_draft(waybill, courier.id, sequence=n) for n, waybill in enumerate(waybills, start=1)
        ]
    now = time.time_ns() // 1_000_000
    for start in range(0, len(drafts), AT_ONCE):
        part = [_envelope(draft, cast.dora.id, now) for draft in drafts[start : start + AT_ONCE]]
        with cast.app.app_context():
            ended = {one["status"] for one in pipeline.submit(desk, part)}
        if not ended <= {"applied", "merged"}:
            raise RuntimeError(f"the station could not be furnished: {ended}")
    return carried


def _envelope(draft: dict[str, Any], author: str, now: int) -> dict[str, Any]:
    """A draft as the desk's door completes it."""
    place = dict.fromkeys(("device", "incarnation", "seq", "prev", "mono", "boot"))
    return {
        "author": author,
        "app": APP,
        "blobs": [],
        "at": now,
        "base_rev": None,
        "base": {},
        **place,
        **draft,
    }
