"""The application as a whole: problems, headers, pages, health, the OpenAPI document."""

from __future__ import annotations

import gzip
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from server.app import MAX_BODY, create_app
from server.core import openapi
from server.core.access import public
from server.core.config import ConfigError, Settings
from server.core.errors import Code, FieldError, Problem, flatten
from tests.people import Cast

SECRET_TEXT = "王小明 13812345678"


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = answer.json
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"/api/docs#{code}"
    assert set(body) <= {"type", "title", "status", "detail", "code", "instance", "errors"}
    return body


@pytest.fixture
def broken(settings: Settings) -> FlaskClient:
    """An application with views that fail in every way."""
    app = create_app(settings)

    @public
    def fail() -> None:
        raise ValueError(SECRET_TEXT)

    @public
    def lost() -> None:
        raise OperationalError("SELECT 1", {}, psycopg.OperationalError("connection failed: " + SECRET_TEXT))

    @public
    def asked() -> None:
        raise Problem(Code.CONFLICT, "Not now.", errors=[FieldError("a.0.b", "wrong")], retry_after=7)

    for view in (fail, lost, asked):
        app.add_url_rule(f"/api/v1/{view.__name__}", view_func=view)
    return app.test_client()


def test_what_is_not_there_is_a_problem_document(client: FlaskClient) -> None:
    problem(client.get("/api/v1/nothing"), 404, "not_found")
    problem(client.get("/api/nothing"), 404, "not_found")
    problem(client.get("/nothing"), 404, "not_found")
    answer = client.put("/api/v1/session")
    problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_body_that_cannot_be_parsed_is_a_problem_document(client: FlaskClient) -> None:
    answer = client.post("/api/v1/session", data="{", content_type="application/json")
    problem(answer, 400, "bad_request")


def test_wrong_fields_are_named(client: FlaskClient) -> None:
    body = problem(client.post("/api/v1/devices/enrol", json={"code": 7}), 422, "invalid")
    assert {"field": "code", "detail": "Not a valid string."} in body["errors"]
    assert {error["field"] for error in body["errors"]} == {"code", "app"}


def test_a_huge_body_is_refused_before_it_is_read(client: FlaskClient) -> None:
    answer = client.post("/api/v1/session", data=b"x" * (MAX_BODY + 1), content_type="application/json")
    problem(answer, 413, "too_large")


