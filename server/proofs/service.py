"""Writes of proofs; called by `server.ops` alone."""

from collections.abc import Sequence
from typing import Any

from server.core.sql import insert_rows
from server.proofs.models import ParkedProof, Proof
from server.proofs.policy import parked_proofs_of, proofs_of


def record(operations: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    """Keeps what evidence each accepted operation names.

    Args:
        operations: (task id, station id, envelope).
    """
    rows = [row for task_id, station_id, op in operations for row in proofs_of(task_id, station_id, op)]
    insert_rows(Proof.__table__, rows)


def record_parked(parked: Sequence[tuple[dict[str, Any], Any]]) -> None:
    """Keeps what evidence something in quarantine names.

    Args:
        parked: (row of the quarantine, what was handed in).
    """
    rows = [
        {
            "parked_id": row["id"],
            "station_id": row["station_id"],
            "device_id": row["device_id"],
            "op_id": row["op_id"],
            "kind": kind,
            "sha256": sha,
            "at": row["received_at"],
        }
        for row, raw in parked
        for sha, kind in parked_proofs_of(raw).items()
    ]
    insert_rows(ParkedProof.__table__, rows)
