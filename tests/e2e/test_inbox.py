"""The conflict inbox in a real browser: looked into, decided one by one and by the score, taken back."""

from __future__ import annotations

import os
import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from server.app import create_app
from server.core.config import Settings
from server.core.db import db
from server.demo.supervise import Child, Supervisor
from sync.canonical import sha256_hex
from tests.builders import assign_draft, draft, order_draft, task_id
from tests.e2e.conftest import OpenBrowser
from tests.e2e.stage import COMMAND, READY_S, free_port, supervised
from tests.e2e.steps import by, log_in, picture
from tests.e2e.test_screens import PICTURES, looks
from tests.people import PASSWORD, Cast, Desk, make_cast
from tests.server.ops.house import Phone

ALIKE = [f"DS5000000{n:02d}" for n in range(20)]
TOLD, PARKED, MONEY = "DS600000001", "DS600000002", "DS600000003"
HOUR = 3_600_000


class Stage:
    """A server for browsers whose morning went wrong before anybody looked, and the doors to it that need none."""

    def __init__(self, folder: Path, template: Path) -> None:
        file = folder / "stage.db"
        shutil.copyfile(template, file)
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = Settings(
            f"sqlite:///{file}", folder, "a stage for browsers", env="test", log_level="error"
        )
        self.app: Flask = create_app(self.settings)
        with self.app.app_context():
            self.cast: Cast = make_cast(self.app)
        self.dora, self.chen = self.cast.desk(self.cast.dora), self.cast.desk(self.cast.chen)

    def start(self, supervisor: Supervisor) -> None:
        """The web process, until it answers."""
        environment = {
            "DATABASE_URL": self.settings.database_url,
            "DOORSTEP_DATA": str(self.folder),
            "DOORSTEP_ENV": "test",
            "DOORSTEP_SECRET_KEY": self.settings.secret_key,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "LOG_LEVEL": "warning",
        }
        command = [*COMMAND, "serve"]
        supervisor.start(Child("serve", command, env=os.environ | environment, log=self.folder / "serve.log"))
        assert supervisor.wait_until(self._answers, READY_S), (self.folder / "serve.log").read_text()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def cases(self, **query: str) -> list[dict[str, Any]]:
        """Cases as the inbox lists them."""
        return list(self.dora.get("/api/v1/dispatch/conflicts", query_string=query).json["conflicts"])

    def case(self, conflict: str) -> dict[str, Any]:
        return dict(self.dora.get(f"/api/v1/dispatch/conflicts/{conflict}").json)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Stage]:
    """Twenty cancelled too late, a contradiction, money short, and a strange operation."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    made = Stage(tmp_path_factory.mktemp("inbox"), sqlite_template)
    _go_wrong(made)
    with supervised() as supervisor:
        made.start(supervisor)
        yield made
    with made.app.app_context():
        db.engine.dispose()


def _applied(desk: Desk, *drafts: dict[str, Any]) -> None:
    statuses = [result["status"] for result in desk.submit(*drafts)]
    assert statuses == ["applied"] * len(drafts), statuses


def _go_wrong(stage: Stage) -> None:
    cast, dora = stage.cast, stage.dora
    waybills = [*ALIKE, TOLD, PARKED, MONEY]
    home, mine = cast.home.id, cast.liang.id
    _applied(
        dora,
        *[
            order_draft(home, one, phone=f"1380000{at:04d}", cod_minor=1000 if one == MONEY else 0)
            for at, one in enumerate(waybills)
        ],
    )
    _applied(dora, *[assign_draft(one, mine, sequence=at) for at, one in enumerate(waybills)])
    _applied(
        dora, *[draft("task.cancelled", f"task:{task_id(one)}", {"reason": "客户来电取消"}) for one in ALIKE]
    )
    given = {"courier": cast.bei.id, "sequence": 1, "reason": "路线太满"}
    _applied(dora, draft("task.reassigned", f"task:{task_id(TOLD)}", given, base={"courier": mine}))
    liang, bei = Phone(cast.handheld(cast.liang, "K7"), cast.liang), Phone(cast.handheld(cast.bei), cast.bei)
    now = int(time.time() * 1000)
    bei.tape.at = now - 2 * HOUR
    failed = {"reason": "NOT_HOME", "note": None, "photos": []}
    far = {"lat_e7": 302_760_000, "lng_e7": 1_201_080_000, "accuracy_m": 25}
    bei.tape.record("task.attempt_failed", f"task:{task_id(TOLD)}", failed, position=far)
    bei.exchange(bei.tape.envelopes, sent_at=now)
    _liang_comes_back(stage, liang, now)


def _liang_comes_back(stage: Stage, liang: Phone, now: int) -> None:
    """His clock runs three hours fast: what he did an hour ago is dated two hours ahead."""
    blobs = [_put(liang, picture()), _put(liang, picture(80, 60))]
    liang.tape.at = now - HOUR + 3 * HOUR
    for waybill in ALIKE:
        liang.tape.delivered(waybill)
    signed = {
        "recipient": "self",
        "recipient_name": None,
        "consent": None,
        "signature": blobs[0],
        "photos": blobs[1:],
    }
    near = {"lat_e7": 302_700_900, "lng_e7": 1_201_000_500, "accuracy_m": 9}
    liang.tape.record("task.delivered", f"task:{task_id(TOLD)}", signed, blobs=blobs, position=near)
    strange = {"customer": {"name": "王小明"}, "pieces": 2}
    liang.tape.record("task.unheard_of", f"task:{task_id(PARKED)}", strange)
    liang.tape.delivered(MONEY)
    results = liang.exchange(liang.tape.envelopes, sent_at=now + 3 * HOUR + 60_000)["results"]
    expected = ["conflict"] * (len(ALIKE) + 1) + ["quarantined", "conflict"]
    assert [result["status"] for result in results] == expected


def _put(phone: Phone, data: bytes) -> str:
    sha = sha256_hex(data)
    put = phone.handheld.call("PUT", f"/api/v1/blobs/{sha}", data=data, content_type="image/png")
    assert put.status_code == 201, put.text
    return sha


def _inbox(page: Page, stage: Stage, query: str = "") -> None:
    page.goto(f"{stage.url}/dispatch#/conflicts{query}")
    expect(by(page, "conflict-row").first).to_be_visible()


def _case_of(page: Page, waybill: str) -> None:
    page.locator(f'[data-testid="conflict-row"][data-waybill="{waybill}"]').first.click()
    expect(page.locator('[data-testid="case-detail"] h2')).to_be_visible()


def test_a_dispatcher_works_the_inbox_off_with_the_keyboard(stage: Stage, open_browser: OpenBrowser) -> None:
    page = open_browser("desk", locale="en-GB").pages[0]
    page.goto(stage.url + "/dispatch")
    by(page, "lang-en").first.click()
    log_in(page, stage.url, "dora", PASSWORD)
    _inbox(page, stage)
    expect(by(page, "conflict-row")).to_have_count(len(ALIKE) + 3)

    _case_of(page, TOLD)
    expect(by(page, "case-mine")).to_contain_text("Delivered")
    expect(by(page, "case-skew").first).to_contain_text("runs 3 h fast")
    expect(by(page, "place-mine")).to_contain_text("At the door")
    expect(by(page, "place-theirs")).to_contain_text("Far from the door")
    by(page, "evidence-thumb").first.click()
    expect(by(page, "evidence-large")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")

    # One: the suggested outcome asks for its reason, then goes.
    case = str(by(page, "case-detail").get_attribute("data-case"))
    page.keyboard.press("1")
    expect(by(page, "decide-reason")).to_be_focused()
    page.keyboard.type("Signature and photo at the door")
    page.keyboard.press("Control+Enter")
    expect(by(page, "case-run").first).to_contain_text("1 decided")
    assert stage.case(case)["decision"]["outcome"] == "mine"
    page.evaluate("document.activeElement && document.activeElement.blur()")
    page.keyboard.press("u")
    expect(by(page, "case-run").first).to_contain_text("1 open again", timeout=10_000)
    assert stage.case(case)["status"] == "open"

    # Give it away, and take it back with a key.
    _case_of(page, TOLD)
    by(page, "owner-give").select_option(label="陈晨")
    expect(by(page, "case-owner")).to_contain_text("陈晨")
    page.evaluate("document.activeElement && document.activeElement.blur()")
    page.keyboard.press("o")
    expect(by(page, "case-owner")).to_contain_text("Dora (you)")


def test_alike_cases_are_decided_together_and_who_came_late_is_told_by_whom(
    stage: Stage, open_browser: OpenBrowser
) -> None:
    page = open_browser("desk", locale="en-GB").pages[0]
    page.goto(stage.url + "/dispatch")
    by(page, "lang-en").first.click()
    log_in(page, stage.url, "dora", PASSWORD)
    _inbox(page, stage)
    by(page, "filter-kind").select_option("cancelled")
    expect(by(page, "conflict-row")).to_have_count(len(ALIKE))
    page.keyboard.press("*")
    expect(by(page, "case-bulk")).to_contain_text(f"{len(ALIKE)} selected")

    by(page, "bulk-decide").click()
    by(page, "bulk-reason").fill("He had handed them over before the call")
    first = stage.cases(kind="cancelled")[0]["id"]
    payload = {"outcome": "theirs", "reason": "shop wants it back"}
    _applied(stage.chen, draft("conflict.decided", f"conflict:{first}", payload))
    by(page, "bulk-send").click()

    run = by(page, "case-run").first
    expect(run).to_contain_text(f"{len(ALIKE) - 1} decided", timeout=20_000)
    expect(run).to_contain_text("1 already settled by somebody else")
    expect(by(page, "run-lines")).to_contain_text("already decided by 陈晨")
    assert stage.cases(kind="cancelled") == []
    looks(page, "inbox-9-run-desk")

    by(page, "run-undo").click()
    expect(by(page, "case-run").first).to_contain_text(f"{len(ALIKE) - 1} open again", timeout=20_000)
    assert len(stage.cases(kind="cancelled")) == len(ALIKE) - 1


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_inbox_looks_right(stage: Stage, open_browser: OpenBrowser, size: str) -> None:
    page = open_browser(size, name="inbox").pages[0]
    page.goto(stage.url + "/dispatch")
    expect(by(page, "login-user")).to_be_visible()
    by(page, "lang-zh").first.click()
    log_in(page, stage.url, "dora", PASSWORD)
    _inbox(page, stage)
    looks(page, f"inbox-1-list-{size}")
    _case_of(page, TOLD)
    expect(by(page, "place-mine")).to_be_visible()
    looks(page, f"inbox-2-case-{size}")
    by(page, "evidence-thumb").first.click()
    expect(by(page, "evidence-large")).to_be_visible()
    looks(page, f"inbox-3-evidence-{size}")
    page.keyboard.press("Escape")
    _inbox(page, stage, "?kind=quarantined")
    by(page, "conflict-row").first.click()
    expect(by(page, "case-raw")).to_be_visible()
    looks(page, f"inbox-4-quarantined-{size}")
    _inbox(page, stage, "?kind=cancelled")
    for box in by(page, "case-select").all()[:3]:
        box.check()
    looks(page, f"inbox-5-selected-{size}")
    by(page, "bulk-decide").click()
    by(page, "bulk-send").click()
    looks(page, f"inbox-6-bulk-{size}")
    by(page, "bulk-reason").fill("已电话核实")
    by(page, "bulk-send").click()
    expect(by(page, "run-undo")).to_be_visible()
    page.goto(f"{stage.url}/dispatch#/conflicts?tab=decided")
    by(page, "conflict-row").first.click()
    expect(by(page, "case-undo")).to_be_visible()
    looks(page, f"inbox-7-decided-{size}")
    page.goto(f"{stage.url}/dispatch#/conflicts?q=nothing+like+it")
    expect(page.locator("#cases")).not_to_contain_text("DS5")
    looks(page, f"inbox-8-empty-{size}")
