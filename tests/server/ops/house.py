"""A house that is built once per database and swept between tests: desk, handhelds with their tapes, and looks inside.

Building the application takes longer than most of these stories; sweeping its tables does not.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server.app import create_app
from server.auth.limits import limiter
from server.auth.policy import UserView
from server.core import clock as server_clock
from server.core.config import Settings
from server.core.db import db, read
from server.ops.audit import Finding, findings
from server.ops.models import Operation, Quarantined, ScopeEntity
from server.ops.owners import OWNERS
from sync.digest import digest
from tests.builders import Tape, assign_draft, draft, order_draft, task_id
from tests.conftest import SECRET, Clock, new_postgres_database
from tests.people import Cast, Desk, Handheld, make_cast

WAYBILL = "SF1000000001"
SHA = "ab" * 32


@pytest.fixture(scope="session")
def built(request: pytest.FixtureRequest, fast_folder: Path) -> Iterator[Flask]:
    """The application on one kind of database, for all tests of it."""
    if request.param == "sqlite":
        file = fast_folder / "house.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        url = f"sqlite:///{file}"
    else:
        url = new_postgres_database(request.getfixturevalue("postgres_url"), "doorstep_house")
    data = fast_folder / f"house-{request.param}"
    data.mkdir()
    app = create_app(
        Settings(
            database_url=url, data=data, secret_key=SECRET, env="test", log_level="critical", exchanges=64
        )
    )
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def house(built: Flask) -> Iterator[House]:
    """Two stations with their people in an empty database, and a clock that ticks with every look."""
    clock = Clock()
    server_clock.use(clock)
    limiter.reset()
    shutil.rmtree(built.extensions["doorstep_settings"].blobs, ignore_errors=True)
    with built.app_context():
        with db.engine.begin() as connection:
            for table in reversed(db.metadata.sorted_tables):
                connection.execute(table.delete())
        cast = make_cast(built)
    made = House(built, cast, clock)
    yield made
    server_clock.use(server_clock.system)
    # Whatever the story was: no digest may be another than that of its rows (P30).
    assert not made.sound or [one for one in made.audit() if one.kind == "digest"] == []


def both(metafunc: pytest.Metafunc) -> None:
    """Every test that asks for a house runs on SQLite and on PostgreSQL, unless it names one of them itself."""
    named = [str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize")]
    if "built" in metafunc.fixturenames and "built" not in named:
        metafunc.parametrize("built", ["sqlite", "postgres"], indirect=True, scope="session")


postgres_only = pytest.mark.parametrize("built", ["postgres"], indirect=True, scope="session")


class House:
    """The cast with the few things every story does."""

    def __init__(self, app: Flask, cast: Cast, clock: Clock) -> None:
        self.app = app
        self.cast = cast
        self.clock = clock
        self._desks: dict[str, Desk] = {}
        # Set to False by a story that writes rows past the services.
        self.sound = True

    # --- the desk -----------------------------------------------------------------------------------------------------

    def desk(self, person: UserView | None = None) -> Desk:
        """The browser of a person, by default of Dora the dispatcher."""
        person = person or self.cast.dora
        if person.id not in self._desks:
            self._desks[person.id] = self.cast.desk(person)
        return self._desks[person.id]

    def order(self, waybill: str = WAYBILL, kind: str = "delivery", **over: Any) -> str:
        """An order from the desk; answers its task's id."""
        [result] = self.desk().submit(order_draft(self.cast.home.id, waybill, kind, **over))
        assert result["status"] == "applied", result
        return task_id(waybill, kind)

    def assigned(self, waybill: str = WAYBILL, to: UserView | None = None, **over: Any) -> str:
        """An order that is on a courier's list (阿良's by default); answers its task's id."""
        kind = over.get("kind", "delivery")
        made = self.order(waybill, **over)
        courier = to or self.cast.liang
        [result] = self.desk().submit(assign_draft(waybill, courier.id, kind))
        assert result["status"] == "applied", result
        return made

    def tell(self, op_type: str, entity: str, payload: dict[str, Any], **over: Any) -> dict[str, Any]:
        """One operation from the desk; answers its result."""
        by = over.pop("by", None)
        [result] = self.desk(by).submit(draft(op_type, entity, payload, **over))
        return result

    def cancel(self, task: str, reason: str = "客户取消", **over: Any) -> dict[str, Any]:
        return self.tell("task.cancelled", f"task:{task}", {"reason": reason}, **over)

    def reassign(self, task: str, before: UserView, after: UserView, **over: Any) -> dict[str, Any]:
        payload = {"courier": after.id, "sequence": 1, "reason": "route is full"}
        return self.tell("task.reassigned", f"task:{task}", payload, base={"courier": before.id}, **over)

    def decide(self, conflict: str, outcome: str, reason: str = "looked into", **over: Any) -> dict[str, Any]:
        payload = {"outcome": outcome, "reason": reason}
        return self.tell("conflict.decided", f"conflict:{conflict}", payload, **over)

    def cases(self, status: str = "open", by: UserView | None = None) -> list[dict[str, Any]]:
        response = self.desk(by).get(f"/api/v1/dispatch/conflicts?status={status}")
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json["conflicts"]
        return found

    def case(self, conflict: str) -> dict[str, Any]:
        response = self.desk().get(f"/api/v1/dispatch/conflicts/{conflict}")
        assert response.status_code == 200, response.text
        return dict(response.json)

    # --- the street ---------------------------------------------------------------------------------------------------

    def phone(self, courier: UserView | None = None) -> Phone:
        """A newly enrolled handheld, by default 阿良's."""
        courier = courier or self.cast.liang
        return Phone(self.cast.handheld(courier), courier)

    # --- looks inside -------------------------------------------------------------------------------------------------

    def record(self, entity: str) -> dict[str, Any] | None:
        """A record as the server keeps it."""
        kind, _, identity = entity.partition(":")
        with self.app.app_context(), read():
            found = OWNERS[kind].load([identity], lock=False).get(identity)
        return None if found is None else found.record

    def status(self, task: str) -> str:
        found = self.record(f"task:{task}")
        assert found is not None
        return str(found["status"])

    def log(self, **where: Any) -> list[Operation]:
        """Rows of the log, in the server's order."""
        query = select(Operation).filter_by(**where).order_by(Operation.position)
        return self._all(query)

    def parked(self, **where: Any) -> list[Quarantined]:
        """Rows of the quarantine."""
        return self._all(
            select(Quarantined).filter_by(**where).order_by(Quarantined.received_at, Quarantined.id)
        )

    def count(self, model: Any) -> int:
        with self.app.app_context(), read() as session:
            return int(session.execute(select(func.count()).select_from(model)).scalar_one())

    def listed(self, scope: str) -> dict[str, tuple[bool, str | None]]:
        """entity -> (present, reason) of one scope, as the server keeps it."""
        rows = self._all(select(ScopeEntity).filter_by(scope=scope))
        return {row.entity: (row.present, row.reason) for row in rows}

    def audit(self) -> list[Finding]:
        """What does not add up in the database."""
        with self.app.app_context(), read():
            return list(findings())

    def inside(self, work: Callable[[], Any]) -> Any:
        """Runs something in an application context of its own."""
        with self.app.app_context():
            try:
                return work()
            finally:
                db.session.remove()

    def _all(self, query: Any) -> list[Any]:
        with self.app.app_context(), read() as session:
            return list(session.scalars(query))


