"""Writes of proofs; called by `server.ops` alone."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from server.core.db import db
from server.proofs.models import Proof
from server.proofs.policy import proofs_of


def record(operations: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    """Keeps what evidence each accepted operation names.

    Args:
        operations: (task id, station id, envelope).
    """
    rows = [row for task_id, station_id, op in operations for row in proofs_of(task_id, station_id, op)]
    if rows:
        db.session.execute(insert(Proof), rows)
