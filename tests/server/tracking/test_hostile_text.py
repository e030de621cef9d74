"""HTML, scripts and template code in what people type are shown as text."""

from __future__ import annotations

import pytest

from tests.builders import request_draft
from tests.server.ops.house import House
from tests.server.tracking.visitor import Reader, Visitor

pytestmark = pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
CORPUS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" autofocus onfocus="alert(1)',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "</textarea><script>alert(1)</script>",
    "</p></li></ul></section></main></body></html><h1>x</h1>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><input name=form></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext></mtext><mglyph><svg><mtext><style><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}{{ config }}{% endraw %}",
    "${alert(1)} #{alert(1)} <%= 7 * 7 %>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "＜script＞alert(1)＜/script＞",
    "<scr\u0000ipt>alert(1)</scr\u0000ipt>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
)


@pytest.fixture
def visitor(house: House) -> Visitor:
    return Visitor(house, house.assigned(merchant=CORPUS[0]))


def shape(page: Reader) -> set[tuple[str, tuple[str, ...]]]:
    """Which tags with which attributes a page is made of."""
    return {(tag, tuple(sorted(attributes))) for tag, attributes in page.tags}


def test_a_corpus_of_hostile_texts_is_text(house: House, visitor: Visitor) -> None:
    visitor.send("request", kind="other", text="放门口")
    plain = shape(visitor.read())
    record = house.record(f"task:{visitor.task}")
    assert record is not None
    texts = [text.replace("\x00", "") for text in CORPUS]
    results = house.desk().submit(*(request_draft(record["customer"], text=text) for text in texts))
    assert {one["status"] for one in results} == {"applied"}
    page = visitor.read()
    assert shape(page) == plain
    for text in texts:
        assert " ".join(text.split()) in page.text


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_each_is_kept_and_shown_as_typed(house: House, visitor: Visitor, text: str) -> None:
    assert visitor.send("request", kind="other", text=text) == "request"
    page = visitor.read()
    typed = text.replace("\x00", "")
    assert visitor.form("change").fields["text"] == typed
    assert " ".join(typed.split()) in page.text
    scripts = [attributes.get("src") for tag, attributes in page.tags if tag == "script"]
    assert scripts == ["/t/page.js"]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_hostile_queries_change_nothing(visitor: Visitor) -> None:
    plain = shape(visitor.read())
    for text in CORPUS:
        answer = visitor.client.get(
            visitor.path, query_string={"said": text, "lang": text}, headers=visitor.headers
        )
        assert answer.status_code == 200
        assert shape(Reader(answer.text)) == plain
