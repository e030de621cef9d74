"""A demo start writes the day through the real doors, once."""

from collections import Counter
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from server.core.db import db, read
from server.demo.generate import TASKS, UNASSIGNED
from server.demo.seed import PASSWORD, enrolment_codes, seed_day
from server.ops.models import Operation
from server.tasks.models import Task
from tests.conftest import SECRET, Clock


def numbers() -> tuple[int, int]:
    with read():
        tasks = db.session.scalar(select(func.count()).select_from(Task)) or 0
        return tasks, db.session.scalar(select(func.count()).select_from(Operation)) or 0


def test_a_second_start_adds_nothing_and_a_new_day_adds_its_own(
    app: Flask, clock: Clock, tmp_path: Path
) -> None:
    with app.app_context():
        assert seed_day(tmp_path).new_orders == TASKS
        assert numbers() == (TASKS, 2 * TASKS - UNASSIGNED)
        assert seed_day(tmp_path).new_orders == 0
        assert numbers() == (TASKS, 2 * TASKS - UNASSIGNED)
        clock.advance(hours=24)
        assert seed_day(tmp_path).new_orders == TASKS
        assert numbers() == (2 * TASKS, 2 * (2 * TASKS - UNASSIGNED))


def test_couriers_have_their_route_and_some_tasks_wait(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        seed_day(tmp_path)
        with read():
            tasks = list(db.session.scalars(select(Task)))
    lists: dict[str | None, list[Task]] = {}
    for task in tasks:
        lists.setdefault(task.courier_id, []).append(task)
    assert len(lists[None]) == UNASSIGNED
    assert Counter(task.status for task in tasks) == {"created": UNASSIGNED, "assigned": TASKS - UNASSIGNED}
    for courier, mine in lists.items():
        if courier is not None:
            way = sorted(mine, key=lambda task: task.sequence or 0)
            assert [task.sequence for task in way] == list(range(1, len(mine) + 1))
            assert [task.window_end for task in way] == sorted(task.window_end or 0 for task in mine)


def test_the_logins_work_and_every_start_has_fresh_codes(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        seeded = seed_day(tmp_path)
        codes = enrolment_codes(seeded, SECRET) + enrolment_codes(seeded, SECRET)
    assert len({code for _, code in codes}) == 8
    client = app.test_client()
    for login in seeded.logins:
        if login.password:
            answer = client.post("/api/v1/session", json={"username": login.username, "password": PASSWORD})
            assert answer.json["user"]["role"] == login.role
    enrolled = client.post("/api/v1/devices/enrol", json={"code": codes[0][1], "app": "t", "label": None})
    assert enrolled.status_code == 201
