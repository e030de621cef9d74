"""The one source of shapes: operations, records, exchange. OpenAPI and the TypeScript types come from here."""

from sync.schemas.exchange import (
    ROW_BODIES,
    ExchangeRequest,
    ExchangeResponse,
    NoticeRow,
    OperationsRequest,
    OperationsResponse,
    Result,
    Row,
    StationRow,
    TaskRow,
)
from sync.schemas.operations import OPERATIONS, PAYLOADS, Base, Envelope
from sync.schemas.records import RECORDS

__all__ = [
    "OPERATIONS",
    "PAYLOADS",
    "RECORDS",
    "ROW_BODIES",
    "Base",
    "Envelope",
    "ExchangeRequest",
    "ExchangeResponse",
    "NoticeRow",
    "OperationsRequest",
    "OperationsResponse",
    "Result",
    "Row",
    "StationRow",
    "TaskRow",
]
