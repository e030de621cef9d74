"""A customer's words as the desk may see them: who and where is masked, what was asked is not."""

from typing import Any

from server.core.masking import STAR, mask_address, mask_name, mask_phone
from server.core.records import Record

# Payload fields that name a person or a door and say nothing to a timeline that the masks would leave.
_PERSONAL = ("customer", "address", "recipient_name")


def mask_email(email: str | None) -> str | None:
    """`wang.xiaoming@example.cn` to `w***@example.cn`; the length of what is hidden is not shown."""
    if not email:
        return email
    local, at, domain = email.partition("@")
    return f"{local[:1]}{STAR * 3}{at}{domain}" if at else STAR * 3


def mask_text_address(text: str | None) -> str | None:
    """An address of one line, down to the building."""
    return None if text is None else str(mask_address({"text": text})["text"])


def contact(given: Record) -> Record:
    """A contact of a company, masked."""
    return {
        "id": given["id"],
        "name": mask_name(given["name"]),
        "phone": mask_phone(given["phone"]),
        "email": mask_email(given["email"]),
        "role": given["role"],
    }


def profile(record: Record) -> Record:
    """Who a customer is, masked."""
    return {
        "kind": record["kind"],
        "name": mask_name(record["name"]),
        "phone": mask_phone(record["phone"]),
        "email": mask_email(record["email"]),
        "language": record["language"],
        "tier": record["tier"],
        "tags": record["tags"],
        "contacts": [contact(one) for one in record["contacts"]],
    }


def payload(op_type: str, given: dict[str, Any]) -> dict[str, Any]:
    """What an operation said, without what it said of a person or a door."""
    if op_type == "customer.profile_set":
        return profile(given)
    if op_type == "customer.request_set":
        return {**given, "address": mask_text_address(given.get("address"))}
    return {name: value for name, value in given.items() if name not in _PERSONAL}
