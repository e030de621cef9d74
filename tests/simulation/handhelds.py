"""Handhelds as the simulation holds them: the real engine in one Node process that moves only when it is told to."""

import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol, Self

import orjson

from server.core.config import ROOT
from tests.simulation.house import Answer, Request

BUNDLE = ROOT / "build" / "simulation.mjs"
ENDLESS = 100_000
"""More tasks than anything a handheld does at one moment takes."""

TELLING = {"wiped": "wiped", "sync lock taken over": "lock_stolen"}
"""What an app logs that counts as something that has happened."""

Told = Callable[[Any], None]


class Engines:
    """The Node process. All that goes in and comes out is the trace."""

    def __init__(self) -> None:
        command = ["node", "--max-semi-space-size=32", str(BUNDLE)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.trace = sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def reset(self, seed: str, names: Sequence[str], bug: str | None, *, worker: bool) -> None:
        """Handhelds that nobody has opened yet; `worker`: theirs is a browser whose service worker may be woken."""
        self.trace = sha256()
        self.ask({"do": "reset", "seed": seed, "devices": names, "bug": bug, "worker": worker})

    def ask(self, line: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = orjson.dumps(line)
        self._process.stdin.write(asked + b"\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        self.trace.update(asked + told)
        answer: dict[str, Any] = orjson.loads(told)
        return answer


class Around(Protocol):
    """What a handheld needs of its world."""

    @property
    def now(self) -> int: ...
    def after(self, delay: int, act: Callable[[], None]) -> None: ...
    def send(self, who: "Handheld", number: str, request: Request) -> None: ...
    def fired(self, fault: str) -> None: ...
    def note(self, text: str) -> None: ...
    def killed(self, who: "Handheld", back: int, half_done: bool) -> None: ...


@dataclass
class Fuse:
    """The app is killed when it has run so many tasks more; a half done commit falls as `kept` says.

    `places` are the tasks since it was lit after which a kill would leave something else behind than before.
    """

    tasks: int
    kept: bool
    back: int
    burnt: int = 0
    places: list[int] = field(default_factory=list)


@dataclass
class Handheld:
    """A device. `alive`: the app is open; `awake`: it is before somebody's eyes, and runs.

    `user` is the courier who works with it now, `retired` says that he has another one since this one died, and `aged`
    that its app is an older one, whose requests get nowhere before it is upgraded. `skew` is by how much its clock is
    off, ms, and `skews` by how much it ever was.
    """

    name: str
    user: str
    engines: Engines
    around: Around
    skew: int = 0
    skews: set[int] = field(default_factory=set)
    alive: bool = False
    awake: bool = False
    online: bool = True
    life: int = 0
    tabs: int = 1
    stride: int | None = None
    fuse: Fuse | None = None
    armed: list[dict[str, Any]] = field(default_factory=list)
    told: dict[int, Told] = field(default_factory=dict)
    held: list[Callable[[], None]] = field(default_factory=list)
    requests: int = 0
    retired: bool = False
    aged: bool = False
    _seen: dict[str, Any] | None = None
    _calls: int = 0
    _ticks: int | None = None
    _going: bool = False

    def open(self) -> None:
        """The app is started, if it is not, and looked at; a dead handheld stays dark."""
        if self.retired:
            return
        self.awake = True
        if not self.alive:
            self.alive = True
            self.command("open", tab="one", alone=False)
        else:
            self.command("signal", what="visible")
        held, self.held = self.held, []
        for act in held:
            act()

    def sleep(self) -> None:
        """The screen is off: nothing of the app moves until somebody looks again."""
        self.awake = False

    def call(self, verb: str, args: dict[str, Any], told: Told, tab: str = "one") -> None:
        """Has the engine do something; `told` hears what came of it, unless the app dies over it."""
        self._calls += 1
        self.told[self._calls] = told
        self.command("call", id=self._calls, tab=tab, verb=verb, args=args)

    def wake_worker(self, told: Told, *, frozen: bool) -> None:
        """Its service worker syncs once; `frozen`: while the app is hidden and does nothing."""
        self._calls += 1
        self.told[self._calls] = told
        self.awake = True
        self.command("worker", id=self._calls, frozen=frozen)

    def answer(self, life: int, number: str, answer: Answer | None) -> None:
        """Brings an answer (None: the request failed) to the app that asked; a sleeping one gets it when it wakes."""
        if life != self.life or not self.alive:
            return
        if not self.awake:
            self.held.append(lambda: self.answer(life, number, answer))
        elif answer is None:
            self.command("answer", request=number, look=True)
        else:
            body = b64encode(answer.body).decode()
            said = {"status": answer.status, "headers": answer.headers, "body": body}
            self.command("answer", request=number, look=True, **said)

    def kill(self, kept: bool) -> None:
        """The app's process is gone; what it had called saved is not."""
        half_done = self.ask("kill", k=0, kept=kept, look=True)["value"]
        back = self.fuse.back if self.fuse else 0
        self.life += 1
        self.alive = self.awake = False
        self.fuse = self.stride = self._ticks = None
        self.told.clear()
        self.held.clear()
        self.around.killed(self, back, half_done)

    def look(self) -> dict[str, Any]:
        """What lies in its storage, asked for when something has moved since that was last said."""
        if self._seen is None:
            self._seen = self.ask("run", k=0, look=True)["seen"]
        return self._seen

    def ask(self, do: str, k: int, **args: Any) -> dict[str, Any]:
        """One line to the process."""
        line = {
            "d": self.name,
            "do": do,
            "now": self.around.now + self.skew,
            "elapsed": self.around.now,
            "k": k,
        }
        reply = self.engines.ask(line | args)
        self._seen = reply.get("seen")
        return reply

    def command(self, do: str, **args: Any) -> None:
        """One line, after which the app runs as far as it may."""
        most = min(self.stride or ENDLESS, max(0, self.fuse.tasks) if self.fuse else ENDLESS)
        reply = self.ask(do, most, **args)
        if reply["ran"] == ENDLESS:
            raise RuntimeError(f"{self.name} does not come to rest")
        self._hear(reply)

    def _hear(self, reply: dict[str, Any]) -> None:
        life = self.life
        if self.fuse is not None:
            self.fuse.places += [self.fuse.burnt + mark for mark in reply["marks"]]
            self.fuse.tasks -= reply["ran"]
            self.fuse.burnt += reply["ran"]
        for event in reply["noted"]:
            self.around.note(f"{self.name}: {event}")
            if event in TELLING:
                self.around.fired(TELLING[event])
        for one in reply["sent"]:
            request = Request(one["method"], one["path"], one["headers"], b64decode(one["body"]))
            self.around.send(self, one["id"], request)
        for one in reply["said"]:
            told = self.told.pop(one["id"], None)
            if told is not None:
                told(one.get("value") if "error" not in one else RefusedError(one["error"]))
        if life != self.life:
            return
        if self.fuse is not None and self.fuse.tasks <= 0:
            self.kill(self.fuse.kept)
            return
        if reply["left"] and not self._going:
            self._going = True
            self.around.after(3, self._go)
        self._expect(reply["next"])

    def _go(self) -> None:
        self._going = False
        if self.awake:
            self.command("run")

    def _expect(self, due: int | None) -> None:
        """A timer of the app's is due at `due`, in true time."""
        if due is None or (self._ticks is not None and self.around.now < self._ticks <= due):
            return
        self._ticks = due
        life = self.life
        self.around.after(max(1, due - self.around.now), lambda: self._tick(life))

    def _tick(self, life: int) -> None:
        if life == self.life and self.awake:
            self.command("run")


class RefusedError(Exception):
    """The engine would not do it; the message is its code."""
