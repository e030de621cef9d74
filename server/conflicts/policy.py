"""When a case is due: plain data in, plain data out."""

HOUR_MS = 3_600_000
DEFAULT_HOURS = 4
# Money, recalled parcels and lost work cannot wait for the end of the shift.
HOURS = {"cancelled": 1, "device_lost": 1, "second_payment": 2, "amount_differs": 2, "unsettled": 2}


def due_at(kind: str, opened_at: int) -> int:
    """The deadline of a new case, ms; `opened_at` is server time."""
    return opened_at + HOURS.get(kind, DEFAULT_HOURS) * HOUR_MS
