"""What a piece of work asks of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from server.core import driver
from server.core.db import db
from server.core.driver import Kept

Way = Callable[[Kept, Any], Any]


@contextmanager
def heard(app: Flask) -> Iterator[list[str]]:
    """Every statement that reaches the driver while it is open, whichever way it goes there."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ask", "change"):
            patch.setattr(driver, name, partial(_noted, said, getattr(driver, name)))
        yield said
    event.remove(engine, "before_cursor_execute", note)


def written(said: Sequence[str]) -> list[str]:
    """Those of them that write."""
    return [one for one in said if one.startswith(("INSERT", "UPDATE", "DELETE"))]


def _noted(said: list[str], way: Way, kept: Kept, given: Any) -> Any:
    said.append(kept.text)
    return way(kept, given)
