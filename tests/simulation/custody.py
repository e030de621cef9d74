"""Who may be told what, and in whose name what counts (P2, P11, P24, P34): looked up in the database."""

import gzip
import json
from hashlib import sha256
from typing import Any

import orjson

from tests.simulation.house import Answer, House, Request
from tests.simulation.machine import HOUR

STALE = 12 * HOUR
"""From what age on a manifest says nothing any more."""
RECALLED, CLOSED = 1, 2

Entry = tuple[str, int]


def wrong_telling(house: House, request: Request, answer: Answer, now: int) -> str | None:
    """What an exchange told that it must not have told, or kept back that it owed; None when it was right."""
    said = orjson.loads(answer.body)
    state, pages = said["pull"]["state"], said["pull"]["scopes"]
    due, scopes = _due(house, request, now)
    told = {page["scope"] for page in pages}
    if state != due or told - scopes:
        return f"P34: {due} was due, it was told {state} and {sorted(told)}"
    push = orjson.loads(_unpacked(request)).get("push") or {"operations": [], "from_seq": 1}
    asked, gap = len(push["operations"]), said["expected_seq"] < push["from_seq"]
    if asked != len(said["results"]) and not gap:
        return f"P34: {asked} operations were handed in, {len(said['results'])} results came back"
    return None


def _due(house: House, request: Request, now: int) -> tuple[str, set[str]]:
    """What a handheld is to be told, and of which scopes."""
    [device] = house.rows(
        "SELECT d.id, d.station_id, d.revoked_at, u.disabled_at FROM device d JOIN user_account u ON u.id = d.user_id "
        "WHERE d.credential_hash = ?",
        _hash(request.headers["authorization"].removeprefix("Bearer ")),
    )
    if device["revoked_at"] or device["disabled_at"]:
        return "revoked", set()
    bearer = request.headers["authorization"].removeprefix("Bearer ")
    token = request.headers.get("x-doorstep-session", bearer)
    live = house.rows(
        "SELECT user_id FROM handheld_session "
        "WHERE device_id = ? AND token_hash = ? AND ended_at IS NULL AND until > ?",
        device["id"],
        _hash(token),
        now,
    )
    if not live:
        return "login_required", set()
    user, station = live[0]["user_id"], device["station_id"]
    return "ok", {f"courier:{user}", f"notices:{user}", f"reference:{station}"}


def wrong_custody(
    house: House, ledger: list[dict[str, Any]], parked: list[dict[str, Any]], authors: dict[str, str]
) -> str | None:
    """What counts though it must not: in another name (P11), or of a revoked handheld by nobody's word (P34)."""
    for row in ledger:
        author = authors.get(row["op_id"], row["author"])
        if row["author"] != author:
            return f"P11: {row['op_id']} was recorded by {author} and counts as {row['author']}'s"
    revoked = {
        row["id"]: row["revoked_at"]
        for row in house.rows("SELECT id, revoked_at FROM device WHERE revoked_at IS NOT NULL")
    }
    let_through = {row["op_id"] for row in parked if row["released_at"] is not None}
    for row in ledger:
        since = revoked.get(row["device_id"])
        if since is not None and row["received_at"] > since and row["op_id"] not in let_through:
            return f"P34: {row['op_id']} came from a revoked handheld and counts, let through by nobody"
    for row in parked:
        if row["code"] == "device_revoked" and row["device_id"] not in revoked:
            return f"P34: {row['op_id']} was parked as a revoked handheld's, which it is not"
    return None


def wrong_spoken(house: House, ledger: list[dict[str, Any]]) -> str | None:
    """What a desk entered in a holder's name: whoever spoke is named, and the holder was told (P2)."""
    spoken = {
        row["op_id"]: row for row in ledger if row["type"] == "task.delivered" and row["device_id"] is None
    }
    if not spoken:
        return None
    told = {
        one["op"]
        for one in house.json("SELECT payload FROM outbox WHERE topic = 'notice'")
        if one["about"] == "list"
    }
    for record in house.json("SELECT record FROM tasks"):
        outcome = record["outcome"] or {}
        row = spoken.get(outcome.get("op_id"))
        if row is None:
            continue
        if outcome["author"] != row["author"]:
            return f"P2: {row['author']} entered {row['op_id']}, the record names {outcome['author']}"
        if row["op_id"] not in told:
            return f"P2: nobody told the holder of {row['entity']} what was entered in his name"
    return None


def truth(house: House) -> dict[str, int]:
    """Waybill hash -> flags of every parcel there is, as a manifest published now may say."""
    rows = house.rows("SELECT t.status, p.record FROM tasks t JOIN parcels p ON p.id = t.parcel_id")
    found: dict[str, int] = {}
    for row in rows:
        flags = RECALLED if row["status"] == "cancelled" else 0
        flags = CLOSED if row["status"] in ("delivered", "picked_up", "returned") else flags
        found[_short(json.loads(row["record"])["waybill"])] = flags
    return found


def wrong_manifest(house: House, entries: list[Any], labels: dict[str, str]) -> str | None:
    """What a manifest says that is not so, or that is about a person."""
    known = truth(house)
    for entry in entries:
        short, route, flags = entry
        if known.get(short) != flags or (route and route not in labels.values()):
            return f"P24: the manifest says {entry}, the tasks say {known.get(short)}"
    return None


def expected(entries: dict[str, Entry], waybill: str) -> tuple[str, str | None]:
    """Verdict and route of a parcel that is on nobody's list here, by a manifest that still means something."""
    entry = entries.get(_short(waybill))
    if entry is None:
        return "unknown", None
    route, flags = entry
    if flags & RECALLED:
        return "recalled", None
    return ("signed", None) if flags & CLOSED else ("other_route", route)


def _short(waybill: str) -> str:
    return sha256(waybill.encode()).hexdigest()[:16]


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _unpacked(request: Request) -> bytes:
    packed = request.headers.get("content-encoding") == "gzip"
    return gzip.decompress(request.body) if packed else request.body
