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
        """The whole evening; returns how many operations are still waiting on handhelds (0 when all is well)."""
        self._drain()
        self._decide()
        self._close_shifts()
        waiting = self._drain()
        self._decide()
        self._drain()
        return waiting

    def _step(self) -> int:
        self._at += MINUTE_MS
        self._set_clock(self._at)
        return self._at

    def _drain(self) -> int:
        """Exchanges until no handheld has anything left to send."""
        waiting: dict[str, int] = {}
        for turn in range(_MOST_ROUNDS):
            at = self._step()
            self._replay.sync(waiting if turn else self._replay.couriers, at)
            states = self._replay.everybody(at, "status")
            waiting = {who: state["waiting"] for who, state in states.items() if state["waiting"]}
            if not waiting:
                break
        return sum(waiting.values())

    def _decide(self) -> None:
        """Every open case as the system suggests; a decision may open no new one."""
        for _ in range(_MOST_ROUNDS):
            cases = self._desk.open_conflicts()
            if not cases:
                return
            at = self._step()
            self._desk.send([self._decision(case, at) for case in cases])

    def _decision(self, case: dict[str, Any], at: int) -> dict[str, Any]:
        payload = {"outcome": case["suggested"], "reason": _REASON}
        return operation("conflict.decided", f"conflict:{case['id']}", payload, at)

    def _close_shifts(self) -> None:
        """Each handheld counts what it recorded and what the server confirmed."""
        at = self._step()
        drafts: list[tuple[str, list[dict[str, Any]]]] = []
        for who, status in self._replay.everybody(at, "status").items():
            recorded = self._replay.told.recorded[who]
            counts = {
                "recorded": recorded,
                "confirmed": recorded - status["waiting"],
                "waiting": status["waiting"],
                "cash_minor": 0,
            }
            drafts.append((who, [draft("shift.closed", f"shift:{self._replay.shift_of(who)}", counts)]))
        self._replay.record(drafts, at)
