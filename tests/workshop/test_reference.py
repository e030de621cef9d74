"""docs/reference.md names everything that others rely on, and is in step with the code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from flask import Flask, jsonify

from server.core.access import public
from server.core.errors import Code
from sync.tables import CASE_KINDS, OPERATIONS, REASONS
from tests.workshop.test_documents import ROOT

sys.path.append(str(ROOT / "scripts"))
import reference


def test_the_file_is_in_step_with_the_code() -> None:
    assert reference.FILE.read_text(encoding="utf-8") == reference.written(), "make generate"


@pytest.mark.parametrize("names", [OPERATIONS, REASONS, CASE_KINDS, list(Code)])
def test_every_operation_reason_case_and_problem_is_named(names: list[str]) -> None:
    text = reference.FILE.read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_an_address_without_a_sentence_is_refused() -> None:
    app = Flask(__name__)

    def silent() -> object:
        return jsonify()

    app.add_url_rule("/silent", view_func=public(silent))
    with pytest.raises(reference.UndocumentedError, match="GET /silent"):
        list(reference.addresses(app))


def test_an_operation_a_reason_an_event_or_a_setting_without_a_sentence_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = {"v": 1, "entity": "task", "class": "fact", "roles": ["courier"], "en": "", "zh": "有"}
    monkeypatch.setattr(reference, "OPERATIONS", {"task.sung": rule})
    monkeypatch.setattr(
        reference, "REASONS", {"SUNG": {**dict.fromkeys(("zh", "en", "next"), ""), "for": []}}
    )
    monkeypatch.setattr(reference.config, "TABLE", (("DOORSTEP_SONG", "", " "),))
    for rows in (reference.operations, reference.reasons, reference.settings):
        with pytest.raises(reference.UndocumentedError):
            list(rows())
    monkeypatch.setattr("server.ops.events.PlanChanged.__doc__", None)
    with pytest.raises(reference.UndocumentedError, match="PlanChanged"):
        list(reference.events())


def test_a_stale_file_fails_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "FILE", tmp_path / "reference.md")
    assert reference.main(["--check"]) == 1
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
