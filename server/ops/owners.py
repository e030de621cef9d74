"""Which feature keeps which kind of record; in lock order (P25: customers first, then by kind and id)."""

from server.conflicts.service import store as conflicts
from server.core.records import RecordStore
from server.crm.service import store as customers
from server.messages.service import store as messages
from server.parcels.service import store as parcels
from server.payments.service import store as obligations
from server.shifts.service import store as shifts
from server.tasks.service import store as tasks

OWNERS: dict[str, RecordStore] = {
    "customer": customers,
    "conflict": conflicts,
    "message": messages,
    "obligation": obligations,
    "parcel": parcels,
    "shift": shifts,
    "task": tasks,
}
