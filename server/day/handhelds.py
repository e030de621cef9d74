"""All handhelds of the day: one Node process running the real engine, spoken to in JSON lines."""

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

# One command of many is answered by real requests; more at once would only queue up in front of the server.
AT_ONCE = 16
_ANSWER_WITHIN_S = 120.0


class HandheldError(Exception):
    """A handheld refused a command, or the process is gone."""


@dataclass(frozen=True)
class Command:
    """One command to one handheld: `now` is what its clock says (ms), `elapsing` the true time where they differ."""

    handheld: str
    now: int
    do: str
    args: dict[str, Any]
    elapsing: int | None = None


class Handhelds:
    """The process. Use as a context manager: leaving it ends the process."""

    def __init__(self, bundle: Path, log: Path) -> None:
        self._bundle = bundle
        self._log = log
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._next = 0

    def __enter__(self) -> Self:
        self._errors = self._log.open("wb")
        self._process = subprocess.Popen(
            [_node(), str(self._bundle)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise HandheldError("no pipes to the handhelds' process")
        self._in: IO[str] = self._process.stdin
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._in.close()
            self._process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def one(self, handheld: str, now: int, do: str, **args: Any) -> Any:
        """One command, its value."""
        return self.all([Command(handheld, now, do, args)])[0]

    def all(self, commands: Sequence[Command]) -> list[Any]:
        """Several commands, at most `AT_ONCE` in flight; the values in the order of the commands.

        Commands to the same handheld in one call must not depend on each other.

        Raises:
            HandheldError: one of them failed, with what the engine said.
        """
        values: list[Any] = []
        for start in range(0, len(commands), AT_ONCE):
            values += self._round(commands[start : start + AT_ONCE])
        return values

    def _round(self, commands: Sequence[Command]) -> list[Any]:
        ids = [self._send(command) for command in commands]
        waiting, values = set(ids), {}
        while waiting:
            answer = self._hear()
            values[answer["id"]] = answer
            waiting.discard(answer["id"])
        for command, number in zip(commands, ids, strict=True):
            if not values[number]["ok"]:
                raise HandheldError(f"{command.do} on {command.handheld}: {values[number].get('error')}")
        return [values[number].get("value") for number in ids]

    def _send(self, command: Command) -> int:
        self._next += 1
        line = json.dumps({"id": self._next, **asdict(command)}, ensure_ascii=False, separators=(",", ":"))
        try:
            self._in.write(line + "\n")
            self._in.flush()
        except OSError as error:
            raise HandheldError(self._last_words()) from error
        return self._next

    def _hear(self) -> dict[str, Any]:
        try:
            answer = self._answers.get(timeout=_ANSWER_WITHIN_S)
        except queue.Empty as error:
            raise HandheldError(f"no answer within {_ANSWER_WITHIN_S:.0f} s") from error
        if answer is None:
            raise HandheldError(self._last_words())
        return answer

    def _listen(self, lines: IO[str]) -> None:
        for answer in _objects(lines):
            self._answers.put(answer)
        self._answers.put(None)

    def _last_words(self) -> str:
        said = self._log.read_text("utf-8", "replace").strip().splitlines()[-5:]
        return "the handhelds' process ended: " + " / ".join(said)


def _node() -> str:
    """Node beside this Python when the project brought its own (a wheel's), else the machine's."""
    own = Path(sys.executable).with_name("node")
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        raise HandheldError("Node.js is missing: make build brings it")
    return found


def _objects(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in lines:
        if line.startswith("{"):
            yield json.loads(line)
