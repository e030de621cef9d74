"""flask-smorest's Blueprint with types; every feature's `api.py` uses this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response
from flask_smorest import Blueprint as _Blueprint
from marshmallow import Schema

from server.core.jsontext import compact

View = TypeVar("View", bound=Callable[..., Any])
AnySchema = Schema | type[Schema]


def as_it_is(body: object) -> Response:
    """JSON that is not shaped again by its schema: with tens of thousands of rows that takes seconds."""
    return Response(compact(body), mimetype="application/json")


class Blueprint(_Blueprint):  # type: ignore[misc]
    """A feature's addresses. Order under a view: route, guard, arguments, response."""

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Mount a view; see flask-smorest."""
        decorator: Callable[[View], View] = super().route(rule, **options)
        return decorator

    def arguments(self, schema: AnySchema, **options: Any) -> Callable[[View], View]:
        """Parse and validate a part of the request, by default the JSON body; 422 names every wrong field."""
        decorator: Callable[[View], View] = super().arguments(schema, **options)
        return decorator

    def response(
        self, status: int, schema: AnySchema | None = None, **options: Any
    ) -> Callable[[View], View]:
        """Shape the answer."""
        decorator: Callable[[View], View] = super().response(status, schema, **options)
        return decorator

    def alt_response(self, status: int, **options: Any) -> Callable[[View], View]:
        """Document another answer."""
        decorator: Callable[[View], View] = super().alt_response(status, **options)
        return decorator

    def doc(self, **options: Any) -> Callable[[View], View]:
        """Add to an operation's documentation by hand."""
        decorator: Callable[[View], View] = super().doc(**options)
        return decorator
