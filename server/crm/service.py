"""Writes of customers; a change that reaches handhelds comes through `server.ops`."""

from server.core.records import RecordStore
from server.crm.models import Customer

store = RecordStore(
    Customer,
    lambda record: {"station_id": record["station"], "name": record["name"], "phone": record["phone"]},
)
