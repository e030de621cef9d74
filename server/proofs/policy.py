"""Which evidence an operation names: plain data in, plain data out."""

import re
from typing import Any

_SHA = re.compile(r"[0-9a-f]{64}")
# More than any operation may name; what claims more is not followed further.
_MOST_PARKED = 50


def proofs_of(task_id: str, station_id: str, op: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows for the signature and the photos in an operation's payload; empty when it names none."""
    return [
        {
            "task_id": task_id,
            "station_id": station_id,
            "op_id": op["op_id"],
            "kind": kind,
            "sha256": sha,
            "at": op["at"],
        }
        for sha, kind in _named(op["payload"], []).items()
    ]


def parked_proofs_of(raw: object) -> dict[str, str]:
    """sha256 -> kind of the evidence that something in quarantine names, whatever else is wrong with it."""
    if not isinstance(raw, dict):
        return {}
    payload, blobs = raw.get("payload"), raw.get("blobs")
    named = _named(payload if isinstance(payload, dict) else {}, blobs if isinstance(blobs, list) else [])
    clean = [(sha, kind) for sha, kind in named.items() if _SHA.fullmatch(sha)]
    return dict(clean[:_MOST_PARKED])


def _named(payload: dict[str, Any], blobs: list[Any]) -> dict[str, str]:
    photos = payload.get("photos")
    named = [("signature", payload.get("signature"))]
    named += [("photo", sha) for sha in [*(photos if isinstance(photos, list) else []), *blobs]]
    return {sha: kind for kind, sha in reversed(named) if isinstance(sha, str)}
