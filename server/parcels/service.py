"""Writes of parcels; called by `server.ops` alone."""

from server.core.records import RecordStore
from server.parcels.models import Parcel

store = RecordStore(Parcel, lambda record: {"waybill": record["waybill"]})
