"""Lives of the database: a restored one announces a new epoch, so that handhelds offer what it has forgotten (P31)."""

import structlog
from sqlalchemy import func, select

from server.core.clock import now_ms
from server.core.db import db, transaction, upsert
from server.core.ids import uuid7
from server.ops.models import Epoch, Operation

log = structlog.get_logger(__name__)


def first() -> str:
    """Begins the first epoch, unless somebody has done so meanwhile; answers the one that counts."""
    with transaction():
        _insert(1, "first")
        return str(_newest())


def begin(cause: str) -> str:
    """Ends the present epoch and begins another; answers its id. Every handheld will rebuild what it shows."""
    with transaction():
        number = db.session.execute(select(func.max(Epoch.number))).scalar_one() or 0
        _insert(number + 1, cause)
        last = db.session.execute(select(func.max(Operation.position), func.max(Operation.received_at))).one()
        begun = str(_newest())
    log.warning("epoch_begun", epoch=begun, cause=cause, log_ends_at=last[0] or 0, last_received_at=last[1])
    return begun


def _insert(number: int, cause: str) -> None:
    row = {"number": number, "id": uuid7(), "begun_at": now_ms(), "cause": cause}
    db.session.execute(upsert(Epoch).on_conflict_do_nothing(index_elements=[Epoch.number]), row)


def _newest() -> str | None:
    return db.session.scalars(select(Epoch.id).order_by(Epoch.number.desc()).limit(1)).first()
