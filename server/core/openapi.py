"""The OpenAPI 3.1 document and its page, both served from here without anything from elsewhere.

Both are made at the first look. Most processes never look, and describing every address takes longer than all the rest
of an application's beginning.
"""

from __future__ import annotations

import http
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template_string
from flask_smorest import Api
from flask_smorest.utils import prepare_response
from marshmallow import Schema, fields, validate

from server.core.access import public
from server.core.blueprint import Blueprint as Feature
from server.core.errors import MEDIA_TYPE, Code

docs = Blueprint("docs", __name__)
URL = "/api/v1/openapi.json"
DOCS_URL = "/api/docs"


class ProblemField(Schema):
    """One wrong field: its path and what is wrong in plain words."""

    field = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemDocument(Schema):
    """An error (RFC 9457). `code` is stable; `detail` is for people and may change."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True, validate=validate.OneOf([str(code) for code in Code]))
    instance = fields.String()
    errors = fields.List(fields.Nested(ProblemField))


class DoorstepApi(Api):  # type: ignore[misc]
    """flask-smorest with our problem documents in place of its own errors."""

    ERROR_SCHEMA = ProblemDocument

    def _register_error_handlers(self) -> None:
        """`server.core.errors.register` answers every error of the app."""

    def _register_responses(self) -> None:
        known = {status.name: status.phrase for status in http.HTTPStatus}
        for name, phrase in {**known, self.DEFAULT_ERROR_RESPONSE_NAME: "A problem (RFC 9457)"}.items():
            response: dict[str, Any] = {"description": phrase, "schema": self.ERROR_SCHEMA}
            prepare_response(response, self.spec, MEDIA_TYPE)
            self.spec.components.response(name, response, lazy=True)


@dataclass
class _Document:
    """What is to be described; `api` when it has been."""

    features: Sequence[Feature]
    describe: Callable[[DoorstepApi], None]
    api: DoorstepApi | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


def init_openapi(app: Flask, features: Sequence[Feature], describe: Callable[[DoorstepApi], None]) -> None:
    """Remember what the document is of: the features' addresses, and what `describe` adds that none of them names."""
    app.config.update(API_TITLE="Doorstep", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    app.extensions["doorstep_document"] = _Document(features, describe)


def _described(app: Flask) -> DoorstepApi:
    wanted: _Document = app.extensions["doorstep_document"]
    with wanted.lock:
        if wanted.api is None:
            api = _begun(app)
            for feature in wanted.features:
                feature.register_views_in_doc(api, app, api.spec, name=feature.name, parameters=None)
                api.spec.tag({"name": feature.name, "description": feature.description})
            wanted.describe(api)
            wanted.api = api
    return wanted.api


def _begun(app: Flask) -> DoorstepApi:
    api = DoorstepApi(
        app,
        spec_kwargs={
            "info": {
                "description": "Every error is an application/problem+json document with a stable code."
            },
            "servers": [{"url": "/"}],
        },
    )
    scheme = api.spec.components.security_scheme
    scheme("device", {"type": "http", "scheme": "bearer", "description": "A handheld's own credential."})
    scheme(
        "login",
        {
            "type": "apiKey",
            "in": "header",
            "name": "X-Doorstep-Session",
            "description": "The courier's login on a handheld, beside the device's credential.",
        },
    )
    scheme("key", {"type": "http", "scheme": "bearer", "description": "A merchant's API key."})
    scheme(
        "session",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": "doorstep",
            "description": "A web session; send X-CSRF-Token on everything that is no GET.",
        },
    )
    return api


def document(app: Flask) -> dict[str, Any]:
    """The document as data."""
    spec: dict[str, Any] = _described(app).spec.to_dict()
    return spec


def text(app: Flask) -> str:
    """The document as it lies in the repository: the same bytes for the same code."""
    return json.dumps(document(app), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@docs.get(URL)
@public
def openapi_json() -> Response:
    """The document."""
    return Response(text(current_app), mimetype="application/json")


@docs.get(DOCS_URL)
@public
def page() -> str:
    """The document as a page to read; the problem codes have anchors, `type` of a problem points there."""
    spec = document(current_app)
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in sorted(spec["paths"].items())
        for method, operation in methods.items()
        if method in ("get", "put", "post", "delete", "head", "patch")
    ]
    schemas = {
        name: json.dumps(schema, ensure_ascii=False, indent=1)
        for name, schema in sorted(spec["components"]["schemas"].items())
    }
    return render_template_string(
        PAGE, info=spec["info"], operations=operations, schemas=schemas, codes=list(Code), refs=references
    )


def references(node: Any) -> list[str]:
    """Names of the schemas an operation's part refers to, in order, once each."""
    found: dict[str, None] = {}
    stack = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, dict):
            ref = at.get("$ref")
            if isinstance(ref, str) and ref.startswith("#/components/schemas/"):
                found[ref.rsplit("/", 1)[1]] = None
            stack += at.values()
        elif isinstance(at, list):
            stack += at
    return list(found)


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ info.title }} API {{ info.version }}</title></head>
<body><main>
<h1>{{ info.title }} API {{ info.version }}</h1>
<p>{{ info.description }} The document itself: <a href="/api/v1/openapi.json">openapi.json</a>.</p>
<h2>Operations</h2>
{% for op in operations %}
<section><h3><code>{{ op.method }} {{ op.path }}</code></h3>
<p>{{ op.summary or "" }}</p>
<ul>
<li>Who: {{ op.security | map("join") | join(" or ") if op.security else "anybody" }}</li>
{% for p in op.parameters or [] if p.name %}
<li><code>{{ p.name }}</code> in {{ p.in }}{{ ", required" if p.required }}</li>
{% endfor %}
{% for name in refs(op.requestBody) %}<li>Takes <a href="#schema-{{ name }}">{{ name }}</a></li>{% endfor %}
{% for status, answer in (op.responses or {}).items() %}<li>{{ status }}: {{ answer.description or "a problem" }}
{% for name in refs(answer) %}<a href="#schema-{{ name }}">{{ name }}</a> {% endfor %}</li>{% endfor %}
</ul></section>
{% endfor %}
<h2>Problem codes</h2>
<table><thead><tr><th>Code</th><th>Status</th><th>Title</th><th>Meaning</th></tr></thead><tbody>
{% for code in codes %}<tr id="{{ code.value }}"><td><code>{{ code.value }}</code></td><td>{{ code.status }}</td>
<td>{{ code.summary }}</td><td>{{ code.meaning }}</td></tr>
{% endfor %}</tbody></table>
<h2>Schemas</h2>
{% for name, schema in schemas.items() %}
<details id="schema-{{ name }}"><summary><code>{{ name }}</code></summary><pre>{{ schema }}</pre></details>
{% endfor %}
</main></body></html>
"""
