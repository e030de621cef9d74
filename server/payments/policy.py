"""Which double entries an operation makes: plain data in, plain data out.

Accounts: `due` (owed by the recipient), `merchant` (owed to the merchant), `cash:<courier>` and `qr:<courier>`
(what the courier holds or has received). A debit is positive, a credit negative; each transfer sums to zero.
"""

from typing import Any

Entry = dict[str, Any]


def entries_of(op: dict[str, Any]) -> list[Entry]:
    """The entries of an order with cash on delivery, or of a payment at the door; empty for anything else."""
    payload = op["payload"]
    if op["type"] == "order.imported" and payload["cod_minor"] > 0:
        return _transfer(op, "owed", "due", "merchant", payload["cod_minor"], payload["currency"])
    if op["type"] == "payment.collected":
        account = f"{payload['method']}:{op['author']}"
        return _transfer(op, "paid", account, "due", payload["amount_minor"], payload["currency"])
    return []


def reversal_of(op: dict[str, Any]) -> list[Entry]:
    """The entries that take a payment back; nothing is ever deleted (P21)."""
    return [
        {**entry, "transfer": f"{op['op_id']}/reversed", "amount_minor": -entry["amount_minor"]}
        for entry in entries_of(op)
    ]


def _transfer(
    op: dict[str, Any], name: str, debit: str, credit: str, amount: int, currency: str
) -> list[Entry]:
    common = {
        "transfer": f"{op['op_id']}/{name}",
        "op_id": op["op_id"],
        "obligation_id": op["entity"].partition(":")[2],
        "currency": currency,
        "at": op["at"],
    }
    return [
        {**common, "account": debit, "amount_minor": amount},
        {**common, "account": credit, "amount_minor": -amount},
    ]
