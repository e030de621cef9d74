"""Who looks after a case, when it is due, and until when its decision may be undone: plain data in and out."""

from collections.abc import Iterable
from dataclasses import dataclass

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DEFAULT_HOURS = 4
# Money, recalled or missing parcels, lost work and a customer who says "not me" cannot wait for the end of the shift.
HOURS = {
    "cancelled": 1,
    "device_lost": 1,
    "disputed": 1,
    "second_payment": 2,
    "amount_differs": 2,
    "unsettled": 2,
    "request_late": 2,
    "no_consent": 2,
    "wrong_code": 1,
    "problem": 2,
    "handover": 1,
}
# A customer's tier divides the time: a key customer's case is due in a quarter of it.
TIER_DIVISOR = {"key": 4, "monthly": 2, "casual": 1}

UNDO_MS = 10 * MINUTE_MS
"""How long after its arrival a decision can be undone."""

# What a customer said, or has to be asked, is customer service's first; what moves parcels, money or routes is the
# dispatcher's.
CUSTOMERS_WORD = ("request_late", "disputed", "no_consent", "wrong_code", "partial", "problem")
ROLES = ("dispatcher", "csr", "admin")
ROLES_FOR_CUSTOMERS_WORD = ("csr", "dispatcher", "admin")


@dataclass(frozen=True)
class Candidate:
    """Somebody of the station's desk who could own a case, with the number of open cases he owns already."""

    id: str
    role: str
    open_cases: int = 0


def due_at(kind: str, opened_at: int, tier: str = "casual") -> int:
    """The deadline of a new case, ms.

    Args:
        kind: the case's kind; one that is not known gets the ordinary time.
        opened_at: server time, ms.
        tier: the customer's: key, monthly or casual; a case without a customer is casual.
    """
    return opened_at + HOURS.get(kind, DEFAULT_HOURS) * HOUR_MS // TIER_DIVISOR.get(tier, 1)


def choose_owner(kind: str, candidates: Iterable[Candidate]) -> str | None:
    """Who a new case goes to: of the role that answers for its kind, whoever owns the fewest open cases.

    A role nobody of which works at the station is passed over; ties go by id, so that the same day gives the same
    owners twice. None when nobody works at the desk.
    """
    roles = ROLES_FOR_CUSTOMERS_WORD if kind in CUSTOMERS_WORD else ROLES
    fit = [one for one in candidates if one.role in roles]
    if not fit:
        return None
    return min(fit, key=lambda one: (roles.index(one.role), one.open_cases, one.id)).id


def undo_until(decided_at: int) -> int:
    """Until when (ms) a decision that arrived at `decided_at` (server time, ms) may be undone."""
    return decided_at + UNDO_MS