class Phone:
    """A handheld that records on a tape, pushes from its own head and keeps a mirror by the rules (P26)."""

    def __init__(self, handheld: Handheld, courier: UserView) -> None:
        self.handheld = handheld
        self.courier = courier
        self.tape = Tape(courier.id, handheld.device)
        self.acked = 0
        self.cursors: dict[str, int] = {}
        self.mirror: dict[str, dict[str, dict[str, Any]]] = {}
        self.compares = True

    @property
    def scope(self) -> str:
        return f"courier:{self.courier.id}"

    def send(self, body: Any, **headers: str) -> TestResponse:
        """An exchange with any body."""
        return self.send_raw(json.dumps(body).encode(), **headers)

    def send_raw(self, data: bytes, **headers: str) -> TestResponse:
        """An exchange with any bytes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.handheld.post(
            "/api/v1/exchange", data=data, headers=named, content_type="application/json"
        )

    def exchange(self, operations: list[Any] | None = None, from_seq: int = 1, **over: Any) -> dict[str, Any]:
        """One exchange; answers its body."""
        push = None if operations is None else {"from_seq": from_seq, "operations": operations}
        body = {
            "protocol": 1,
            "app": "test-1",
            "incarnation": self.tape.incarnation,
            "push": push,
            "cursors": {},
            "ceilings": {},
            "limit": 500,
            "sent_at": self.tape.at,
            **over,
        }
        response = self.send_raw(gzip.compress(json.dumps(body).encode()), Content_Encoding="gzip")
        assert response.status_code == 200, response.text
        return dict(response.json)

    def push(self) -> list[dict[str, Any]]:
        """Pushes what is on the tape and not yet acknowledged; answers the results."""
        answer = self.exchange(self.tape.envelopes[self.acked :], self.acked + 1)
        self.acked = answer["head_seq"]
        results: list[dict[str, Any]] = answer["results"]
        return results

    def sends(self, op_type: str, entity: str, payload: dict[str, Any], **over: Any) -> dict[str, Any]:
        """Records one operation and pushes; answers its result."""
        self.tape.record(op_type, entity, payload, **over)
        return self.push()[-1]

    def delivers(self, waybill: str = WAYBILL, **over: Any) -> dict[str, Any]:
        self.tape.delivered(waybill, **over)
        return self.push()[-1]

    def fails(self, waybill: str = WAYBILL, **over: Any) -> dict[str, Any]:
        self.tape.failed(waybill, **over)
        return self.push()[-1]

    def pull(self, limit: int = 500) -> dict[str, Any]:
        """Pages from a ceiling pinned by the first one until all scopes are final; answers scope -> its new rows."""
        at, ceilings = dict(self.cursors), {}
        new: dict[str, dict[str, dict[str, Any]]] = {}
        digests: dict[str, dict[str, int] | None] = {}
        for _ in range(10_000):
            pages = self.exchange(cursors=at, ceilings=ceilings, limit=limit)["pull"]["scopes"]
            for page in pages:
                ceilings[page["scope"]] = page["ceiling"]
                at[page["scope"]] = page["to"]
                digests[page["scope"]] = page["digest"]
                if page["reset"]:
                    self.mirror[page["scope"]] = {}
                new.setdefault(page["scope"], {}).update({row["entity"]: row for row in page["rows"]})
            if all(page["final"] for page in pages):
                break
        self.cursors = at
        for scope, rows in new.items():
            self.mirror.setdefault(scope, {}).update(rows)
            if self.compares and digests[scope] is not None:
                present = [row for row in self.mirror[scope].values() if row["present"]]
                held = digest((row["entity"], row["rev"]) for row in present)
                assert asdict(held) == digests[scope], scope
        return new

    def rows(self) -> dict[str, dict[str, Any]]:
        """What the courier has on his list: entity -> body."""
        mine = self.mirror.get(self.scope, {})
        return {entity: row["body"] for entity, row in mine.items() if row["present"]}

    def notices(self) -> list[dict[str, Any]]:
        """What the courier is told, oldest first."""
        mine = self.mirror.get(f"notices:{self.courier.id}", {})
        return [row["body"] for row in sorted(mine.values(), key=lambda row: row["ver"])]
