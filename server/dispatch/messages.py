"""What the station told its couriers, and what each of them has told of it, as the desk shows it."""

from typing import Any

from server.auth import queries as auth_queries
from server.auth.scoping import Scope
from server.core.records import Record
from server.messages import queries as message_queries
from server.tasks import queries as task_queries


def listing(scope: Scope, limit: int, before: str | None) -> dict[str, Any]:
    """A page of the station's messages, newest first, and whether there are older ones."""
    found = message_queries.newest(scope.station, limit + 1, before)
    shown = found[:limit]
    ids = {one["author"] for one in shown} | {r["courier"] for one in shown for r in one["readers"]}
    people = {user.id: user.name for user in auth_queries.users_by_id(ids).values()}
    waybills = task_queries.waybills({one["task"] for one in shown if one["task"]}, scope.station)
    return {"messages": [_shown(one, people, waybills) for one in shown], "more": len(found) > limit}


def _shown(message: Record, people: dict[str, str], waybills: dict[str, str]) -> dict[str, Any]:
    readers = [
        {
            "courier": {"id": one["courier"], "name": people.get(one["courier"], "")},
            "received_at": one["received_at"],
            "read_at": one["read_at"],
        }
        for one in message["readers"]
    ]
    author = {"id": message["author"], "name": people.get(message["author"], "")}
    told = {name: message[name] for name in ("id", "at", "text", "task")}
    return {**told, "author": author, "waybill": waybills.get(message["task"]), "readers": readers}
