"""The end of the day: everybody is back in signal, queues drain, cases are decided, shifts are closed."""

from collections.abc import Callable
from typing import Any

from server.day.desk import Desk, operation
from server.day.replay import Replay, draft
from server.day.schedule import MINUTE_MS

_MOST_ROUNDS = 20
_REASON = "按系统建议处理 / as suggested"


class Evening:
    """What follows after the last pickup. `at` moves a minute with every round."""

    def __init__(self, replay: Replay, desk: Desk, set_clock: Callable[[int], None], at: int) -> None:
        self._replay = replay
        self._desk = desk
        self._set_clock = set_clock
        self._at = at

    def run(self) -> int:
        """The whole evening; returns how many handhelds were never told that the server has everything."""
        self._drain()
        self._decide()
        self._close_shifts()
        left = self._drain()
        if self._decide():
            left = self._drain()
        return left

    def _step(self) -> int:
        self._at += MINUTE_MS
        self._set_clock(self._at)
        return self._at

    def _drain(self) -> int:
        """Exchanges until every handheld was told by the server that it has everything; returns how many were not."""
        left = self._replay.couriers
        for _ in range(_MOST_ROUNDS):
            at = self._step()
            self._replay.sync(left, at)
            states = self._replay.everybody(at, "status")
            left = [who for who, state in states.items() if state["waiting"] or not state["allConfirmed"]]
            if not left:
                break
        return len(left)

    def _decide(self) -> bool:
        """Every open case as the system suggests; says whether there was any."""
        for turn in range(_MOST_ROUNDS):
            cases = self._desk.open_conflicts()
            if not cases:
                return turn > 0
            at = self._step()
            self._desk.send([self._decision(case, at) for case in cases])
        return True

    def _decision(self, case: dict[str, Any], at: int) -> dict[str, Any]:
        payload = {"outcome": case["suggested"], "reason": _REASON}
        return operation("conflict.decided", f"conflict:{case['id']}", payload, at)

    def _close_shifts(self) -> None:
        """Each handheld says what it recorded and what the server confirmed."""
        at = self._step()
        drafts: list[tuple[str, list[dict[str, Any]]]] = []
        for who, status in self._replay.everybody(at, "status").items():
            counts = {name: status[name] for name in ("recorded", "confirmed", "waiting")} | {"cash_minor": 0}
            drafts.append((who, [draft("shift.closed", f"shift:{self._replay.shift_of(who)}", counts)]))
        self._replay.record(drafts, at)
