"""The way between a handheld and the server: what is lost, doubled, late or refused, and what kills the server."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Protocol

from tests.simulation.handhelds import Handheld
from tests.simulation.house import Answer, House, Request

REFUSALS: dict[str, Answer] = {
    "401": Answer(
        401, {"content-type": "application/problem+json"}, b'{"code":"device_unknown","status":401}'
    ),
    "429": Answer(429, {"retry-after": "20"}, b'{"code":"too_many_requests","status":429}'),
    "500": Answer(500, {}, b'{"code":"internal","status":500}'),
    "503": Answer(503, {"retry-after": "5"}, b'{"code":"unavailable","status":503}'),
    "hotel": Answer(200, {"content-type": "text/html"}, b"<html>Please log in to the hotel's network</html>"),
}
_READ = ("content-type", "retry-after", "upload-offset", "upload-complete")
# To ask for what nobody has published would cost a tenth of a run.
_NO_MANIFEST = Answer(404, {}, b'{"code":"not_found","status":404}')


NONE: dict[str, Any] = {"fault": None}
Bring = Callable[[Answer | None], None]


class Around(Protocol):
    """What the network needs of its world."""

    def after(self, delay: int, act: Callable[[], None]) -> None: ...
    def fired(self, fault: str) -> None: ...
    def crashed(self, down: int) -> None: ...
    def note(self, text: str) -> None: ...
    def answered(self, who: Handheld) -> None: ...
    def heard(self, request: Request, answer: Answer) -> None: ...
    @property
    def has_manifest(self) -> bool: ...


class Network:
    """Carries requests; a handheld's armed faults befall its next ones, in order, one each."""

    def __init__(self, seed: str, house: House, around: Around) -> None:
        self._seed = seed
        self._house = house
        self._around = around

    def carry(self, who: Handheld, number: str, request: Request) -> None:
        """One request on its way, and its answer on the way back."""
        who.requests += 1
        random = Random(f"{self._seed}/{who.name}/{who.requests}")
        way, back = random.randint(20, 400), random.randint(20, 400)
        bring = self._way_back(who, number)
        if not who.online or who.aged:
            self._around.fired("offline")
            self._around.after(way, lambda: bring(None))
        elif request.path.endswith("/manifest") and not self._around.has_manifest:
            self._around.after(way, lambda: bring(_NO_MANIFEST))
        else:
            fault = self._fault(who, request)
            if fault["fault"] in ("lost_request", "torn_blob"):
                return
            if fault["fault"] == "refused":
                self._around.after(way + back, lambda: bring(REFUSALS[fault["with"]]))
                return
            self._bear(request, bring, fault, way, back)

    def _bear(self, request: Request, bring: Bring, fault: dict[str, Any], way: int, back: int) -> None:
        """A request that reaches the server, however late and however often."""
        name, by = fault["fault"], fault.get("by", 0)
        way += by if name == "delayed" else 0
        back += by if name == "late_answer" else 0
        told = None if name == "lost_answer" else bring
        self._around.after(way, lambda: self._arrive(request, back, told, fault))
        if name in ("doubled", "echo"):
            self._around.after(way + by, lambda: self._arrive(request, back, None, NONE))

    def _way_back(self, who: Handheld, number: str) -> Bring:
        life, server = who.life, self._house.lives

        def bring(answer: Answer | None) -> None:
            # What a server said before it was replaced by its own copy is no answer any more.
            if answer is None or self._house.lives != server:
                who.answer(life, number, None)
            elif who.online:
                who.answer(life, number, answer)
                self._around.answered(who)
            elif who.life == life:
                self._around.fired("answer_in_a_hole")

        return bring

    def _fault(self, who: Handheld, request: Request) -> dict[str, Any]:
        """The first armed fault that can befall this kind of request, taken out."""
        proof = request.method in ("PUT", "PATCH", "HEAD")
        # Small bodies are not packed: a packed one carries operations.
        carrying = request.headers.get("content-encoding") == "gzip"
        for one in who.armed:
            if (proof or one["fault"] != "torn_blob") and (carrying or not one.get("carrying")):
                who.armed.remove(one)
                if one["fault"] != "crash":
                    self._around.fired(one["fault"])
                self._around.note(f"{who.name}: {one['fault']} {request.method} {request.path[:24]}")
                return one
        return NONE

    def _arrive(self, request: Request, back: int, told: Bring | None, fault: dict[str, Any]) -> None:
        if fault["fault"] == "crash" and self._house.up:
            self._house.arm(fault["point"])
        stood = self._house.up
        answer = self._house.handle(request)
        self._house.disarm()
        if stood and not self._house.up:
            self._around.fired(f"crash {fault['point']}")
            self._around.crashed(fault["down"])
        if answer is not None and request.path.endswith("/exchange"):
            self._around.heard(request, answer)
        if answer is not None:
            # The rest (an id for the log, when it was) is nothing a handheld reads.
            kept = {name: answer.headers[name] for name in _READ if name in answer.headers}
            answer = replace(answer, headers=kept)
        if told is not None:
            # From a dead server comes a reset connection, from one that is down a refused one.
            self._around.after(back, lambda: told(answer))
