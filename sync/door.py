"""What a report from a door is held against: the state and holder of its task; a sign-off besides against money due,
wishes not heard, consent, code and pieces.

Each is a case and never a refusal: the parcel is where it is (P19).
"""

from typing import Any

from sync.apply import next_status
from sync.conflict import (
    CaseDraft,
    consent_case,
    missed_request_case,
    partial_case,
    pin_case,
    unsettled_case,
)
from sync.requests import belongs, unknown_wish
from sync.schemas.fields import PROXIES
from sync.tables import OUTCOMES, STATES
from sync.values import Op, Record


def speaks_for_holder(record: Record, op: Op) -> bool:
    """The holder himself, or the desk in his name: an operation without a device comes from a web session."""
    return op["device"] is None or op["author"] == record["courier"]


def dispute(record: Record, op: Op) -> str | None:
    """What stands against an outcome, the gravest first; None when the holder reports what the table expects (P19)."""
    holder = speaks_for_holder(record, op)
    cancelled = record["cancelled"] is not None
    if holder and not cancelled and next_status(record, op["type"]) is not None:
        return None
    outcome = record["outcome"]
    if outcome is not None:
        status = OUTCOMES[outcome["type"]]["status"]
        goes_on = op["type"] in STATES[record["kind"]].get(status, {})
        if outcome["author"] != op["author"] or not goes_on:
            return "contradiction"
    if cancelled:
        return "cancelled"
    if not holder and record.get("handover", {}).get("giver") == op["author"]:
        return "handover"
    return "state" if holder else "reassigned"


def door_cases(
    task: Record,
    op: Op,
    *,
    parcel: Record | None,
    customer: Record | None,
    obligation: Record | None,
    pin: str | None,
) -> list[CaseDraft]:
    """The cases of an outcome that stands; `pin` is the code the customer was shown, where there is one."""
    cases = []
    signed = op["type"] == "task.delivered"
    if signed and obligation is not None and obligation["status"] == "due":
        cases.append(unsettled_case(obligation, op))
    if customer is not None and (wish := unknown_wish(customer, task, op["base"])) is not None:
        cases.append(missed_request_case(wish, customer["touched"].get(wish["id"]), op))
    if not signed:
        return cases
    if not consented(customer, task, op["payload"]):
        cases.append(consent_case(standing_word(customer, task, op["payload"]["recipient"]), op))
    typed = op["payload"].get("pin")
    if task.get("pin_required") and pin is not None and typed != pin:
        cases.append(pin_case("wrong" if typed else "missing", op))
    if parcel is not None and left_over(parcel, op["payload"]):
        cases.append(partial_case(parcel, op))
    return cases


def consented(customer: Record | None, task: Record, payload: dict[str, Any]) -> bool:
    """Whether the sign-off names a consent that is on record, where somebody else than the recipient or his family took
    the parcel. A newer word than the one it names counts as well; one that was taken back does not."""
    named = payload["consent"]
    if payload["recipient"] not in PROXIES:
        return True
    if named is None or named["ref"] is None or customer is None:
        return False
    if named["source"] == "request":
        return any(
            _asked_for(one, task, payload) for one in customer["requests"] if one["id"] == named["ref"]
        )
    if named["source"] not in ("crm", "asked"):
        return False
    word = standing_word(customer, task, payload["recipient"])
    return word is not None and bool(word["given"])


def standing_word(customer: Record | None, task: Record, kind: str) -> Record | None:
    """The customer's word on leaving this parcel with somebody: the one for it alone before the one for all."""
    words = [] if customer is None else [one for one in customer["consents"] if one["kind"] == kind]
    own = [one for one in words if one.get("task") == task["id"]]
    return next(iter([*own, *(one for one in words if one.get("task") is None)]), None)


def consents_here(customer: Record, task: Record) -> list[Record]:
    """The customer's words that count at the door of this task."""
    found = (standing_word(customer, task, kind) for kind in PROXIES)
    return [word for word in found if word is not None]


def left_over(parcel: Record, payload: dict[str, Any]) -> bool:
    """Whether some pieces of a shipment were not handed over."""
    return "rest" in payload or payload.get("pieces", parcel["pieces"]) < parcel["pieces"]


def _asked_for(request: Record, task: Record, payload: dict[str, Any]) -> bool:
    wanted = payload["recipient"] == "reception" and request["kind"] == "leave_at_reception"
    return bool(wanted and request["active"] and request["state"] == "accepted" and belongs(request, task))
