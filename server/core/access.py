"""Every address says who may use it. One that says nothing stops the application from starting.

`server.auth.guards` has the marks that need a principal; this is the one for addresses that need none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import Flask

P = ParamSpec("P")
R = TypeVar("R")
MARK = "doorstep_access"


class OpenDoorError(RuntimeError):
    """An address without a mark: nobody decided who may use it."""


def mark(view: Callable[..., Any], who: str) -> None:
    """Write down who may use a view (`public`, `web:dispatcher,admin`, `device`)."""
    vars(view)[MARK] = who


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody may use this address, without a session or a device."""
    mark(view, "public")
    return view


def access_of(app: Flask, endpoint: str) -> str | None:
    """What an endpoint's view says about its users; None when nothing."""
    return vars(app.view_functions[endpoint]).get(MARK)


def require_marks(app: Flask) -> None:
    """Refuse to start with an address nobody placed.

    :raises OpenDoorError: naming the addresses.
    """
    silent = sorted(str(rule) for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None)
    if silent:
        raise OpenDoorError(f"no one decided who may use {', '.join(silent)}")
