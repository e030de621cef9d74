"""Messages of a station to its couriers: who is meant, on whose handheld it has arrived, who has read it.

Both are told by the courier's own handheld, as facts: what a server has sent off is no proof that anybody has it.
"""

from typing import Final

from sync.values import Op, Record, id_of

READ: Final = "message.read"


def sent(record: Record | None, op: Op) -> Record:
    """The message; sent a second time it stays what it was."""
    payload = op["payload"]
    return record or {
        "id": id_of(op["entity"]),
        "station": payload["station"],
        "author": op["author"],
        "text": payload["text"],
        "task": payload["task"],
        "at": op["at"],
        "readers": [
            {"courier": courier, "received_at": None, "read_at": None}
            for courier in dict.fromkeys(payload["to"])
        ],
    }


def heard(record: Record | None, op: Op) -> Record | None:
    """The message after one of its readers has received or read it, each for the first time.

    Who has read it has received it. Somebody it was not for changes nothing.
    """
    if record is None:
        return None
    told = ("received_at", "read_at") if op["type"] == READ else ("received_at",)
    readers = [
        {**reader, **{name: op["at"] for name in told if reader[name] is None}}
        if reader["courier"] == op["author"]
        else reader
        for reader in record["readers"]
    ]
    return record if readers == record["readers"] else {**record, "readers": readers}
