"""What couriers pull of the messages a batch has moved: one row for each reader, with what he told of it (P24)."""

from collections.abc import Iterator
from typing import Any

from server.auth import queries as auth_queries
from server.core.records import Record
from server.ops import scopes
from server.ops.batch import Batch
from server.ops.scopes import Move
from server.tasks import queries as task_queries
from sync.canonical import derive


def message_rows(batch: Batch) -> tuple[dict[str, dict[str, Any]], list[Move]]:
    """Entity -> body of each row, and the notices they go to; nothing for a reader of whom nothing new is known."""
    moved = [one for name, one in batch.board.of_kind("message") if f"message:{name}" in batch.board.moved]
    if not moved:
        return {}, []
    authors = auth_queries.users_by_id({one["author"] for one in moved})
    bodies: dict[str, dict[str, Any]] = {}
    moves: list[Move] = []
    for message in moved:
        author, about = authors.get(message["author"]), [message["task"]] if message["task"] else []
        said = {
            "message": message["id"],
            "task": message["task"],
            "waybill": task_queries.waybills(about, message["station"]).get(message["task"]),
            "at": message["at"],
            "by_name": author.name if author else None,
            "text": message["text"],
        }
        for reader in _told_anew(batch, message):
            row = derive("message", message["id"], reader["courier"])
            heard = {name: reader[name] for name in ("received_at", "read_at")}
            bodies[f"message:{row}"] = {"id": row, **said, **heard}
            moves.append(Move(scopes.notices_scope(reader["courier"]), f"message:{row}", True))
    return bodies, moves


def _told_anew(batch: Batch, message: Record) -> Iterator[Record]:
    loaded = batch.board.loaded.get(f"message:{message['id']}")
    before = loaded.record["readers"] if loaded else []
    for reader in message["readers"]:
        if reader not in before:
            yield reader