def test_a_bug_is_a_problem_document_that_tells_nothing(
    broken: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    body = problem(broken.get("/api/v1/fail"), 500, "internal")
    logged = capsys.readouterr().err
    assert "ValueError" in logged
    assert body["instance"].removeprefix("urn:request:") in logged
    for text in (json.dumps(body, ensure_ascii=False), logged):
        assert SECRET_TEXT not in text
        assert "13812345678" not in text


def test_a_lost_database_says_when_to_come_back(broken: FlaskClient) -> None:
    answer = broken.get("/api/v1/lost")
    assert SECRET_TEXT not in json.dumps(problem(answer, 503, "unavailable"), ensure_ascii=False)
    assert answer.headers["Retry-After"] == "2"


def test_a_problem_carries_its_fields(broken: FlaskClient) -> None:
    answer = broken.get("/api/v1/asked")
    body = problem(answer, 409, "conflict")
    assert body["detail"] == "Not now."
    assert body["errors"] == [{"field": "a.0.b", "detail": "wrong"}]
    assert answer.headers["Retry-After"] == "7"


def test_nested_messages_become_paths() -> None:
    messages = {"json": {"operations": {0: {"payload": {"reason": ["Missing."]}}}, "_schema": ["Bad."]}}
    assert list(flatten(messages)) == [
        FieldError("operations.0.payload.reason", "Missing."),
        FieldError("", "Bad."),
    ]


def test_every_code_is_explained_once() -> None:
    assert len({code.value for code in Code}) == len(Code)
    assert all(400 <= code.status < 600 and code.summary and code.meaning for code in Code)


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/healthz", "/api/v1/session", "/api/docs", "/api/v1/nothing"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
    assert client.get("/api/v1/session").headers["Cache-Control"] == "no-store"


def test_the_request_id_is_the_callers_when_usable(client: FlaskClient) -> None:
    assert (
        client.get("/healthz", headers={"X-Request-ID": "abc-12345"}).headers["X-Request-ID"] == "abc-12345"
    )
    for unusable in ("short", "a b c d e f g h", "x" * 65):
        made = client.get("/healthz", headers={"X-Request-ID": unusable}).headers["X-Request-ID"]
        assert made != unusable
        assert len(made) == 36


def test_the_log_names_the_rule_and_ids_and_no_person(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(Settings(**{**vars(settings), "log_level": "info"}))
    app.test_client().get(f"/api/v1/dispatch/tasks?q={SECRET_TEXT}")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["route"] == "/api/v1/dispatch/tasks"
    assert (line["method"], line["status"]) == ("GET", 401)
    assert "13812345678" not in json.dumps(lines)


def test_pages_and_files_are_cached_as_they_should(settings: Settings, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    for name in ("index.html", "dispatch.html", "sw.js", "manifest.webmanifest", "icon.svg", "assets/a-1.js"):
        (dist / name).write_text(name)
    (tmp_path / "outside.txt").write_text("secret")
    client = create_app(Settings(**{**vars(settings), "dist": dist})).test_client()
    expected = {
        "/": ("index.html", "no-cache"),
        "/dispatch": ("dispatch.html", "no-cache"),
        "/sw.js": ("sw.js", "no-cache"),
        "/manifest.webmanifest": ("manifest.webmanifest", "no-cache"),
        "/icon.svg": ("icon.svg", "public, max-age=3600"),
        "/assets/a-1.js": ("assets/a-1.js", "public, max-age=31536000, immutable"),
    }
    for path, (text, cache) in expected.items():
        answer = client.get(path)
        assert (answer.text, answer.headers["Cache-Control"]) == (text, cache), path
    assert client.get("/sw.js").mimetype == "text/javascript"
    for path in (
        "/index.html",
        "/.env",
        "/assets/../outside.txt",
        "/assets/%2e%2e/outside.txt",
        "/..%2foutside.txt",
    ):
        assert client.get(path).status_code == 404, path


def test_f23_a_recall_makes_another_worker_of_the_same_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "sw.js").write_text("work()")
    (tmp_path / "sw.js.gz").write_bytes(gzip.compress(b"work()"))
    plain, recalled, again = (
        create_app(Settings(**{**vars(settings), "dist": tmp_path, "recall": word}))
        .test_client()
        .get("/sw.js", headers={"Accept-Encoding": "gzip"})
        for word in ("", "2026-11-22", '";evil()//')
    )
    assert plain.headers["Content-Encoding"] == "gzip"
    assert recalled.text == 'self.doorstepRecall = "2026-11-22";\nwork()'
    assert again.text == 'self.doorstepRecall = "\\";evil()//";\nwork()'
    assert (recalled.mimetype, recalled.headers["Cache-Control"]) == ("text/javascript", "no-cache")


def test_whoever_takes_packed_files_gets_them(settings: Settings, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "assets/a-1.js").write_text("plain")
    (dist / "assets/a-1.js.gz").write_bytes(gzip.compress(b"packed"))
    (dist / "assets/b-2.wasm").write_bytes(b"plain")
    client = create_app(Settings(**{**vars(settings), "dist": dist})).test_client()
    packed = client.get("/assets/a-1.js", headers={"Accept-Encoding": "br, gzip"})
    assert gzip.decompress(packed.data) == b"packed"
    assert (packed.headers["Content-Encoding"], packed.mimetype) == ("gzip", "text/javascript")
    assert ".gz" not in packed.headers["Content-Disposition"], "kept by hand, it has its own name"
    for path, asked in (
        ("/assets/a-1.js", "identity"),
        ("/assets/a-1.js", "gzip;q=0"),
        ("/assets/b-2.wasm", "gzip"),
    ):
        plain = client.get(path, headers={"Accept-Encoding": asked})
        assert (plain.data, plain.headers.get("Content-Encoding")) == (b"plain", None)
        assert "Accept-Encoding" in plain.vary


def test_without_built_apps_the_page_says_so(settings: Settings, tmp_path: Path) -> None:
    client = create_app(Settings(**{**vars(settings), "dist": tmp_path / "none"})).test_client()
    assert "not been built" in problem(client.get("/"), 404, "not_found")["detail"]


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_ready_says_no_while_the_database_is_away(settings: Settings, tmp_path: Path) -> None:
    away = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"
    client = create_app(Settings(**{**vars(settings), "database_url": away})).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, "database")
    assert client.get("/healthz").status_code == 200
    problem(client.get("/api/v1/manifest", headers={"Authorization": "Bearer x"}), 503, "unavailable")


def test_a_test_clock_in_production_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    for env in ("production", "demo"):
        with pytest.raises(ConfigError, match="refused"):
            create_app(Settings(**{**vars(settings), "env": env, "clock_file": tmp_path / "clock"}))


def test_behind_a_proxy_the_clients_scheme_counts(settings: Settings, cast: Cast) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    login = {"username": "dora", "password": "correct horse"}
    for proxies, secure in ((0, False), (1, True)):
        app = create_app(Settings(**{**vars(settings), "proxies": proxies}))
        cookie = (
            app.test_client().post("/api/v1/session", json=login, headers=forwarded).headers["Set-Cookie"]
        )
        assert ("Secure" in cookie) is secure


def schemas_of(app: Flask) -> dict[str, Any]:
    schemas: dict[str, Any] = openapi.document(app)["components"]["schemas"]
    return schemas


def test_the_document_is_openapi_3_1_and_always_the_same_bytes(app: Flask, settings: Settings) -> None:
    assert openapi.document(app)["openapi"] == "3.1.0"
    assert openapi.text(app) == openapi.text(create_app(settings))
    assert app.test_client().get("/api/v1/openapi.json").text == openapi.text(app)


def test_no_schema_is_empty(app: Flask) -> None:
    """A polymorphic or forgotten schema comes out as an object without properties."""
    nothing_to_say = {"NothingToAdd"}
    empty = [
        name
        for name, schema in schemas_of(app).items()
        if not schema.get("properties") and not schema.get("oneOf") and not schema.get("anyOf")
    ]
    assert set(empty) <= nothing_to_say


def test_no_two_schemas_fight_over_a_name(settings: Settings) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        create_app(settings)


def test_operations_are_told_apart_by_their_type(app: Flask) -> None:
    schemas = schemas_of(app)
    union = schemas["Operation"]
    mapping = union["discriminator"]["mapping"]
    assert {branch["$ref"] for branch in union["oneOf"]} == set(mapping.values())
    assert "task.delivered" in mapping
    for op_type, ref in mapping.items():
        branch = schemas[ref.rsplit("/", 1)[1]]
        assert "type" in branch["properties"], op_type
        assert "type" in branch["required"], op_type


def test_every_reference_in_the_document_leads_somewhere(app: Flask) -> None:
    document = openapi.document(app)
    text = json.dumps(document)
    for part in text.split('"$ref": "#/')[1:]:
        at: Any = document
        for step in part.split('"', 1)[0].split("/"):
            at = at[step]
        assert at


def test_every_operation_says_who_may_use_it_and_how_it_fails(app: Flask) -> None:
    for path, methods in openapi.document(app)["paths"].items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            assert operation.get("summary"), (method, path)
            assert "default" in operation["responses"], (method, path)
            open_doors = {
                ("post", "/api/v1/session"),
                ("post", "/api/v1/devices/enrol"),
                ("get", "/api/v1/push/key"),
            }
            assert ("security" in operation) == ((method, path) not in open_doors), (method, path)


def test_the_docs_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    for code in Code:
        assert f'id="{code.value}"' in page.text
    assert "/api/v1/devices/enrol" in page.text


def test_log_level_is_a_setting(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    app = create_app(Settings(**{**vars(settings), "log_level": "warning"}))
    capsys.readouterr()
    app.test_client().get("/healthz")
    assert capsys.readouterr().err == ""
    assert logging.getLevelNamesMapping()["WARNING"] == 30
