"""What people do at the desk with files of orders, with the worker's part of it."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from server.core.db import db, read
from server.core.outbox import OutboxRow
from server.intake import jobs
from tests.people import Desk
from tests.server.intake.books import HEADER

DOOR = "/api/v1/orders"


def as_csv(*rows: list[Any], separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([HEADER, *rows])
    return out.getvalue()


def bring(desk: Desk, data: bytes, name: str = "五月.csv") -> dict[str, Any]:
    answer = desk.post(f"{DOOR}/files", data={"file": (io.BytesIO(data), name)})
    assert answer.status_code == 201, answer.text
    seen: dict[str, Any] = answer.json
    return seen


def wish(seen: dict[str, Any], **over: Any) -> dict[str, Any]:
    return {"mapping": seen["mapping"], "merchant": seen["merchant"] or "茶铺", "year": 2026, **over}


def begin(app: Flask, desk: Desk, seen: dict[str, Any], **over: Any) -> dict[str, Any]:
    """Asks for the import and does the worker's part of it."""
    answer = desk.post(f"{DOOR}/files/{seen['id']}/imports", json=wish(seen, **over))
    assert answer.status_code == 202, answer.text
    return work(app, desk, answer.json["id"])


def work(app: Flask, desk: Desk, batch: str) -> dict[str, Any]:
    with app.app_context(), read():
        asked = db.session.scalars(select(OutboxRow.key).where(OutboxRow.topic == jobs.TOPIC)).all()
    assert batch in asked
    with app.app_context():
        jobs.run(batch)
    state: dict[str, Any] = desk.get(f"{DOOR}/imports/{batch}").json
    return state


def count(app: Flask, model: Any, *conditions: Any) -> int:
    with app.app_context(), read():
        return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def undo(app: Flask, desk: Desk, batch: str) -> dict[str, Any]:
    """Takes a whole import back and does the worker's part of it."""
    answer = desk.post(f"{DOOR}/imports/{batch}/undo", json={"reason": "错传了文件"})
    assert answer.status_code == 202, answer.text
    return work(app, desk, batch)
