"""A customer with a browser that runs no script: opens the link, reads, fills forms in and sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from tests.server.ops.house import House


@dataclass
class Form:
    """A form as it stands on the page."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def act(self) -> str:
        return urlsplit(self.action).path.rsplit("/", 1)[1]


class Reader(HTMLParser):
    """The forms, the text a person sees, and the tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._inside: list[str] = []
        self._textarea: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        name = given.get("name") or ""
        if tag in ("style", "textarea", "title", "script"):
            self._inside.append(tag)
        if tag == "form":
            self.forms.append(Form(given.get("action") or ""))
        elif tag == "input":
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self.forms[-1].fields[name] = given.get("value") or ""
        elif tag == "textarea":
            self._textarea = name
            self.forms[-1].fields[name] = ""
        elif tag == "select":
            self.forms[-1].fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()
        if tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self.forms[-1].fields[self._textarea] += data
        if not self._inside:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


class Visitor:
    """`language` is what the browser asks for; None sends no Accept-Language."""

    def __init__(self, house: House, task: str, language: str | None = "zh-CN,zh;q=0.9") -> None:
        self.house = house
        self.task = task
        self.client = house.app.test_client()
        answer = house.desk().post("/api/v1/tracking/links", json={"task": task})
        assert answer.status_code == 200, answer.text
        self.path = urlsplit(answer.json["url"]).path
        self.headers = {"Accept-Language": language} if language else {}

    def get(self, tail: str = "") -> TestResponse:
        return self.client.get(self.path + tail, headers=self.headers)

    def read(self, tail: str = "") -> Reader:
        answer = self.get(tail)
        assert answer.status_code == 200, (answer.status_code, answer.text[:500])
        return Reader(answer.text)

    def form(self, act: str, at: int = 0, tail: str = "") -> Form:
        """The n-th form of the page that does this."""
        return [form for form in self.read(tail).forms if form.act == act][at]

    def post(self, form: Form, **over: str | None) -> TestResponse:
        """The form as it stands, with some of its fields filled in; None leaves a box unticked."""
        filled: dict[str, Any] = {**form.fields, **over}
        sent = {name: value for name, value in filled.items() if value is not None}
        return self.client.post(form.action, data=sent, headers=self.headers)

    def send(self, act: str, tail: str = "", **over: str | None) -> str:
        """Fill a form in, send it, and answer what the page says afterwards (its code)."""
        return said(self.post(self.form(act, tail=tail), **over))


def said(answer: TestResponse) -> str:
    """The code of the sentence a sent form leads to."""
    assert answer.status_code == 303, (answer.status_code, answer.text[:500])
    return parse_qs(urlsplit(answer.headers["Location"]).query)["said"][0]
