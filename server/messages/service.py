"""Writes of messages; called by `server.ops` alone."""

from server.core.records import RecordStore
from server.messages.models import CourierMessage

store = RecordStore(
    CourierMessage,
    lambda record: {"station_id": record["station"], "sent_at": record["at"]},
)
