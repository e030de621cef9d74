"""A real swap of the database under real handhelds (P31, F21): what they hold comes back by itself, with its proofs."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.app import create_app
from server.core import clock as server_clock
from server.core.config import Settings
from server.core.db import db
from server.day.desk import Desk
from server.day.handhelds import Handhelds
from server.day.house import House, fresh_house
from tests.builders import assign_draft, order_draft, task_id
from tests.conftest import NINE_IN_HANGZHOU
from tests.people import PASSWORD, make_cast
from tests.server.day.conftest import BUNDLE

PNG = b"\x89PNG\r\n\x1a\n signed by hand"
SIGNATURE = {"base64": base64.b64encode(PNG).decode(), "type": "image/png", "kind": "signature"}


class Story:
    """A house with 阿良's handheld, on which two tasks are listed."""

    def __init__(self, house: House, phones: Handhelds) -> None:
        self.house, self.phones, self.now = house, phones, NINE_IN_HANGZHOU
        house.set_clock(self.now)
        house.run("db", "upgrade")
        settings = Settings(house.database_url, house.folder / "data", "one replayed day", env="test")
        app = create_app(settings, live=False)
        with app.app_context():
            self.cast = make_cast(app)
            db.session.remove()
            db.engine.dispose()
        house.serve()
        self.desk = Desk(house.base_url, self.cast.dora.username, PASSWORD)
        self.desk.log_in()
        for waybill in ("SF1", "SF2"):
            self.desk.send(
                [order_draft(self.cast.home.id, waybill), assign_draft(waybill, self.cast.liang.id)]
            )
        self.does("open", baseUrl=house.base_url, seed=1)
        self.does("enrol", code=self.desk.enrolment_code(self.cast.liang.id))
        self.syncs()

    @property
    def database(self) -> Path:
        return Path(self.house.database_url.removeprefix("sqlite:///"))

    @property
    def proofs(self) -> list[Path]:
        return sorted((self.house.folder / "data" / "blobs").glob("??/??/*"))

    def does(self, verb: str, **args: Any) -> Any:
        self.now += 1_000
        self.house.set_clock(self.now)
        return self.phones.one("li", self.now, verb, **args)

    def syncs(self) -> None:
        outcome = self.does("sync")
        assert outcome["ok"], outcome

    def notes(self, text: str) -> None:
        draft = {"type": "task.noted", "entity": f"task:{task_id('SF1')}", "payload": {"text": text}}
        self.does("submit", drafts=[draft])
        self.syncs()

    def delivers(self) -> None:
        payload = {
            "recipient": "self",
            "recipient_name": None,
            "signature": "blob:0",
            "photos": [],
            "consent": None,
        }
        draft = {"type": "task.delivered", "entity": f"task:{task_id('SF2')}", "payload": payload}
        self.does("submit", drafts=[draft], blobs=[SIGNATURE])
        self.syncs()

    def ledger(self) -> list[tuple[int, str]]:
        """What the server has of the handheld's log: seq and type."""
        with sqlite3.connect(self.database) as connection:
            query = "SELECT seq, type FROM operations WHERE device_id IS NOT NULL ORDER BY seq"
            return list(connection.execute(query))

    def all_is_well(self, *more: str) -> None:
        """Nothing waits, and the list is the server's."""
        status = self.does("status")
        assert (status["allConfirmed"], status["waiting"], status["proofsWaiting"]) == (True, 0, 0)
        assert self.does("outbox") == []
        first, second = self.does("task", id=task_id("SF1")), self.does("task", id=task_id("SF2"))
        assert [note["text"] for note in first["task"]["notes"]] == ["before", "after", *more]
        assert second["task"]["status"] == "delivered"
        assert [path.read_bytes() for path in self.proofs] == [PNG]


@pytest.fixture
def story(bundle: None, tmp_path: Path) -> Iterator[Story]:
    try:
        with fresh_house("sqlite") as house, Handhelds(BUNDLE, tmp_path / "phones.log") as phones:
            yield Story(house, phones)
    finally:
        server_clock.use(server_clock.system)


def test_p31_f21_restored_under_a_running_server_and_swapped_by_hand(story: Story, tmp_path: Path) -> None:
    story.notes("before")
    story.house.run("backup", str(tmp_path / "copy"))
    story.notes("after")
    story.delivers()
    whole = story.ledger()
    story.all_is_well()

    story.house.run("restore", str(tmp_path / "copy"))
    [proof] = story.proofs
    proof.unlink()
    assert story.ledger() == whole[:1]
    story.syncs()
    assert story.ledger() == whole
    story.all_is_well()

    # Files put back by somebody who knows nothing of epochs: the handheld sees that the server has less than it said.
    story.house.kill_server()
    shutil.copyfile(story.database, tmp_path / "by_hand.db")
    story.house.serve()
    story.notes("later")
    whole = story.ledger()
    story.house.kill_server()
    shutil.copyfile(tmp_path / "by_hand.db", story.database)
    story.house.serve()
    assert story.ledger() == whole[:3]
    story.syncs()
    assert story.ledger() == whole
    story.all_is_well("later")
    story.house.run("audit")
    rebuilt = [line for line in (tmp_path / "phones.log").read_text("utf-8").splitlines() if "mirror" in line]
    assert [json.loads(line)["cause"] for line in rebuilt] == ["epoch", "head"]
