"""Which evidence an operation names: plain data in, plain data out."""

from typing import Any


def proofs_of(task_id: str, station_id: str, op: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows for the signature and the photos in an operation's payload; empty when it names none."""
    payload = op["payload"]
    named = [("signature", payload.get("signature"))] + [
        ("photo", sha) for sha in payload.get("photos") or []
    ]
    once = {sha: kind for kind, sha in reversed(named) if sha}
    return [
        {
            "task_id": task_id,
            "station_id": station_id,
            "op_id": op["op_id"],
            "kind": kind,
            "sha256": sha,
            "at": op["at"],
        }
        for sha, kind in once.items()
    ]
